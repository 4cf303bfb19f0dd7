//! Whether somebody reads nothing.

use crate::channel::mailbox::{Moment, StalledBy};
use crate::session::clock::{MS, NEVER, Time};
use crate::time::Instant;

/// After so long it is told.
const PATIENCE: Time = 5000 * MS;

/// What each side has to read, and since when that has not changed.
#[derive(Default)]
pub(super) struct Stall {
    ours: Watched,
    theirs: Watched,
}

#[derive(Default)]
struct Watched {
    at: u64,
    /// Since when there is something to read, and no progress.
    since: Option<(Time, Instant)>,
}

impl Watched {
    fn see(&mut self, now: Time, at: u64, waits: bool) {
        if !waits {
            self.since = None;
        } else if self.since.is_none() || self.at != at {
            self.since = Some((now, Instant::now()));
        }
        self.at = at;
    }

    /// [`NEVER`] if nothing waits.
    fn deadline(&self) -> Time {
        self.since.map_or(NEVER, |(since, _)| since + PATIENCE)
    }
}

impl Stall {
    /// How far each side has read, and whether there is more.
    pub(super) fn see(&mut self, now: Time, ours: (u64, bool), theirs: (u64, bool)) {
        self.ours.see(now, ours.0, ours.1);
        self.theirs.see(now, theirs.0, theirs.1);
    }

    /// When somebody is stalled, if nothing changes; or [`NEVER`].
    pub(super) fn deadline(&self, now: Time) -> Time {
        let later = |at: Time| if at > now { at } else { NEVER };
        later(self.ours.deadline()).min(later(self.theirs.deadline()))
    }

    /// Who is stalled, and since when. Our own receiver first.
    pub(super) fn stalled(&self, now: Time) -> Option<(StalledBy, Moment)> {
        let (watched, by) = match self.ours.deadline() <= now {
            true => (&self.ours, StalledBy::Receiver),
            false if self.theirs.deadline() <= now => (&self.theirs, StalledBy::Peer),
            false => return None,
        };
        Some((by, Moment::new(watched.since?.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Time {
        seconds * 1000 * MS
    }

    #[test]
    fn who_does_not_get_on_for_five_seconds_is_stalled() {
        let mut stall = Stall::default();
        let by = |stall: &Stall, now| stall.stalled(now).map(|(by, _)| by);
        stall.see(at(0), (0, false), (0, true));
        assert_eq!(stall.deadline(at(0)), at(5));
        // It gets on, and stops again.
        stall.see(at(4), (0, false), (1, true));
        assert_eq!((by(&stall, at(8)), stall.deadline(at(8))), (None, at(9)));
        assert_eq!(by(&stall, at(9)), Some(StalledBy::Peer));
        stall.see(at(10), (0, true), (2, false));
        assert_eq!(by(&stall, at(10)), None);
        assert_eq!(by(&stall, at(15)), Some(StalledBy::Receiver));
        stall.see(at(16), (1, false), (2, false));
        assert_eq!((by(&stall, at(60)), stall.deadline(at(60))), (None, NEVER));
    }
}
