//! Where and how the next cut is made: chosen as a connection begins, so that what is rare is reached often enough.

use super::State;
use super::cuts::{Kind, Place};
use super::ledger::{Stage, Way};
use super::scan::Seen;
use std::time::Duration;

/// A cut waits for unacknowledged messages both ways, while those are rare, for as many bytes at most.
const PATIENCE: u64 = 64 << 10;

/// SplitMix64.
#[derive(Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let index = self.below(all.len() as u64);
        all.get(usize::try_from(index).ok()?).copied()
    }
}

/// How a side is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Fin,
    Rst,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing passes for so long.
    Pause(Duration),
    /// It ends, at bytes of this direction.
    Cut(Way, Cut),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Fin,
    Rst,
    Freeze,
    /// Who sends in this direction is told so, and who receives is not.
    HalfOpen(Way, Told),
    /// What is sent in the direction that decided is lost from now on, up to so many bytes and so long.
    Loss(u64, Duration, Told),
    /// The client is told, and the server gets the rest this much later.
    Late(Duration, Told),
}

impl Cut {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Fin => Kind::Fin,
            Self::Rst => Kind::Rst,
            Self::Freeze => Kind::Freeze,
            Self::HalfOpen(..) => Kind::HalfOpen,
            Self::Loss(..) => Kind::Loss,
            Self::Late(..) => Kind::Late,
        }
    }
}

/// A cut to be made.
#[derive(Debug)]
pub(super) struct Aim {
    /// It is to be in the greeting, if the session's last connection was not cut early.
    greets: bool,
    /// Where else.
    otherwise: Place,
    /// The direction whose bytes decide.
    way: Way,
    /// Not before so many bytes have passed.
    after: u64,
    cut: Cut,
    /// In a greeting: at which frame.
    greeting: Greeting,
    /// A pause before, behind so many bytes.
    pub(super) pause: Option<(u64, Duration)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    Hello,
    Welcome,
    Confirmation,
}

impl Aim {
    /// For a connection that begins; none when there were cuts enough.
    pub(super) fn choose(state: &mut State) -> Option<Self> {
        if state.counts.cuts >= state.cuts.most {
            return None;
        }
        let random = &mut state.random;
        let cuts = &state.cuts;
        let otherwise = otherwise(random, &cuts.places, &state.counts)?;
        let greets = cuts.places.contains(&Place::Greeting)
            // Who never had a session is told that there is none, and does not come back.
            && !state.sessions.is_empty()
            && (cuts.places == [Place::Greeting]
                || state.counts.greeting * 6 < state.counts.cuts + 3);
        let kind = kind(random, &cuts.kinds, &state.counts, greets)?;
        let greeting = random.one_of(&[Greeting::Hello, Greeting::Welcome, Greeting::Confirmation]);
        let span = state.cuts.span >> random.below(8);
        let pause_ms = u64::try_from(state.cuts.pause.as_millis()).unwrap_or(u64::MAX);
        let pauses = pause_ms > 0 && random.below(4) == 0;
        Some(Self {
            greets,
            otherwise,
            way: way(random),
            after: random.below(span),
            cut: cut(random, kind),
            greeting: greeting?,
            pause: pauses.then(|| {
                let wait = Duration::from_millis(1 + random.below(pause_ms));
                (random.below(span.min(4096)), wait)
            }),
        })
    }

