//! What all sessions of a server share, under one lock: the machines, and the tasks to wake.
//!
//! | file | what it has |
//! | --- | --- |
//! | `handlers` | what a handler's end asks and changes |
//! | `events` | what happened in sessions, and their ends |
//! | `alarms` | their deadlines |
//!
//! The lock is held while a machine works, and never while a socket, a codec or a waker is called.

mod alarms;
mod events;
mod handlers;

use crate::error::Lost;
use crate::message::{CloseInfo, ClosedBy};
use crate::session::ConnectionId;
use crate::session::wire::MAX_REASON;
use crate::session::{Registry, Secret, Server, ServerPhase, SessionMessage};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::task::AbortHandle;

pub(super) struct State {
    pub(super) registry: Registry,
    entries: BTreeMap<Secret, Entry>,
    lines: BTreeMap<ConnectionId, Line>,
    /// When a session's own deadline comes: at most one entry a session.
    alarms: BTreeSet<(Duration, Secret)>,
    /// The task that waits for them; none while it does not run.
    pub(super) clock: Option<Waker>,
    /// What it waits for.
    pub(super) set: Option<Duration>,
    connections: u64,
    /// The last `Sessions` is gone.
    pub(super) over: bool,
    retention: u64,
    pub(super) undelivered: u64,
    /// Those who wait until no session is left.
    empties: Vec<Waker>,
}

/// What there is of a session beside its machine. It stays while the machine, the handler's end of the channel or the handler's task does.
#[derive(Default)]
struct Entry {
    /// The task that drives the handler's channel.
    end: Option<Waker>,
    /// It is to be woken when a connection has sent something.
    awaits_sent: bool,
    /// The handler's end of the channel is in use.
    held: bool,
    /// The handler's task has not ended.
    running: bool,
    /// That task.
    handler: Option<AbortHandle>,
    alarm: Option<Duration>,
    /// How many connections have gone on with it.
    resumed: u64,
    /// What most sessions have nothing of, for as long as they are kept.
    rare: Option<Box<Rare>>,
}

/// How a session was asked to end: code and reason.
pub(super) type Asked = Box<(u16, String)>;

#[derive(Default)]
struct Rare {
    asked: Option<Asked>,
    /// Messages of the handler that no connection could carry, or that are larger than the client takes; told in the channel.
    undelivered: Vec<SessionMessage>,
    /// What had arrived and was not read when the session ended.
    rest: VecDeque<SessionMessage>,
    outcome: Option<Outcome>,
}

impl Entry {
    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// How a session ended.
struct Outcome {
    closed: CloseInfo,
    /// It could not go on, and this was not committed by its client.
    lost: Option<Box<Lost>>,
}

/// A connection's task.
#[derive(Default)]
struct Line {
    waker: Option<Waker>,
    close: Option<Box<Close>>,
    /// The deadline of its session has come.
    due: bool,
}

/// How a connection is to be closed.
#[derive(Debug)]
pub(super) struct Close {
    /// The last batch.
    pub(super) batch: Option<Vec<u8>>,
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

/// The sessions are no more.
const OVER: Close = Close {
    batch: None,
    code: 1001,
    reason: "",
};

/// Tasks to wake when the lock is released.
#[derive(Default)]
#[must_use]
pub(super) struct Wakes {
    woken: Vec<Waker>,
    forgotten: Vec<Waker>,
}

impl Wakes {
    pub(super) fn add(&mut self, waker: Option<Waker>) {
        self.woken.extend(waker);
    }

    /// Drops it then.
    pub(super) fn forget(&mut self, waker: Option<Waker>) {
        self.forgotten.extend(waker);
    }

    pub(super) fn wake(self) {
        self.woken.into_iter().for_each(Waker::wake);
    }
}

/// How the handler's end of a channel stands.
pub(super) enum Standing<'a> {
    /// With its machine.
    Live(&'a mut Server),
    /// The session has ended: what is left to read, and how, and what was lost with it if nobody was told yet.
    Ended(
        &'a mut VecDeque<SessionMessage>,
        &'a CloseInfo,
        &'a mut Option<Box<Lost>>,
    ),
}

impl State {
    pub(super) fn new(registry: Registry, retention: u64) -> Self {
        Self {
            registry,
            entries: BTreeMap::new(),
            lines: BTreeMap::new(),
            alarms: BTreeSet::new(),
            clock: None,
            set: None,
            connections: 0,
            over: false,
            retention,
            undelivered: 0,
            empties: Vec::new(),
        }
    }

    pub(super) fn sessions(&self) -> usize {
        self.registry.ids().count()
    }

