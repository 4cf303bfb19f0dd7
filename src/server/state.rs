//! What all sessions of a server share, under one lock: the machines, and who is to be woken for what.
//!
//! The lock is held for the machines' own work and never while a socket, a codec or a waker is called.

use crate::message::{CloseInfo, ClosedBy};
use crate::session::ConnectionId;
use crate::session::wire::Head;
use crate::session::{Refusal, Registry, Secret, Server, ServerEvent, ServerPhase, SessionMessage};
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
    /// The handler's end of the channel is in use.
    held: bool,
    /// The handler's task has not ended.
    running: bool,
    /// That task.
    handler: Option<AbortHandle>,
    alarm: Option<Duration>,
    /// How many connections have gone on with it.
    resumed: u64,
    /// What had arrived and was not read when the session ended.
    rest: VecDeque<SessionMessage>,
    outcome: Option<CloseInfo>,
}

/// A connection's task.
#[derive(Default)]
struct Line {
    waker: Option<Waker>,
    close: Option<Close>,
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
    /// The session has ended: what is left to read, and how.
    Ended(&'a mut VecDeque<SessionMessage>, &'a CloseInfo),
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
        let close = self.over.then_some(OVER);
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
    ) -> (Option<Close>, bool, Option<Waker>) {
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
            line.close.get_or_insert(close);
            wakes.add(line.waker.take());
        }
    }

    // Sessions.

    /// A handler begins.
    pub(super) fn hold(&mut self, id: Secret) {
        let entry = self.entries.entry(id).or_default();
        (entry.held, entry.running) = (true, true);
    }

    /// Its task.
    pub(super) fn run(&mut self, id: Secret, handler: AbortHandle) {
        if let Some(entry) = self.entries.get_mut(&id)
            && entry.running
        {
            entry.handler = Some(handler);
        }
    }

    /// The handler's end of the channel is given up.
    pub(super) fn release(&mut self, id: Secret) -> Option<Waker> {
        let entry = self.entries.get_mut(&id)?;
        entry.held = false;
        entry.rest.clear();
        let waker = entry.end.take();
        self.tidy(id);
        waker
    }

    /// The handler's task has ended.
    pub(super) fn stop(&mut self, id: Secret) {
        if let Some(entry) = self.entries.get_mut(&id) {
            (entry.running, entry.handler) = (false, None);
        }
        self.tidy(id);
    }

    fn tidy(&mut self, id: Secret) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if !entry.held && !entry.running && self.registry.session(id).is_none() {
            self.entries.remove(&id);
        }
    }

    /// The machine behind a handler's end, or what is left of it.
    pub(super) fn standing(&mut self, id: Secret) -> Option<Standing<'_>> {
        if let Some(server) = self.registry.session(id) {
            return Some(Standing::Live(server));
        }
        let entry = self.entries.get_mut(&id)?;
        let outcome = entry.outcome.as_ref()?;
        Some(Standing::Ended(&mut entry.rest, outcome))
    }

    /// Has the task woken that drives a handler's channel.
    pub(super) fn remember(&mut self, id: Secret, waker: &Waker) -> Option<Waker> {
        let entry = self.entries.get_mut(&id)?;
        match &entry.end {
            Some(old) if old.will_wake(waker) => None,
            _ => entry.end.replace(waker.clone()),
        }
    }

    /// What can be retained of a session below the bound, in bytes of one more message.
    pub(super) fn room(&mut self, id: Secret) -> u64 {
        match self.registry.session(id).map_or(0, |it| it.retained()) {
            0 => self.retention.max(1),
            retained => self
                .retention
                .saturating_sub(retained + crate::session::wire::OVERHEAD),
        }
    }

    /// The connection of a session has something to do.
    pub(super) fn tell_connection(&mut self, id: Secret, wakes: &mut Wakes) {
        let connection = self.registry.session(id).and_then(|it| it.connection());
        if let Some(line) = connection.and_then(|connection| self.lines.get_mut(&connection)) {
            wakes.add(line.waker.take());
        }
    }

    /// The handler's channel has something to look at.
    pub(super) fn tell_end(&mut self, id: Secret, wakes: &mut Wakes) {
        if let Some(entry) = self.entries.get_mut(&id) {
            wakes.add(entry.end.take());
        }
    }

    /// After anything was told a session. True if it began, and its handler is to be started.
    pub(super) fn settle(&mut self, now: Duration, id: Secret, wakes: &mut Wakes) -> bool {
        let mut started = false;
        // An event may have something sent, and that another event.
        loop {
            self.registry.settle(now, id);
            let server = self.registry.session(id);
            let Some(event) = server.and_then(Server::poll_event) else {
                break;
            };
            started |= event == ServerEvent::Started;
            self.happened(id, event, wakes);
        }
        self.bury(wakes);
        self.arm(id, wakes);
        started
    }

    fn happened(&mut self, id: Secret, event: ServerEvent, wakes: &mut Wakes) {
        match event {
            ServerEvent::Close {
                connection,
                batch,
                code,
                reason,
            } => {
                let close = Close {
                    batch,
                    code,
                    reason,
                };
                self.close(connection, close, wakes);
            }
            ServerEvent::Undelivered(message) => {
                self.undelivered += 1;
                if let Head::Response { to, .. } | Head::Error { to, .. } = message.head
                    && let Some(server) = self.registry.session(id)
                {
                    // Or whoever asked waits for ever. Nothing more can be done if there is no room.
                    let head = Head::Error { to, code: 0 };
                    let _ = server.send(head, b"the response could not be delivered");
                }
            }
            ServerEvent::Lost(refusal) => {
                self.finish(id, lost(refusal), wakes);
            }
            ServerEvent::Ended {
                code,
                reason,
                ours,
                clean,
            } => {
                let by = if ours {
                    ClosedBy::Local
                } else {
                    ClosedBy::Remote
                };
                self.finish(id, CloseInfo::new(code, reason, clean, by), wakes);
            }
            ServerEvent::Resumed { .. } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.resumed += 1;
                }
                self.tell_end(id, wakes);
            }
            // A send may be refused now, or no longer.
            ServerEvent::Started | ServerEvent::Detached => self.tell_end(id, wakes),
        }
    }

    fn finish(&mut self, id: Secret, closed: CloseInfo, wakes: &mut Wakes) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.outcome.get_or_insert(closed);
            wakes.add(entry.end.take());
        }
    }

    /// Takes leave of the sessions that have ended.
    pub(super) fn bury(&mut self, wakes: &mut Wakes) {
        while let Some(mut server) = self.registry.poll_ended() {
            let id = server.id();
            while let Some(event) = server.poll_event() {
                self.happened(id, event, wakes);
            }
            if let Some(entry) = self.entries.get_mut(&id) {
                if let Some(at) = entry.alarm.take() {
                    self.alarms.remove(&(at, id));
                }
                if entry.held {
                    while let Some(message) = server.read() {
                        entry.rest.push_back(message);
                    }
                    let (in_doubt, never_sent) = server.take_uncommitted();
                    let unsent = in_doubt.iter().chain(&never_sent);
                    let bytes = unsent.map(|message| message.payload.len()).sum();
                    if let Some(closed) = &mut entry.outcome {
                        closed.unsent_bytes = bytes;
                    }
                }
            }
            self.tidy(id);
        }
        if self.registry.ids().next().is_none() {
            wakes.woken.append(&mut self.empties);
        }
    }

    /// Ends a session, behind everything sent so far, unless it is about to end already.
    pub(super) fn end_session(
        &mut self,
        id: Secret,
        now: Duration,
        code: u16,
        reason: &str,
        wakes: &mut Wakes,
    ) {
        if let Some(server) = self.registry.session(id) {
            let _ = server.close(now, code, reason);
            self.tell_connection(id, wakes);
            self.settle(now, id, wakes);
        }
    }

    pub(super) fn resumed(&self, id: Secret) -> u64 {
        self.entries.get(&id).map_or(0, |entry| entry.resumed)
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

    // Time.

    /// Notes when a session's own deadline comes.
    fn arm(&mut self, id: Secret, wakes: &mut Wakes) {
        let at = match self.registry.session(id) {
            Some(server) => server.poll_timeout(),
            None => return self.set_clock(wakes),
        };
        let entry = self.entries.entry(id).or_default();
        // A deadline that has moved back is looked at when the earlier one comes.
        if let Some(at) = at
            && entry.alarm.is_none_or(|alarm| alarm > at)
        {
            if let Some(old) = entry.alarm.replace(at) {
                self.alarms.remove(&(old, id));
            }
            self.alarms.insert((at, id));
        }
        self.set_clock(wakes);
    }

    /// When there is something to do next.
    pub(super) fn next_time(&self) -> Option<Duration> {
        let alarm = self.alarms.first().map(|(at, _)| *at);
        let expiry = self.registry.poll_timeout();
        alarm.into_iter().chain(expiry).min()
    }

    fn set_clock(&mut self, wakes: &mut Wakes) {
        let next = self.next_time();
        if next.is_some_and(|next| self.set.is_none_or(|set| next < set)) {
            wakes.add(self.clock.take());
        }
    }

    /// The time has come for some.
    pub(super) fn ring(&mut self, now: Duration, wakes: &mut Wakes) {
        while let Some((at, id)) = self.alarms.pop_first() {
            if at > now {
                self.alarms.insert((at, id));
                break;
            }
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.alarm = None;
            }
            let Some(server) = self.registry.session(id) else {
                continue;
            };
            let due = server.poll_timeout().is_some_and(|at| at <= now);
            match server.connection() {
                // It reads what has arrived first.
                Some(connection) if due => {
                    if let Some(line) = self.lines.get_mut(&connection) {
                        line.due = true;
                        wakes.add(line.waker.take());
                    }
                }
                _ => {
                    if due {
                        server.handle_timeout(now);
                    }
                    self.settle(now, id, wakes);
                }
            }
        }
        self.registry.handle_timeout(now);
        self.bury(wakes);
    }

    // The end.

    /// Everything ends at once: the last `Sessions` is gone. Gives the tasks to abort.
    pub(super) fn end(&mut self, empty: Registry, wakes: &mut Wakes) -> Vec<AbortHandle> {
        self.over = true;
        drop(core::mem::replace(&mut self.registry, empty));
        self.alarms.clear();
        let mut handlers = Vec::new();
        for entry in self.entries.values_mut() {
            entry.alarm = None;
            let closed = CloseInfo::lost(ClosedBy::Local);
            entry.outcome.get_or_insert(closed);
            handlers.extend(entry.handler.take());
            wakes.add(entry.end.take());
        }
        self.entries.retain(|_, entry| entry.held || entry.running);
        for line in self.lines.values_mut() {
            line.close.get_or_insert(OVER);
            wakes.add(line.waker.take());
        }
        wakes.add(self.clock.take());
        wakes.woken.append(&mut self.empties);
        handlers
    }
}

/// How a channel ends whose session was lost.
fn lost(refusal: Refusal) -> CloseInfo {
    let mut closed = CloseInfo::lost(ClosedBy::Error);
    closed.reason = format!("the session was lost: {refusal:?}");
    closed
}
