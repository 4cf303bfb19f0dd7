//! Messages over any stream of bytes: the protocol core, a stream, and a timer.

mod deadline;
mod drive;
mod pending_request;
mod reader;
#[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
mod sizes;
mod wakers;
mod writer;

pub use pending_request::PendingRequest;

use super::incoming::Incoming;
use super::{ConnectionLost, Limits, MaybeSend, Pongs, Transport};
use crate::error::{Cause, HandshakeError};
use crate::message::{CloseInfo, Event, Message, OpenInfo};
use crate::proto::{self, CloseFrame, Connection};
use crate::time::Instant;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;
use deadline::Deadline;
use reader::Reader;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use wakers::Tasks;
use writer::Writer;

/// So many bytes are written at the latest, however many messages were read whose answers could share the write.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
const MAX_DEFERRED: usize = 16 << 10;

/// A connection over `Io`. It spawns nothing: polling it, to read or to write, moves both directions.
///
/// Everything queued goes out in one write before the next read, so that all answers to what was read share one write.
/// It stops reading while `Limits::receive_buffer` bytes of messages wait here: the stream's own flow control then holds the
/// peer back, and nothing is lost.
///
/// One task may read while another writes. Dropping it sends a Close frame if the stream takes it at once, and closes the stream.
#[must_use = "a connection moves only while it is polled; dropping it closes it"]
pub struct IoTransport<Io: AsyncRead + AsyncWrite + Unpin> {
    /// `None` once it was handed back.
    io: Option<Io>,
    connection: Connection,
    started: Instant,
    reader: Reader,
    writer: Writer,
    deadline: Deadline,
    tasks: Tasks,
    /// The stream's own words about its end.
    #[expect(
        clippy::box_collection,
        reason = "two words less for every connection that has not failed"
    )]
    failure: Option<Box<String>>,
    /// When to stop waiting for a stream that does not hand over what it took.
    give_up: Option<Box<Duration>>,
    limits: Arc<Limits>,
    /// What is left of the reading task's turn.
    turn: u16,
    /// A channel's queue, which also counts pongs for its statistics.
    queue: Option<Arc<Incoming>>,
}

/// Opens a client's connection over a stream. `connection` was made at the time zero, just now.
///
/// # Errors
/// Why there is none; for the stream's own failures in the operating system's words. Dropping the future drops the stream.
pub async fn open<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    connection: Connection,
    limits: &Limits,
) -> Result<(IoTransport<Io>, OpenInfo), HandshakeError> {
    let (framed, opened) = open_in_place(io, connection, limits).await?;
    Ok((*framed, opened))
}

/// The same in the box that stays: the handshake does not carry what outlives it, and leaves less free space in the heap.
pub(in crate::transport) async fn open_in_place<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    connection: Connection,
    limits: &Limits,
) -> Result<(Box<IoTransport<Io>>, OpenInfo), HandshakeError> {
    let mut framed = Box::new(IoTransport::new(io, connection, limits));
    match framed.opened().await {
        Ok(opened) => Ok((framed, opened)),
        Err(cause) => {
            let mut error = HandshakeError::from(cause);
            error.response = framed.connection.take_response();
            Err(error)
        }
    }
}

