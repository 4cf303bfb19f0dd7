//! What a handler's end asks of its session, and changes.

use super::{Asked, Outcome, Rare, Standing, State, Wakes};
use crate::session::wire::OVERHEAD;
use crate::session::{Secret, SessionMessage};
use core::task::Waker;
use tokio::task::AbortHandle;

impl State {
    /// A handler begins.
    pub(in crate::server) fn hold(&mut self, id: Secret) {
        let entry = self.entries.entry(id).or_default();
        (entry.held, entry.running) = (true, true);
    }

    /// Its task.
    pub(in crate::server) fn run(&mut self, id: Secret, handler: AbortHandle) {
        if let Some(entry) = self.entries.get_mut(&id)
            && entry.running
        {
            entry.handler = Some(handler);
        }
    }

    /// The handler's end of the channel is given up.
    pub(in crate::server) fn release(&mut self, id: Secret) -> Option<Waker> {
        let entry = self.entries.get_mut(&id)?;
        entry.held = false;
        if let Some(rare) = &mut entry.rare {
            rare.rest.clear();
        }
        let waker = entry.end.take();
        self.tidy(id);
        waker
    }

    /// The handler's task has ended.
    pub(in crate::server) fn stop(&mut self, id: Secret) {
        if let Some(entry) = self.entries.get_mut(&id) {
            (entry.running, entry.handler) = (false, None);
        }
        self.tidy(id);
    }

    pub(in crate::server) fn tidy(&mut self, id: Secret) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if !entry.held && !entry.running && self.registry.session(id).is_none() {
            self.entries.remove(&id);
        }
    }

    /// The machine behind a handler's end, or what is left of it.
    pub(in crate::server) fn standing(&mut self, id: Secret) -> Option<Standing<'_>> {
        if let Some(server) = self.registry.session(id) {
            return Some(Standing::Live(server));
        }
        let entry = self.entries.get_mut(&id)?;
        let Rare { rest, outcome, .. } = entry.rare.as_deref_mut()?;
        let Outcome { closed, lost } = outcome.as_mut()?;
        Some(Standing::Ended(rest, closed, lost))
    }

    /// The handler's messages that could not be delivered.
    pub(in crate::server) fn take_undelivered(&mut self, id: Secret) -> Vec<SessionMessage> {
        let entry = self.entries.get_mut(&id);
        let rare = entry.and_then(|entry| entry.rare.as_deref_mut());
        rare.map_or(Vec::new(), |rare| core::mem::take(&mut rare.undelivered))
    }

    /// Remembers the task that drives a handler's channel.
    pub(in crate::server) fn remember(&mut self, id: Secret, waker: &Waker) -> Option<Waker> {
        let entry = self.entries.get_mut(&id)?;
        match &entry.end {
            Some(old) if old.will_wake(waker) => None,
            _ => entry.end.replace(waker.clone()),
        }
    }

    /// What can be retained of a session below the bound, in bytes of one more message.
    pub(in crate::server) fn room(&mut self, id: Secret) -> u64 {
        match self.registry.session(id).map_or(0, |it| it.retained()) {
            0 => self.retention.max(1),
            retained => self.retention.saturating_sub(retained + OVERHEAD),
        }
    }

    /// The handler's channel has something to look at.
    pub(in crate::server) fn tell_end(&mut self, id: Secret, wakes: &mut Wakes) {
        if let Some(entry) = self.entries.get_mut(&id) {
            wakes.add(entry.end.take());
        }
    }

    /// Asks the handler's end to end its session, behind what it holds itself. False if no end is in use.
    pub(in crate::server) fn ask_to_end(
        &mut self,
        id: Secret,
        code: u16,
        reason: &str,
        wakes: &mut Wakes,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.held) else {
            return false;
        };
        let asked = &mut entry.rare().asked;
        asked.get_or_insert_with(|| Box::new((code, reason.into())));
        wakes.add(entry.end.take());
        true
    }

    /// How the handler's end was asked to end its session, once.
    pub(in crate::server) fn take_asked(&mut self, id: Secret) -> Option<Asked> {
        self.entries.get_mut(&id)?.rare.as_mut()?.asked.take()
    }

    pub(in crate::server) fn resumed(&self, id: Secret) -> u64 {
        self.entries.get(&id).map_or(0, |entry| entry.resumed)
    }
}
