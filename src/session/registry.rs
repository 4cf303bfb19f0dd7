//! All sessions of a server, in memory: which may resume, which are fenced, which have ended and which expired.
//!
//! | a `HELLO` | answer |
//! | --- | --- |
//! | that is invalid, or has something after it | closed: violation |
//! | without a version that is supported | `Refused(Version)` |
//! | while the node drains | `Later(Draining)` |
//! | for a new session, and the registry is full | `Later(Busy)` |
//! | for a new session | `New` |
//! | with an unknown id or an invalid token | `Refused(Expired)`; `Refused(ServerRestarted)` if its incarnation is another |
//! | of a session that ended | `Ended` |
//! | of a session that was lost, but did not expire | `Refused` with the reason |
//! | with another identity than the session's | `Refused(Identity)` |
//! | with an attempt that is not higher than the last one | closed without an answer; fences nothing |
//! | with other terms | `Refused(Changed)` |
//! | with positions that do not match | `Refused(Behind)`, `Refused(Rewound)`: the session is lost on both sides |
//! | with a position that commits our `BYE` | `Ended`: so has the session |
//! | otherwise | `Resumed`; the older connection is fenced |
//!
//! The first row that fits counts.

use super::SessionViolation;
use super::hello::{Hello, LaterReason, MIN_BATCH, Refusal, Resume, Secret, VERSION, Welcome};
use super::server::{Arrival, End, Server, ServerPhase, answer};
use super::settings::{Settings, millis};
use super::tokens::{TokenHash, Tokens};
use super::violation::CLOSE;
use super::wire::{Frame, Frames};
use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Identifies a connection. The owner of the connections chooses the numbers; no two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(
    /// The number.
    pub u64,
);

/// Bounds of a [`Registry`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryBounds {
    /// The largest number of sessions, pending ones included. Default 10,000. Above it new sessions are answered with `Later`.
    pub sessions: usize,
    /// The largest cost that all sessions together retain and hold. Default 256 MiB. Above it new sessions are answered with `Later`; existing ones
    /// are bounded by their own settings.
    pub cost: u64,
    /// The largest number of ended and lost sessions to remember, so that a client that comes back late learns how its session ended. Default 10,000. Above it
    /// the oldest is forgotten.
    pub ended: usize,
    /// How long ended sessions are remembered. Default 10 minutes.
    pub ended_time: Duration,
    /// The delay in `Later`. Default 5 s.
    pub later: Duration,
}

impl Default for RegistryBounds {
    fn default() -> Self {
        Self {
            sessions: 10_000,
            cost: 256 * 1024 * 1024,
            ended: 10_000,
            ended_time: Duration::from_secs(600),
            later: Duration::from_secs(5),
        }
    }
}

/// What remains of a session that ended or was lost.
struct Tombstone {
    tokens: Tokens,
    end: End,
    committed: u64,
    next: u64,
}

impl Tombstone {
    fn answer(&self) -> HelloOutcome {
        match self.end {
            End::Closed(code) => {
                let ended = Welcome::Ended {
                    code,
                    committed: self.committed,
                    next: self.next,
                };
                close(&ended, 1000, "")
            }
            End::Lost(refusal) => refused(refusal),
        }
    }
}

/// All sessions of one server.
pub struct Registry {
    settings: Settings,
    bounds: RegistryBounds,
    incarnation: u64,
    hash: TokenHash,
    draining: bool,
    sessions: BTreeMap<Secret, Box<Server>>,
    /// The cost that they retain and hold.
    cost: u64,
    /// When to check whether a session has expired: at most one entry a session, no timer.
    expiry: BTreeSet<(Duration, Secret)>,
    tombstones: BTreeMap<Secret, Tombstone>,
    burials: VecDeque<(Duration, Secret)>,
    ended: VecDeque<Box<Server>>,
}

/// Shows the number of sessions only.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

/// What to do with a connection whose first message arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HelloOutcome {
    /// Use it for this session.
    Session(Secret),
    /// Close it, after sending the batch if there is one.
    Close {
        /// The answer.
        batch: Option<Vec<u8>>,
        /// The close code.
        code: u16,
        /// The close reason.
        reason: &'static str,
    },
}

