//! The two directions and the timer. Whoever polls moves all three on.

use super::Framed;
use crate::message::Message;
use crate::proto::framing::Vacancy;
use crate::proto::{self, Connection};
use crate::time::sleep;
use crate::transport::Lost;
use bytes::BufMut as _;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io::{self, IoSlice};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// The first reads are this small, for the many connections that are idle.
pub(super) const MIN_READ: usize = 4 << 10;
/// Reads grow to this size while they fill the buffer: larger ones are no faster over loopback.
const MAX_READ: usize = 64 << 10;
/// Behind a long payload, which was read straight to its place, comes most likely another one, and only its header is wanted here.
const BEHIND_LARGE: usize = 256;
/// Runs of bytes in one write: every large message has two, itself and what comes before it.
const MAX_RUNS: usize = 8;

impl<Io: AsyncRead + AsyncWrite + Unpin> Framed<Io> {
    /// The core's next event; its last one only when our own last bytes are written, or cannot be.
    pub(super) fn poll_core(&mut self, cx: &mut Context<'_>) -> Poll<proto::Event> {
        self.tasks.reader.works();
        loop {
            if self.last.is_none() {
                match self.next_event() {
                    Some(event @ (proto::Event::Closed(_) | proto::Event::Failed(_))) => {
                        self.last = Some(event)
                    }
                    Some(event) => return Poll::Ready(event),
                    None => {}
                }
            }
            if self.last.is_some()
                && self.is_over()
                && let Some(event) = self.last.take()
            {
                self.tasks.writer.wake();
                return Poll::Ready(event);
            }
            if !self.is_writable() {
                self.tasks.writer.wake();
            }
            if !self.drive(cx) {
                self.tasks.reader.waits(cx.waker());
                return Poll::Pending;
            }
            if let Some(message) = self.arrived.take().or_else(|| self.next_message()) {
                return Poll::Ready(proto::Event::Message(message));
            }
        }
    }

