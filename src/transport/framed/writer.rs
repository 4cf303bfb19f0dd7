//! The writing half: everything unsent goes out in one write, as far as the stream takes it.

use crate::proto::Connection;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, IoSlice};
use tokio::io::AsyncWrite;

/// Runs of bytes in one write: every frame of a large message has two, its payload and what comes before it.
const MAX_RUNS: usize = 16;

/// How far the writing is.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Bytes were written that the stream may still hold.
    unflushed: bool,
    /// The writing half of the stream was shut down, as far as it could be.
    shut_down: bool,
    /// Nothing more can be written.
    broken: bool,
}

/// What came of an attempt to write.
#[derive(Debug, Default)]
pub(super) struct Wrote {
    /// The stream took bytes, or its half was shut down.
    pub(super) moved: bool,
    /// The stream takes no more, in its own words.
    pub(super) failure: Option<String>,
}

impl Writer {
    /// Nothing more is to be written.
    pub(super) fn give_up(&mut self) {
        self.broken = true;
    }

    /// Whether everything is with the platform, or never will be.
    #[inline]
    pub(super) fn is_flushed(&self, connection: &Connection) -> bool {
        self.broken || (connection.unsent() == 0 && !self.unflushed)
    }

    /// Whether nothing is left to do: all is written and the half is shut down, or neither can be.
    pub(super) fn is_over(&self, connection: &Connection) -> bool {
        self.broken || (self.is_flushed(connection) && self.shut_down)
    }

    /// Whether there is anything to do.
    #[inline]
    pub(super) fn is_idle(&self, connection: &Connection) -> bool {
        self.is_flushed(connection) && !connection.wants_shutdown()
    }

    /// Whether one write and a flush hand everything over. If not, the rest still has to be driven: no waker is set for it yet.
    #[inline]
    pub(super) fn write_at_once<Io: AsyncWrite + Unpin>(
        &mut self,
        io: &mut Io,
        connection: &mut Connection,
        now: impl FnOnce() -> Duration,
    ) -> bool {
        let cx = &mut Context::from_waker(Waker::noop());
        if connection.unsent() > 0 {
            match write(Pin::new(&mut *io), cx, connection) {
                Poll::Ready(Ok(n @ 1..)) => connection.handle_transmitted(now, n),
                // An error comes again when it is driven.
                _ => return false,
            }
        }
        let flushed = matches!(Pin::new(io).poll_flush(cx), Poll::Ready(Ok(())));
        self.unflushed = !flushed;
        flushed && connection.unsent() == 0
    }

    /// Writes, flushes and shuts down, as far as each is wanted and possible.
    pub(super) fn poll_write<Io: AsyncWrite + Unpin>(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        now: impl Fn() -> Duration,
    ) -> Wrote {
        let mut wrote = Wrote::default();
        while !self.broken && connection.unsent() > 0 {
            match write(Pin::new(&mut *io), cx, connection) {
                Poll::Pending => return wrote,
                Poll::Ready(Ok(0)) => {
                    return self.fail(connection, now(), "the stream takes no more bytes".into());
                }
                Poll::Ready(Ok(n)) => {
                    connection.handle_transmitted(&now, n);
                    self.unflushed = true;
                    wrote.moved = true;
                }
                Poll::Ready(Err(error)) => return self.fail(connection, now(), error.to_string()),
            }
        }
        if self.broken {
            return wrote;
        }
        if self.unflushed {
            match Pin::new(&mut *io).poll_flush(cx) {
                Poll::Pending => return wrote,
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return self.fail(connection, now(), error.to_string()),
            }
        }
        if connection.wants_shutdown()
            && !self.shut_down
            && Pin::new(io).poll_shutdown(cx).is_ready()
        {
            self.shut_down = true;
            wrote.moved = true;
        }
        wrote
    }

    /// What the peer sent before its end can still be read, but only for a limited time.
    #[cold]
    fn fail(&mut self, connection: &mut Connection, now: Duration, words: String) -> Wrote {
        self.broken = true;
        connection.handle_write_failure(now);
        Wrote {
            moved: true,
            failure: Some(words),
        }
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
    write_apart(io, cx, connection)
}

#[inline(never)]
fn write_apart<Io: AsyncWrite>(
    io: Pin<&mut Io>,
    cx: &mut Context<'_>,
    connection: &Connection,
) -> Poll<io::Result<usize>> {
    if let Some(pair) = connection.outgoing_pair() {
        return io.poll_write_vectored(cx, &pair.map(IoSlice::new));
    }
    if let Some(pairs) = connection.outgoing_two_pairs() {
        return io.poll_write_vectored(cx, &pairs.map(IoSlice::new));
    }
    let mut runs: [&[u8]; MAX_RUNS] = [&[]; _];
    let filled = connection.outgoing_runs(&mut runs);
    let runs = runs.map(IoSlice::new);
    io.poll_write_vectored(cx, runs.get(..filled).unwrap_or_default())
}
