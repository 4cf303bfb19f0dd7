//! One WebSocket connection without its I/O.

use super::close::CloseFrame;
use super::deflate::Deflate;
use super::framing::{Framing, Incoming};
use super::handshake::client::Offer;
use super::handshake::head::{HeadReader, is_token, is_value};
use super::handshake::server::{self, Request, Response};
use super::handshake::{Agreed, ClientHandshake, ServerHandshake};
use super::limits::Limits;
use super::outgoing::Outgoing;
use super::record::Record;
use super::role::Role;
use super::state::{State, Step};
use crate::error::{Cause, Misuse, Violation};
use crate::message::{By, Closed, Message, Opened};
use crate::proto::Random;
use core::time::Duration;
use std::collections::VecDeque;

/// Pong bytes that may wait unsent before only the latest ping is answered, so that a flood of pings costs no memory.
const MAX_UNSENT_PONGS: usize = 16 << 10;

/// A connection in either role, from the first byte of the handshake to the end. A value: it does nothing by itself.
///
/// Whoever owns the stream of bytes keeps to this round:
///
/// 1. Give it what happened: [`handle_bytes`](Self::handle_bytes) for bytes read, [`handle_eof`](Self::handle_eof) when
///    the stream ended or failed, [`handle_timeout`](Self::handle_timeout) when the time of the last
///    [`poll_timeout`](Self::poll_timeout) came.
/// 2. Take what it tells, with [`poll_event`](Self::poll_event) until that gives `None`, and give commands: `send`,
///    `ping`, `close`; for a server `accept` or `reject` after [`Event::Request`].
/// 3. Write [`outgoing`](Self::outgoing), all of it in one write if the stream takes it, and tell how much went with
///    [`handle_transmitted`](Self::handle_transmitted).
/// 4. If [`wants_shutdown`](Self::wants_shutdown), shut the writing half down once. If [`is_finished`](Self::is_finished),
///    drop the stream.
/// 5. Arm a timer for [`poll_timeout`](Self::poll_timeout).
///
/// Times are durations since any fixed moment, the same for all calls. Nothing here blocks, reads a clock or panics on
/// what a peer sends.
#[derive(Debug)]
pub struct Connection {
    role: Role,
    limits: Limits,
    random: Random,
    state: State,
    wire: Wire,
    /// Server: what to agree to, if it is offered.
    deflate: Option<Deflate>,
    record: Record,
    outgoing: Outgoing,
    events: VecDeque<Event>,
    /// What the messages among the events cost.
    undelivered: usize,
    deadline: Option<Duration>,
    /// Pong bytes queued since the outgoing queue was last empty.
    pongs: usize,
    /// The latest ping, when more were unanswered than may be.
    last_ping: Option<Vec<u8>>,
}

/// What reads the peer's bytes. The wire format was chosen when it was made.
#[derive(Debug)]
enum Wire {
    Response(Box<dyn ClientHandshake>),
    Request(HeadReader),
    Verdict {
        handshake: Option<Box<dyn ServerHandshake>>,
        request: Box<Verdict>,
        early: Vec<u8>,
    },
    Frames(Box<dyn Framing>),
    /// Nothing is read any more.
    None,
}

/// What the answer to a request depends on.
#[derive(Debug)]
struct Verdict {
    protocols: Vec<String>,
    head_only: bool,
}

/// What happened on a connection, in order.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Server: a request came. Answer it with [`Connection::accept`] or [`Connection::reject`].
    Request(Box<Request>),
    /// The handshake succeeded.
    Opened(Opened),
    /// The handshake failed; a server has queued its refusal. Nothing comes after it.
    Failed(Cause),
    /// A message arrived.
    Message(Message),
    /// A pong arrived, asked for or not (RFC 6455 §5.5.3).
    Pong(Vec<u8>),
    /// The open connection ended. Nothing comes after it.
    Closed(Closed),
}

impl Connection {
    /// A client that asks for `offer`. Its request is in [`outgoing`](Self::outgoing) at once.
    ///
    /// # Errors
    /// [`Misuse::Header`] if a part of the offer would break the request apart.
    pub fn client(
        now: Duration,
        offer: Offer,
        limits: Limits,
        random: Random,
    ) -> Result<Self, Misuse> {
        let mut outgoing = Outgoing::default();
        let handshake = offer.start(&limits, random, outgoing.append(0))?;
        let mut connection = Self::new(Role::Client, Wire::Response(handshake), limits, random);
        connection.outgoing = outgoing;
        connection.deadline = Some(now.saturating_add(connection.limits.handshake_timeout));
        Ok(connection)
    }

