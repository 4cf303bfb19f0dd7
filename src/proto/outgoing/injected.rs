//! Control frames between the frames of a fragmented message (RFC 6455 §5.4: they "MAY be injected in the middle of a fragmented message").

use std::collections::VecDeque;

/// Control frames are not inserted before this many unsent bytes. A stream that accepted none of them may still refer to them: OpenSSL's `SSL_write`
/// has to be called again with the same bytes, up to a TLS record of them (RFC 8446 §5.1).
pub(super) const OFFERED: usize = 16 << 10;

/// Positions count the bytes of messages, and of what else is not injected, in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Injected {
    /// Where the first unsent byte of messages is.
    pub(super) head: u64,
    /// Fragmented messages, in order, as long as something may go between their frames.
    messages: VecDeque<Fragmented>,
    /// Control frames that go in at `at`; `sent` bytes of them were written.
    frames: Vec<u8>,
    sent: usize,
    at: u64,
}

/// Where the frames of a message begin: every `step` bytes from its start on.
#[derive(Debug)]
struct Fragmented {
    start: u64,
    end: u64,
    step: u64,
}

impl Fragmented {
    /// The first end or beginning of a frame that is not before `from`.
    fn boundary(&self, from: u64) -> Option<u64> {
        let within = from.saturating_sub(self.start);
        let boundary = self.start + within.div_ceil(self.step) * self.step;
        (from <= self.end).then_some(boundary.min(self.end))
    }
}

impl Injected {
    /// A message was appended in frames of `step` bytes, the last of which may be shorter.
    pub(super) fn fragmented(&mut self, start: u64, end: u64, step: usize) {
        self.messages.push_back(Fragmented {
            start,
            end,
            step: step.max(1) as u64,
        });
    }

    /// The unsent control frames.
    pub(super) fn frames(&self) -> &[u8] {
        self.frames.get(self.sent..).unwrap_or_default()
    }

    /// Where to append a control frame, if it may go between other frames. `moved`: another possible place, in unsent bytes from here.
    pub(super) fn place(&mut self, moved: Option<usize>) -> Option<&mut Vec<u8>> {
        if self.frames.is_empty() {
            let from = self.head + OFFERED as u64;
            let mut messages = self.messages.iter();
            let own = messages.find_map(|message| message.boundary(from));
            let moved = moved.map(|unsent| self.head + unsent as u64);
            self.at = own.into_iter().chain(moved).min()?;
        }
        Some(&mut self.frames)
    }

    /// How many unsent bytes go before the control frames, and these, if there are any.
    pub(super) fn split(&self) -> Option<(usize, &[u8])> {
        (!self.frames.is_empty()).then(|| (self.before(), self.frames()))
    }

    /// How many unsent bytes there are up to the end of the control frames.
    pub(super) fn end(&self) -> usize {
        self.before() + self.frames().len()
    }

    fn before(&self) -> usize {
        (self.at - self.head) as usize
    }

    /// Takes at the most `n` bytes that were written, all of messages or all of control frames, and says how many of each.
    pub(super) fn advance(&mut self, n: usize) -> (usize, usize) {
        let messages = match self.frames.is_empty() {
            true => n,
            false => n.min(self.before()),
        };
        if messages > 0 {
            self.head += messages as u64;
            return (messages, 0);
        }
        let frames = n.min(self.frames().len());
        self.sent += frames;
        if self.frames().is_empty() {
            self.frames.clear();
            self.sent = 0;
        }
        (0, frames)
    }

    /// Forgets messages that nothing can go between any more. Whether anything is left.
    pub(super) fn is_needed(&mut self) -> bool {
        let from = self.head + OFFERED as u64;
        while self.messages.front().is_some_and(|first| first.end < from) {
            self.messages.pop_front();
        }
        !self.messages.is_empty() || !self.frames.is_empty()
    }
}
