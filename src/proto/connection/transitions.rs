//! What inputs and commands lead to. Every change of state goes through [`Connection::step`].

use super::{Connection, Event, MAX_UNSENT_PONGS, Verdict, Wire};
use crate::error::{Cause, Violation};
use crate::message::{By, Message};
use crate::proto::close::CloseFrame;
use crate::proto::framing::{Ending, Incoming};
use crate::proto::handshake::server::{Request, Response};
use crate::proto::handshake::{Agreed, ServerHandshake};
use crate::proto::state::{State, Step};
use core::time::Duration;

impl Connection {
    pub(super) fn step(&mut self, step: Step) {
        if let Some(state) = self.state.after(step) {
            self.state = state;
        }
    }

    pub(super) fn ask(&mut self, request: Request, handshake: Option<Box<dyn ServerHandshake>>) {
        let verdict = Verdict {
            protocols: request.protocols.clone(),
            head_only: request.method == "HEAD",
        };
        self.wire = Wire::Verdict {
            handshake,
            request: Box::new(verdict),
            early: Vec::new(),
        };
        self.events.push_back(Event::Request(Box::new(request)));
        self.step(Step::Asked);
    }

    pub(super) fn agree(&mut self, agreed: Agreed) {
        self.wire = Wire::Frames(agreed.framing);
        self.deadline = None;
        self.events.push_back(Event::Opened(agreed.opened));
        self.step(Step::Agreed);
    }

    /// Server: the request is wrong. It is answered, and the application is told.
    pub(super) fn refuse(&mut self, now: Duration, violation: Violation) {
        // Our own responses are well-formed.
        let _ = Response::refusing(violation).write(false, self.outgoing.append(0));
        self.events.push_back(Event::Failed(violation.into()));
        self.stop_reading(now, Step::Refused);
    }

    /// The handshake ends without an answer of ours.
    pub(super) fn fail_handshake(&mut self, cause: Cause) {
        self.events.push_back(Event::Failed(cause));
        self.wire = Wire::None;
        self.deadline = None;
        self.step(Step::End);
    }

    pub(super) fn deliver(&mut self, message: Message) {
        self.undelivered += message.cost();
        self.events.push_back(Event::Message(message));
    }

    pub(super) fn receive(&mut self, now: Duration, incoming: Incoming) {
        match incoming {
            Incoming::Message(message) => self.deliver(message),
            Incoming::Ping(payload) => self.pong(payload),
            Incoming::Pong(payload) => self.events.push_back(Event::Pong(payload)),
            Incoming::Close(body) => {
                // RFC 6455 §5.5.1: "the endpoint typically echos the status code it received"; the reason too, so that whoever closed sees
                // that both arrived.
                if !self.record.sent {
                    self.queue_close(now, body.as_ref());
                }
                self.record.first.get_or_insert(By::Peer);
                self.record.received = Some(body);
                let step = match self.ending() {
                    Some(Ending::EitherSide) => Step::WeEnd,
                    _ => Step::PeerCloses,
                };
                self.wire = Wire::None;
                self.step(step);
            }
        }
    }

    /// RFC 6455 §5.5.2: "an endpoint MUST send a Pong frame in response, unless it already received a Close frame."
    pub(super) fn pong(&mut self, payload: Vec<u8>) {
        let Wire::Frames(framing) = &mut self.wire else {
            return;
        };
        // §5.5.3: "the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame."
        if self.pongs >= MAX_UNSENT_PONGS {
            self.last_ping = Some(payload);
            return;
        }
        let before = self.outgoing.len();
        framing.encode_pong(&payload, self.outgoing.append(0));
        self.pongs += self.outgoing.len() - before;
    }

    /// _Fail the WebSocket Connection_ (RFC 6455 §7.1.7).
    pub(super) fn fail(&mut self, now: Duration, violation: Violation) {
        self.record.violation = Some(violation);
        self.record.first.get_or_insert(By::Us);
        if let Wire::Frames(framing) = &mut self.wire
            && !self.record.sent
        {
            framing.encode_failure(violation, self.outgoing.append(0));
            self.record.sent = true;
        }
        self.stop_reading(now, Step::Fail);
    }

    /// How the open connection's format ends it.
    pub(super) fn ending(&self) -> Option<Ending> {
        match &self.wire {
            Wire::Frames(framing) => Some(framing.ending()),
            _ => None,
        }
    }

    pub(super) fn queue_close(&mut self, now: Duration, body: Option<&CloseFrame>) {
        if let Wire::Frames(framing) = &mut self.wire {
            framing.encode_close(body, self.outgoing.append(0));
        }
        self.record.sent = true;
        self.deadline = Some(now.saturating_add(self.limits.close_timeout));
    }

    /// The peer's bytes mean nothing any more; its end of the stream is awaited, for as long as an answer to a Close frame.
    pub(super) fn stop_reading(&mut self, now: Duration, step: Step) {
        self.wire = Wire::None;
        self.last_ping = None;
        self.deadline = Some(now.saturating_add(self.limits.close_timeout));
        self.step(step);
    }

    pub(super) fn end(&mut self) {
        if matches!(
            self.state,
            State::Open | State::CloseSent | State::CloseDone | State::Ending
        ) {
            self.events.push_back(Event::Closed(self.record.closed()));
        }
        self.wire = Wire::None;
        self.deadline = None;
        self.step(Step::End);
    }
}