    /// A server that waits for a request, of whatever wire format: the request's head decides.
    pub fn server(now: Duration, limits: Limits, random: Random) -> Self {
        let wire = Wire::Request(HeadReader::new(&limits));
        let mut connection = Self::new(Role::Server, wire, limits, random);
        connection.deadline = Some(now.saturating_add(connection.limits.handshake_timeout));
        connection
    }

    /// A connection of RFC 6455 whose handshake somebody else did. Bytes read beyond it go to `handle_bytes`.
    pub fn upgraded(role: Role, limits: Limits, random: Random) -> Self {
        let framing = Box::new(super::framing::rfc6455::Rfc6455::new(
            role, &limits, random, None,
        ));
        let mut connection = Self::new(role, Wire::Frames(framing), limits, random);
        connection.state = State::Open;
        connection
    }

    fn new(role: Role, wire: Wire, limits: Limits, random: Random) -> Self {
        Self {
            role,
            limits,
            random,
            state: State::Handshaking,
            wire,
            deflate: None,
            record: Record::default(),
            outgoing: Outgoing::default(),
            events: VecDeque::new(),
            undelivered: 0,
            deadline: None,
            pongs: 0,
            last_ping: None,
        }
    }

    // Inputs.

    /// Bytes were read from the stream. All of them are taken.
    pub fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() && self.state.reads() {
            match &mut self.wire {
                Wire::Response(handshake) => match handshake.handle_bytes(&mut input) {
                    Ok(None) => {}
                    Ok(Some(agreed)) => self.agree(agreed),
                    Err(cause) => self.fail_handshake(cause),
                },
                Wire::Request(reader) => match reader.read(&mut input) {
                    Ok(None) => {}
                    Ok(Some(head)) => match server::read(head, &self.limits, self.random) {
                        Ok((request, handshake)) => self.ask(request, handshake),
                        Err(violation) => self.refuse(now, violation),
                    },
                    Err(violation) => self.refuse(now, violation),
                },
                Wire::Verdict { early, .. } => {
                    if early.len() + input.len() > self.limits.max_head {
                        self.refuse(now, Violation::EarlyData);
                    } else {
                        early.extend_from_slice(input);
                    }
                    return;
                }
                Wire::Frames(framing) => match framing.decode(&mut input) {
                    Ok(None) => {}
                    Ok(Some(incoming)) => self.receive(now, incoming),
                    Err(violation) => self.fail(now, violation),
                },
                Wire::None => return,
            }
        }
    }

    /// The stream ended or failed: no byte will come any more.
    pub fn handle_eof(&mut self, _now: Duration) {
        match self.state {
            State::Handshaking | State::Deciding => {
                self.fail_handshake(Cause::Transport(
                    "the connection ended inside the handshake".into(),
                ));
            }
            _ => self.end(),
        }
    }

    /// Time passed. Does nothing before the time that `poll_timeout` gave.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        match (self.role, self.state) {
            (Role::Client, State::Handshaking) => {
                self.fail_handshake(Violation::HandshakeTimeout.into())
            }
            (_, State::Handshaking | State::Deciding) => {
                self.refuse(now, Violation::HandshakeTimeout)
            }
            // RFC 6455 §7.1.1 lets either side close TCP when the other does not in "a reasonable time period".
            _ => self.end(),
        }
    }

    /// The first `n` bytes of [`outgoing`](Self::outgoing) were written.
    pub fn handle_transmitted(&mut self, n: usize) {
        self.outgoing.advance(n);
        if self.outgoing.unsent().is_empty() {
            self.pongs = 0;
            if let Some(ping) = self.last_ping.take() {
                self.pong(ping);
            }
        }
    }

    // Outputs.

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if let Some(Event::Message(message)) = &event {
            self.undelivered = self.undelivered.saturating_sub(cost(message));
        }
        event
    }

    /// Every byte that waits to be written, in order. Write them, then call [`handle_transmitted`](Self::handle_transmitted).
    pub fn outgoing(&self) -> &[u8] {
        self.outgoing.unsent()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. It may change with every call of anything else.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.deadline
    }

    /// Whether everything is written that ever will be, and the writing half of the stream is to be shut down.
    ///
    /// A client leaves that to the server when the closing handshake was done: RFC 6455 §7.1.1, the server "MUST close the
    /// connection immediately", the client "SHOULD wait". Reading goes on until the stream ends or the timeout comes, so that
    /// no reset overtakes our last frame.
    pub fn wants_shutdown(&self) -> bool {
        let over = match self.state {
            State::Refusing | State::Failing | State::Closed => true,
            State::CloseDone => self.role == Role::Server,
            _ => false,
        };
        over && self.outgoing.unsent().is_empty()
    }

    /// Whether nothing happens any more and the stream can be dropped. Events may still wait.
    pub fn is_finished(&self) -> bool {
        self.state == State::Closed
    }

    // Commands.

    /// Queues a message.
    ///
    /// # Errors
    /// The message, when the connection is not open or `Limits::max_unsent` bytes wait already.
    pub fn send(&mut self, message: Message) -> Result<(), Message> {
        match &mut self.wire {
            Wire::Frames(framing)
                if self.state == State::Open
                    && self.outgoing.unsent().len() < self.limits.max_unsent =>
            {
                framing.encode_message(&message, self.outgoing.append(message.len()));
                Ok(())
            }
            _ => Err(message),
        }
    }

    /// Queues a ping. The peer's pong comes as [`Event::Pong`].
    ///
    /// # Errors
    /// [`Misuse::NotOpen`] and [`Misuse::PingTooLong`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        if payload.len() > 125 {
            return Err(Misuse::PingTooLong(payload.len()));
        }
        match &mut self.wire {
            Wire::Frames(framing) if self.state == State::Open => {
                framing.encode_ping(payload, self.outgoing.append(0));
                Ok(())
            }
            _ => Err(Misuse::NotOpen),
        }
    }

    /// Begins the closing handshake: queues a Close frame with this body, or an empty one, behind every message sent before.
    ///
    /// # Errors
    /// [`Misuse::NotOpen`]; that the connection is already closing is nothing to worry about.
    pub fn close(&mut self, now: Duration, body: Option<&CloseFrame>) -> Result<(), Misuse> {
        if self.state != State::Open {
            return Err(Misuse::NotOpen);
        }
        self.queue_close(now, body);
        self.record.first.get_or_insert(By::Us);
        self.step(Step::WeClose);
        Ok(())
    }

    /// Server: the compression to agree to if the client offers it; `None`, the default, declines. To be called before
    /// [`accept`](Self::accept). A client's is [`Offer::deflate`].
    pub fn compress(&mut self, deflate: Option<Deflate>) {
        self.deflate = deflate;
    }

    /// Server: accepts the request as a WebSocket, with one of the subprotocols offered or none. Told as [`Event::Opened`].
    ///
    /// # Errors
    /// [`Misuse::NoRequest`], [`Misuse::NotWebSocket`], [`Misuse::Subprotocol`], [`Misuse::Header`].
    pub fn accept(
        &mut self,
        now: Duration,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<(), Misuse> {
        let Wire::Verdict {
            handshake,
            request,
            early,
        } = &mut self.wire
        else {
            return Err(Misuse::NoRequest);
        };
        let Some(handshake) = handshake else {
            return Err(Misuse::NotWebSocket);
        };
        if protocol.is_some_and(|chosen| !request.protocols.iter().any(|offered| offered == chosen))
        {
            return Err(Misuse::Subprotocol);
        }
        if !headers
            .iter()
            .all(|(name, value)| is_token(name) && is_value(value))
        {
            return Err(Misuse::Header);
        }
        let deflate = self.deflate.as_ref();
        let agreed = handshake.accept(protocol, deflate, headers, self.outgoing.append(0));
        let early = core::mem::take(early);
        self.agree(agreed);
        self.handle_bytes(now, &early);
        Ok(())
    }

    /// Server: answers the request as plain HTTP, be it a refusal or a page. The connection ends behind it; no event tells so.
    ///
    /// # Errors
    /// [`Misuse::NoRequest`], [`Misuse::Status`], [`Misuse::Header`].
    pub fn reject(&mut self, now: Duration, response: &Response) -> Result<(), Misuse> {
        let Wire::Verdict { request, .. } = &self.wire else {
            return Err(Misuse::NoRequest);
        };
        response.write(request.head_only, self.outgoing.append(0))?;
        self.stop_reading(now, Step::Refused);
        Ok(())
    }

    // Getters. What they tell is derived, not stored.

    /// Which side this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether the handshake is still going on.
    pub fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Handshaking | State::Deciding)
    }

    /// What the peer did wrong on the open connection, if it did.
    pub fn violation(&self) -> Option<Violation> {
        self.record.violation
    }

    /// What the messages cost that arrived and were not yet polled: their bytes, and the size of a [`Message`] for each.
    pub fn undelivered(&self) -> usize {
        self.undelivered
    }

    /// Payload bytes of messages among [`outgoing`](Self::outgoing); a few headers may be counted in while a part is written.
    pub fn unsent_payload(&self) -> usize {
        self.outgoing.unsent_payload()
    }

    // Transitions.

    fn step(&mut self, step: Step) {
        if let Some(state) = self.state.after(step) {
            self.state = state;
        }
    }

    fn ask(&mut self, request: Request, handshake: Option<Box<dyn ServerHandshake>>) {
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

    fn agree(&mut self, agreed: Agreed) {
        self.wire = Wire::Frames(agreed.framing);
        self.deadline = None;
        self.events.push_back(Event::Opened(agreed.opened));
        self.step(Step::Agreed);
    }

    /// Server: the request is wrong. It is answered, and the application is told.
    fn refuse(&mut self, now: Duration, violation: Violation) {
        // Our own responses are well-formed.
        let _ = Response::refusing(violation).write(false, self.outgoing.append(0));
        self.events.push_back(Event::Failed(violation.into()));
        self.stop_reading(now, Step::Refused);
    }

    /// The handshake ends without an answer of ours.
    fn fail_handshake(&mut self, cause: Cause) {
        self.events.push_back(Event::Failed(cause));
        self.wire = Wire::None;
        self.deadline = None;
        self.step(Step::End);
    }

    fn receive(&mut self, now: Duration, incoming: Incoming) {
        match incoming {
            Incoming::Message(message) => {
                self.undelivered += cost(&message);
                self.events.push_back(Event::Message(message));
            }
            Incoming::Ping(payload) => self.pong(payload),
            Incoming::Pong(payload) => self.events.push_back(Event::Pong(payload)),
            Incoming::Close(body) => {
                // RFC 6455 §5.5.1: "the endpoint typically echos the status code it received". The reason was the peer's own.
                if !self.record.sent {
                    let echo = body.as_ref().map(|body| CloseFrame {
                        code: body.code,
                        reason: String::new(),
                    });
                    self.queue_close(now, echo.as_ref());
                }
                self.record.first.get_or_insert(By::Peer);
                self.record.received = Some(body);
                self.wire = Wire::None;
                self.step(Step::PeerCloses);
            }
        }
    }

    /// RFC 6455 §5.5.2: "an endpoint MUST send a Pong frame in response, unless it already received a Close frame."
    fn pong(&mut self, payload: Vec<u8>) {
        let Wire::Frames(framing) = &mut self.wire else {
            return;
        };
        // §5.5.3: "the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame."
        if self.pongs >= MAX_UNSENT_PONGS {
            self.last_ping = Some(payload);
            return;
        }
        let before = self.outgoing.unsent().len();
        framing.encode_pong(&payload, self.outgoing.append(0));
        self.pongs += self.outgoing.unsent().len() - before;
    }

    /// _Fail the WebSocket Connection_ (RFC 6455 §7.1.7).
    fn fail(&mut self, now: Duration, violation: Violation) {
        self.record.violation = Some(violation);
        self.record.first.get_or_insert(By::Us);
        if !self.record.sent {
            // "the client SHOULD send a Close frame with an appropriate status code"
            let body = CloseFrame {
                code: violation.close_code(),
                reason: String::new(),
            };
            self.queue_close(now, Some(&body));
        }
        self.stop_reading(now, Step::Fail);
    }

    fn queue_close(&mut self, now: Duration, body: Option<&CloseFrame>) {
        if let Wire::Frames(framing) = &mut self.wire {
            framing.encode_close(body, self.outgoing.append(0));
        }
        self.record.sent = true;
        self.deadline = Some(now.saturating_add(self.limits.close_timeout));
    }

    /// The peer's bytes mean nothing any more; its end of the stream is awaited, for as long as an answer to a Close frame.
    fn stop_reading(&mut self, now: Duration, step: Step) {
        self.wire = Wire::None;
        self.last_ping = None;
        self.deadline = Some(now.saturating_add(self.limits.close_timeout));
        self.step(step);
    }

    fn end(&mut self) {
        if matches!(
            self.state,
            State::Open | State::CloseSent | State::CloseDone | State::Failing
        ) {
            self.events.push_back(Event::Closed(self.record.closed()));
        }
        self.wire = Wire::None;
        self.deadline = None;
        self.step(Step::End);
    }
}

/// What an undelivered message costs. Even empty ones cost something, so that a flood of them is bounded as well.
fn cost(message: &Message) -> usize {
    message.len() + size_of::<Message>()
}
