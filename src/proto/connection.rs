//! One WebSocket connection without its I/O.

mod commands;
mod getters;
mod inputs;
mod outputs;
mod transitions;

use super::deflate::Deflate;
use super::framing::Framing;
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
use super::state::State;
use crate::error::{Cause, Misuse};
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
}