    pub(super) fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.tasks.reader.works();
        while !self.is_over() {
            self.take_unread();
            if !self.drive(cx) {
                self.tasks.reader.waits(cx.waker());
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Writes, reads and looks at the time, once each. False if there is nothing left but to wait: then whoever polls is woken, and who waits too.
    #[inline(always)]
    fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        match self.tasks.beside(cx.waker()) {
            None => self.drive_once(cx),
            Some(both) => self.drive_for_both(&both),
        }
    }

    #[cold]
    #[inline(never)]
    fn drive_for_both(&mut self, both: &Waker) -> bool {
        self.drive_once(&mut Context::from_waker(both))
    }

    #[inline(always)]
    fn drive_once(&mut self, cx: &mut Context<'_>) -> bool {
        let wrote = self.drive_write(cx);
        let read = self.drive_read(cx);
        let timed = self.drive_timer(cx);
        // What was written makes nothing else possible but the end.
        read || timed || (wrote && self.is_over())
    }

    /// Whether one write and a flush hand everything over. Where not, the rest is to be driven: nobody is woken for it yet.
    #[inline]
    fn write_at_once(&mut self) -> bool {
        let Some(io) = &mut self.io else { return false };
        let cx = &mut Context::from_waker(Waker::noop());
        if self.connection.unsent() > 0 {
            match write(Pin::new(&mut *io), cx, &self.connection) {
                Poll::Ready(Ok(n @ 1..)) => self.connection.handle_transmitted(n),
                Poll::Ready(Err(error)) => {
                    self.fail_writing(error.to_string());
                    return false;
                }
                _ => return false,
            }
        }
        let flushed = matches!(Pin::new(io).poll_flush(cx), Poll::Ready(Ok(())));
        // An error comes again when it is driven.
        self.unflushed = !flushed;
        flushed && self.connection.unsent() == 0
    }

    #[inline(always)]
    pub(super) fn drive_write(&mut self, cx: &mut Context<'_>) -> bool {
        let idle = self.connection.unsent() == 0 && !self.unflushed;
        if idle && !self.connection.wants_shutdown() {
            return false;
        }
        self.write(cx)
    }

    #[inline(never)]
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while !self.write_failed && self.connection.unsent() > 0 {
            let Some(io) = &mut self.io else { return false };
            match write(Pin::new(io), cx, &self.connection) {
                Poll::Pending => return moved,
                Poll::Ready(Ok(0)) => {
                    self.fail_writing("the stream takes no more bytes".into());
                    moved = true;
                }
                Poll::Ready(Ok(n)) => {
                    self.connection.handle_transmitted(n);
                    self.unflushed = true;
                    moved = true;
                    // There may be room now.
                    self.tasks.writer.wake();
                }
                Poll::Ready(Err(error)) => {
                    self.fail_writing(error.to_string());
                    moved = true;
                }
            }
        }
        let Some(io) = &mut self.io else { return false };
        if self.unflushed && !self.write_failed {
            match Pin::new(&mut *io).poll_flush(cx) {
                Poll::Pending => return moved,
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => {
                    self.fail_writing(error.to_string());
                    return true;
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
        self.tasks.writer.wake();
    }

    /// The core's next event, from bytes that were read before.
    fn next_event(&mut self) -> Option<proto::Event> {
        if self.unread.is_empty() {
            return self.connection.poll_event();
        }
        let now = self.now();
        let mut bytes = self.read_buffer.get(self.unread.clone()).unwrap_or(&[]);
        let event = self.connection.handle_bytes_until_event(now, &mut bytes);
        self.unread.start = self.unread.end - bytes.len();
        event
    }

    /// The next message, if it needs nothing but to be taken.
    #[inline]
    pub(super) fn next_message(&mut self) -> Option<Message> {
        let mut bytes = self.read_buffer.get(self.unread.clone())?;
        if bytes.is_empty() {
            return None;
        }
        let message = self.connection.take_message(&mut bytes);
        self.unread.start = self.unread.end - bytes.len();
        message
    }

    /// Has the core take all that was read: its events wait there.
    #[inline]
    pub(super) fn take_unread(&mut self) {
        // Mostly there is none, and then nothing is to be written back.
        if self.arrived.is_some()
            && let Some(message) = self.arrived.take()
        {
            self.connection.handle_message(message);
        }
        if !self.unread.is_empty() {
            let now = self.now();
            let bytes = self.read_buffer.get(self.unread.clone());
            self.connection.handle_bytes(now, bytes.unwrap_or_default());
            self.unread = 0..0;
        }
    }

    /// Reads once. What was read before is taken, or means nothing any more.
    #[inline(always)]
    fn drive_read(&mut self, cx: &mut Context<'_>) -> bool {
        // At a bound of 0 as well, or not even the handshake would be read.
        if self.connection.is_finished()
            || self.connection.undelivered() >= self.limits.receive_bound.max(1)
        {
            return false;
        }
        let Some(io) = &mut self.io else { return false };
        let read = match self.connection.vacancy() {
            // A long payload goes straight where it will stay.
            Some(Vacancy { bytes, len }) => {
                self.filled = false;
                self.next_read = BEHIND_LARGE;
                let read = pin!(io.read_buf(&mut bytes.limit(len))).poll(cx);
                if let Poll::Ready(Ok(filled)) = read {
                    self.read_buffer.clear();
                    let now = || self.started.elapsed();
                    self.arrived =
                        self.connection
                            .handle_filled(now, filled, &mut self.read_buffer);
                    self.unread = 0..self.read_buffer.len();
                }
                read
            }
            None => {
                if self.filled {
                    self.next_read = (self.next_read * 2).clamp(MIN_READ, MAX_READ);
                }
                if self.read_buffer.len() < self.next_read {
                    self.read_buffer.resize(self.next_read, 0);
                }
                let room = self.read_buffer.get_mut(..self.next_read);
                let mut buffer = ReadBuf::new(room.unwrap_or_default());
                Pin::new(io).poll_read(cx, &mut buffer).map_ok(|()| {
                    self.filled = buffer.remaining() == 0;
                    self.unread = 0..buffer.filled().len();
                    buffer.filled().len()
                })
            }
        };
        match read {
            Poll::Pending => return false,
            Poll::Ready(Ok(1..)) => return true,
            Poll::Ready(Ok(0)) => {}
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

    #[inline(always)]
    fn drive_timer(&mut self, cx: &mut Context<'_>) -> bool {
        // Mostly an open connection has nothing to wait for but its peer.
        let armed = self.timer.is_some() || self.give_up.is_some();
        if !armed && self.connection.poll_timeout().is_none() && !self.connection.is_finished() {
            return false;
        }
        self.look_at_the_time(cx)
    }

    #[inline(never)]
    fn look_at_the_time(&mut self, cx: &mut Context<'_>) -> bool {
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

/// Everything unsent, as far as the stream takes it, in one write.
#[inline]
fn write<Io: AsyncWrite>(
    io: Pin<&mut Io>,
    cx: &mut Context<'_>,
    connection: &Connection,
) -> Poll<io::Result<usize>> {
    if connection.is_one_run() {
        return io.poll_write(cx, connection.outgoing());
    }
    if let Some(pair) = connection.outgoing_pair() {
        return io.poll_write_vectored(cx, &pair.map(IoSlice::new));
    }
    write_runs(io, cx, connection)
}

#[inline(never)]
fn write_runs<Io: AsyncWrite>(
    io: Pin<&mut Io>,
    cx: &mut Context<'_>,
    connection: &Connection,
) -> Poll<io::Result<usize>> {
    let mut runs: [&[u8]; MAX_RUNS] = [&[]; _];
    let filled = connection.outgoing_runs(&mut runs);
    let runs = runs.map(IoSlice::new);
    io.poll_write_vectored(cx, runs.get(..filled).unwrap_or_default())
}

/// Who has to wait, and who is to be told.
impl<Io: AsyncRead + AsyncWrite + Unpin> Framed<Io> {
    /// Whether the core has ended and our last bytes are with the platform, or never will be.
    fn is_over(&self) -> bool {
        let written = self.connection.unsent() == 0 && !self.unflushed;
        self.connection.is_finished() && (self.write_failed || (written && self.shut_down))
    }

    pub(super) fn is_writable(&self) -> bool {
        self.connection.is_open() && !self.write_failed
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.write_failed || (self.connection.unsent() == 0 && !self.unflushed)
    }

    /// Whether bytes were left when the stream took no more.
    pub(super) fn has_lost(&self) -> Result<(), Lost> {
        match self.write_failed && (self.connection.unsent() > 0 || self.unflushed) {
            true => Err(Lost),
            false => Ok(()),
        }
    }

    pub(super) fn below_watermark(&self) -> bool {
        !self.is_writable() || self.connection.unsent() < self.limits.send_watermark.max(1)
    }

    /// For a task that waits to write: moves both directions until `done`, so that two peers that only write cannot hold
    /// each other up while there is room to receive.
    #[inline]
    pub(super) fn poll_until(
        &mut self,
        cx: &mut Context<'_>,
        done: impl Fn(&Self) -> bool,
    ) -> Poll<()> {
        self.tasks.writer.works();
        if done(self) {
            return Poll::Ready(());
        }
        // What was read shares this write, should it want an answer of the core's own.
        self.take_unread();
        // Mostly the stream takes everything at once, and there is nothing that anybody would have to be woken for.
        if self.is_writable() && self.write_at_once() {
            return Poll::Ready(());
        }
        self.drive_until(cx, done)
    }

    #[inline(never)]
    fn drive_until(&mut self, cx: &mut Context<'_>, done: impl Fn(&Self) -> bool) -> Poll<()> {
        loop {
            let undelivered = self.connection.undelivered();
            let moved = self.drive(cx);
            // The reader is told of what came, be it at work or not.
            self.take_unread();
            if self.connection.undelivered() > undelivered || !self.is_writable() {
                self.tasks.reader.wake();
            }
            if done(self) {
                return Poll::Ready(());
            }
            if !moved {
                self.tasks.writer.waits(cx.waker());
                return Poll::Pending;
            }
        }
    }
}
