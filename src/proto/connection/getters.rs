//! The state of a connection. It is derived, not stored.

use super::{Connection, ConnectionEvent, Wire};
use crate::error::{HandshakeError, Violation};
use crate::http::HttpResponse;
use crate::proto::role::Role;
use crate::proto::state::State;
use core::time::Duration;

impl Connection {
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
    pub(super) fn refusal(&mut self, ended: bool) -> Option<HandshakeError> {
        match &mut self.wire {
            Wire::Response(handshake) => handshake.refusal(ended),
            _ => None,
        }
    }

    /// What the peer did wrong on the open connection, if anything.
    pub fn violation(&self) -> Option<Violation> {
        self.record.violation
    }

    /// Whether to read from the stream: the peer's half has not ended, and unpolled messages are below
    /// [`ProtocolLimits::receive_buffer`](crate::proto::ProtocolLimits::receive_buffer).
    #[inline]
    pub fn wants_read(&self) -> bool {
        !self.is_full() && !matches!(self.state, State::Flushing | State::Closed)
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
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

    /// The cost of messages and pongs that arrived and were not polled: their bytes, plus the size of a [`Message`](crate::message::Message) for
    /// each.
    #[inline]
    pub fn undelivered(&self) -> usize {
        self.undelivered
    }

    /// Payload bytes of messages among the [`unsent`](Self::unsent) ones. May include a few headers while a part is written.
    pub fn unsent_payload(&self) -> usize {
        self.outgoing.unsent_payload()
    }
}
