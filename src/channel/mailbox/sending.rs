//! The side of the sending handles.

use super::{AT_ONCE, Mailbox, Refused, Standing};
use crate::channel::line::{Key, Outcome};
use crate::message::Message;
use core::sync::atomic::Ordering;
use core::task::{Poll, Waker};

/// The sending handles' side.
impl Mailbox {
    pub(in crate::channel) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    pub(in crate::channel) fn remove_sender(&self) {
        self.tell_driver(|state| state.senders -= 1);
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
        self.tell_driver(|state| {
            state.aborted = true;
            // Nothing more is sent from here on, as after `close`.
            if state.standing.is_open() {
                state.standing = Standing::Closing;
            }
        });
    }

    /// Queues a message, or a request for a permit. It is refused there if nothing can be sent any more.
    pub(in crate::channel) fn enter(&self, message: Option<Message>, waker: &Waker) -> Key {
        self.tell_driver(|state| {
            let waker = (!AT_ONCE).then(|| waker.clone());
            let open = state.is_live();
            state.outgoing.line.enter(message, waker, open)
        })
    }

    /// The result of a queued send.
    pub(in crate::channel) fn poll_line(&self, key: Key, waker: &Waker) -> Poll<Outcome> {
        // The usual answer, without the lock.
        let settled = self.settled.load(Ordering::Acquire);
        if key.is_settled(settled) && self.refused.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lock();
        let outcome = state.outgoing.line.poll(key, waker);
        self.release(state);
        outcome
    }

    /// Cancels a queued send; the driver may have it already.
    pub(in crate::channel) fn leave(&self, key: Key) {
        let mut state = self.lock();
        let left = state.outgoing.line.leave(key);
        self.release(state);
        drop(left);
    }

    /// Whether `try_send` would accept a message now. If capacity is missing, the driver is told to query it.
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

    /// Accepts a message for the driver's next turn, or returns it if nothing can be sent any more. The caller has checked the capacity, or holds a
    /// permit.
    pub(in crate::channel) fn accept(&self, message: Message) -> Result<(), Message> {
        self.tell_driver(|state| {
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

    /// Counts a message that a sender handed over itself, with the capacity left. `left` says that the driver still has something to do.
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
        // Once for all messages until it has had its turn.
        if left && !self.told.load(Ordering::Acquire) {
            self.wake_driver(state);
        } else {
            self.release(state);
        }
        room
    }
}
