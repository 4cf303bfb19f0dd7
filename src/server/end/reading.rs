//! Messages for the handler, and what commits them.

use super::HandlerEnd;
use crate::channel::Item;
use crate::error::{RecvError, Undelivered};
use crate::requests::{Asked, Kind, MOST, Order};
use crate::server::state::{Standing, State, Wakes};
use crate::session::SessionMessage;
use crate::session::wire::{Head, OVERHEAD};
use core::time::Duration;

/// Bytes that are read ahead of the handler.
pub(super) const READ_AHEAD: usize = 16 << 10;

impl HandlerEnd {
    /// Reads ahead of the handler. Reads nothing once the session is to end: what is unread then must not be committed.
    pub(super) fn fill(&mut self, state: &mut State, now: Duration, wakes: &mut Wakes) {
        self.hear_asked(state);
        if self.asked.is_some() {
            return;
        }
        let mut bytes = 0;
        // A client that takes no errors does not make this side hold more of them.
        while bytes < READ_AHEAD && self.outbox.len() < 2 * MOST {
            let message = match state.standing(self.id) {
                Some(Standing::Live(server)) => {
                    if !self.unread
                        && let Some((index, run)) = server.read_run()
                    {
                        bytes += run.cost() as usize;
                        self.takes.give_run(index, run.len());
                        self.ready.push_back(Item::Run(run));
                        continue;
                    }
                    let Some(message) = server.read() else {
                        break;
                    };
                    message
                }
                Some(Standing::Ended(rest, _, lost)) => match rest.pop_front() {
                    Some(message) => message,
                    None => {
                        if let Some(mut lost) = lost.take() {
                            for load in self.outbox.drain(..) {
                                match load.kind {
                                    Kind::Value => lost.never_sent.push(load.message),
                                    _ => wakes.add(self.requests.unsent(load, true)),
                                }
                            }
                            let lost = RecvError::SessionLost(lost);
                            self.ready.push_back(Item::Error(Box::new(lost)));
                        }
                        break;
                    }
                },
                None => break,
            };
            bytes += message.payload.len() + OVERHEAD as usize;
            self.note(message, wakes);
        }
        for message in state.take_undelivered(self.id) {
            if let Head::Request { .. } = message.head {
                wakes.add(self.requests.undelivered(message.index, message.payload));
                continue;
            }
            let undelivered = Undelivered::new(message.payload);
            let error = RecvError::Undelivered(Box::new(undelivered));
            self.ready.push_back(Item::Error(Box::new(error)));
        }
        if self.commit(state, now) || bytes > 0 {
            state.tell_connection(self.id, wakes);
        }
    }

    fn note(&mut self, message: SessionMessage, wakes: &mut Wakes) {
        let index = message.index;
        match message.head {
            Head::Data { .. } if !self.unread => {
                self.takes.give(index);
                self.ready.push_back(Item::Message(message.payload));
                return;
            }
            Head::Void if !self.unread => {
                let error = Box::new(RecvError::Missing);
                self.ready.push_back(Item::Error(error));
            }
            Head::Request { .. } if self.unread => self.refuse(index, "nobody reads here"),
            Head::Request { .. } => match Asked::new(&self.requests, index, message.payload) {
                Some(asked) => {
                    self.takes.give(index);
                    self.ready.push_back(Item::Request(Box::new(asked)));
                    return;
                }
                None => self.refuse(index, "too many requests wait for an answer"),
            },
            _ => wakes.add(self.requests.hear(message)),
        }
        self.takes.pass(index);
        if !self.takes.any() {
            self.below = index + 1;
        }
    }

    /// Answers a request with an error, because nobody else will.
    fn refuse(&mut self, to: u64, why: &'static str) {
        let load = self.requests.load(Order::Refuse { to, why });
        self.outbox.push_back(load);
    }

    /// Commits what the handler has taken, and messages between that are not for it. Returns whether there was any.
    pub(super) fn commit(&self, state: &mut State, now: Duration) -> bool {
        let below = self.below;
        if let Some(Standing::Live(server)) = state.standing(self.id)
            && server.has_committed() < below
        {
            server.commit(now, below);
            return true;
        }
        false
    }
}
