//! A large payload that stays where it is. Of a fragmented message, the headers between its pieces lie in the run.

/// How a payload is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces {
    /// Bytes of every piece but the last.
    pub(crate) len: usize,
    /// Bytes of the header of every piece but the last.
    pub(crate) header: usize,
    /// Bytes of the header of the last piece.
    pub(crate) last_header: usize,
}

#[derive(Debug)]
pub(super) struct Moved {
    /// How many bytes of the run go before the piece at hand.
    pub(super) at: usize,
    bytes: Vec<u8>,
    sent: usize,
    /// Where the piece at hand ends.
    end: usize,
    pieces: Pieces,
}

/// What comes behind bytes that were written.
pub(super) enum Next {
    /// The rest of the piece at hand.
    Rest,
    /// Another piece, behind its header.
    Piece,
    /// Nothing.
    Nothing,
}

impl Moved {
    #[inline]
    pub(super) fn whole(at: usize, bytes: Vec<u8>) -> Self {
        let pieces = Pieces {
            len: bytes.len(),
            header: 0,
            last_header: 0,
        };
        Self::cut(at, bytes, pieces)
    }

    #[inline]
    pub(super) fn cut(at: usize, bytes: Vec<u8>, pieces: Pieces) -> Self {
        Self {
            at,
            sent: 0,
            end: pieces.len.min(bytes.len()),
            bytes,
            pieces,
        }
    }

    /// Whether there may be something between its bytes.
    pub(super) fn is_cut(&self) -> bool {
        self.pieces.header > 0
    }

    /// How many bytes of the run go before its first header, if it is cut and nothing of its payload was sent.
    pub(super) fn begin(&self) -> Option<usize> {
        let whole = self.is_cut() && self.sent == 0;
        whole.then(|| self.at.saturating_sub(self.pieces.header))
    }

    /// Unsent bytes of all pieces.
    #[inline]
    pub(super) fn unsent(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// What is unsent of the piece at hand.
    #[inline]
    pub(super) fn piece(&self) -> &[u8] {
        self.bytes.get(self.sent..self.end).unwrap_or_default()
    }

    /// The unsent pieces, each with how many bytes of the run go before it.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let (mut at, mut start, mut end) = (self.at, self.sent, self.end);
        core::iter::from_fn(move || {
            let piece = self
                .bytes
                .get(start..end)
                .filter(|piece| !piece.is_empty())?;
            let before = at;
            (at, start, end) = self.behind(at, end);
            Some((before, piece))
        })
    }

    /// The piece behind the one at hand, and how many bytes of the run go before it, if there is one and it is the last.
    #[inline]
    pub(super) fn second(&self) -> Option<(usize, &[u8])> {
        let (at, start, end) = self.behind(self.at, self.end);
        let last = start < end && end == self.bytes.len();
        last.then(|| (at, self.bytes.get(start..end).unwrap_or_default()))
    }

    /// As much of the piece at hand was written as `n` bytes reach; says how much.
    #[inline]
    pub(super) fn advance(&mut self, n: usize) -> usize {
        let own = n.min(self.end - self.sent);
        self.sent += own;
        own
    }

    /// Goes on to the next piece behind one that was written.
    #[inline]
    pub(super) fn next(&mut self) -> Next {
        if self.sent < self.end {
            return Next::Rest;
        }
        if self.end == self.bytes.len() {
            return Next::Nothing;
        }
        (self.at, self.sent, self.end) = self.behind(self.at, self.end);
        Next::Piece
    }

    /// The piece behind one that ends there: how many bytes of the run go before it, where it begins and where it ends.
    #[inline(always)]
    fn behind(&self, at: usize, end: usize) -> (usize, usize, usize) {
        let rest = self.bytes.len() - end;
        let header = match rest > self.pieces.len {
            true => self.pieces.header,
            false => self.pieces.last_header,
        };
        (at + header, end, end + rest.min(self.pieces.len))
    }
}
