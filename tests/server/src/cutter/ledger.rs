//! What is known of the sessions that pass: how far each direction was sent and acknowledged.

use std::collections::BTreeMap;
use websocket_channel::session::wire::{Frame, Frames};
use websocket_channel::session::{Hello, Positions, Welcome};

/// A direction: from the client, or from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client.
    Up = 0,
    /// From the server.
    Down = 1,
}

impl Way {
    pub(super) const BOTH: [Self; 2] = [Self::Up, Self::Down];

    pub(super) fn other(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// Sessions that are remembered. Above it the next ones are carried, and not counted as unacknowledged.
const MAX_SESSIONS: usize = 100_000;

/// What a message costs beside its payload, with the longest fields before it: of a value it is 32, and this is above.
const OVERHEAD: u64 = 32 + 16;

/// The sessions of a cutter, by id.
#[derive(Debug, Default)]
pub(super) struct Sessions(BTreeMap<[u8; 16], Ledger>);

/// The index behind the last message that passed, and the highest acknowledgement of it that passed, by direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ledger {
    sent: [u64; 2],
    acknowledged: [u64; 2],
    /// The largest credit with which a connection began: the window of who receives this direction.
    window: [u64; 2],
    /// Its last connection was cut early.
    early: bool,
}

/// How far a connection's session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No `HELLO` has passed.
    Silent,
    /// `HELLO` has passed, and its confirmation has not.
    Greeting,
    /// The session is confirmed.
    Confirmed,
    /// It is no session at all.
    Plain,
}

/// What one connection carries of a session.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) stage: Stage,
    id: Option<[u8; 16]>,
    /// Where the client stands, as its `HELLO` said.
    theirs: Option<Positions>,
    forgot: bool,
    /// The index of the next message of each direction.
    next: [u64; 2],
    /// The cost of what passed in each direction.
    cost: [u64; 2],
    /// The client's credit, as its `HELLO` said.
    credit: u64,
}

