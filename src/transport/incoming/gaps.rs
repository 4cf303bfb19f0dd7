//! What is between the messages: places where messages may be missing, and in a session errors and requests.

use super::{Incoming, tell};
use crate::error::RecvError;
#[cfg(feature = "session")]
use crate::requests::Asked;

/// Where messages may be missing, among those that wait.
#[derive(Default)]
pub(super) struct Gaps {
    /// Messages that ever came to wait, and that left.
    pub(super) came: usize,
    pub(super) left: usize,
    /// Each with the number of messages before it, the oldest first. There is at most one between two messages, so their number is bounded.
    pub(super) gaps: Vec<(usize, Note)>,
    /// What the errors among them count as waiting.
    #[cfg(feature = "session")]
    pub(super) cost: usize,
}

/// What a note counts while it waits. An error counts enough that little is read behind it, and the messages that come back with it.
#[cfg(feature = "session")]
fn cost_of(note: &Note) -> usize {
    let error = match note {
        Note::Error(error) => error,
        Note::Request(asked) => return asked.cost(),
    };
    let bytes = match error {
        RecvError::Gap { .. } => return 0,
        RecvError::SessionLost(lost) => lost.bytes(),
        RecvError::Undelivered(undelivered) => undelivered.message.len(),
        _ => 0,
    };
    bytes + 16 * 1024
}

/// The attempt that ended a gap.
#[cfg(not(feature = "session"))]
pub(super) type Note = u32;
/// With sessions there are other errors at their places, and requests, which count as messages.
#[cfg(feature = "session")]
pub(super) enum Note {
    Error(RecvError),
    Request(Box<Asked>),
}

impl Gaps {
    pub(super) fn add(&mut self, attempt: u32) {
        #[cfg(not(feature = "session"))]
        let note = attempt;
        #[cfg(feature = "session")]
        let note = Note::Error(RecvError::Gap { attempt });
        match self.gaps.last_mut() {
            Some((behind, last)) if *behind == self.came => *last = note,
            _ => self.gaps.push((self.came, note)),
        }
    }

    pub(super) fn leave(&mut self, messages: usize) {
        self.left = self.left.wrapping_add(messages);
    }

    /// Whether the next thing to be read is a gap.
    pub(super) fn is_next(&self) -> bool {
        let first = self.gaps.first();
        first.is_some_and(|(behind, _)| self.left.wrapping_sub(*behind) <= usize::MAX / 2)
    }

    /// How many messages come before the next note.
    #[cfg(feature = "session")]
    pub(super) fn distance(&self) -> usize {
        let first = self.gaps.first();
        first.map_or(usize::MAX, |(behind, _)| behind.wrapping_sub(self.left))
    }

    pub(super) fn take(&mut self) -> Option<Note> {
        if !self.is_next() {
            return None;
        }
        let mut first = self.gaps.pop()?;
        // All others move up.
        for gap in self.gaps.iter_mut().rev() {
            core::mem::swap(gap, &mut first);
        }
        #[cfg(feature = "session")]
        {
            self.cost -= cost_of(&first.1);
            self.leave(usize::from(matches!(first.1, Note::Request(_))));
        }
        Some(first.1)
    }
}

#[cfg(feature = "session")]
impl Gaps {
    pub(super) fn push(&mut self, note: Note) {
        self.cost += cost_of(&note);
        let place = self.came;
        if let Note::Request(_) = note {
            self.came = self.came.wrapping_add(1);
        }
        self.gaps.push((place, note));
    }

    /// The request that is next to be read.
    pub(super) fn next_request(&self) -> Option<&Asked> {
        match self.gaps.first() {
            Some((_, Note::Request(asked))) if self.is_next() => Some(asked),
            _ => None,
        }
    }

    /// Removes everything. Drop it when the lock is released: requests call wakers.
    pub(super) fn clear(&mut self) -> Vec<(usize, Note)> {
        let notes = core::mem::take(&mut self.gaps);
        let requests = notes
            .iter()
            .filter(|(_, note)| matches!(note, Note::Request(_)));
        self.left = self.left.wrapping_add(requests.count());
        self.cost = 0;
        notes
    }
}

impl Incoming {
    /// Messages may be missing here: what comes next comes by another connection, which that attempt made.
    pub(crate) fn gap(&self, attempt: u32) {
        let mut state = self.lock();
        if state.life.discards() {
            return;
        }
        state.gaps.add(attempt);
        tell(state);
    }

    /// The gap that [`poll_next`](Self::poll_next) stopped at.
    pub(crate) fn take_gap(&self) -> Option<RecvError> {
        let mut state = self.lock();
        #[cfg(feature = "session")]
        if state.gaps.next_request().is_some() {
            return None;
        }
        let note = state.gaps.take();
        #[cfg(feature = "session")]
        self.publish(&state);
        drop(state);
        #[cfg(feature = "session")]
        let note = match note? {
            Note::Error(error) => Some(error),
            Note::Request(_) => None,
        };
        #[cfg(not(feature = "session"))]
        let note = note.map(|attempt| RecvError::Gap { attempt });
        note
    }
}