/// Reads a client's request from a stream. `connection` is a server's, made at the time zero, just now.
///
/// # Errors
/// Why there is none. A wrong request was answered with its HTTP status before this returns. Dropping the future drops the stream.
pub async fn accept<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    connection: Connection,
    limits: &Limits,
) -> Result<PendingRequest<Io>, Cause> {
    let mut framed = Box::new(IoTransport::new(io, connection, limits));
    match poll_fn(|cx| framed.poll_core(cx)).await {
        proto::ConnectionEvent::Request(request) => Ok(PendingRequest { framed, request }),
        other => Err(framed.cause(other)),
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> IoTransport<Io> {
    /// Runs a connection over a stream. `connection` was made at the time zero, just now. Bytes that were read beyond a
    /// handshake were given to it with `handle_bytes`.
    pub fn new(io: Io, mut connection: Connection, limits: &Limits) -> Self {
        if io.is_write_vectored() {
            connection.write_vectored();
        }
        Self {
            io: Some(io),
            connection,
            started: Instant::now(),
            reader: Reader::default(),
            writer: Writer::default(),
            deadline: Deadline::default(),
            tasks: Tasks::default(),
            failure: None,
            give_up: None,
            limits: limits.shared(),
            turn: drive::TURN,
            queue: None,
        }
    }

    /// What the core knows: the violation of a failed connection, for one.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Begins the closing handshake with any body that may be sent, or an empty one. A second call does nothing.
    pub fn close_with(&mut self, body: Option<&CloseFrame>) {
        let now = self.now();
        // They arrived before we closed.
        self.take_unread();
        // Not open: then it is closing already.
        let _ = self.connection.close(now, body);
        // The reader has a frame to write, and the writer has nothing to wait for any more.
        self.tasks.reader.wake();
        self.tasks.writer.wake();
    }

    async fn opened(&mut self) -> Result<OpenInfo, Cause> {
        match poll_fn(|cx| self.poll_core(cx)).await {
            proto::ConnectionEvent::Opened(opened) => Ok(opened),
            other => Err(self.cause(other)),
        }
    }

    /// Why this event is not the one that was hoped for.
    fn cause(&mut self, event: proto::ConnectionEvent) -> Cause {
        match (event, self.failure.take()) {
            // The core knows only that the stream ended; the stream said how.
            (proto::ConnectionEvent::Failed(Cause::Transport(_)), Some(words)) => {
                Cause::Transport(*words)
            }
            (proto::ConnectionEvent::Failed(cause), _) => cause,
            _ => Cause::Transport("the connection ended inside the handshake".into()),
        }
    }

    /// RFC 6455 §7.1.5 has only 1006 for a connection that we failed. But the caller wants to know which code the peer got, and why.
    #[cold]
    fn ended(&self, mut closed: CloseInfo) -> CloseInfo {
        if let Some(violation) = self.connection.violation() {
            closed.code = violation.close_code();
            closed.reason = violation.to_string();
        }
        closed
    }

    /// Tells a channel of the pongs that came.
    #[inline]
    fn note_pongs(&self) {
        if let Some(queue) = &self.queue {
            queue.note_pongs(self.connection.pongs());
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin + MaybeSend> crate::transport::Sealed for IoTransport<Io> {}

impl<Io: AsyncRead + AsyncWrite + Unpin + MaybeSend> Transport for IoTransport<Io> {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.turn > 0
            && let Some(message) = self.reader.next_message(&mut self.connection)
        {
            self.turn -= 1;
            return Poll::Ready(Event::Message(message));
        }
        loop {
            match self.poll_core(cx) {
                Poll::Ready(proto::ConnectionEvent::Message(message)) => {
                    return Poll::Ready(Event::Message(message));
                }
                Poll::Ready(proto::ConnectionEvent::Closed(closed)) => {
                    self.note_pongs();
                    return Poll::Ready(Event::Closed(self.ended(closed)));
                }
                // The handshake, which is over, and pongs that nothing awaits.
                Poll::Ready(_) => {}
                Poll::Pending => {
                    self.note_pongs();
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_until(cx, Self::below_watermark)
    }

    fn send(&mut self, message: Message) -> Result<(), Message> {
        self.connection.send(message)?;
        // A reading task that waits would not see it; one that is at work writes it before it waits again.
        self.tasks.reader.wake();
        Ok(())
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn send_at_once(&mut self, message: Message, more: bool) -> Result<bool, Message> {
        self.connection.send(message)?;
        if self.tasks.writer.is_waiting() {
            // It is woken when the stream takes more, and must stay the one that the stream wakes.
            return Ok(false);
        }
        if more && self.connection.unsent() < MAX_DEFERRED {
            return Ok(true);
        }
        let Some(io) = &mut self.io else {
            return Ok(true);
        };
        let now = || self.started.elapsed();
        let flushed = self.writer.write_at_once(io, &mut self.connection, now);
        if flushed {
            self.connection.rest();
        }
        // What was written may have set a time that comes before the one that is waited for.
        Ok(!flushed || self.deadline.comes_late(self.connection.poll_timeout()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        ready!(self.poll_until(cx, Self::is_flushed));
        Poll::Ready(self.has_lost())
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn defers_flush(&self) -> bool {
        // A flush has the core take what was read.
        let more = !self.reader.is_dry() || self.connection.undelivered() > 0;
        more && self.connection.unsent() < MAX_DEFERRED && self.is_open()
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        self.poll_flush(cx)
    }

    fn close(&mut self, code: u16, reason: &str) {
        // The arguments have been checked; what must not be sent goes out as an empty body.
        self.close_with(CloseFrame::new(code, reason).ok().as_ref());
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_open() {
            // As the platform's own socket does when it is collected: no code (WHATWG WebSockets, "Garbage collection").
            self.close_with(None);
        }
        self.poll_over(cx)
    }

    fn is_open(&self) -> bool {
        self.is_writable()
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn capacity(&self) -> usize {
        self.limits
            .send_high_water_mark
            .max(1)
            .saturating_sub(self.connection.unsent())
    }

    /// The stream's own flow control reaches the peer.
    fn has_receive_backpressure(&self) -> bool {
        true
    }

    fn buffered_amount(&self) -> usize {
        self.connection.unsent_payload()
    }

    fn ping(&mut self) {
        let now = self.now();
        // Not open, or a wire format without pings: then there is no answer to wait for.
        if self.connection.measure(now).is_ok() {
            self.tasks.reader.wake();
        }
    }

    fn round_trip(&self) -> Option<Duration> {
        self.connection.round_trip()
    }

    fn incoming(&mut self) -> Arc<Incoming> {
        // The stream's own flow control keeps to the bound.
        self.queue.insert(Incoming::open(None)).clone()
    }

    fn pongs(&self) -> Pongs {
        let last = self.connection.last_pong();
        Pongs {
            count: self.connection.pongs(),
            since_last: last.map(|last| self.now().saturating_sub(last)),
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Drop for IoTransport<Io> {
    fn drop(&mut self) {
        let now = self.now();
        // As the platform's own socket does when it is collected: no code (WHATWG WebSockets, "Garbage collection").
        let _ = self.connection.close(now, None);
        // Includes what was queued before, an earlier Close frame too, but not a handshake that nothing awaits.
        if !self.connection.is_handshaking() {
            let _ = self.drive_write(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> fmt::Debug for IoTransport<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoTransport")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
