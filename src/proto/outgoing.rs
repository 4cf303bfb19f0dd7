//! Bytes on their way out: everything queued lies in one run, so that one write takes it all.
//!
//! For a stream that takes several runs in one write, large payloads stay where they are, between what comes before and behind.

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
    /// Unsent bytes of those.
    moved_len: usize,
    /// Message payload among the bytes queued since the queue was last empty.
    payload: usize,
    /// The stream takes several runs in one write.
    pub(crate) vectored: bool,
}

#[derive(Debug)]
struct Moved {
    /// How many bytes of the run go before it.
    at: usize,
    bytes: Vec<u8>,
    sent: usize,
}

impl Moved {
    fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }
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
        self.payload += bytes.len();
        self.moved_len += bytes.len();
        self.moved.push_back(Moved {
            at: self.bytes.len(),
            bytes,
            sent: 0,
        });
    }

    /// How many bytes are unsent.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent + self.moved_len
    }

    /// Whether nothing was moved.
    #[inline]
    pub(crate) fn is_one_run(&self) -> bool {
        self.moved.is_empty()
    }

    /// The first run: everything unsent, unless payloads were moved.
    #[inline]
    pub(crate) fn first(&self) -> &[u8] {
        let Some(moved) = self.moved.front() else {
            return self.bytes.get(self.sent..).unwrap_or_default();
        };
        match self.bytes.get(self.sent..moved.at) {
            Some(before) if !before.is_empty() => before,
            _ => moved.unsent(),
        }
    }

    /// Fills `runs` from the first unsent byte on, and says how many there are of them.
    pub(crate) fn runs<'a>(&'a self, runs: &mut [&'a [u8]]) -> usize {
        let mut filled = 0;
        let mut add = |run: &'a [u8]| {
            if !run.is_empty()
                && let Some(slot) = runs.get_mut(filled)
            {
                *slot = run;
                filled += 1;
            }
        };
        let mut at = self.sent;
        for moved in &self.moved {
            add(self.bytes.get(at..moved.at).unwrap_or_default());
            add(moved.unsent());
            at = moved.at;
        }
        add(self.bytes.get(at..).unwrap_or_default());
        filled
    }

    /// The runs, if they are one moved payload and what comes before it.
    #[inline]
    pub(crate) fn pair(&self) -> Option<[&[u8]; 2]> {
        match self.moved.front() {
            Some(moved) if self.moved.len() == 1 && moved.at == self.bytes.len() => {
                Some([self.bytes.get(self.sent..)?, moved.unsent()])
            }
            _ => None,
        }
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

    fn advance_within(&mut self, mut n: usize) {
        while let Some(moved) = self.moved.front_mut() {
            let before = n.min(moved.at - self.sent);
            self.sent += before;
            n -= before;
            if self.sent < moved.at {
                break;
            }
            let own = n.min(moved.bytes.len() - moved.sent);
            moved.sent += own;
            self.moved_len -= own;
            n -= own;
            if moved.sent < moved.bytes.len() {
                return;
            }
            self.moved.pop_front();
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

    #[inline(never)]
    fn give_back(&mut self) {
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
        while self.moved.pop_front().is_some() {}
        self.moved_len = 0;
        if self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(outgoing: &Outgoing, most: usize) -> Vec<u8> {
        let mut runs = vec![&[][..]; most];
        let filled = outgoing.runs(&mut runs);
        runs[..filled].concat()
    }

    /// Three moved payloads, two of them back to back, written in steps of every size: the order stays, nothing is lost.
    #[test]
    fn runs_keep_their_order_however_they_are_written() {
        let large = |byte| vec![byte; MIN_MOVED];
        for step in [
            1,
            2,
            3,
            5,
            MIN_MOVED - 1,
            MIN_MOVED,
            MIN_MOVED + 3,
            usize::MAX,
        ] {
            let mut outgoing = Outgoing {
                vectored: true,
                ..Outgoing::default()
            };
            assert!(outgoing.moves(MIN_MOVED) && !outgoing.moves(MIN_MOVED - 1));
            outgoing.append(0).extend(b"ab");
            outgoing.append_moved(large(b'X'));
            outgoing.append(0).extend(b"cde");
            outgoing.append_moved(large(b'Y'));
            outgoing.append_moved(large(b'Z'));
            outgoing.append(0).extend(b"f");
            let all = [
                &b"ab"[..],
                &large(b'X'),
                b"cde",
                &large(b'Y'),
                &large(b'Z'),
                b"f",
            ]
            .concat();
            assert_eq!(outgoing.unsent_payload(), 3 * MIN_MOVED);
            let mut written = 0;
            while outgoing.len() > 0 {
                let rest = &all[written..];
                assert_eq!(outgoing.len(), rest.len());
                assert!(rest.starts_with(outgoing.first()) && !outgoing.first().is_empty());
                if step > 5 || written % 1000 < 9 {
                    assert_eq!(text(&outgoing, 9), rest, "behind {written}");
                    assert!(rest.starts_with(&text(&outgoing, 2)));
                }
                let n = step.min(rest.len());
                outgoing.advance(n);
                written += n;
            }
            assert_eq!(written, all.len());
            assert!(outgoing.first().is_empty() && outgoing.unsent_payload() == 0);
        }
    }

    #[test]
    fn a_pair_is_one_payload_and_what_comes_before_it() {
        let mut outgoing = Outgoing {
            vectored: true,
            ..Outgoing::default()
        };
        outgoing.append(0).extend(b"abc");
        assert!(outgoing.is_one_run() && outgoing.pair().is_none());
        outgoing.append_moved(b"XYZ".to_vec());
        assert!(!outgoing.is_one_run());
        assert_eq!(outgoing.pair(), Some([&b"abc"[..], b"XYZ"]));
        outgoing.advance(1);
        assert_eq!(outgoing.pair(), Some([&b"bc"[..], b"XYZ"]));
        outgoing.advance(3);
        assert_eq!(outgoing.pair(), Some([&b""[..], b"YZ"]));
        outgoing.append(0).extend(b"d");
        assert_eq!(outgoing.pair(), None, "something is behind it");
        outgoing.append_moved(b"W".to_vec());
        assert_eq!(outgoing.pair(), None, "there are two");
        outgoing.advance(3);
        assert_eq!(outgoing.pair(), Some([&b""[..], b"W"]));
        outgoing.advance(1);
        assert!(outgoing.is_one_run() && outgoing.len() == 0);
    }
}