impl Registry {
    /// A registry without sessions. `incarnation`: 64 random bits, new for each store. `hash`: hashes tokens.
    pub fn new(
        settings: Settings,
        bounds: RegistryBounds,
        incarnation: u64,
        hash: TokenHash,
    ) -> Self {
        Self {
            settings: settings.clamped(),
            bounds,
            incarnation,
            hash,
            draining: false,
            sessions: BTreeMap::new(),
            cost: 0,
            expiry: BTreeSet::new(),
            tombstones: BTreeMap::new(),
            burials: VecDeque::new(),
            ended: VecDeque::new(),
        }
    }

    /// From now on answers every `HELLO` with `Later`: the node is being taken down.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// The session with this id.
    pub fn session(&mut self, id: Secret) -> Option<&mut Server> {
        self.sessions.get_mut(&id).map(|server| &mut **server)
    }

    /// The ids of all sessions.
    pub fn ids(&self) -> impl Iterator<Item = Secret> + '_ {
        self.sessions.keys().copied()
    }

    /// Handles the first message of a connection. `identity` says whose connection it is, if the application knows: a session can only be resumed
    /// with the identity that it began with. `random` fills a buffer with unpredictable bytes.
    ///
    /// It may end a session: call [`poll_ended`](Self::poll_ended) afterwards.
    pub fn accept(
        &mut self,
        now: Duration,
        connection: ConnectionId,
        batch: &[u8],
        identity: &[u8],
        random: &mut dyn FnMut(&mut [u8]),
    ) -> HelloOutcome {
        let hello = match first(batch) {
            Ok(hello) => hello,
            Err(violation) => {
                return HelloOutcome::Close {
                    batch: None,
                    code: violation.close_code(),
                    reason: violation.name(),
                };
            }
        };
        if !(hello.versions.0..=hello.versions.1).contains(&VERSION) {
            return refused(Refusal::Version);
        }
        if self.draining {
            return self.later(LaterReason::Draining);
        }
        let secret = |random: &mut dyn FnMut(&mut [u8])| {
            let mut secret = Secret([0; 16]);
            random(&mut secret.0);
            secret
        };
        let Some(resume) = &hello.resume else {
            if self.is_full() {
                return self.later(LaterReason::Busy);
            }
            let id = secret(random);
            let arrival = Arrival {
                now,
                connection,
                hello: &hello,
                issued: secret(random),
                hash: self.hash,
            };
            let server = Server::offer(arrival, &self.settings, self.incarnation, id, identity);
            self.sessions.insert(id, Box::new(server));
            self.settle(now, id);
            return HelloOutcome::Session(id);
        };
        let arrival = Arrival {
            now,
            connection,
            hello: &hello,
            issued: secret(random),
            hash: self.hash,
        };
        // What has expired by now is gone, even if the timer is late.
        self.handle_timeout(now);
        self.resume(arrival, resume, identity)
    }

    fn resume(&mut self, arrival: Arrival<'_>, resume: &Resume, identity: &[u8]) -> HelloOutcome {
        let hello = arrival.hello;
        let token = (self.hash)(&resume.token.0);
        let unknown = if resume.incarnation == self.incarnation {
            Refusal::Expired
        } else {
            Refusal::ServerRestarted
        };
        let id = resume.id;
        if let Some(tombstone) = self.tombstones.get(&id) {
            if tombstone.tokens.check(token).is_none() {
                return refused(unknown);
            }
            return tombstone.answer();
        }
        let Some(server) = self.sessions.get_mut(&id) else {
            return refused(unknown);
        };
        let Some(presented) = server.tokens.check(token) else {
            return refused(unknown);
        };
        if *server.identity != *identity {
            return refused(Refusal::Identity);
        }
        if server.is_late(hello) {
            return HelloOutcome::Close {
                batch: None,
                code: CLOSE,
                reason: "late",
            };
        }
        if !server.keeps_terms(hello) {
            return refused(Refusal::Changed);
        }
        match server.resume(arrival, resume, (token, presented)) {
            Ok(true) => HelloOutcome::Session(id),
            Ok(false) => {
                self.settle(arrival.now, id);
                let tombstone = self.tombstones.get(&id);
                tombstone.map_or_else(|| refused(unknown), Tombstone::answer)
            }
            Err(refusal) => {
                self.settle(arrival.now, id);
                refused(refusal)
            }
        }
    }

    fn is_full(&self) -> bool {
        self.sessions.len() >= self.bounds.sessions || self.cost >= self.bounds.cost
    }

    fn later(&self, reason: LaterReason) -> HelloOutcome {
        let after_ms = millis(self.bounds.later).min(super::hello::MAX_WAIT);
        close(&Welcome::Later { after_ms, reason }, 1000, "later")
    }

    /// Call it after each input to a session. Updates when it expires, and removes it if it has ended.
    pub fn settle(&mut self, now: Duration, id: Secret) {
        let Some(server) = self.sessions.get_mut(&id) else {
            return;
        };
        if server.phase() != ServerPhase::Ended {
            let cost = server.retained() + server.held();
            self.cost = self.cost - server.counted + cost;
            server.counted = cost;
            if let Some(expires) = server.expires
                && !core::mem::replace(&mut server.noted, true)
            {
                self.expiry.insert((expires, id));
            }
            return;
        }
        let Some(mut server) = self.sessions.remove(&id) else {
            return;
        };
        self.cost -= server.counted;
        // Nobody has to be told of a session that expired: an unknown one is Expired, too.
        if let Some(end) = server.end
            && end != End::Lost(Refusal::Expired)
        {
            let tombstone = Tombstone {
                tokens: core::mem::take(&mut server.tokens),
                end,
                committed: server.has_committed(),
                next: server.sent_to(),
            };
            if self.tombstones.len() >= self.bounds.ended
                && let Some((_, oldest)) = self.burials.pop_front()
            {
                self.tombstones.remove(&oldest);
            }
            self.tombstones.insert(id, tombstone);
            self.burials
                .push_back((now.saturating_add(self.bounds.ended_time), id));
        }
        self.ended.push_back(server);
    }

    /// The next session that has ended, with its last events and its undelivered messages.
    pub fn poll_ended(&mut self) -> Option<Box<Server>> {
        self.ended.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Duration> {
        let expiry = self.expiry.first().map(|(at, _)| *at);
        let burial = self.burials.front().map(|(at, _)| *at);
        expiry.into_iter().chain(burial).min()
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come. Ends sessions whose client did not come back, and forgets sessions that ended long
    /// ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some((at, id)) = self.expiry.pop_first() {
            if at > now {
                self.expiry.insert((at, id));
                break;
            }
            if let Some(server) = self.sessions.get_mut(&id) {
                server.noted = false;
                if server.expires.is_some_and(|expires| expires <= now) {
                    server.expire(now);
                }
            }
            // The client came back and left again: check later.
            self.settle(now, id);
        }
        while let Some((_, id)) = self.burials.pop_front_if(|(at, _)| *at <= now) {
            self.tombstones.remove(&id);
        }
    }
}

/// The `HELLO` of a first batch.
fn first(batch: &[u8]) -> Result<Hello, SessionViolation> {
    if batch.len() as u64 > MIN_BATCH {
        return Err(SessionViolation::BatchTooLong);
    }
    let (slot, mut frames) = Frames::new(batch)?;
    if slot != 0 {
        return Err(SessionViolation::Slot);
    }
    match (frames.next(), frames.next()) {
        (Some(Ok(Frame::Hello(hello))), None) => Ok(*hello),
        (Some(Err(violation)), _) => Err(violation),
        _ => Err(SessionViolation::Order),
    }
}

fn refused(refusal: Refusal) -> HelloOutcome {
    close(&Welcome::Refused(refusal), CLOSE, "refused")
}

fn close(welcome: &Welcome, code: u16, reason: &'static str) -> HelloOutcome {
    HelloOutcome::Close {
        batch: Some(answer(welcome)),
        code,
        reason,
    }
}
