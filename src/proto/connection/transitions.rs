//! What inputs and commands lead to. Every change of state goes through [`Connection::step`].

use super::{Connection, ConnectionEvent, Leaving, Verdict, Wire, pong_cost};
use crate::error::{HandshakeError, Violation};
use crate::message::{ClosedBy, Message};
use crate::proto::close::CloseFrame;
use crate::proto::framing::{Ending, Framing, Incoming};
use crate::proto::handshake::server::{Request, Response};
use crate::proto::handshake::{Agreed, ServerHandshake};
use crate::proto::pongs::Pongs;
use crate::proto::state::{State, Step};
use core::time::Duration;

impl Connection {
    pub(super) fn step(&mut self, step: Step) {
        if let Some(state) = self.state.after(step) {
            self.state = state;
        }
    }

    pub(super) fn ask(&mut self, request: Request, handshake: Option<Box<dyn ServerHandshake>>) {
        self.wire = Wire::Verdict(Box::new(Verdict {
            handshake,
            protocols: request.protocols.clone(),
            head_only: request.method == "HEAD",
            early: Vec::new(),
        }));
        self.events
            .push_back(ConnectionEvent::Request(Box::new(request)));
        self.step(Step::Requested);
    }

    pub(super) fn agree(&mut self, now: Duration, agreed: Agreed) {
        let interval = self.limits.ping_interval;
        self.deadline = interval
            .filter(|_| agreed.framing.has_ping())
            .map(|interval| now.saturating_add(interval));
        self.wire = Wire::Frames(agreed.framing);
        self.events
            .push_back(ConnectionEvent::Opened(agreed.opened));
        self.step(Step::Agreed);
        self.record.opened = true;
    }

    /// Server: the request is invalid. Answers it and reports it to the application.
    pub(super) fn refuse(&mut self, now: Duration, violation: Violation) {
        let head_only = match &self.wire {
            Wire::Request(reader) => reader.is_head(),
            Wire::Verdict(verdict) => verdict.head_only,
            _ => false,
        };
        // Our own responses are well-formed.
        let _ = Response::refusing(violation).write(head_only, self.outgoing.append(0));
        self.events
            .push_back(ConnectionEvent::Failed(violation.into()));
        self.stop_reading(now, Step::Refused);
    }

    /// The handshake ends without an answer of ours.
    pub(super) fn fail_handshake(&mut self, error: HandshakeError) {
        self.events.push_back(ConnectionEvent::Failed(error.cause));
        self.response = error.response;
        self.wire = Wire::None;
        self.deadline = None;
        self.step(Step::End);
    }

    pub(super) fn deliver(&mut self, message: Message) {
        self.undelivered += message.cost();
        self.events.push_back(ConnectionEvent::Message(message));
    }

    pub(super) fn receive(&mut self, now: Duration, incoming: Incoming) {
        match incoming {
            Incoming::Message(message) => self.deliver(message),
            Incoming::Ping(payload) => self.pong(payload),
            Incoming::Pong(payload) => self.receive_pong(now, payload),
            Incoming::Close(body) => {
                self.record.first.get_or_insert(ClosedBy::Remote);
                if self.state == State::Unwritable {
                    // It cannot be answered, and nothing comes behind it.
                    self.record.received = Some(body.map(Box::new));
                    self.end();
                    return;
                }
                // RFC 6455 §5.5.1: "the endpoint typically echos the status code it received"; the reason too, so that the peer sees
                // that both arrived.
                if self.record.sent.is_none() {
                    self.queue_close(now, body.as_ref());
                }
                self.record.received = Some(body.map(Box::new));
                let step = match self.ending() {
                    Some(Ending::EitherSide) => Step::WeEnd,
                    _ => Step::PeerCloses,
                };
                self.wire = Wire::None;
                self.step(step);
            }
        }
    }

    /// One that answers a ping of ours is noted. Nobody waits for another, so that only the last of several in a row is kept.
    fn receive_pong(&mut self, now: Duration, payload: Vec<u8>) {
        let awaited = self.pings.awaited;
        if self.pings.handle_pong(&payload, now) {
            if awaited && !self.pings.awaited && self.state == State::Open {
                self.leaving = None;
                self.deadline = self
                    .limits
                    .ping_interval
                    .map(|interval| now.saturating_add(interval));
            }
            return;
        }
        self.undelivered += pong_cost(&payload);
        match self.events.back_mut() {
            Some(ConnectionEvent::Pong(last)) => {
                self.undelivered = self.undelivered.saturating_sub(pong_cost(last));
                *last = payload;
            }
            _ => self.events.push_back(ConnectionEvent::Pong(payload)),
        }
    }

    /// RFC 6455 §5.5.2: "an endpoint MUST send a Pong frame in response, unless it already received a Close frame."
    pub(super) fn pong(&mut self, payload: Vec<u8>) {
        if !matches!(self.wire, Wire::Frames(_)) || self.state == State::Unwritable {
            return;
        }
        if !self.pongs.has_room() {
            self.pongs.hold(payload);
            return;
        }
        let end = self.queue_control(|framing, out| framing.encode_pong(&payload, out));
        self.pongs.queued(end);
        self.watches_writing = true;
    }

