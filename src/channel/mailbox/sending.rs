//! The mailbox for senders.

use super::{AT_ONCE, Mailbox, Refused, Standing};
use crate::channel::wait_queue::{Key, Outcome};
use crate::message::Message;
use core::sync::atomic::Ordering;
use core::task::{Poll, Waker};

/// For senders.
impl Mailbox {
    pub(in crate::channel) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    pub(in crate::channel) fn remove_sender(&self) {
        self.notify_driver(|state| state.senders -= 1);
    }

    pub(in crate::channel) fn close(&self, code: u16, reason: String) {
        let mut state = self.lock();
        if !state.is_live() {
            return;
        }
        // Messages that arrive from now on are discarded.
        self.incoming.close();
        state.standing = Standing::Closing;
        state.close = Some(Box::new((code, reason)));
        self.wake_driver(state);
        self.wake_watchers();
    }

    pub(in crate::channel) fn abort(&self) {
        self.incoming.close();
        self.notify_driver(|state| {
            state.aborted = true;
            // Nothing more is sent from here on, as after `close`.
            if state.standing.is_open() {
                state.standing = Standing::Closing;
            }
        });
    }

    /// Queues a message, or a request for a permit. If nothing can be sent any more, it is refused in the queue.
    pub(in crate::channel) fn enter(&self, message: Option<Message>, waker: &Waker) -> Key {
        self.notify_driver(|state| {
            let waker = (!AT_ONCE).then(|| waker.clone());
            let open = state.is_live();
            state.outgoing.queue.enter(message, waker, open)
        })
    }

    /// The result of a queued send.
    pub(in crate::channel) fn poll_queued(&self, key: Key, waker: &Waker) -> Poll<Outcome> {
        // Usually it was sent, and this needs no lock.
        let settled = self.settled.load(Ordering::Acquire);
        if key.is_settled(settled) && self.refused.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lock();
        let outcome = state.outgoing.queue.poll(key, waker);
        self.release(state);
        outcome
    }

    /// Cancels a queued send. The driver may have it already.
    pub(in crate::channel) fn leave(&self, key: Key) {
        let mut state = self.lock();
        let left = state.outgoing.queue.leave(key);
        self.release(state);
        drop(left);
    }

    /// Whether `try_send` would accept a message now. If there is no capacity, asks the driver to query it.
    pub(in crate::channel) fn has_room_to_send(&self) -> Result<(), Refused> {
        if self.writable.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut state = self.lock();
        if !state.is_live() {
            return Err(Refused::NotOpen);
        }
        if state.can_send() && state.outgoing.has_room() {
            return Ok(());
        }
        state.outgoing.wants_room = true;
        self.wake_driver(state);
        Err(Refused::Full)
    }

    /// Accepts a message for the driver's next turn, or returns it if nothing can be sent any more. The caller has checked the capacity or holds a
    /// permit.
    pub(in crate::channel) fn accept(&self, message: Message) -> Result<(), Message> {
        #[cfg(feature = "session")]
        if self.takes_runs() {
            return self.accept_message(message);
        }
        self.notify_driver(|state| {
            if !state.is_live() {
                return Err(message);
            }
            state.outgoing.accept(message);
            Ok(())
        })
    }
}

/// For senders that hand messages over themselves.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Mailbox {
    /// Whether a message can be handed over now: the connection is open and the queue is empty.
    pub(in crate::channel) fn is_clear(&self) -> bool {
        self.clear.load(Ordering::Relaxed)
    }

    /// Counts a message that a sender handed over itself, and sets the capacity. `left`: the driver still has to flush.
    pub(in crate::channel) fn count_direct(
        &self,
        bytes: usize,
        room: usize,
        left: bool,
    ) -> super::Room {
        let mut state = self.lock();
        state.outgoing.progress = crate::channel::outgoing::Progress::Underway;
        state.outgoing.sent.count(bytes);
        state.outgoing.set_room(room);
        let room = state.room();
        // One wake is enough for all messages until the driver's next turn.
        if left && !self.notified.load(Ordering::Acquire) {
            self.wake_driver(state);
        } else {
            self.release(state);
        }
        room
    }
}
