//! What the owner of the stream reports: bytes, ends, failures, time.

use super::{Connection, ConnectionEvent, REFUSAL_TIMEOUT, Wire};
use crate::error::{Cause, Violation};
use crate::message::Message;
use crate::proto::framing::{Incoming, Vacancy};
use crate::proto::role::Role;
use crate::proto::state::{State, Step};
use core::time::Duration;

impl Connection {
    /// Bytes were read from the stream. All of them are accepted, even above
    /// [`ProtocolLimits::receive_buffer`](crate::proto::ProtocolLimits::receive_buffer).
    pub fn handle_bytes(&mut self, now: Duration, bytes: &[u8]) {
        let mut input = bytes;
        while self.reads(input) {
            if let Some(message) = self.decode(now, &mut input) {
                self.deliver(message);
            }
        }
    }

    /// Like [`handle_bytes`](Self::handle_bytes), but stops when unread messages reach
    /// [`ProtocolLimits::receive_buffer`](crate::proto::ProtocolLimits::receive_buffer). What remains of `bytes` is for later. A few compressed bytes
    /// can be many messages.
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
    /// [`ProtocolLimits::close_timeout`](crate::proto::ProtocolLimits::close_timeout). If the stream cannot be read either, call
    /// [`handle_eof`](Self::handle_eof) as well.
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
}
