//! Messages that were sent and not acknowledged: encoded frames back to back, and where each message begins.

use super::SessionMessage;
use super::wire::{Frame, Frames, Head, OVERHEAD, kind, last, part, split};
use crate::message::Message;
use crate::queue::Queue;

/// Below this size, released bytes stay at the front until everything is released.
const COMPACT: usize = 16 * 1024;

/// The capacity that an idle session keeps, in bytes.
const IDLE: usize = 512;

/// Frames of the messages from `first` on.
#[derive(Debug, Default)]
pub(crate) struct Retained {
    bytes: Vec<u8>,
    /// The number of released bytes at the front.
    released: usize,
    /// The offset of `bytes[0]` among all bytes that were ever retained.
    base: u64,
    /// The offset at which each message begins, counted like `base`.
    begins: Queue<u64>,
    first: u64,
}

/// A position among the frames: a message, how many of its frames come before, and where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Cursor {
    pub(crate) index: u64,
    pub(crate) parts: u64,
    at: u64,
}

impl Retained {
    /// The lowest retained index.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The index of the next message.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.begins.len() as u64
    }

    /// The cost: bytes of frames, and the overhead of every message.
    pub(crate) fn cost(&self) -> u64 {
        (self.bytes.len() - self.released) as u64 + OVERHEAD * self.begins.len() as u64
    }

    /// The bytes of the frames from a position on.
    pub(crate) fn bytes_from(&self, cursor: Cursor) -> u64 {
        self.end().saturating_sub(cursor.at)
    }

    fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Discards everything. The next message has this index.
    pub(crate) fn restart(&mut self, first: u64) {
        *self = Self {
            first,
            ..Self::default()
        };
    }

    /// Renumbers the messages. The first one gets this index.
    pub(crate) fn rebase(&mut self, first: u64) {
        self.first = first;
    }

    /// Encodes a message at the end, in parts so that no frame's body is longer than `longest`.
    pub(crate) fn push(&mut self, head: Head, payload: &[u8], longest: usize) {
        self.begins.push_back(self.end());
        // Head fields take at most 16 bytes.
        let longest = longest.max(64);
        let mut rest = payload;
        while rest.len() > longest && head.takes_parts() {
            let (begin, behind) = rest.split_at(longest);
            part(&mut self.bytes, begin);
            rest = behind;
        }
        last(&mut self.bytes, head, rest);
    }

    /// Takes messages that are `DATA` frames already, from the front, while each fits: its body into `longest`, and its cost into `room`. If there are
    /// no others, one fits however small the room is. Returns the bytes taken.
    pub(crate) fn push_frames(&mut self, frames: &[u8], longest: usize, mut room: u64) -> usize {
        let mut alone = self.cost() == 0;
        let begin = self.end();
        let mut rest = frames;
        let mut taken = 0;
        while let Ok((kind::DATA_TEXT | kind::DATA_BINARY, body)) = split(&mut rest) {
            let cost = body.len() as u64 + OVERHEAD;
            if body.len() > longest || cost > room && !alone {
                break;
            }
            self.begins.push_back(begin + taken as u64);
            let end = frames.len() - rest.len();
            // What `cost` counts.
            room = room.saturating_sub((end - taken) as u64 + OVERHEAD);
            taken = end;
            alone = false;
        }
        self.bytes
            .extend_from_slice(frames.get(..taken).unwrap_or_default());
        taken
    }

    /// Releases every message below this index.
    pub(crate) fn release(&mut self, below: u64) {
        let count = below
            .saturating_sub(self.first)
            .min(self.begins.len() as u64);
        for _ in 0..count {
            self.begins.pop_front();
        }
        self.first += count;
        match self.begins.front() {
            Some(begin) => self.released = (begin - self.base) as usize,
            None => {
                self.base = self.end();
                self.released = 0;
                // `shrink_to` contains a panic that formats.
                match self.bytes.capacity() > IDLE {
                    true => self.bytes = Vec::new(),
                    false => self.bytes.clear(),
                }
            }
        }
        if self.released >= COMPACT.max(self.bytes.len() / 2) {
            // `drain` contains a panic that formats.
            let mut kept = Vec::with_capacity(self.bytes.len());
            kept.extend_from_slice(self.bytes.get(self.released..).unwrap_or_default());
            self.bytes = kept;
            self.base += self.released as u64;
            self.released = 0;
        }
    }

    /// The position after so many parts of a message. `None` if it has fewer `PART` frames.
    pub(crate) fn cursor(&self, index: u64, parts: u64) -> Option<Cursor> {
        let mut cursor = Cursor {
            index,
            parts: 0,
            at: match self.begins.get(index.checked_sub(self.first)? as usize) {
                Some(begin) => *begin,
                None => self.end(),
            },
        };
        for _ in 0..parts {
            let (kind, frame, _) = self.frame(cursor)?;
            if kind != kind::PART {
                return None;
            }
            cursor.at += frame.len() as u64;
            cursor.parts += 1;
        }
        Some(cursor)
    }

    /// The frame at a position: its kind, all its bytes, and its cost. `None` at the end.
    #[inline]
    pub(crate) fn frame(&self, cursor: Cursor) -> Option<(u8, &[u8], u64)> {
        let from = self
            .bytes
            .get((cursor.at.checked_sub(self.base)?) as usize..)?;
        let mut rest = from;
        let (kind, body) = split(&mut rest).ok()?;
        let frame = from.get(..from.len() - rest.len())?;
        Some((kind, frame, cost(kind, body.len())))
    }

    /// The position after a frame of `len` bytes.
    #[inline]
    pub(crate) fn behind(cursor: Cursor, kind: u8, len: usize) -> Cursor {
        let at = cursor.at + len as u64;
        if kind == kind::PART {
            Cursor {
                parts: cursor.parts + 1,
                at,
                ..cursor
            }
        } else {
            Cursor {
                index: cursor.index + 1,
                parts: 0,
                at,
            }
        }
    }

    /// The frames from a position on that can be sent together: at most `room` bytes, only messages below `until`, and another frame only while less
    /// than `credit` is spent. With the position behind them and what they cost.
    pub(crate) fn run(
        &self,
        mut cursor: Cursor,
        until: u64,
        room: usize,
        credit: u64,
    ) -> (Cursor, &[u8], u64) {
        let at = cursor.at.saturating_sub(self.base) as usize;
        let from = self.bytes.get(at..).unwrap_or_default();
        let (mut used, mut spent) = (0, 0);
        let mut rest = from;
        while cursor.index < until
            && spent < credit
            && let Ok((kind, body)) = split(&mut rest)
        {
            let end = from.len() - rest.len();
            if end > room {
                break;
            }
            spent += cost(kind, body.len());
            cursor = Self::behind(cursor, kind, end - used);
            used = end;
        }
        (cursor, from.get(..used).unwrap_or_default(), spent)
    }

    /// Bytes behind a position.
    pub(crate) fn behind_bytes(&self, cursor: Cursor) -> u64 {
        self.end().saturating_sub(cursor.at)
    }

    /// The position of the next message.
    pub(crate) fn skip(&self, cursor: Cursor) -> Cursor {
        self.cursor(cursor.index + 1, 0).unwrap_or(cursor)
    }

    /// A retained message, decoded.
    pub(crate) fn message(&self, index: u64) -> Option<SessionMessage> {
        let mut cursor = self.cursor(index, 0)?;
        let mut payload = Vec::new();
        loop {
            let (kind, frame, _) = self.frame(cursor)?;
            match Frames::of(frame).next()?.ok()? {
                Frame::Part(part) => payload.extend_from_slice(part),
                Frame::Last(head, rest) => {
                    payload.extend_from_slice(rest);
                    let payload = if head.is_text() {
                        Message::Text(String::from_utf8(payload).ok()?)
                    } else {
                        Message::Binary(payload)
                    };
                    return Some(SessionMessage {
                        index,
                        head,
                        payload,
                    });
                }
                _ => return None,
            }
            cursor = Self::behind(cursor, kind, frame.len());
        }
    }
}

