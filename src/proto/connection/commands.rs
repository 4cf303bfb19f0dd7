//! What the application asks of a connection.

use super::{Connection, Wire};
use crate::error::Misuse;
use crate::message::{ClosedBy, Message};
use crate::proto::close::CloseFrame;
use crate::proto::deflate::Deflate;
use crate::proto::framing::Ending;
use crate::proto::handshake::head::{is_reserved, is_token, is_value};
use crate::proto::handshake::server::Response;
use crate::proto::state::{State, Step};
use core::time::Duration;

impl Connection {
    /// Queues a message (RFC 6455 §6.1), as one frame, or as several if it is longer than
    /// [`ProtocolLimits::max_send_frame`](crate::proto::ProtocolLimits).
    ///
    /// # Errors
    /// The message, if the connection is not open, if `ProtocolLimits::max_unsent` bytes are unsent, or if the wire format cannot carry it: hixie-75
    /// and hixie-76 have no binary messages.
    #[inline]
    pub fn send(&mut self, message: Message) -> Result<(), Message> {
        match &mut self.wire {
            Wire::Frames(framing)
                if self.state == State::Open && self.outgoing.len() < self.limits.max_unsent =>
            {
                framing.encode_message(message, &mut self.outgoing)
            }
            _ => Err(message),
        }
    }

    /// Queues a ping of at most 125 bytes (RFC 6455 §5.5.2): between the frames of an unsent fragmented message, or else after all messages. The
    /// peer's pong arrives as [`ConnectionEvent::Pong`](super::ConnectionEvent::Pong).
    ///
    /// # Errors
    /// [`Misuse::NotOpen`], [`Misuse::PingTooLong`], and [`Misuse::NoPing`] in the formats of 2009.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.queue_ping(payload).map(drop)
    }

    /// The same. Says where the ping ends in the stream that we write.
    fn queue_ping(&mut self, payload: &[u8]) -> Result<u64, Misuse> {
        if payload.len() > 125 {
            return Err(Misuse::PingTooLong(payload.len()));
        }
        match &self.wire {
            Wire::Frames(framing) if self.state == State::Open => {
                if !framing.has_ping() {
                    return Err(Misuse::NoPing);
                }
                Ok(self.queue_control(|framing, out| framing.encode_ping(payload, out)))
            }
            _ => Err(Misuse::NotOpen),
        }
    }

    /// Queues a ping to measure [`round_trip`](Self::round_trip).
    ///
    /// # Errors
    /// As for [`ping`](Self::ping).
    pub fn measure(&mut self, now: Duration) -> Result<(), Misuse> {
        self.queue_measure(now).map(drop)
    }

    /// The same. Says where the ping ends in the stream that we write.
    pub(super) fn queue_measure(&mut self, now: Duration) -> Result<u64, Misuse> {
        // Not before it is known that it goes: an answer would be waited for.
        match &self.wire {
            Wire::Frames(framing) if self.state == State::Open && framing.has_ping() => {
                let payload = self.pings.next(now);
                self.queue_ping(&payload)
            }
            _ => self.queue_ping(&[]),
        }
    }

    /// Begins the closing handshake: queues a Close frame with this body, or an empty one, after every message sent before.
    ///
    /// The formats of 2009 cannot carry a body. hixie-75 has no Close frame either: there this ends the stream, what the peer still sends is dropped,
    /// and [`CloseInfo`](crate::message::CloseInfo) has 1006, as for every hixie-75 connection, because a close looks like a loss.
    ///
    /// # Errors
    /// [`Misuse::NotOpen`]; harmless if the connection is already closing.
    pub fn close(&mut self, now: Duration, body: Option<&CloseFrame>) -> Result<(), Misuse> {
        if self.state != State::Open {
            return Err(Misuse::NotOpen);
        }
        self.queue_close(now, body);
        self.record.first.get_or_insert(ClosedBy::Local);
        if self.ending() == Some(Ending::NoFrame) {
            self.stop_reading(now, Step::WeEnd);
        } else {
            self.step(Step::WeClose);
        }
        Ok(())
    }

    /// Server: the compression to accept if the client offers it; `None`, the default, declines. Call it before [`accept`](Self::accept). A client
    /// uses [`ClientRequest::deflate`](crate::proto::ClientRequest::deflate).
    pub fn compress(&mut self, deflate: Option<Deflate>) {
        self.deflate = deflate.map(Box::new);
    }

    /// Server: accepts the request as a WebSocket, with one of the offered subprotocols or none (RFC 6455 §4.2.2). `headers` are more headers of the
    /// answer, name and value. Reported as [`ConnectionEvent::Opened`](super::ConnectionEvent::Opened).
    ///
    /// # Errors
    /// [`Misuse::NoRequest`], [`Misuse::NotWebSocket`], [`Misuse::Subprotocol`], [`Misuse::Header`], [`Misuse::ReservedHeader`].
    pub fn accept(
        &mut self,
        now: Duration,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<(), Misuse> {
        let Wire::Verdict(verdict) = &mut self.wire else {
            return Err(Misuse::NoRequest);
        };
        let Some(handshake) = &mut verdict.handshake else {
            return Err(Misuse::NotWebSocket);
        };
        if protocol.is_some_and(|chosen| !verdict.protocols.iter().any(|offered| offered == chosen))
        {
            return Err(Misuse::Subprotocol);
        }
        if !headers
            .iter()
            .all(|(name, value)| is_token(name) && is_value(value))
        {
            return Err(Misuse::Header);
        }
        if headers.iter().any(|(name, _)| is_reserved(name)) {
            return Err(Misuse::ReservedHeader);
        }
        let deflate = self.deflate.take();
        let deflate = deflate.as_deref();
        let agreed = handshake.accept(protocol, deflate, headers, self.outgoing.append(0));
        let early = core::mem::take(&mut verdict.early);
        self.agree(now, agreed);
        self.handle_bytes(now, &early);
        Ok(())
    }

    /// Server: answers the request as plain HTTP, a refusal or a page. The connection ends after it, without an event.
    ///
    /// # Errors
    /// [`Misuse::NoRequest`], [`Misuse::Status`], [`Misuse::Header`], [`Misuse::ReservedHeader`].
    pub fn reject(&mut self, now: Duration, response: &Response) -> Result<(), Misuse> {
        let Wire::Verdict(verdict) = &self.wire else {
            return Err(Misuse::NoRequest);
        };
        response.write(verdict.head_only, self.outgoing.append(0))?;
        self.stop_reading(now, Step::Refused);
        Ok(())
    }
}
