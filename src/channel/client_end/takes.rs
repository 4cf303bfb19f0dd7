//! Which messages the receiver has taken, by their indices.

use crate::queue::Queue;

/// Messages of a session that were given to the receiver, and not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Takes {
    /// Their indices: the first of each row, and how many follow each other.
    given: Queue<(u64, usize)>,
    /// How many they are.
    len: usize,
    /// The index behind the last message that was read from the session, whether it was given or is for nobody.
    behind: u64,
    /// So many of those that come first are of an earlier session.
    stale: usize,
    /// What the receiver had taken, as it counts.
    taken: usize,
}

impl Takes {
    /// A message is given to the receiver.
    pub(crate) fn give(&mut self, index: u64) {
        self.give_run(index, 1);
    }

    /// So many messages are, from this index on.
    pub(crate) fn give_run(&mut self, index: u64, messages: usize) {
        self.given.push_back((index, messages));
        self.len += messages;
        self.behind = index + messages as u64;
    }

    /// A message is for nobody.
    pub(crate) fn pass(&mut self, index: u64) {
        self.behind = index + 1;
    }

    /// The receiver has taken so many. Every message below the returned index may be committed.
    pub(crate) fn taken(&mut self, taken: usize) -> u64 {
        let mut news = taken.wrapping_sub(core::mem::replace(&mut self.taken, taken));
        let stale = self.stale.min(news);
        self.stale -= stale;
        news -= stale;
        while news > 0
            && let Some((first, row)) = self.given.pop_front()
        {
            let some = news.min(row);
            news -= some;
            self.len -= some;
            if some < row {
                self.given.push_front((first + some as u64, row - some));
            }
        }
        self.below()
    }

    /// Every message below may be committed.
    pub(crate) fn below(&self) -> u64 {
        self.given.front().map_or(self.behind, |(first, _)| *first)
    }

    /// Nobody takes anything any more.
    pub(crate) fn forget(&mut self) {
        self.stale += core::mem::take(&mut self.len);
        self.given.clear();
    }

    /// What the receiver has taken, as it counts.
    pub(crate) fn count(&self) -> usize {
        self.taken
    }

    /// Whether some are not taken.
    pub(crate) fn any(&self) -> bool {
        !self.given.is_empty()
    }

    /// The index behind everything that was read.
    pub(crate) fn behind(&self) -> u64 {
        self.behind
    }

    /// Another session begins.
    pub(crate) fn restart(&mut self) {
        self.forget();
        self.behind = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_committed_and_what_is_for_nobody_with_it() {
        let mut takes = Takes::default();
        for index in [0, 1, 3] {
            takes.give(index);
        }
        takes.pass(4);
        let below: Vec<_> = (0..=3).map(|taken| takes.taken(taken)).collect();
        assert_eq!(below, [0, 1, 3, 5]);
        takes.give(5);
        assert!(takes.any());
        takes.restart();
        takes.give_run(0, 2);
        // One of the earlier session, then one of this.
        let below: Vec<_> = (4..=6).map(|taken| takes.taken(taken)).collect();
        assert_eq!(below, [0, 1, 2]);
    }
}
