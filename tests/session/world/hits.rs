//! How often every transition of both machines was taken.

use std::collections::BTreeMap;
use websocket_channel::session::ClientPhase;
use websocket_channel::session::ServerPhase;

pub const CONNECTED: usize = 0;
pub const BATCH: usize = 1;
pub const DISCONNECTED: usize = 2;
pub const TIMEOUT: usize = 3;
pub const COMMIT: usize = 4;
pub const COMMAND: usize = 5;
pub const HELLO: usize = 6;

const INPUTS: [&str; 7] = [
    "connected",
    "batch",
    "disconnected",
    "timeout",
    "commit",
    "command",
    "HELLO",
];

type Table = [[[u64; 4]; INPUTS.len()]; 4];

#[derive(Default)]
pub struct Hits {
    client: Table,
    server: Table,
    refused: BTreeMap<&'static str, u64>,
    pub reloads: u64,
    pub restarts: u64,
    pub poisoned: u64,
    pub both_closed: u64,
    closed: [u64; 2],
}

impl Hits {
    pub fn client(&mut self, before: ClientPhase, input: usize, after: ClientPhase) {
        self.client[before as usize][input][after as usize] += 1;
    }

    pub fn server(&mut self, before: ServerPhase, input: usize, after: ServerPhase) {
        self.server[before as usize][input][after as usize] += 1;
    }

    pub fn refused(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }

    pub fn closed(&mut self, early: bool) {
        self.closed[usize::from(early)] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (ours, theirs) in [
            (&mut self.client, &other.client),
            (&mut self.server, &other.server),
        ] {
            for (ours, theirs) in ours
                .iter_mut()
                .flatten()
                .flatten()
                .zip(theirs.iter().flatten().flatten())
            {
                *ours += theirs;
            }
        }
        for (reason, count) in &other.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        self.reloads += other.reloads;
        self.restarts += other.restarts;
        self.poisoned += other.poisoned;
        self.both_closed += other.both_closed;
        self.closed[0] += other.closed[0];
        self.closed[1] += other.closed[1];
    }

    /// A line a transition, with how often it was taken.
    pub fn lines(&self) -> Vec<(String, u64)> {
        let phases = [
            ["down", "greeting", "open", "ended"],
            ["pending", "attached", "detached", "ended"],
        ];
        let mut lines = Vec::new();
        for (side, table, phases) in [
            ("client", &self.client, phases[0]),
            ("server", &self.server, phases[1]),
        ] {
            for (before, inputs) in table.iter().enumerate() {
                for (input, afters) in inputs.iter().enumerate() {
                    for (after, count) in afters.iter().enumerate() {
                        if *count > 0 {
                            let line = format!(
                                "{side}: {} -- {} -> {}",
                                phases[before], INPUTS[input], phases[after]
                            );
                            lines.push((line, *count));
                        }
                    }
                }
            }
        }
        for (reason, count) in &self.refused {
            lines.push((format!("server closes: {reason:?}"), *count));
        }
        lines.push(("reload".into(), self.reloads));
        lines.push(("restart".into(), self.restarts));
        lines.push((
            "connection ended by a poisonous message".into(),
            self.poisoned,
        ));
        lines.push(("closed at the end".into(), self.closed[0]));
        lines.push(("closed early".into(), self.closed[1]));
        lines.push(("closed by both".into(), self.both_closed));
        lines
    }
}