    /// The cut, and what is left of the direction until it, in bytes; none if this is not the place.
    pub(super) fn fuse(&self, state: &mut State, now: &Now<'_>) -> Option<u64> {
        let random = &mut state.random;
        match now.stage {
            Stage::Greeting if self.greets && !now.early => {
                let len = match now.seen {
                    Seen::Begins(len) => Some(*len),
                    _ => None,
                };
                return match (self.greeting, now.way) {
                    (Greeting::Hello, Way::Up) if len.is_none() => Some(0),
                    (Greeting::Welcome, Way::Down) => Some(random.below(len? + 1)),
                    (Greeting::Confirmation, Way::Up) => Some(random.below(len?)),
                    _ => None,
                };
            }
            Stage::Plain | Stage::Confirmed => {}
            Stage::Silent | Stage::Greeting => return None,
        }
        let counts = &state.counts;
        let rare = now.stage == Stage::Confirmed && counts.both_ways * 10 < counts.cuts * 7 + 10;
        let after = if rare && !now.both_ways {
            self.after.saturating_add(PATIENCE)
        } else {
            self.after
        };
        let after = if now.early {
            after.saturating_add(state.cuts.grace)
        } else {
            after
        };
        if now.way != self.way || now.passed < after {
            return None;
        }
        match (self.otherwise, now.seen) {
            (Place::Inside, Seen::Begins(len)) => Some(random.below(*len)),
            // Within the next frame's header.
            (Place::Inside, Seen::Ends(_)) => (random.below(8) == 0).then_some(1),
            (_, Seen::Ends(_)) => Some(0),
            _ => None,
        }
    }

    /// How it is cut. In a greeting, a half-open connection is one of which the client is told.
    pub(super) fn cut(&self, stage: Stage) -> Cut {
        match self.cut {
            Cut::HalfOpen(_, told) if stage == Stage::Greeting => Cut::HalfOpen(Way::Up, told),
            cut => cut,
        }
    }
}

/// What stands on a connection as something was seen.
#[derive(Debug)]
pub(super) struct Now<'a> {
    pub(super) stage: Stage,
    pub(super) way: Way,
    pub(super) seen: &'a Seen,
    /// Bytes since the session was confirmed.
    pub(super) passed: u64,
    /// The session's last connection was cut early.
    pub(super) early: bool,
    pub(super) both_ways: bool,
}

/// Inside a frame while that is behind its share, or either by chance. The shares are above what `Counts::are_steered` wants.
fn otherwise(random: &mut Random, places: &[Place], counts: &super::Counts) -> Option<Place> {
    let inside = places.contains(&Place::Inside);
    if inside && counts.inside * 5 < counts.cuts + 3 {
        return Some(Place::Inside);
    }
    let places: Vec<_> = places
        .iter()
        .copied()
        .filter(|place| *place != Place::Greeting)
        .collect();
    random.one_of(&places).or(Some(Place::Behind))
}

/// One of those that were not made more often than the others.
fn kind(random: &mut Random, kinds: &[Kind], counts: &super::Counts, greets: bool) -> Option<Kind> {
    // A client that awaits `WELCOME` has no heartbeat: it would wait for its whole timeout.
    let tells = |kind: &Kind| !greets || *kind != Kind::Freeze;
    let kinds: Vec<_> = kinds.iter().copied().filter(tells).collect();
    let made = |kind: &Kind| counts.of(*kind);
    let least = kinds.iter().map(made).min()?;
    let behind: Vec<_> = kinds
        .iter()
        .copied()
        .filter(|kind| made(kind) <= least + 1)
        .collect();
    random.one_of(&behind)
}

fn way(random: &mut Random) -> Way {
    if random.below(2) == 0 {
        Way::Up
    } else {
        Way::Down
    }
}

fn told(random: &mut Random) -> Told {
    if random.below(2) == 0 {
        Told::Fin
    } else {
        Told::Rst
    }
}

fn cut(random: &mut Random, kind: Kind) -> Cut {
    let (way, told) = (way(random), told(random));
    match kind {
        Kind::Fin => Cut::Fin,
        Kind::Rst => Cut::Rst,
        Kind::Freeze => Cut::Freeze,
        Kind::HalfOpen => Cut::HalfOpen(way, told),
        Kind::Loss => {
            let bytes = 1 + random.below(16 << 10);
            let wait = Duration::from_millis(1 + random.below(20));
            Cut::Loss(bytes, wait, told)
        }
        Kind::Late => Cut::Late(Duration::from_millis(1 + random.below(50)), told),
    }
}
