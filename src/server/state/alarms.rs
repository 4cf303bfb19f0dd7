//! The deadlines of all sessions: at most one entry a session, whatever moves them.

use super::{State, Wakes};
use crate::session::Secret;
use core::time::Duration;

impl State {
    /// Notes when a session's own deadline comes.
    pub(in crate::server) fn arm(&mut self, id: Secret, wakes: &mut Wakes) {
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
    pub(in crate::server) fn next_time(&self) -> Option<Duration> {
        let alarm = self.alarms.first().map(|(at, _)| *at);
        let expiry = self.registry.poll_timeout();
        alarm.into_iter().chain(expiry).min()
    }

    pub(in crate::server) fn set_clock(&mut self, wakes: &mut Wakes) {
        let next = self.next_time();
        if next.is_some_and(|next| self.set.is_none_or(|set| next < set)) {
            wakes.add(self.clock.take());
        }
    }

    /// The time has come for some.
    pub(in crate::server) fn ring(&mut self, now: Duration, wakes: &mut Wakes) {
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
}
