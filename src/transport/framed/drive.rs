//! The two directions and the timer. Whoever polls moves all three on.

use super::Framed;
use crate::proto;
use crate::time::sleep;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads grow to this size while they fill the buffer: larger ones are no faster over loopback.
const MAX_READ: usize = 64 << 10;

impl<Io: AsyncRead + AsyncWrite + Unpin> Framed<Io> {
    /// The core's next event; its last one only when our own last bytes are written, or cannot be.
    pub(super) fn poll_core(&mut self, cx: &mut Context<'_>) -> Poll<proto::Event> {
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

    pub(super) fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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

    pub(super) fn drive_write(&mut self, cx: &mut Context<'_>) -> bool {
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
}

/// Who has to wait, and who is to be told.
impl<Io: AsyncRead + AsyncWrite + Unpin> Framed<Io> {
    /// Whether the core has ended and our last bytes are with the platform, or never will be.
    fn is_over(&self) -> bool {
        let written = self.connection.outgoing().is_empty() && !self.unflushed;
        self.connection.is_finished() && (self.write_failed || (written && self.shut_down))
    }

    pub(super) fn is_writable(&self) -> bool {
        self.connection.is_open() && !self.write_failed
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.write_failed || (self.connection.outgoing().is_empty() && !self.unflushed)
    }

    pub(super) fn below_watermark(&self) -> bool {
        !self.is_writable() || self.connection.outgoing().len() < self.limits.send_watermark.max(1)
    }

    /// For a task that waits to write: moves both directions until `done`, so that two peers that only write cannot hold
    /// each other up while there is room to receive.
    pub(super) fn poll_until(&mut self, cx: &mut Context<'_>, done: fn(&Self) -> bool) -> Poll<()> {
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

    pub(super) fn wake_reader(&mut self) {
        if core::mem::take(&mut self.reader_waits) {
            self.wakers.reader.wake();
        }
    }

    pub(super) fn wake_writer(&mut self) {
        if core::mem::take(&mut self.writer_waits) {
            self.wakers.writer.wake();
        }
    }
}