    /// Queues a ping or a pong, which need not wait behind a fragmented message. Says where it ends in the stream that we write.
    pub(super) fn queue_control(
        &mut self,
        encode: impl FnOnce(&mut dyn Framing, &mut Vec<u8>),
    ) -> u64 {
        let Wire::Frames(framing) = &mut self.wire else {
            return self.end_of_queue();
        };
        let (end, len) = self
            .outgoing
            .append_control(|out| encode(framing.as_mut(), out));
        let end = self.transmitted + end as u64;
        let start = end - len as u64;
        // What ends behind it ends later now. Pongs that were queued before never do.
        let leaving = self.leaving.as_mut().map(|leaving| &mut leaving.end);
        for later in leaving.into_iter().chain(&mut self.record.sent) {
            if *later > start {
                *later += len as u64;
            }
        }
        end
    }

    /// A step of keepalive is due: a ping, or the end of the wait for its pong.
    pub(super) fn keep_alive(&mut self, now: Duration) {
        let Some(interval) = self.limits.ping_interval else {
            return;
        };
        let heard = core::mem::take(&mut self.heard);
        let patience = self.limits.ping_timeout;
        if self.pings.awaited {
            // A peer that sends lives, though its pong may lie behind much else; and while nothing is read, none can be seen.
            if heard || self.is_full() {
                self.expect(now, patience.unwrap_or(interval), self.end_of_queue());
                return;
            }
            self.record.expired = true;
            self.end();
            return;
        }
        // Not open it cannot be.
        let end = self.queue_measure(now).unwrap_or_default();
        self.pings.awaited = patience.is_some();
        match patience {
            Some(patience) => self.expect(now, patience, end),
            None => self.deadline = Some(now.saturating_add(interval)),
        }
    }

    /// _Fail the WebSocket Connection_ (RFC 6455 §7.1.7).
    pub(super) fn fail(&mut self, now: Duration, violation: Violation) {
        self.record.violation = Some(violation);
        self.record.first.get_or_insert(ClosedBy::Local);
        if self.state == State::Unwritable {
            self.end();
            return;
        }
        if let Wire::Frames(framing) = &mut self.wire
            && self.record.sent.is_none()
        {
            framing.encode_failure(violation, self.outgoing.append(0));
            self.record.sent = Some(self.end_of_queue());
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
        self.record.sent = Some(self.end_of_queue());
        self.expect(now, self.limits.close_timeout, self.end_of_queue());
    }

    /// Where the last byte that is queued will be in the stream that we write.
    pub(super) fn end_of_queue(&self) -> u64 {
        self.transmitted + self.outgoing.len() as u64
    }

    /// The deadline: so long after now, or after the last progress of what is queued before `end`, a place in the stream that we write.
    pub(super) fn expect(&mut self, now: Duration, patience: Duration, end: u64) {
        self.deadline = Some(now.saturating_add(patience));
        let leaving = (end > self.transmitted).then_some(Leaving { end, patience });
        self.leaving = leaving.map(Box::new);
        self.watches_writing |= self.leaving.is_some();
    }

    /// Bytes were written while something depends on that.
    #[inline(never)]
    pub(super) fn watch_writing(&mut self, now: Duration) {
        if let Some(leaving) = &self.leaving {
            self.deadline = Some(now.saturating_add(leaving.patience));
            if leaving.end <= self.transmitted {
                self.leaving = None;
            }
        }
        if let Some(ping) = self.pongs.handle_transmitted(self.transmitted) {
            self.pong(ping);
        }
        self.watches_writing = self.leaving.is_some() || !self.pongs.is_empty();
        if self.state == State::Flushing && self.outgoing.len() == 0 {
            self.end();
        }
    }

    /// Nothing more can be written.
    pub(super) fn lose(&mut self) {
        self.lost = true;
        self.record.unsent = self.outgoing.unsent_payload();
        self.outgoing.clear();
        self.pongs = Pongs::default();
        self.leaving = None;
    }

    /// The peer's bytes mean nothing any more; its end of the stream is awaited, for as long as an answer to a Close frame.
    pub(super) fn stop_reading(&mut self, now: Duration, step: Step) {
        self.wire = Wire::None;
        self.pongs = Pongs::default();
        self.expect(now, self.limits.close_timeout, self.end_of_queue());
        self.step(step);
    }

    pub(super) fn end(&mut self) {
        if self.outgoing.len() > 0 {
            self.lose();
        }
        if self.record.opened {
            let closed = self.record.closed(self.transmitted);
            self.events.push_back(ConnectionEvent::Closed(closed));
        }
        self.wire = Wire::None;
        self.deadline = None;
        self.step(Step::End);
    }
}
