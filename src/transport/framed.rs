//! Messages over any stream of bytes: the protocol core, a stream, and a timer.

use super::{Limits, MaybeSend, Transport};
use crate::error::Cause;
use crate::message::{Event, Message, Opened};
use crate::proto::{self, CloseFrame, Connection, Request, Response};
use crate::time::{Instant, Sleep, sleep};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The read buffer begins this small, for the many connections that are idle,
const MIN_READ: usize = 4 << 10;
/// and grows to this while reads fill it: larger reads are no faster over loopback.
const MAX_READ: usize = 64 << 10;

/// A connection over `Io`. It spawns nothing: whoever polls it, to read or to write, moves both directions on.
///
/// Everything queued goes out in one write before the next read, so that all answers to what was read share one write.
/// It stops reading while `Limits::receive_bound` bytes of messages wait here: the stream's own flow control then holds the
/// peer back, and nothing is lost.
///
/// One task may read while another writes. Dropping it sends a Close frame if the stream takes it at once, and closes the stream.
#[must_use = "a connection moves only while it is polled; dropping it closes it"]
pub struct Framed<Io: AsyncRead + AsyncWrite + Unpin> {
    /// `None` once it was handed back.
    io: Option<Io>,
    connection: Connection,
    started: Instant,
    timer: Option<(Duration, Sleep)>,
    wakers: Arc<Wakers>,
    waker: Waker,
    reader_waits: bool,
    writer_waits: bool,
    read_buffer: Vec<u8>,
    /// Bytes were written that `Io` may still hold.
    unflushed: bool,
    shut_down: bool,
    write_failed: bool,
    /// The stream's own words about its end.
    failure: Option<String>,
    /// When to stop waiting for a stream that will neither take our last bytes nor end.
    give_up: Option<Duration>,
    /// The last event, held back until what it speaks of is on its way.
    last: Option<proto::Event>,
    limits: Limits,
}

/// Opens a client's connection over a stream. `connection` was made at the time zero, just now.
///
/// # Errors
/// Why there is none; for the stream's own failures in the operating system's words.
pub async fn open<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    connection: Connection,
    limits: &Limits,
) -> Result<(Framed<Io>, Opened), Cause> {
    let mut framed = Framed::new(io, connection, limits);
    let opened = framed.opened().await?;
    Ok((framed, opened))
}

/// Reads a client's request from a stream. `connection` is a server's, made at the time zero, just now.
///
/// # Errors
/// Why there is none. A wrong request was answered with its HTTP status before this returns.
pub async fn accept<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    connection: Connection,
    limits: &Limits,
) -> Result<Accepting<Io>, Cause> {
    let mut framed = Framed::new(io, connection, limits);
    match poll_fn(|cx| framed.poll_core(cx)).await {
        proto::Event::Request(request) => Ok(Accepting {
            framed,
            request: *request,
        }),
        other => Err(framed.cause(other)),
    }
}

