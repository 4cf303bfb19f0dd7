//! Drives both directions and the timer. Any poll moves all three.

use super::IoTransport;
use crate::proto;
use crate::transport::ConnectionLost;
use core::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite};

/// The limit of one turn of the reading task, before other tasks get theirs: this many events, or as many reads as cost the same.
///
/// A peer that always has something for us would otherwise keep a thread to itself. Tokio counts reads alone, and one of 64 KiB holds 10,000 messages.
pub(super) const TURN: u16 = 256;
const READ_COST: u16 = TURN / 4;

impl<Io: AsyncRead + AsyncWrite + Unpin> IoTransport<Io> {
    /// The core's next event; its last one only when our own last bytes are written, or cannot be.
    pub(super) fn poll_core(&mut self, cx: &mut Context<'_>) -> Poll<proto::ConnectionEvent> {
        self.tasks.reader.works();
        loop {
            if self.turn == 0 {
                self.turn = TURN;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(event) = self.next_event() {
                if !self.connection.is_open() {
                    self.tasks.writer.wake();
                }
                self.turn -= 1;
                return Poll::Ready(event);
            }
            if !self.is_writable() {
                self.tasks.writer.wake();
            }
            if !self.drive(cx) {
                self.turn = TURN;
                self.tasks.reader.waits(cx.waker());
                return Poll::Pending;
            }
            self.turn = self.turn.saturating_sub(READ_COST);
            let arrived = self.reader.take_arrived();
            if let Some(message) =
                arrived.or_else(|| self.reader.next_message(&mut self.connection))
            {
                return Poll::Ready(proto::ConnectionEvent::Message(message));
            }
        }
    }

    /// Ready at the end, when our own last bytes are written, or cannot be. What arrives is discarded.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.tasks.reader.works();
        loop {
            self.reader.take_arrived();
            while self.next_event().is_some() {}
            if self.is_over() {
                return Poll::Ready(());
            }
            if !self.drive(cx) {
                self.tasks.reader.waits(cx.waker());
                return Poll::Pending;
            }
        }
    }

    /// Writes, reads and checks the time, once each. False if all that remains is to wait; then the polling task and the waiting tasks get woken.
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
        let timed = self.drive_time(cx);
        // What was written makes nothing else possible but the end.
        read || timed || (wrote && self.is_over())
    }

    #[inline(always)]
    pub(super) fn drive_write(&mut self, cx: &mut Context<'_>) -> bool {
        if self.writer.is_idle(&self.connection) {
            return false;
        }
        self.write(cx)
    }

    #[inline(never)]
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(io) = &mut self.io else { return false };
        let now = || self.started.elapsed();
        let wrote = self.writer.poll_write(io, cx, &mut self.connection, now);
        if wrote.failure.is_some() && self.failure.is_none() {
            self.failure = wrote.failure.map(Box::new);
        }
        if wrote.moved {
            // The buffer may have space now, or never again.
            self.tasks.writer.wake();
        }
        wrote.moved
    }

    /// The core's next event, from bytes that were read before.
    fn next_event(&mut self) -> Option<proto::ConnectionEvent> {
        loop {
            if self.connection.ends_next() && !self.is_over() {
                // What lies behind the end means nothing. Kept, it would keep the stream's own end from being read.
                self.reader.discard();
                return None;
            }
            if let Some(event) = self.connection.poll_event() {
                return Some(event);
            }
            if self.reader.is_dry() {
                return None;
            }
            let now = self.now();
            if let Some(message) = self.reader.decode(&mut self.connection, now) {
                return Some(proto::ConnectionEvent::Message(message));
            }
        }
    }

    /// Has the core take what was read, as far as the receive buffer lets it: its events wait there.
    #[inline]
    pub(super) fn take_unread(&mut self) {
        let now = || self.started.elapsed();
        self.reader.take_unread(&mut self.connection, now);
    }

    /// Reads once.
    #[inline(always)]
    fn drive_read(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.connection.wants_read() || !self.reader.is_dry() {
            return false;
        }
        let Some(io) = &mut self.io else { return false };
        let now = || self.started.elapsed();
        match self.reader.poll_read(io, cx, &mut self.connection, now) {
            Poll::Pending => {
                self.connection.rest();
                false
            }
            Poll::Ready(Ok(1..)) => true,
            Poll::Ready(Ok(0)) => self.end_reading(None),
            Poll::Ready(Err(error)) => self.end_reading(Some(error.to_string())),
        }
    }

    #[cold]
    fn end_reading(&mut self, failure: Option<String>) -> bool {
        let now = self.now();
        if let Some(words) = failure {
            self.failure.get_or_insert_with(|| Box::new(words));
            // A stream that cannot be read will not take our bytes either.
            self.writer.give_up();
            self.connection.handle_write_failure(now);
        }
        self.connection.handle_eof(now);
        true
    }

    #[inline(always)]
    fn drive_time(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.connection.is_finished()
            && self.deadline.is_armed(self.connection.poll_timeout(), cx)
        {
            return false;
        }
        self.look_at_the_time(cx)
    }

    #[inline(never)]
    fn look_at_the_time(&mut self, cx: &mut Context<'_>) -> bool {
        let mut due = self.connection.poll_timeout();
        if self.connection.is_finished() && !self.is_over() {
            // The stream itself holds bytes, or its own farewell.
            let give_up = || Box::new(self.started.elapsed() + self.limits.close_timeout);
            due = Some(**self.give_up.get_or_insert_with(give_up));
        }
        let now = || self.started.elapsed();
        let Poll::Ready(now) = self.deadline.poll(due, now, cx) else {
            return false;
        };
        self.connection.handle_timeout(now);
        if self.connection.is_finished() {
            // A peer that is gone costs one timeout and no second one.
            self.writer.give_up();
        }
        true
    }
}

/// Which tasks have to wait, and which to wake.
impl<Io: AsyncRead + AsyncWrite + Unpin> IoTransport<Io> {
    /// Whether the core has ended and our last bytes are with the platform, or never will be.
    fn is_over(&self) -> bool {
        self.connection.is_finished() && self.writer.is_over(&self.connection)
    }

    pub(super) fn is_writable(&self) -> bool {
        self.connection.is_open()
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.writer.is_flushed(&self.connection)
    }

    /// Whether bytes were left when the stream took no more.
    pub(super) fn has_lost(&self) -> Result<(), ConnectionLost> {
        match self.connection.has_lost() {
            true => Err(ConnectionLost),
            false => Ok(()),
        }
    }

    pub(super) fn below_watermark(&self) -> bool {
        !self.is_writable() || self.connection.unsent() < self.limits.send_high_water_mark.max(1)
    }

    /// For a task that waits to write: moves both directions until `done`. So two peers that only write do not block each other while the receive
    /// buffer has space.
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
        if self.is_writable()
            && let Some(io) = &mut self.io
        {
            let now = || self.started.elapsed();
            if self.writer.write_at_once(io, &mut self.connection, now) {
                return Poll::Ready(());
            }
        }
        self.drive_until(cx, done)
    }

    #[inline(never)]
    fn drive_until(&mut self, cx: &mut Context<'_>, done: impl Fn(&Self) -> bool) -> Poll<()> {
        loop {
            let undelivered = self.connection.undelivered();
            let moved = self.drive(cx);
            // Wake the reader for what arrived, whether it is working or not.
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