impl Carried {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Silent,
            id: None,
            theirs: None,
            forgot: false,
            next: [0; 2],
            cost: [0; 2],
            credit: 0,
        }
    }

    /// A binary message passed. Gives how many grants in it were above what a receiver may grant.
    pub(super) fn passed(&mut self, sessions: &mut Sessions, way: Way, batch: &[u8]) -> u64 {
        let mut overgrants = 0;
        if self.stage == Stage::Plain {
            return overgrants;
        }
        let Ok((0, frames)) = Frames::new(batch) else {
            self.no_session();
            return overgrants;
        };
        for frame in frames {
            match frame {
                Ok(frame) => {
                    self.frame(sessions, way, &frame);
                    overgrants += u64::from(self.is_overgrant(sessions, way, &frame));
                }
                Err(_) => {
                    self.no_session();
                    return overgrants;
                }
            }
        }
        overgrants
    }

    /// Whether a receiver grants more than may be unread at it. What it has, has passed.
    fn is_overgrant(&self, sessions: &Sessions, way: Way, frame: &Frame<'_>) -> bool {
        let Frame::Credit(total) = frame else {
            return false;
        };
        let ledger = self.id.and_then(|id| sessions.0.get(&id));
        let granted = way.other() as usize;
        ledger.is_some_and(|ledger| *total > self.cost[granted] + ledger.window[granted])
    }

    /// Something passed that no session says. At its beginning, that means there is none.
    pub(super) fn no_session(&mut self) {
        if self.stage == Stage::Silent {
            self.stage = Stage::Plain;
        }
    }

    fn frame(&mut self, sessions: &mut Sessions, way: Way, frame: &Frame<'_>) {
        match (self.stage, way, frame) {
            (Stage::Silent, Way::Up, Frame::Hello(hello)) => self.hello(hello),
            (Stage::Silent, ..) => self.no_session(),
            (Stage::Greeting, Way::Down, Frame::Welcome(welcome)) => {
                self.welcome(sessions, welcome);
            }
            (Stage::Greeting, Way::Up, _) => {
                self.stage = Stage::Confirmed;
                self.count(sessions, way, frame);
            }
            _ => self.count(sessions, way, frame),
        }
    }

    fn hello(&mut self, hello: &Hello) {
        self.stage = Stage::Greeting;
        self.credit = hello.terms.credit;
        if let Some(resume) = &hello.resume {
            self.id = Some(resume.id.0);
            self.forgot = resume.forgot;
            self.theirs = Some(resume.positions);
        }
    }

    fn welcome(&mut self, sessions: &mut Sessions, welcome: &Welcome) {
        let Welcome::Session(agreed) = welcome else {
            return;
        };
        self.id = Some(agreed.id.0);
        let theirs = self.theirs.take().unwrap_or_default();
        let ours = agreed.positions.unwrap_or_default();
        self.next = if self.forgot {
            [ours.received, ours.first]
        } else {
            [ours.received, theirs.received]
        };
        if let Some(ledger) = sessions.entry(agreed.id.0) {
            ledger.acknowledge(Way::Up, ours.committed);
            ledger.acknowledge(Way::Down, theirs.committed);
            for (window, credit) in ledger
                .window
                .iter_mut()
                .zip([agreed.terms.credit, self.credit])
            {
                *window = (*window).max(credit);
            }
        }
    }

    fn count(&mut self, sessions: &mut Sessions, way: Way, frame: &Frame<'_>) {
        let Some(ledger) = self.id.and_then(|id| sessions.entry(id)) else {
            return;
        };
        match frame {
            Frame::Part(bytes) => self.cost[way as usize] += bytes.len() as u64,
            Frame::Last(_, rest) => {
                self.cost[way as usize] += rest.len() as u64 + OVERHEAD;
                let next = &mut self.next[way as usize];
                *next += 1;
                let sent = &mut ledger.sent[way as usize];
                *sent = (*sent).max(*next);
            }
            Frame::Ack(below) => ledger.acknowledge(way.other(), *below),
            _ => {}
        }
    }

    /// Whether the session's last connection was cut early.
    pub(super) fn follows_early(&self, sessions: &Sessions) -> bool {
        let ledger = self.id.and_then(|id| sessions.0.get(&id));
        ledger.is_some_and(|ledger| ledger.early)
    }

    /// The connection is cut, early or not.
    pub(super) fn is_cut(&self, sessions: &mut Sessions, early: bool) {
        if let Some(ledger) = self.id.and_then(|id| sessions.0.get_mut(&id)) {
            ledger.early = early;
        }
    }

    /// Whether messages of both directions have passed whose acknowledgement has not.
    pub(super) fn is_unacknowledged(&self, sessions: &Sessions) -> bool {
        let ledger = self.id.and_then(|id| sessions.0.get(&id));
        ledger.is_some_and(|ledger| {
            Way::BOTH
                .iter()
                .all(|&way| ledger.sent[way as usize] > ledger.acknowledged[way as usize])
        })
    }
}

impl Ledger {
    fn acknowledge(&mut self, way: Way, below: u64) {
        let acknowledged = &mut self.acknowledged[way as usize];
        *acknowledged = (*acknowledged).max(below);
    }
}

impl Sessions {
    /// Whether none was ever welcomed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How far clients and servers have acknowledged, summed.
    pub(super) fn acknowledged(&self) -> [u64; 2] {
        Way::BOTH.map(|by| {
            let each = self.0.values();
            each.map(|ledger| ledger.acknowledged[by.other() as usize])
                .sum()
        })
    }

    fn entry(&mut self, id: [u8; 16]) -> Option<&mut Ledger> {
        if self.0.len() >= MAX_SESSIONS && !self.0.contains_key(&id) {
            return None;
        }
        Some(self.0.entry(id).or_default())
    }
}
