//! What a cutter is asked for, and what it has done.

use std::fmt;
use std::time::Duration;

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Both sides are told the orderly end of the stream.
    Fin,
    /// Both sides are reset.
    Rst,
    /// Nothing passes any more, and neither side is told.
    Freeze,
    /// One side is told, by FIN or RST. For the other one the connection is frozen.
    HalfOpen,
    /// What one side sends is taken and lost for a while, as in a router's buffer. Then both sides are told, by FIN or RST.
    Loss,
    /// The client is told, by FIN or RST. What it had sent arrives a while later, and then the end: a proxy had kept it.
    Late,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Fin,
        Self::Rst,
        Self::Freeze,
        Self::HalfOpen,
        Self::Loss,
        Self::Late,
    ];

    /// Its name in commands and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Freeze => "freeze",
            Self::HalfOpen => "half-open",
            Self::Loss => "loss",
            Self::Late => "late",
        }
    }
}

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Within a WebSocket frame: its header or its payload.
    Inside,
    /// Behind a WebSocket frame, before the next one.
    Behind,
    /// Behind the session's `HELLO`, before the frame that confirms it has passed whole. The client is told: it hears no heartbeat there, so
    /// `Freeze` is not used. Not before the cutter
    /// has seen a session.
    Greeting,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Inside, Self::Behind, Self::Greeting];

    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Behind => "behind",
            Self::Greeting => "greeting",
        }
    }
}

/// What a cutter does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cuts {
    /// Decides everything that is random. Default 0.
    pub seed: u64,
    /// Cuts in all; later connections are carried whole. Default: no limit.
    pub most: u64,
    /// Bytes that pass before a cut, at most, counted in both directions together and from the confirmation of the session. Most cuts come sooner.
    /// Default 64 KiB.
    pub span: u64,
    /// If a session's connection was cut before so many bytes had passed in each direction, the next one carries so many more before it is cut. Otherwise
    /// connection after connection ends on the same message, and a sender has to take that message for the cause: it gives it back as undelivered. Default 1 KiB.
    pub grace: u64,
    /// The kinds, equally often. Default: all.
    pub kinds: Vec<Kind>,
    /// The places. Default: all.
    pub places: Vec<Place>,
    /// How long a connection pauses at most: nothing passes for a while, and then it goes on. About every fourth connection pauses once. Default 100 ms; zero:
    /// never.
    pub pause: Duration,
}

impl Default for Cuts {
    fn default() -> Self {
        Self {
            seed: 0,
            most: u64::MAX,
            span: 64 << 10,
            grace: 1 << 10,
            kinds: Kind::ALL.into(),
            places: Place::ALL.into(),
            pause: Duration::from_millis(100),
        }
    }
}

impl Cuts {
    /// All kinds and places, by this seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }
}

/// What a cutter has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that it carried.
    pub connections: u64,
    /// Those that it cut.
    pub cuts: u64,
    /// The same by kind, in the order of [`Kind::ALL`].
    pub kinds: [u64; 6],
    /// Cuts while messages in both directions had passed whose acknowledgement had not.
    pub both_ways: u64,
    /// Cuts within a WebSocket frame.
    pub inside: u64,
    /// Cuts behind a `HELLO` and before its confirmation.
    pub greeting: u64,
    /// Connections that stood still for a while and went on.
    pub pauses: u64,
    /// Bytes that `Loss` took and lost.
    pub lost: u64,
    /// Bytes that `Late` delivered late.
    pub late: u64,
    /// The highest acknowledgements that passed, summed over all sessions: those by clients, and those by servers.
    pub acknowledged: [u64; 2],
    /// Grants of credit above what a receiver may grant: what had passed to it on this connection, and its window.
    pub overgrants: u64,
}

impl Counts {
    /// Cuts of this kind.
    pub fn of(&self, kind: Kind) -> u64 {
        let counts = Kind::ALL.iter().zip(self.kinds);
        counts
            .filter(|(each, _)| **each == kind)
            .map(|(_, count)| count)
            .sum()
    }

    /// Whether half of the cuts hit unacknowledged messages in both directions, a tenth a frame, and a tenth a greeting.
    pub fn are_steered(&self) -> bool {
        self.both_ways * 2 >= self.cuts
            && self.inside * 10 >= self.cuts
            && self.greeting * 10 >= self.cuts
    }
}

/// One line.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cuts of {} connections:", self.cuts, self.connections)?;
        for (kind, count) in Kind::ALL.iter().zip(self.kinds) {
            write!(f, " {} {count},", kind.name())?;
        }
        write!(
            f,
            " {} with unacknowledged messages both ways, {} inside a frame, {} between HELLO and its confirmation; {} pauses, {} bytes lost, {} late",
            self.both_ways, self.inside, self.greeting, self.pauses, self.lost, self.late
        )
    }
}
