//! One connection as it passes: what is seen, and when it is cut.

use super::State;
use super::aim::{Act, Aim, Cut, Now};
use super::cuts::Kind;
use super::ledger::{Carried, Stage, Way};
use super::scan::{Ended, Scan, Seen};

#[derive(Debug)]
pub(super) struct Link {
    scans: [Scan; 2],
    carried: Carried,
    aim: Option<Aim>,
    /// Bytes until the cut, in one direction.
    fuse: Option<(Way, u64)>,
    /// Bytes of each direction since the session was confirmed.
    passed: [u64; 2],
}

impl Link {
    pub(super) fn new(state: &mut State) -> Self {
        state.counts.connections += 1;
        Self {
            scans: [Scan::new(), Scan::new()],
            carried: Carried::new(),
            aim: Aim::choose(state),
            fuse: None,
            passed: [0; 2],
        }
    }

    /// Bytes came in one direction. Gives how many of them pass, and what happens behind them.
    pub(super) fn pass(
        &mut self,
        state: &mut State,
        way: Way,
        bytes: &[u8],
    ) -> (usize, Option<Act>) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let left = self.fuse.filter(|(of, _)| *of == way).map(|(_, left)| left);
            let most = left.map_or(usize::MAX, |left| {
                usize::try_from(left).unwrap_or(usize::MAX)
            });
            let (used, seen) = self.scans[way as usize].step(rest.get(..most).unwrap_or(rest));
            at += used;
            if matches!(self.carried.stage, Stage::Confirmed | Stage::Plain) {
                self.passed[way as usize] += used as u64;
            }
            if let Some(left) = left {
                self.fuse = Some((way, left - used as u64));
            }
            if let Some(seen) = seen {
                self.see(state, way, &seen);
            }
            if self.fuse == Some((way, 0)) {
                return (at, self.cut(state, way));
            }
            if let Some((_, wait)) = self.pause() {
                state.counts.pauses += 1;
                return (at, Some(Act::Pause(wait)));
            }
        }
        (at, None)
    }

    fn see(&mut self, state: &mut State, way: Way, seen: &Seen) {
        match seen {
            Seen::Ends(Ended::Batch(batch)) => {
                state.counts.overgrants += self.carried.passed(&mut state.sessions, way, batch);
            }
            Seen::Ends(Ended::Other) => self.carried.no_session(),
            Seen::Ends(Ended::Frame) | Seen::Head | Seen::Begins(_) => {}
        }
        let Some(aim) = self.aim.as_ref().filter(|_| self.fuse.is_none()) else {
            return;
        };
        let now = Now {
            stage: self.carried.stage,
            way,
            seen,
            passed: self.passed.iter().sum(),
            early: self.carried.follows_early(&state.sessions),
            both_ways: self.carried.is_unacknowledged(&state.sessions),
        };
        self.fuse = aim.fuse(state, &now).map(|left| (way, left));
    }

    /// The pause that is due.
    fn pause(&mut self) -> Option<(u64, std::time::Duration)> {
        let passed: u64 = self.passed.iter().sum();
        let aim = self.aim.as_mut()?;
        aim.pause.take_if(|(after, _)| passed > *after)
    }

    /// The connection is cut here, unless others have been often enough meanwhile.
    fn cut(&mut self, state: &mut State, way: Way) -> Option<Act> {
        self.fuse = None;
        let cut = self.aim.take()?.cut(self.carried.stage);
        let counts = &mut state.counts;
        if counts.cuts >= state.cuts.most {
            return None;
        }
        counts.cuts += 1;
        if let Some(index) = Kind::ALL.iter().position(|kind| *kind == cut.kind()) {
            counts.kinds[index] += 1;
        }
        counts.greeting += u64::from(self.carried.stage == Stage::Greeting);
        counts.inside += u64::from(self.scans[way as usize].is_inside());
        counts.both_ways += u64::from(self.carried.is_unacknowledged(&state.sessions));
        let early = self.passed.iter().any(|passed| *passed < state.cuts.grace);
        self.carried.is_cut(&mut state.sessions, early);
        Some(Act::Cut(way, cut))
    }
}

impl Cut {
    /// Who is told it at once, by the direction in which he sends.
    pub(super) fn is_told(self, side: Way) -> bool {
        match self {
            Cut::Fin | Cut::Rst | Cut::Loss(..) => true,
            Cut::Freeze => false,
            Cut::HalfOpen(told, _) => told == side,
            Cut::Late(..) => side == Way::Up,
        }
    }
}
