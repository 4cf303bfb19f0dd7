//! Bytes on their way out: everything queued lies in one run, so that one write takes it all.
//!
//! For a stream that takes several runs in one write, large payloads stay where they are, between what comes before and behind.
//! Control frames need not wait behind a fragmented message: see `injected`.

mod injected;
mod moved;

use injected::Injected;
pub(crate) use moved::Pieces;
use moved::{Moved, Next};
use std::collections::VecDeque;

/// Capacity kept when the queue runs empty. A larger one, left by a large message, is given back.
const KEPT_CAPACITY: usize = 256 << 10;
/// Capacity kept while a connection is idle: a few small messages.
const IDLE_CAPACITY: usize = 256;
/// From this length on a payload is moved rather than copied: a copy costs about a microsecond then, a further run about a tenth.
const MIN_MOVED: usize = 16 << 10;

/// The unsent bytes of a connection.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// The run; `sent` bytes of it were written.
    bytes: Vec<u8>,
    sent: usize,
    /// Payloads apart from it, in order.
    moved: VecDeque<Moved>,
    /// Fragmented messages, and the control frames that go between their frames. None while there is nothing of that kind.
    injected: Option<Box<Injected>>,
    /// Unsent bytes of both: those that are not in the run.
    apart: usize,
    /// Message payload among the bytes queued since the queue was last empty.
    payload: usize,
    /// The stream takes several runs in one write.
    pub(crate) vectored: bool,
}

impl Outgoing {
    /// Where to append. `payload` of the bytes to come are a message's own.
    #[inline]
    pub(crate) fn append(&mut self, payload: usize) -> &mut Vec<u8> {
        self.payload += payload;
        &mut self.bytes
    }

    /// Whether a payload of this length is better moved than appended.
    #[inline]
    pub(crate) fn moves(&self, payload: usize) -> bool {
        payload >= MIN_MOVED && self.vectored
    }

    /// Appends a message's payload as it is.
    #[inline]
    pub(crate) fn append_moved(&mut self, bytes: Vec<u8>) {
        self.push_moved(Moved::whole(self.bytes.len(), bytes));
    }

    /// The same for one that is cut: the header of its first piece ends at `at`, a length of [`append`](Self::append), and those of the others
    /// were appended behind it.
    pub(crate) fn append_pieces(&mut self, at: usize, bytes: Vec<u8>, pieces: Pieces) {
        self.push_moved(Moved::cut(at, bytes, pieces));
    }

    #[inline]
    fn push_moved(&mut self, moved: Moved) {
        self.payload += moved.unsent();
        self.apart += moved.unsent();
        self.moved.push_back(moved);
    }

    /// Where the next frame will begin. To be given to [`fragmented`](Self::fragmented).
    pub(crate) fn next_frame(&self) -> u64 {
        let head = self.injected.as_ref().map_or(0, |injected| injected.head);
        head + self.len_of_messages() as u64
    }

    /// A message was appended to the run in several frames. The first of them began at `start`; all but the last are of `step` bytes.
    pub(crate) fn fragmented(&mut self, start: u64, step: usize) {
        let end = self.next_frame();
        let injected = self.injected.get_or_insert_default();
        injected.fragmented(start, end, step);
    }

    /// Appends a control frame that need not wait behind messages: between the frames of one that is fragmented and unsent, or else behind all.
    /// Says how many unsent bytes there are up to its end, and how long it is.
    pub(crate) fn append_control(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> (usize, usize) {
        let before = self.len();
        let Some(out) = self.place() else {
            encode(&mut self.bytes);
            let end = self.len();
            return (end, end - before);
        };
        let begin = out.len();
        encode(out);
        let len = out.len() - begin;
        self.apart += len;
        let end = self.injected.as_ref().map_or(0, |injected| injected.end());
        (end, len)
    }

    /// Where to append a control frame, if it may go between the frames of a message.
    fn place(&mut self) -> Option<&mut Vec<u8>> {
        // Payloads that were moved and cut say themselves where their pieces end.
        let moved = self.boundary_of_moved(injected::OFFERED);
        if moved.is_some() {
            self.injected.get_or_insert_default();
        }
        self.injected.as_mut()?.place(moved)
    }

    /// The first start or end of a frame of a moved message that is split, at `from` unsent bytes or later.
    fn boundary_of_moved(&self, from: usize) -> Option<usize> {
        let mut payload = 0;
        for moved in &self.moved {
            if let Some(begin) = moved.begin()
                && let Some(before) = begin.checked_sub(self.sent)
                && before + payload >= from
            {
                return Some(before + payload);
            }
            for (before, piece) in moved.pieces() {
                payload += piece.len();
                let end = before - self.sent + payload;
                if moved.is_cut() && end >= from {
                    return Some(end);
                }
            }
        }
        None
    }

    /// Unsent bytes but those of control frames that go between the frames of messages.
    fn len_of_messages(&self) -> usize {
        let injected = self.injected.as_ref();
        self.len() - injected.map_or(0, |injected| injected.frames().len())
    }

    /// How many bytes are unsent.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent + self.apart
    }

    /// Whether all is in the first run.
    #[inline]
    pub(crate) fn is_one_run(&self) -> bool {
        self.apart == 0
    }

    /// The first run: everything unsent, unless payloads were moved or control frames go between the frames of a message.
    #[inline]
    pub(crate) fn first(&self) -> &[u8] {
        if self.apart == 0 {
            return self.bytes.get(self.sent..).unwrap_or_default();
        }
        let mut first = [&[][..]];
        self.runs(&mut first);
        let [first] = first;
        first
    }

