//! The handler's end of a session, beneath its channel. It reads what arrived over any of the session's connections, and what it sends is retained until the
//! client has committed it.
//!
//! | file | what it has |
//! | --- | --- |
//! | `driven` | what the channel's driver calls |
//! | `reading` | messages for the handler, and what commits them |
//! | `sending` | messages of the handler, and the end of its session |
//!
//! The state of all sessions is locked at the beginning and at the end of a turn, not for every message.

mod driven;
mod reading;
mod sending;

use super::shared::Shared;
use super::state::{Asked, Standing, State, Wakes};
use crate::channel::{Item, Takes};
use crate::message::{CloseInfo, ClosedBy};
use crate::requests::{Load, Requests};
use crate::session::Secret;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct HandlerEnd {
    shared: Arc<Shared>,
    id: Secret,
    /// Read from the session, and not yet given to the channel.
    ready: VecDeque<Item>,
    /// Which of them the handler has taken.
    takes: Takes,
    /// Messages below may be committed.
    below: u64,
    /// Sent in this turn, or above the bound.
    outbox: VecDeque<Load>,
    requests: Arc<Requests>,
    /// Nobody reads any more; answers of requests are still read.
    unread: bool,
    /// What can be retained above the outbox, in cost, and the largest message that the client takes, as of this turn.
    room: u64,
    max_message: u64,
    /// Neither side has begun the end.
    open: bool,
    /// The client has no connection.
    away: bool,
    /// `FLUSH` was asked for what is below.
    flushed: u64,
    /// The session is to end with this turn.
    asked: Option<Asked>,
    closed: Option<Box<CloseInfo>>,
}

impl HandlerEnd {
    pub(super) fn new(shared: Arc<Shared>, id: Secret) -> Self {
        let mut state = shared.lock();
        state.hold(id);
        let room = state.room(id);
        drop(state);
        Self {
            shared,
            id,
            ready: VecDeque::new(),
            takes: Takes::default(),
            below: 0,
            outbox: VecDeque::new(),
            requests: Arc::default(),
            unread: false,
            room,
            max_message: u64::MAX,
            open: true,
            away: false,
            flushed: 0,
            asked: None,
            closed: None,
        }
    }

    /// Changes the session, and reads its state afterwards.
    fn with(&mut self, change: impl FnOnce(&mut Self, &mut State, Duration, &mut Wakes)) {
        let shared = self.shared.clone();
        shared.with(|state, now, wakes| {
            change(self, state, now, wakes);
            state.settle(now, self.id, wakes);
            self.look(state);
        });
    }

    /// Reads the state of the session.
    fn look(&mut self, state: &mut State) {
        match state.standing(self.id) {
            Some(Standing::Live(server)) => {
                self.open &= server.is_open();
                self.away = server.connection().is_none();
                self.max_message = server.max_message();
                self.room = match self.outbox.is_empty() {
                    true => state.room(self.id),
                    false => 0,
                };
            }
            Some(Standing::Ended(_, closed, _)) => {
                self.open = false;
                if self.closed.is_none() {
                    let mut closed = closed.clone();
                    closed.unsent_bytes += self
                        .outbox
                        .iter()
                        .map(|load| load.message.len())
                        .sum::<usize>();
                    self.closed = Some(Box::new(closed));
                }
            }
            None => {
                self.open = false;
                let closed = || Box::new(CloseInfo::lost(ClosedBy::Local));
                self.closed.get_or_insert_with(closed);
            }
        }
    }
}

/// The channel is gone, and with it the session: nobody is left to read or to send.
impl Drop for HandlerEnd {
    fn drop(&mut self) {
        let shared = self.shared.clone();
        let waker = shared.with(|state, now, wakes| {
            self.hear_asked(state);
            self.retain(state, wakes);
            self.end(state, now, wakes);
            state.release(self.id)
        });
        drop(waker);
    }
}
