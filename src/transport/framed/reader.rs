//! The reading half: what was read and waits for the core.

use crate::message::Message;
use crate::proto::Connection;
use crate::proto::framing::Vacancy;
use bytes::BufMut as _;
use core::cell::Cell;
use core::future::Future;
use core::ops::Range;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

/// The first reads are this small, for the many connections that are idle.
const MIN_READ: usize = 4 << 10;
/// Reads grow to this size while they fill the buffer: larger ones are no faster over loopback.
const MAX_READ: usize = 64 << 10;
/// Behind a long payload, which was read straight to its place, comes most likely another one, and only its header is wanted here.
const BEHIND_LARGE: usize = 256;

thread_local! {
    /// A buffer to read to, for whichever connection of this thread reads next: none keeps one while it is idle.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Bytes that were read, and how many to read next.
#[derive(Debug)]
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// What the core has not taken yet of the buffer.
    unread: Range<usize>,
    /// A message that was read straight to its place, before what is unread.
    arrived: Option<Message>,
    /// The size of the next read to the buffer, and whether the last read filled it.
    next: usize,
    filled: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            unread: 0..0,
            arrived: None,
            next: MIN_READ,
            filled: false,
        }
    }
}

impl Reader {
    /// Whether nothing waits for the core.
    #[inline]
    pub(super) fn is_dry(&self) -> bool {
        self.unread.is_empty() && self.arrived.is_none()
    }

    /// Drops what the core has not taken.
    pub(super) fn discard(&mut self) {
        self.unread = 0..0;
    }

    /// The message that was read last, if it was read to its place.
    #[inline]
    pub(super) fn take_arrived(&mut self) -> Option<Message> {
        self.arrived.take()
    }

    /// The next message, if it needs nothing but to be taken.
    #[inline]
    pub(super) fn next_message(&mut self, connection: &mut Connection) -> Option<Message> {
        let mut bytes = self.buffer.get(self.unread.clone())?;
        if bytes.is_empty() {
            return None;
        }
        let message = connection.take_message(&mut bytes);
        self.unread.start = self.unread.end - bytes.len();
        message
    }

    /// Has the core take bytes up to the end of a message, or to whatever else happens.
    pub(super) fn decode(&mut self, connection: &mut Connection, now: Duration) -> Option<Message> {
        let mut bytes = self.buffer.get(self.unread.clone()).unwrap_or_default();
        let message = connection.decode(now, &mut bytes);
        self.unread.start = self.unread.end - bytes.len();
        message
    }

    /// Has the core take what was read, as far as the receive buffer lets it: its events wait there.
    #[inline]
    pub(super) fn take_unread(
        &mut self,
        connection: &mut Connection,
        now: impl FnOnce() -> Duration,
    ) {
        // Usually there is none, and then nothing has to be written back.
        if self.arrived.is_some()
            && let Some(message) = self.arrived.take()
        {
            connection.handle_message(message);
        }
        if !self.unread.is_empty() {
            let mut bytes = self.buffer.get(self.unread.clone()).unwrap_or_default();
            connection.handle_bytes_within_bound(now(), &mut bytes);
            self.unread.start = self.unread.end - bytes.len();
        }
    }

    /// Reads once, as many bytes as are said. What was read before has been taken.
    #[inline(always)]
    pub(super) fn poll_read<Io: AsyncRead + Unpin>(
        &mut self,
        io: &mut Io,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        now: impl FnOnce() -> Duration,
    ) -> Poll<io::Result<usize>> {
        let read = match connection.vacancy() {
            // A long payload goes straight where it will stay.
            Some(Vacancy { bytes, len }) => {
                self.filled = false;
                self.next = BEHIND_LARGE;
                let read = pin!(io.read_buf(&mut bytes.limit(len))).poll(cx);
                if let Poll::Ready(Ok(filled)) = read {
                    self.buffer.clear();
                    self.arrived = connection.handle_filled(now, filled, &mut self.buffer);
                    self.unread = 0..self.buffer.len();
                }
                read
            }
            None => {
                if self.filled {
                    self.next = (self.next * 2).clamp(MIN_READ, MAX_READ);
                }
                if self.buffer.len() < self.next {
                    self.make_room();
                }
                let room = self.buffer.get_mut(..self.next);
                let mut buffer = ReadBuf::new(room.unwrap_or_default());
                Pin::new(io).poll_read(cx, &mut buffer).map_ok(|()| {
                    self.filled = buffer.remaining() == 0;
                    self.unread = 0..buffer.filled().len();
                    connection.handle_heard();
                    buffer.filled().len()
                })
            }
        };
        if read.is_pending() {
            self.rest();
        }
        read
    }

    #[inline(never)]
    fn make_room(&mut self) {
        if self.buffer.capacity() == 0 {
            self.buffer = SPARE.try_with(Cell::take).unwrap_or_default();
        }
        if self.buffer.len() < self.next {
            self.buffer.resize(self.next, 0);
        }
    }

    /// Nothing is there to be read: the buffer is for others.
    #[inline]
    fn rest(&mut self) {
        let buffer = core::mem::take(&mut self.buffer);
        let _ = SPARE.try_with(|spare| {
            let other = spare.take();
            spare.set(match other.len() > buffer.len() {
                true => other,
                false => buffer,
            });
        });
    }
}