/// The cost of a frame against credit.
#[inline]
pub(crate) fn cost(kind: u8, body: usize) -> u64 {
    if kind == kind::PART {
        body as u64
    } else {
        body as u64 + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes move when there are 16 KiB to drop, and no more are left than dropped: each byte moves once or so.
    #[test]
    fn released_bytes_stay_until_they_are_16_kib_and_half_of_all() {
        const FRAME: usize = 1025;
        let mut log = Retained::default();
        for _ in 0..64 {
            log.push(Head::Data { text: false }, &[0; FRAME - 3], 4096);
        }
        for (below, released, left) in [
            (20, 20 * FRAME, 64 * FRAME),
            (32, 0, 32 * FRAME),
            (47, 15 * FRAME, 32 * FRAME),
            (48, 0, 16 * FRAME),
            (63, 15 * FRAME, 16 * FRAME),
            (64, 0, 0),
        ] {
            log.release(below);
            assert_eq!((log.released, log.bytes.len()), (released, left), "{below}");
            assert_eq!((log.first(), log.next()), (below, 64));
            let cost = (64 - below) * (FRAME as u64 + OVERHEAD);
            assert_eq!(log.cost(), cost, "{below}");
            let message = log.message(below);
            assert_eq!(
                message.map(|message| message.payload.len()),
                (below < 64).then_some(FRAME - 3)
            );
        }
        assert!(log.bytes.capacity() <= IDLE);
    }

    #[test]
    fn frames_are_taken_while_they_fit() {
        let frames: Vec<u8> = (0..5)
            .flat_map(|number| [kind::DATA_BINARY, 2, number, 0])
            .chain([kind::CANCEL, 1, 0])
            .collect();
        let each = 4 + OVERHEAD;
        for (longest, room, taken) in [
            (2, u64::MAX, 5),
            (1, u64::MAX, 0),
            // One fits however small the room is.
            (2, 0, 1),
            (2, each + 2 + OVERHEAD, 2),
            (2, each + 1 + OVERHEAD, 1),
        ] {
            let mut log = Retained::default();
            assert_eq!(log.push_frames(&frames, longest, room), 4 * taken, "{room}");
            assert_eq!(log.cost(), each * taken as u64);
            let last = taken
                .checked_sub(1)
                .and_then(|last| log.message(last as u64));
            let payload = last.map(|message| message.payload.as_bytes().to_vec());
            assert_eq!(
                payload,
                taken.checked_sub(1).map(|last| vec![last as u8, 0])
            );
            // Behind others there is no exception.
            log.push(Head::Void, &[], 100);
            assert_eq!(log.push_frames(&frames, 2, OVERHEAD), 0);
        }
    }

    #[test]
    fn a_run_ends_at_each_of_its_limits() {
        let mut log = Retained::default();
        log.push(Head::Data { text: false }, &[1; 10], 100);
        log.push(Head::Data { text: true }, &[2; 150], 100);
        log.push(Head::Data { text: false }, &[3; 10], 100);
        let begin = log.cursor(0, 0).unwrap_or_default();
        // The frames: 12 bytes, a part of 102, 52, and 12.
        for (until, room, credit, bytes, at, spent) in [
            (9, 1000, 1000, 178, (3, 0), 42 + 100 + 82 + 42),
            (1, 1000, 1000, 12, (1, 0), 42),
            (2, 1000, 1000, 166, (2, 0), 42 + 100 + 82),
            (9, 114, 1000, 114, (1, 1), 42 + 100),
            (9, 113, 1000, 12, (1, 0), 42),
            (9, 11, 1000, 0, (0, 0), 0),
            // The last one may cost more than what is left.
            (9, 1000, 42, 12, (1, 0), 42),
            (9, 1000, 43, 114, (1, 1), 42 + 100),
            (9, 1000, 0, 0, (0, 0), 0),
        ] {
            let (cursor, run, cost) = log.run(begin, until, room, credit);
            assert_eq!(
                (run.len(), (cursor.index, cursor.parts), cost),
                (bytes, at, spent)
            );
            assert_eq!(log.cursor(at.0, at.1), Some(cursor));
        }
    }

    #[test]
    fn a_cursor_has_the_parts_before_it() {
        let mut log = Retained::default();
        log.push(Head::Data { text: false }, b"before", 100);
        log.push(Head::Data { text: false }, &[0; 300], 100);
        for parts in 0..3 {
            let cursor = log
                .cursor(1, parts)
                .map(|cursor| (cursor.index, cursor.parts));
            assert_eq!(cursor, Some((1, parts)));
        }
        assert_eq!(log.cursor(1, 3), None);
        assert_eq!(log.cursor(0, 1), None);
    }
}
