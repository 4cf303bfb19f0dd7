//! The shared state for reconnecting.

use super::{Mailbox, Standing, State, Status};
use crate::channel::outgoing::Progress;
use crate::channel::reconnecting::Orders;
use crate::error::SendErrorKind;
use crate::message::Message;
use core::sync::atomic::Ordering;

impl State {
    /// Bytes that were handed over are lost. A pending `flush` or `drained` fails.
    pub(super) fn count_unsent(&mut self, bytes: usize) {
        self.outgoing.lost_mut().bytes += bytes;
        if self.look.is_some() && self.outgoing.progress != Progress::Drained {
            self.outgoing.lost_mut().kind = Some(SendErrorKind::NotOpen);
        }
    }
}

/// For the handles.
impl Mailbox {
    /// Records a request, which the driver carries out in its next turn.
    pub(in crate::channel) fn order(&self, change: impl FnOnce(&mut Orders)) {
        self.notify_driver(|state| change(&mut state.orders));
    }
}

/// For the driver.
impl Mailbox {
    /// Nothing can be sent until the next connection is open: waiting sends keep waiting. `unsent`: if the connection was lost, the unsent bytes of
    /// messages that had been handed over.
    pub(in crate::channel) fn pause(&self, unsent: Option<usize>) {
        let mut state = self.lock();
        state.paused = true;
        state.outgoing.set_room(0);
        if let Some(bytes) = unsent {
            state.count_unsent(bytes);
        }
        self.release(state);
    }

    /// Puts accepted messages that were not handed over back, before later ones.
    pub(in crate::channel) fn restore(&self, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        let mut state = self.lock();
        let newer = state.outgoing.accepted.take();
        for message in messages {
            state.outgoing.accept(message);
        }
        for message in newer.into_iter().flat_map(|newer| newer.messages) {
            state.outgoing.accept(message);
        }
        state.outgoing.set_room(0);
        self.release(state);
    }

    /// Sets the status between two connections; `None` when a session has a connection again.
    pub(in crate::channel) fn set_status(&self, between: Option<Box<Status>>) {
        let mut state = self.lock();
        if !state.is_live() {
            return;
        }
        let standing = between.map_or(Standing::Open, Standing::Reconnecting);
        let old = core::mem::replace(&mut state.standing, standing);
        self.release(state);
        drop(old);
        self.wake_watchers();
    }

    /// The next connection is open, with this capacity.
    pub(in crate::channel) fn connected(&self, room: usize, attempt: u32) {
        // The gap comes before any of its messages.
        self.incoming.gap(attempt);
        let mut state = self.lock();
        if state.is_live() {
            state.standing = Standing::Open;
        }
        state.paused = false;
        state.outgoing.set_room(room);
        if state.outgoing.accepted.is_none() {
            state.outgoing.progress = Progress::Drained;
        }
        self.notified.store(true, Ordering::Release);
        self.release(state);
        self.wake_watchers();
    }
}
