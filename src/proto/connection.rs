//! One WebSocket connection without its I/O.

mod commands;
mod transitions;

use super::deflate::Deflate;
use super::framing::{Framing, Incoming, Vacancy};
use super::handshake::client::ClientRequest;
use super::handshake::request::RequestReader;
use super::handshake::server::Request;
use super::handshake::{ClientHandshake, ServerHandshake};
use super::limits::ProtocolLimits;
use super::outgoing::Outgoing;
use super::pings::Pings;
use super::pongs::Pongs;
use super::record::Record;
use super::role::Role;
use super::state::{State, Step};
use crate::error::{Cause, HandshakeError, Misuse, Violation};
use crate::http::HttpResponse;
use crate::message::{CloseInfo, Message, OpenInfo};
use crate::proto::Random;
use crate::shared::Shared;
use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

/// How long the rest of a response that refuses is waited for: its body is worth less than an answer in time.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection in either role, from the first byte of the handshake to the end. It is a value and does nothing by itself.
///
/// The owner of the byte stream repeats these steps:
///
/// 1. While [`wants_read`](Self::wants_read), read. Report the result: [`handle_bytes`](Self::handle_bytes) for bytes,
///    [`handle_eof`](Self::handle_eof) if the stream ended or failed, [`handle_timeout`](Self::handle_timeout) at the time of the last
///    [`poll_timeout`](Self::poll_timeout).
/// 2. Call [`poll_event`](Self::poll_event) until it returns `None`, and give commands: `send`, `ping`, `close`; for a server `accept` or `reject`
///    after [`ConnectionEvent::Request`].
/// 3. Until it is empty, write [`outgoing`](Self::outgoing), in one write if the stream takes it. Report with
///    [`handle_transmitted`](Self::handle_transmitted) how much was written, or with [`handle_write_failure`](Self::handle_write_failure) that it
///    cannot be written.
/// 4. If [`wants_shutdown`](Self::wants_shutdown), shut the writing half down once. If [`is_finished`](Self::is_finished), drop the stream.
/// 5. Set a timer for [`poll_timeout`](Self::poll_timeout).
///
/// Times are durations since any fixed moment, the same for all calls. No function blocks, reads a clock, or panics on a peer's bytes.
pub struct Connection {
    role: Role,
    limits: Shared<ProtocolLimits>,
    state: State,
    wire: Wire,
    /// Server: what to agree to, if it is offered.
    deflate: Option<Box<Deflate>>,
    record: Record,
    outgoing: Outgoing,
    events: VecDeque<ConnectionEvent>,
    /// What the messages among the events cost.
    undelivered: usize,
    /// The one deadline: of the handshake, of the next step of keepalive while open, of the end.
    deadline: Option<Duration>,
    /// Bytes that the deadline waits for, because they are not written yet. The deadline starts again whenever some of them are written.
    leaving: Option<Box<Leaving>>,
    /// Bytes that were written, ever.
    transmitted: u64,
    /// Whether anything depends on how far the writing is: unsent pongs, or what is leaving.
    watches_writing: bool,
    pongs: Pongs,
    pings: Pings,
    /// Bytes came since the last step of keepalive.
    heard: bool,
    /// Bytes were queued that never could be written.
    lost: bool,
    /// Client: the response that refused.
    response: Option<Box<HttpResponse>>,
}

/// Bytes that must have been written before the peer can be expected to do anything.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    /// Where they end, counted as `transmitted` is.
    end: u64,
    /// How long the deadline is away from their last progress.
    patience: Duration,
}

/// Its state, and nothing of what passes through it, which is not for logs.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What reads the peer's bytes. The wire format was chosen when it was made.
#[derive(Debug)]
enum Wire {
    Response(Box<dyn ClientHandshake>),
    Request(Box<RequestReader>),
    Verdict(Box<Verdict>),
    Frames(Box<dyn Framing>),
    /// Nothing is read any more.
    None,
}

/// What the answer to a request depends on.
#[derive(Debug)]
struct Verdict {
    handshake: Option<Box<dyn ServerHandshake>>,
    protocols: Vec<String>,
    head_only: bool,
    /// What came behind the request.
    early: Vec<u8>,
}

/// What a pong counts against the receive buffer, as `Message::cost`.
fn pong_cost(payload: &[u8]) -> usize {
    payload.len() + size_of::<Message>()
}

