//! Whether somebody reads nothing.

use crate::channel::mailbox::{Moment, StalledBy};
use crate::time::Instant;
use core::time::Duration;

/// After so long it is told.
const PATIENCE: Duration = Duration::from_secs(5);

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
    since: Option<(Duration, Instant)>,
}

impl Watched {
    fn see(&mut self, now: Duration, at: u64, waits: bool) {
        if !waits {
            self.since = None;
        } else if self.since.is_none() || self.at != at {
            self.since = Some((now, Instant::now()));
        }
        self.at = at;
    }

    fn deadline(&self) -> Option<Duration> {
        self.since.map(|(since, _)| since + PATIENCE)
    }
}

impl Stall {
    /// How far each side has read, and whether there is more.
    pub(super) fn see(&mut self, now: Duration, ours: (u64, bool), theirs: (u64, bool)) {
        self.ours.see(now, ours.0, ours.1);
        self.theirs.see(now, theirs.0, theirs.1);
    }

    /// When somebody is stalled, if nothing changes.
    pub(super) fn deadline(&self, now: Duration) -> Option<Duration> {
        let times = [self.ours.deadline(), self.theirs.deadline()];
        times.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Who is stalled, and since when. Our own receiver first.
    pub(super) fn stalled(&self, now: Duration) -> Option<(StalledBy, Moment)> {
        let of = |watched: &Watched, by| {
            let (since, moment) = watched.since?;
            (since + PATIENCE <= now).then_some((by, Moment::new(moment)))
        };
        of(&self.ours, StalledBy::Receiver).or_else(|| of(&self.theirs, StalledBy::Peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_does_not_get_on_for_five_seconds_is_stalled() {
        let mut stall = Stall::default();
        let by = |stall: &Stall, now| stall.stalled(now).map(|(by, _)| by);
        stall.see(at(0), (0, false), (0, true));
        assert_eq!(stall.deadline(at(0)), Some(at(5)));
        // It gets on, and stops again.
        stall.see(at(4), (0, false), (1, true));
        assert_eq!(
            (by(&stall, at(8)), stall.deadline(at(8))),
            (None, Some(at(9)))
        );
        assert_eq!(by(&stall, at(9)), Some(StalledBy::Peer));
        stall.see(at(10), (0, true), (2, false));
        assert_eq!(by(&stall, at(10)), None);
        assert_eq!(by(&stall, at(15)), Some(StalledBy::Receiver));
        stall.see(at(16), (1, false), (2, false));
        assert_eq!((by(&stall, at(60)), stall.deadline(at(60))), (None, None));
    }
}