/// A request that was read and waits for an answer. Dropping it closes the stream without one.
#[must_use = "a request wants an answer"]
pub struct Accepting<Io: AsyncRead + AsyncWrite + Unpin> {
    framed: Framed<Io>,
    request: Request,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Accepting<Io> {
    /// What the client asks for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Accepts it as a WebSocket, with one of the subprotocols offered or none. The answer is with the stream when this returns.
    ///
    /// # Errors
    /// Why it could not be: the request is plain HTTP, the subprotocol was not offered, the stream ended.
    pub async fn accept(mut self, protocol: Option<&str>) -> Result<(Framed<Io>, Opened), Cause> {
        let now = self.framed.now();
        if let Err(misuse) = self.framed.connection.accept(now, protocol, &[]) {
            return Err(Cause::Transport(misuse.to_string()));
        }
        let opened = self.framed.opened().await?;
        // The client waits for the answer, whether or not anybody polls what this returns.
        poll_fn(|cx| self.framed.poll_until(cx, Framed::is_flushed)).await;
        Ok((self.framed, opened))
    }

    /// Hands the stream back for an answer by hand. Bytes that came behind the request's head are dropped.
    pub fn into_io(mut self) -> Option<Io> {
        self.framed.io.take()
    }

    /// Answers it as plain HTTP and returns when the client has closed, or `Limits::close_timeout` later.
    ///
    /// # Errors
    /// The response cannot be sent as it is.
    pub async fn reject(mut self, response: &Response) -> Result<(), crate::error::Misuse> {
        let now = self.framed.now();
        self.framed.connection.reject(now, response)?;
        poll_fn(|cx| self.framed.poll_finished(cx)).await;
        Ok(())
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Framed<Io> {
    /// Runs a connection over a stream. `connection` was made at the time zero, just now. Bytes that were read beyond a
    /// handshake were given to it with `handle_bytes`.
    pub fn new(io: Io, connection: Connection, limits: &Limits) -> Self {
        let wakers = Arc::new(Wakers::default());
        Self {
            io: Some(io),
            connection,
            started: Instant::now(),
            timer: None,
            waker: Waker::from(wakers.clone()),
            wakers,
            reader_waits: false,
            writer_waits: false,
            read_buffer: vec![0; MIN_READ],
            unflushed: false,
            shut_down: false,
            write_failed: false,
            failure: None,
            give_up: None,
            last: None,
            limits: limits.clone(),
        }
    }

    /// What the core knows: the violation of a failed connection, for one.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Begins the closing handshake with any body that may be sent, or an empty one. A second call does nothing.
    pub fn close_with(&mut self, body: Option<&CloseFrame>) {
        let now = self.now();
        // Not open: then it is closing already.
        let _ = self.connection.close(now, body);
        self.wake_reader();
    }

    async fn opened(&mut self) -> Result<Opened, Cause> {
        match poll_fn(|cx| self.poll_core(cx)).await {
            proto::Event::Opened(opened) => Ok(opened),
            other => Err(self.cause(other)),
        }
    }

    /// Why this event is not the one that was hoped for.
    fn cause(&mut self, event: proto::Event) -> Cause {
        match (event, self.failure.take()) {
            // The core knows only that the stream ended; the stream said how.
            (proto::Event::Failed(Cause::Transport(_)), Some(words)) => Cause::Transport(words),
            (proto::Event::Failed(cause), _) => cause,
            _ => Cause::Transport("the connection ended inside the handshake".into()),
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    // --- the two directions and the timer: true where something moved ---

    /// The core's next event; its last one only when our own last bytes are written, or cannot be.
    fn poll_core(&mut self, cx: &mut Context<'_>) -> Poll<proto::Event> {
        self.reader_waits = false;
        loop {
            if self.last.is_none() {
                match self.connection.poll_event() {
                    Some(event @ (proto::Event::Closed(_) | proto::Event::Failed(_))) => {
                        self.last = Some(event)
                    }
                    Some(event) => return Poll::Ready(event),
                    None => {}
                }
            }
            self.wakers.reader.register(cx.waker());
            if self.is_over()
                && let Some(event) = self.last.take()
            {
                self.wake_writer();
                return Poll::Ready(event);
            }
            let unsent = self.connection.outgoing().len();
            let moved = self.drive_once();
            if self.connection.outgoing().len() < unsent || !self.is_writable() {
                self.wake_writer();
            }
            if !moved {
                self.reader_waits = true;
                return Poll::Pending;
            }
        }
    }

    fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.wakers.reader.register(cx.waker());
        while !self.is_over() {
            if !self.drive_once() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Writes, reads and looks at the time, once each. False if all three have to wait.
    fn drive_once(&mut self) -> bool {
        let waker = self.waker.clone();
        let cx = &mut Context::from_waker(&waker);
        let wrote = self.drive_write(cx);
        let read = self.drive_read(cx);
        let timed = self.drive_timer(cx);
        wrote || read || timed
    }

    fn drive_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while !self.write_failed && !self.connection.outgoing().is_empty() {
            let Some(io) = &mut self.io else { return false };
            match Pin::new(io).poll_write(cx, self.connection.outgoing()) {
                Poll::Pending => return moved,
                Poll::Ready(Ok(0)) => self.fail_writing("the stream takes no more bytes".into()),
                Poll::Ready(Ok(n)) => {
                    self.connection.handle_transmitted(n);
                    self.unflushed = true;
                    moved = true;
                }
                Poll::Ready(Err(error)) => self.fail_writing(error.to_string()),
            }
        }
        let Some(io) = &mut self.io else { return false };
        if self.unflushed && !self.write_failed {
            match Pin::new(&mut *io).poll_flush(cx) {
                Poll::Pending => return moved,
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => {
                    self.fail_writing(error.to_string());
                    return moved;
                }
            }
        }
        if self.connection.wants_shutdown() && !self.shut_down && !self.write_failed {
            match Pin::new(io).poll_shutdown(cx) {
                Poll::Pending => {}
                Poll::Ready(_) => {
                    self.shut_down = true;
                    moved = true;
                }
            }
        }
        moved
    }

    /// What the peer sent before its end can still be read, but not for ever.
    fn fail_writing(&mut self, words: String) {
        self.write_failed = true;
        self.failure.get_or_insert(words);
        self.arm_give_up();
    }

    fn drive_read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.connection.is_finished()
            || self.connection.undelivered() >= self.limits.receive_bound
        {
            return false;
        }
        let Some(io) = &mut self.io else { return false };
        let mut buffer = ReadBuf::new(&mut self.read_buffer);
        match Pin::new(io).poll_read(cx, &mut buffer) {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                let now = self.started.elapsed();
                self.connection.handle_bytes(now, buffer.filled());
                let full = buffer.remaining() == 0;
                if full && self.read_buffer.len() < MAX_READ {
                    self.read_buffer.resize(self.read_buffer.len() * 2, 0);
                }
                return true;
            }
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                self.failure.get_or_insert(error.to_string());
                // A stream that cannot be read will not take our bytes either.
                self.write_failed = true;
            }
        }
        let now = self.now();
        self.connection.handle_eof(now);
        true
    }

    fn drive_timer(&mut self, cx: &mut Context<'_>) -> bool {
        if self.connection.is_finished() && !self.is_over() {
            self.arm_give_up();
        }
        let due = [self.connection.poll_timeout(), self.give_up]
            .into_iter()
            .flatten()
            .min();
        let Some(due) = due else {
            self.timer = None;
            return false;
        };
        if self.timer.as_ref().is_none_or(|(armed, _)| *armed != due) {
            self.timer = Some((due, sleep(due.saturating_sub(self.now()))));
        }
        let fired = self
            .timer
            .as_mut()
            .is_some_and(|(_, timer)| Pin::new(timer).poll(cx).is_ready());
        if !fired {
            return false;
        }
        self.timer = None;
        // A timer may fire a little early; the core must not see an earlier time than it asked for.
        let now = self.now().max(due);
        self.connection.handle_timeout(now);
        if self.give_up.is_some_and(|give_up| give_up <= now) {
            self.give_up = None;
            self.write_failed = true;
            self.connection.handle_eof(now);
        }
        true
    }

    fn arm_give_up(&mut self) {
        let now = self.now();
        self.give_up
            .get_or_insert(now.saturating_add(self.limits.close_timeout));
    }

    // --- who has to wait, and who is to be told ---

    /// Whether the core has ended and our last bytes are with the platform, or never will be.
    fn is_over(&self) -> bool {
        let written = self.connection.outgoing().is_empty() && !self.unflushed;
        self.connection.is_finished() && (self.write_failed || (written && self.shut_down))
    }

    fn is_writable(&self) -> bool {
        self.connection.is_open() && !self.write_failed
    }

    fn is_flushed(&self) -> bool {
        self.write_failed || (self.connection.outgoing().is_empty() && !self.unflushed)
    }

    fn below_watermark(&self) -> bool {
        !self.is_writable() || self.connection.outgoing().len() < self.limits.send_watermark.max(1)
    }

    /// For a task that waits to write: moves both directions until `done`, so that two peers that only write cannot hold
    /// each other up while there is room to receive.
    fn poll_until(&mut self, cx: &mut Context<'_>, done: fn(&Self) -> bool) -> Poll<()> {
        self.writer_waits = false;
        if !done(self) {
            self.wakers.writer.register(cx.waker());
        }
        while !done(self) {
            let undelivered = self.connection.undelivered();
            let moved = self.drive_once();
            if self.connection.undelivered() > undelivered || !self.is_writable() {
                self.wake_reader();
            }
            if !moved && !done(self) {
                self.writer_waits = true;
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn wake_reader(&mut self) {
        if core::mem::take(&mut self.reader_waits) {
            self.wakers.reader.wake();
        }
    }

    fn wake_writer(&mut self) {
        if core::mem::take(&mut self.writer_waits) {
            self.wakers.writer.wake();
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin + MaybeSend> Transport for Framed<Io> {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            return match self.poll_core(cx) {
                Poll::Ready(proto::Event::Message(message)) => Poll::Ready(Event::Message(message)),
                Poll::Ready(proto::Event::Closed(closed)) => Poll::Ready(Event::Closed(closed)),
                // Pongs, and the handshake that is behind us.
                Poll::Ready(_) => continue,
                Poll::Pending => Poll::Pending,
            };
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_until(cx, Self::below_watermark)
    }

    fn send(&mut self, message: Message) -> Result<(), Message> {
        if self.write_failed {
            return Err(message);
        }
        self.connection.send(message)?;
        // A reading task that waits would not see it; one that is at work writes it before it waits again.
        self.wake_reader();
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_until(cx, Self::is_flushed)
    }

    fn close(&mut self, code: u16, reason: &str) {
        // The arguments have been checked; what must not be sent goes out as an empty body.
        self.close_with(CloseFrame::new(code, reason).ok().as_ref());
    }

    fn is_open(&self) -> bool {
        self.is_writable()
    }

    fn buffered_amount(&self) -> usize {
        self.connection.unsent_payload()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Drop for Framed<Io> {
    fn drop(&mut self) {
        let now = self.now();
        // As the platform's own socket does when it is collected: no code (WHATWG WebSockets, "Garbage collection").
        let _ = self.connection.close(now, None);
        // What was queued before goes with it, an earlier Close frame too; a handshake that nobody waits for does not.
        if !self.connection.is_handshaking() {
            let _ = self.drive_write(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> fmt::Debug for Framed<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framed")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> fmt::Debug for Accepting<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// A stream remembers one task for each direction, the last that polled it. Here either task may poll either direction, so
/// the stream is given a waker that wakes both.
#[derive(Debug, Default)]
struct Wakers {
    reader: Slot,
    writer: Slot,
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake();
        self.writer.wake();
    }
}

#[derive(Debug, Default)]
struct Slot(Mutex<Option<Waker>>);

impl Slot {
    fn register(&self, waker: &Waker) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *slot {
            Some(known) => known.clone_from(waker),
            None => *slot = Some(waker.clone()),
        }
    }

    fn wake(&self) {
        // Outside the lock: a waker may run anything.
        let waker = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