/// What happened on a connection, in order.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// Server: a request arrived. Answer it with [`Connection::accept`] or [`Connection::reject`].
    Request(Box<Request>),
    /// The handshake succeeded.
    Opened(OpenInfo),
    /// The handshake failed (RFC 6455 §4.1, §4.2.2); a server has queued its refusal. Nothing comes after it.
    Failed(Cause),
    /// A message arrived, all its fragments joined (RFC 6455 §5.4).
    Message(Message),
    /// A pong arrived that answers no ping of [`Connection::measure`] or of keepalive (RFC 6455 §5.5.3). Of several in a row that were not polled,
    /// only the last is reported.
    Pong(Vec<u8>),
    /// The open connection ended (RFC 6455 §7.1.4 to §7.1.6). Nothing comes after it.
    Closed(CloseInfo),
}

impl Connection {
    /// A client that sends the request `offer` (RFC 6455 §4.1). [`outgoing`](Self::outgoing) has the request at once.
    ///
    /// # Errors
    /// [`Misuse::Header`] if a part of the offer would break the request, [`Misuse::Subprotocols`] if its format cannot name that many.
    pub fn client(
        now: Duration,
        offer: ClientRequest,
        limits: ProtocolLimits,
        random: Random,
    ) -> Result<Self, Misuse> {
        let mut outgoing = Outgoing::default();
        let handshake = offer.start(&limits, random, outgoing.append(0))?;
        let mut connection = Self::new(Role::Client, Wire::Response(handshake), limits);
        connection.outgoing = outgoing;
        connection.deadline = Some(now.saturating_add(connection.limits.handshake_timeout));
        Ok(connection)
    }

    /// A server that waits for a request (RFC 6455 §4.2) in any wire format; the head of the request decides.
    pub fn server(now: Duration, limits: ProtocolLimits, random: Random) -> Self {
        let wire = Wire::Request(Box::new(RequestReader::new(&limits, random)));
        let mut connection = Self::new(Role::Server, wire, limits);
        connection.deadline = Some(now.saturating_add(connection.limits.handshake_timeout));
        connection
    }

    /// Server: the stream is encrypted. Call it before the first byte is handled. Default: it is not.
    ///
    /// In hixie-75 and hixie-76 the server repeats its own URL, and a client that requested `wss` fails unless it begins so.
    pub fn secure(mut self) -> Self {
        if let Wire::Request(reader) = &mut self.wire {
            reader.secure = true;
        }
        self
    }

    /// Server: refuses the formats of 2009, with 426 and the supported versions (RFC 6455 §4.4). Call it before the first byte is handled. Default:
    /// they are accepted.
    pub fn without_legacy(mut self) -> Self {
        if let Wire::Request(reader) = &mut self.wire {
            reader.legacy = false;
        }
        self
    }

    /// Server: takes the bytes that came behind the request's head, while it waits for its answer.
    pub(crate) fn take_early(&mut self) -> Vec<u8> {
        match &mut self.wire {
            Wire::Verdict(verdict) => core::mem::take(&mut verdict.early),
            _ => Vec::new(),
        }
    }

    /// A connection of RFC 6455 whose handshake was done elsewhere. Pass bytes that were read after it to `handle_bytes`.
    ///
    /// Its time starts at zero; keepalive counts from there.
    pub fn upgraded(role: Role, limits: ProtocolLimits, random: Random) -> Self {
        let framing = super::framing::rfc6455::Rfc6455::new(role, &limits, random, None);
        let mut connection = Self::new(role, Wire::Frames(Box::new(framing)), limits);
        connection.state = State::Open;
        connection.record.opened = true;
        connection.deadline = connection.limits.ping_interval;
        connection
    }

    fn new(role: Role, wire: Wire, limits: ProtocolLimits) -> Self {
        Self {
            role,
            limits: limits.shared(),
            state: State::Handshaking,
            wire,
            deflate: None,
            record: Record::default(),
            outgoing: Outgoing::default(),
            events: VecDeque::new(),
            undelivered: 0,
            deadline: None,
            leaving: None,
            transmitted: 0,
            watches_writing: false,
            pongs: Pongs::default(),
            pings: Pings::default(),
            heard: false,
            lost: false,
            response: None,
        }
    }

    // Inputs.