    pub(super) fn connections(&self) -> usize {
        self.lines.len()
    }

    // Connections.

    pub(super) fn enter(&mut self) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        // One that comes too late finds out at once.
        let close = self.over.then(|| Box::new(OVER));
        self.lines.insert(
            connection,
            Line {
                close,
                ..Line::default()
            },
        );
        connection
    }

    pub(super) fn leave(&mut self, connection: ConnectionId) -> Option<Waker> {
        self.lines.remove(&connection)?.waker
    }

    /// Registers a connection's task. Gives how it is to close, if it is, and whether its session's deadline has come.
    pub(super) fn look(
        &mut self,
        connection: ConnectionId,
        waker: &Waker,
    ) -> (Option<Box<Close>>, bool, Option<Waker>) {
        let Some(line) = self.lines.get_mut(&connection) else {
            return (None, false, None);
        };
        let old = match &line.waker {
            Some(old) if old.will_wake(waker) => None,
            _ => line.waker.replace(waker.clone()),
        };
        (line.close.take(), core::mem::take(&mut line.due), old)
    }

    fn close(&mut self, connection: ConnectionId, close: Close, wakes: &mut Wakes) {
        if let Some(line) = self.lines.get_mut(&connection) {
            line.close.get_or_insert_with(|| Box::new(close));
            wakes.add(line.waker.take());
        }
    }

    // Sessions.

    /// The connection of a session has something to do.
    pub(super) fn tell_connection(&mut self, id: Secret, wakes: &mut Wakes) {
        let connection = self.registry.session(id).and_then(|it| it.connection());
        if let Some(line) = connection.and_then(|connection| self.lines.get_mut(&connection)) {
            wakes.add(line.waker.take());
        }
    }

    /// The handler's channel waits until a connection has sent something.
    pub(super) fn await_sent(&mut self, id: Secret) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.awaits_sent = true;
        }
    }

    /// A connection has sent something.
    pub(super) fn tell_sent(&mut self, id: Secret, wakes: &mut Wakes) {
        if let Some(entry) = self.entries.get_mut(&id)
            && core::mem::take(&mut entry.awaits_sent)
        {
            wakes.add(entry.end.take());
        }
    }

    /// Ends a session, behind everything in it, unless it is ending already.
    pub(super) fn end_session(
        &mut self,
        id: Secret,
        now: Duration,
        code: u16,
        reason: &str,
        wakes: &mut Wakes,
    ) {
        if let Some(server) = self.registry.session(id) {
            let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
            let _ = server.close(now, code, reason);
            self.tell_connection(id, wakes);
            self.settle(now, id, wakes);
        }
    }

    /// No new sessions; those that are only offered are given up. Gives the others.
    pub(super) fn stop_offering(&mut self, now: Duration, wakes: &mut Wakes) -> Vec<Secret> {
        self.registry.drain();
        let ids: Vec<Secret> = self.registry.ids().collect();
        for id in &ids {
            if let Some(server) = self.registry.session(*id)
                && server.phase() == ServerPhase::Pending
            {
                server.give_up(now);
                self.settle(now, *id, wakes);
            }
        }
        ids
    }

    /// Ready when no session is left.
    pub(super) fn poll_empty(&mut self, waker: &Waker) -> Poll<()> {
        if self.registry.ids().next().is_none() {
            return Poll::Ready(());
        }
        if !self.empties.iter().any(|empty| empty.will_wake(waker)) {
            self.empties.push(waker.clone());
        }
        Poll::Pending
    }

    /// Everything ends at once: the last `Sessions` is gone. Gives the tasks to abort.
    pub(super) fn end(&mut self, empty: Registry, wakes: &mut Wakes) -> Vec<AbortHandle> {
        self.over = true;
        drop(core::mem::replace(&mut self.registry, empty));
        self.alarms.clear();
        let mut handlers = Vec::new();
        for entry in self.entries.values_mut() {
            entry.alarm = None;
            let closed = CloseInfo::lost(ClosedBy::Local);
            let outcome = Outcome { closed, lost: None };
            entry.rare().outcome.get_or_insert(outcome);
            handlers.extend(entry.handler.take());
            wakes.add(entry.end.take());
        }
        self.entries.retain(|_, entry| entry.held || entry.running);
        for line in self.lines.values_mut() {
            line.close.get_or_insert_with(|| Box::new(OVER));
            wakes.add(line.waker.take());
        }
        wakes.add(self.clock.take());
        wakes.woken.append(&mut self.empties);
        handlers
    }
}