    /// Fills `runs` from the first unsent byte on, and says how many there are of them.
    pub(crate) fn runs<'a>(&'a self, runs: &mut [&'a [u8]]) -> usize {
        let mut runs = Runs {
            runs,
            filled: 0,
            injected: self.injected.as_ref().and_then(|injected| injected.split()),
        };
        let mut at = self.sent;
        for moved in &self.moved {
            for (before, piece) in moved.pieces() {
                runs.add(self.bytes.get(at..before).unwrap_or_default());
                runs.add(piece);
                at = before;
                if runs.is_full() {
                    return runs.filled;
                }
            }
        }
        runs.add(self.bytes.get(at..).unwrap_or_default());
        runs.finish()
    }

    /// The runs, if they are one moved payload and what comes before it.
    #[inline]
    pub(crate) fn pair(&self) -> Option<[&[u8]; 2]> {
        match self.moved.front() {
            Some(moved)
                if self.moved.len() == 1
                    && moved.at == self.bytes.len()
                    && moved.unsent() == self.apart =>
            {
                Some([self.bytes.get(self.sent..)?, moved.piece()])
            }
            _ => None,
        }
    }

    /// The runs, if they are one moved payload in two pieces, each behind its header.
    #[inline]
    pub(crate) fn two_pairs(&self) -> Option<[&[u8]; 4]> {
        let moved = self.moved.front()?;
        let (header, second) = moved.second()?;
        let whole = self.moved.len() == 1 && self.injected.is_none();
        if !whole || header != self.bytes.len() {
            return None;
        }
        let before = self.bytes.get(self.sent..moved.at)?;
        let between = self.bytes.get(moved.at..)?;
        Some([before, moved.piece(), between, second])
    }

    /// How much of the unsent bytes is payload; headers among what was sent count as payload until the queue runs empty.
    #[inline]
    pub(crate) fn unsent_payload(&self) -> usize {
        self.payload.min(self.len())
    }

    /// The first `n` unsent bytes were written.
    #[inline]
    pub(crate) fn advance(&mut self, n: usize) {
        // Mostly it is all of them.
        if n < self.len() {
            self.advance_within(n);
        } else {
            self.clear();
        }
    }

    fn advance_within(&mut self, n: usize) {
        match self.injected.take() {
            None => self.advance_messages(n),
            Some(injected) => self.advance_injected(n, injected),
        }
    }

    #[inline(never)]
    fn advance_injected(&mut self, mut n: usize, mut injected: Box<Injected>) {
        while n > 0 {
            let (messages, frames) = injected.advance(n);
            if messages > 0 {
                self.advance_messages(messages);
            }
            self.apart -= frames;
            n -= messages + frames;
        }
        if injected.is_needed() {
            self.injected = Some(injected);
        }
    }

    fn advance_messages(&mut self, mut n: usize) {
        while let Some(moved) = self.moved.front_mut() {
            let before = n.min(moved.at - self.sent);
            self.sent += before;
            n -= before;
            if self.sent < moved.at {
                break;
            }
            let own = moved.advance(n);
            self.apart -= own;
            n -= own;
            match moved.next() {
                Next::Rest => return,
                Next::Piece => {}
                Next::Nothing => {
                    self.moved.pop_front();
                }
            }
        }
        self.sent += n;
        if self.sent > self.bytes.len() / 2 {
            // Bytes move at most once for every byte sent.
            self.bytes.drain(..self.sent);
            for moved in &mut self.moved {
                moved.at -= self.sent;
            }
            self.sent = 0;
        }
    }

    /// Gives back what an idle connection does not need. Only where nothing is unsent.
    #[inline]
    pub(crate) fn rest(&mut self) {
        if self.bytes.capacity() > IDLE_CAPACITY || self.moved.capacity() > 0 {
            self.give_back();
        }
    }

    /// The same for all that is kept while nothing is unsent.
    #[inline(never)]
    pub(crate) fn give_back(&mut self) {
        if self.len() == 0 {
            self.bytes = Vec::new();
            self.moved = VecDeque::new();
        }
    }

    /// Forgets everything unsent.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
        self.payload = 0;
        if self.apart > 0 {
            self.clear_apart();
        } else if self.injected.is_some() {
            self.injected = None;
        }
        if self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = Vec::new();
        }
    }
}

/// What small messages have nothing of, apart from what is inlined with them.
impl Outgoing {
    #[inline(never)]
    fn clear_apart(&mut self) {
        // Mostly there is one; `clear` costs twice as much for it.
        self.moved.pop_front();
        if !self.moved.is_empty() {
            self.moved.clear();
        }
        self.injected = None;
        self.apart = 0;
    }
}

/// Runs that are being filled.
struct Runs<'a, 'b> {
    runs: &'b mut [&'a [u8]],
    filled: usize,
    /// Control frames, and how many bytes go before them.
    injected: Option<(usize, &'a [u8])>,
}

impl<'a> Runs<'a, '_> {
    fn add(&mut self, run: &'a [u8]) {
        let mut run = run;
        if let Some((before, frames)) = &mut self.injected {
            match run.split_at_checked(*before) {
                Some((first, rest)) if !rest.is_empty() => {
                    let frames = *frames;
                    self.injected = None;
                    self.push(first);
                    self.push(frames);
                    run = rest;
                }
                _ => *before -= run.len(),
            }
        }
        self.push(run);
    }

    fn push(&mut self, run: &'a [u8]) {
        if !run.is_empty()
            && let Some(slot) = self.runs.get_mut(self.filled)
        {
            *slot = run;
            self.filled += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.filled == self.runs.len()
    }

    fn finish(mut self) -> usize {
        if let Some((_, frames)) = self.injected.take() {
            self.push(frames);
        }
        self.filled
    }
}

#[cfg(test)]
mod tests;