    /// Bytes were read from the stream. All of them are accepted, even above [`ProtocolLimits::receive_buffer`].
    pub fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        let mut input = bytes;
        while self.reads(input) {
            if let Some(message) = self.decode(now, &mut input) {
                self.deliver(message);
            }
        }
    }

    /// Like [`handle_bytes`](Self::handle_bytes), but stops when unread messages reach [`ProtocolLimits::receive_buffer`]. What remains of `bytes` is
    /// for later. A few compressed bytes can be many messages.
    pub fn handle_bytes_within_bound(&mut self, now: Duration, bytes: &mut &[u8]) {
        while self.reads(bytes) {
            if self.is_full() {
                return;
            }
            if let Some(message) = self.decode(now, bytes) {
                self.deliver(message);
            }
        }
        // What is left means nothing.
        *bytes = &[];
    }

    /// [`handle_bytes`](Self::handle_bytes) and [`poll_event`](Self::poll_event) in one: takes bytes up to the next event and returns it. `None`
    /// means that all bytes were taken.
    ///
    /// So memory never holds more messages than were requested, and each is in the processor's cache when it is used.
    pub fn handle_bytes_until_event(
        &mut self,
        now: Duration,
        bytes: &mut &[u8],
    ) -> Option<ConnectionEvent> {
        loop {
            if let Some(event) = self.poll_event() {
                return Some(event);
            }
            if !self.reads(bytes) {
                // What is left means nothing.
                *bytes = &[];
                return None;
            }
            if let Some(message) = self.decode(now, bytes) {
                return Some(ConnectionEvent::Message(message));
            }
        }
    }

    /// The next message, if it is complete at the front of `bytes` and no other event comes first. Of a long message it may take the beginning.
    ///
    /// `None` has no meaning: pass the bytes to another of these functions.
    #[inline]
    pub fn take_message(&mut self, bytes: &mut &[u8]) -> Option<Message> {
        match &mut self.wire {
            Wire::Frames(framing) if self.events.is_empty() && self.state.reads() => {
                framing.take_message(bytes)
            }
            _ => None,
        }
    }

    /// Bytes were read and will be passed in later. Callers that let bytes wait call this, for keepalive.
    #[inline]
    pub fn handle_heard(&mut self) {
        self.heard = true;
    }

    #[inline]
    fn reads(&self, input: &[u8]) -> bool {
        !input.is_empty() && self.state.reads()
    }

    /// Takes bytes from the front of `input` up to the end of a message, which it returns, or up to another event. Takes all of them if nothing
    /// happens, or if they have no meaning any more.
    pub fn decode(&mut self, now: Duration, input: &mut &[u8]) -> Option<Message> {
        self.heard = true;
        if !self.state.reads() {
            *input = &[];
            return None;
        }
        match &mut self.wire {
            Wire::Frames(framing) => {
                if let Some(message) = framing.take_message(input) {
                    return Some(message);
                }
                match framing.decode(input) {
                    Ok(None) => {}
                    Ok(Some(Incoming::Message(message))) => return Some(message),
                    Ok(Some(incoming)) => self.receive(now, incoming),
                    Err(violation) => self.fail(now, violation),
                }
            }
            Wire::Response(handshake) => {
                let waited = handshake.is_refused();
                match handshake.handle_bytes(input) {
                    Ok(None) if !waited && handshake.is_refused() => {
                        let latest = now.saturating_add(REFUSAL_TIMEOUT);
                        self.deadline = self.deadline.map(|deadline| deadline.min(latest));
                    }
                    Ok(None) => {}
                    Ok(Some(agreed)) => self.agree(now, agreed),
                    Err(error) => self.fail_handshake(error),
                }
            }
            Wire::Request(reader) => match reader.read(input) {
                Ok(None) => {}
                Ok(Some((request, handshake))) => self.ask(request, handshake),
                Err(violation) => self.refuse(now, violation),
            },
            Wire::Verdict(verdict) => {
                let early = &mut verdict.early;
                if early.len() + input.len() > self.limits.max_head {
                    self.refuse(now, Violation::EarlyData);
                } else {
                    early.extend_from_slice(input);
                }
                *input = &[];
            }
            Wire::None => *input = &[],
        }
        None
    }

    /// Where the stream's next bytes belong, if they can be read to their final place. Call it before every read, and then
    /// [`handle_filled`](Self::handle_filled) with the number of bytes.
    #[inline]
    pub fn vacancy(&mut self) -> Option<Vacancy<'_>> {
        match &mut self.wire {
            Wire::Frames(framing) if self.state.reads() => framing.vacancy(),
            _ => None,
        }
    }

    /// This many bytes were read to the vacancy. Returns the message that they complete; bytes after it are appended to `surplus`, for
    /// `handle_bytes`. Looks at the clock only if it must.
    pub fn handle_filled(
        &mut self,
        now: impl FnOnce() -> Duration,
        filled: usize,
        surplus: &mut Vec<u8>,
    ) -> Option<Message> {
        self.heard = true;
        let Wire::Frames(framing) = &mut self.wire else {
            return None;
        };
        match framing.decode_filled(filled, surplus) {
            Ok(message) => message,
            Err(violation) => {
                self.fail(now(), violation);
                None
            }
        }
    }

    /// Queues a message that [`handle_filled`](Self::handle_filled) returned.
    pub fn handle_message(&mut self, message: Message) {
        self.deliver(message);
    }

    /// The peer's half of the stream ended: no more bytes will come. Queued bytes are still written while that makes progress.
    pub fn handle_eof(&mut self, now: Duration) {
        match self.state {
            State::Handshaking | State::Deciding => {
                let ended = Cause::Transport("the connection ended inside the handshake".into());
                let refusal = self.refusal(true);
                self.fail_handshake(refusal.unwrap_or_else(|| ended.into()));
            }
            State::Flushing | State::Closed => {}
            _ if self.outgoing.len() > 0 => self.stop_reading(now, Step::PeerEnds),
            _ => self.end(),
        }
    }

    /// The stream cannot be written any more. Unwritten bytes are lost. What the peer sent before still arrives, until its end or for
    /// [`ProtocolLimits::close_timeout`]. If the stream cannot be read either, call [`handle_eof`](Self::handle_eof) as well.
    pub fn handle_write_failure(&mut self, now: Duration) {
        self.lose();
        match (self.role, self.state) {
            // The answer may be there already.
            (Role::Client, State::Handshaking) => {}
            (_, State::Handshaking | State::Deciding) => self.fail_handshake(
                Cause::Transport("the answer to the request could not be written".into()).into(),
            ),
            (_, State::Open | State::CloseSent) => {
                self.step(Step::WritingFails);
                self.expect(now, self.limits.close_timeout, self.end_of_queue());
            }
            (_, State::Unwritable) => {}
            _ => self.end(),
        }
    }

    /// Time passed. Does nothing before the time of `poll_timeout`.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        match (self.role, self.state) {
            (Role::Client, State::Handshaking) => {
                let refusal = self.refusal(false);
                self.fail_handshake(refusal.unwrap_or(Violation::HandshakeTimeout.into()));
            }
            (_, State::Handshaking | State::Deciding) => {
                self.refuse(now, Violation::HandshakeTimeout)
            }
            (_, State::Open) => self.keep_alive(now),
            // RFC 6455 §7.1.1 lets either side close TCP when the other does not in "a reasonable time period".
            _ => self.end(),
        }
    }

    /// The first `n` bytes of [`outgoing`](Self::outgoing) were written. Looks at the clock only if it must.
    #[inline]
    pub fn handle_transmitted(&mut self, now: impl FnOnce() -> Duration, n: usize) {
        self.outgoing.advance(n);
        self.transmitted += n as u64;
        if self.watches_writing {
            self.watch_writing(now());
        }
    }

    // Outputs.

    /// The next event.
    #[inline]
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        let event = self.events.pop_front();
        match &event {
            Some(ConnectionEvent::Message(message)) => {
                self.undelivered = self.undelivered.saturating_sub(message.cost());
            }
            Some(ConnectionEvent::Pong(payload)) => {
                self.undelivered = self.undelivered.saturating_sub(pong_cost(payload));
            }
            _ => {}
        }
        event
    }

    /// Nothing is to be read or written: releases memory that an idle connection does not need.
    #[inline]
    pub fn rest(&mut self) {
        self.outgoing.rest();
        // The handshake's event was the first; messages mostly need none.
        if self.events.capacity() > 0 && self.events.is_empty() {
            self.events = VecDeque::new();
            self.outgoing.give_back();
        }
    }

    /// The next bytes to write. Write them, then call [`handle_transmitted`](Self::handle_transmitted), until there are none.
    ///
    /// Usually these are all bytes. They are only the first run if a ping or a pong has to go between the frames of a message, and after
    /// [`write_vectored`](Self::write_vectored).
    #[inline]
    pub fn outgoing(&self) -> &[u8] {
        self.outgoing.first()
    }

    /// How many bytes are still to be written.
    #[inline]
    pub fn unsent(&self) -> usize {
        self.outgoing.len()
    }

    /// The stream accepts several runs of bytes in one write, so large payloads are not copied. [`outgoing_runs`](Self::outgoing_runs) returns all
    /// runs. Default: off.
    pub fn write_vectored(&mut self) {
        self.outgoing.vectored = true;
    }

    /// Fills `runs` with the bytes to write, in order, as far as they fit, and returns the number of runs. Write them, then call
    /// [`handle_transmitted`](Self::handle_transmitted).
    pub fn outgoing_runs<'a>(&'a self, runs: &mut [&'a [u8]]) -> usize {
        self.outgoing.runs(runs)
    }

    /// Whether [`outgoing`](Self::outgoing) has all bytes to write.
    #[inline]
    pub fn is_one_run(&self) -> bool {
        self.outgoing.is_one_run()
    }

    /// All bytes to write, if they are one large payload and what comes before it.
    #[inline]
    pub fn outgoing_pair(&self) -> Option<[&[u8]; 2]> {
        self.outgoing.pair()
    }

    /// All that waits to be written, if that is one large payload in two frames.
    #[inline]
    pub(crate) fn outgoing_two_pairs(&self) -> Option<[&[u8]; 4]> {
        self.outgoing.two_pairs()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. Any other call may change it.
    #[inline]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.deadline
    }

    /// Whether everything was written and the writing half of the stream has to be shut down.
    ///
    /// After a closing handshake a client leaves that to the server: RFC 6455 §7.1.1, the server "MUST close the connection immediately", the client
    /// "SHOULD wait". Reading continues until the stream ends or the timeout, so that no reset overtakes our last frame.
    #[inline]
    pub fn wants_shutdown(&self) -> bool {
        let over = match self.state {
            State::Refusing | State::Ending | State::Flushing | State::Closed => true,
            State::CloseDone => self.role == Role::Server,
            _ => false,
        };
        over && self.outgoing.len() == 0
    }

    /// Whether nothing more happens and the stream can be dropped. Events may still be queued.
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.state == State::Closed
    }

    // Getters. What they tell is derived, not stored.

    /// Which side this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether messages can be sent.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether the handshake is still going on.
    pub fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Handshaking | State::Deciding)
    }

    /// Client: the response that refused the handshake, after [`ConnectionEvent::Failed`].
    pub fn response(&self) -> Option<&HttpResponse> {
        self.response.as_deref()
    }

    pub(crate) fn take_response(&mut self) -> Option<Box<HttpResponse>> {
        self.response.take()
    }

    /// The refusal that was being read, as far as it came.
    fn refusal(&mut self, ended: bool) -> Option<HandshakeError> {
        match &mut self.wire {
            Wire::Response(handshake) => handshake.refusal(ended),
            _ => None,
        }
    }

    /// What the peer did wrong on the open connection, if anything.
    pub fn violation(&self) -> Option<Violation> {
        self.record.violation
    }

    /// Whether to read from the stream: the peer's half has not ended, and unpolled messages are below [`ProtocolLimits::receive_buffer`].
    #[inline]
    pub fn wants_read(&self) -> bool {
        !self.is_full() && !matches!(self.state, State::Flushing | State::Closed)
    }

    #[inline]
    fn is_full(&self) -> bool {
        // At a bound of 0 as well, or not even the handshake would be read.
        self.undelivered >= self.limits.receive_buffer.max(1)
    }

    /// Whether the next event is the last one.
    #[inline]
    pub(crate) fn ends_next(&self) -> bool {
        matches!(
            self.events.front(),
            Some(ConnectionEvent::Closed(_) | ConnectionEvent::Failed(_))
        )
    }

    /// Whether queued bytes could never be written: the stream failed, or the time was over.
    pub fn has_lost(&self) -> bool {
        self.lost
    }

    /// The time from the last answered ping of [`measure`](Self::measure) or of keepalive to its pong. None before the first.
    pub fn round_trip(&self) -> Option<Duration> {
        self.pings.round_trip
    }

    /// When the last pong arrived, requested or not. None before the first.
    pub fn last_pong(&self) -> Option<Duration> {
        self.pings.last
    }

    /// How many pongs arrived.
    pub fn pongs(&self) -> u64 {
        self.pings.count
    }

    /// The cost of messages and pongs that arrived and were not polled: their bytes, plus the size of a [`Message`] for each.
    #[inline]
    pub fn undelivered(&self) -> usize {
        self.undelivered
    }

    /// Payload bytes of messages among the [`unsent`](Self::unsent) ones. May include a few headers while a part is written.
    pub fn unsent_payload(&self) -> usize {
        self.outgoing.unsent_payload()
    }
}
