//! The mailbox for the driver.

use super::{Mailbox, Next, Settled, Standing, State, Work};
use crate::channel::outgoing::{Progress, Sent};
use crate::channel::wait_queue::{Stage, WaitQueue};
use crate::error::SendErrorKind;
use crate::lock::Guard;
use crate::message::CloseInfo;
use crate::transport::Dropped;
use crate::waker::{keep, wake};
use core::sync::atomic::Ordering;
use core::task::Waker;

/// For the driver.
impl Mailbox {
    /// Takes the work for this turn, and registers the waker. Returns `None` if no handle has changed anything.
    pub(in crate::channel) fn begin_turn(&self, next: &mut Next, waker: &Waker) -> Option<Work> {
        if !self.notified.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.lock();
        // Under the lock, as handles set it: `notified` always means that the driver was woken and has not had its turn.
        self.notified.store(false, Ordering::Relaxed);
        keep(&mut state.driver, waker);
        let accepted = match state.is_paused() {
            // Keep it for the next connection.
            true => None,
            false => state.outgoing.accepted.take(),
        };
        let mut close = state.close.take();
        #[cfg(any(feature = "session", not(all(target_family = "wasm", target_os = "unknown"))))]
        let aborted = state.aborted;
        let ends = state.aborted || (state.senders == 0 && !state.receiver);
        if ends && close.is_none() {
            close = Some(Box::new((1000, String::new())));
        }
        let look = state.look;
        #[cfg(feature = "session")]
        let unread = !state.receiver;
        #[cfg(feature = "reconnect")]
        let orders = core::mem::take(&mut state.orders);
        self.take_next(state, next, usize::from(close.is_none()));
        Some(Work {
            close,
            ends,
            #[cfg(any(
                feature = "session",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            aborted,
            accepted,
            look,
            #[cfg(feature = "reconnect")]
            orders,
            #[cfg(feature = "session")]
            unread,
        })
    }

    /// For a test: runs `look` with the lock held, and passes it `notified`.
    #[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
    pub(in crate::channel) fn while_locked<T>(
        &self,
        look: impl FnOnce(&core::sync::atomic::AtomicBool) -> T,
    ) -> T {
        let _state = self.lock();
        look(&self.notified)
    }

    /// Accepted messages that the driver does not have yet.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(in crate::channel) fn take_accepted(
        &self,
    ) -> Option<Box<crate::channel::outgoing::Accepted>> {
        self.lock().outgoing.accepted.take()
    }

    /// Whether the driver should read more. Always true without receive backpressure: then the queue has the limit. Also always true when messages
    /// are discarded, so that the end is noticed.
    pub(in crate::channel) fn has_room_to_receive(&self) -> bool {
        self.incoming.waiting() < self.fetched.load(Ordering::Relaxed)
    }

    /// Sets what the transport has dropped so far.
    pub(in crate::channel) fn set_dropped(&self, dropped: Dropped) {
        self.lock().dropped = dropped;
    }

    /// Reports the result of the taken send. Takes the next one if there is capacity and `most` is above 0.
    pub(in crate::channel) fn settle(
        &self,
        settled: Option<Settled>,
        sent: &Sent,
        next: &mut Next,
        most: usize,
    ) {
        let mut state = self.lock();
        if sent.messages > 0 {
            state.outgoing.progress = Progress::Underway;
        }
        state.outgoing.count(sent);
        let waker = settled
            .and_then(|(key, became, message)| state.outgoing.queue.settle(key, became, message));
        self.take_next(state, next, most);
        wake(waker);
    }

    /// Counts an accepted message that could not be handed over.
    pub(in crate::channel) fn count_lost(&self, bytes: usize, kind: SendErrorKind) {
        let mut state = self.lock();
        let lost = state.outgoing.lost_mut();
        lost.messages += 1;
        lost.bytes += bytes;
        lost.kind = Some(kind);
    }

    /// Sets the capacity, and takes the next send.
    pub(in crate::channel) fn set_room(&self, room: usize, next: &mut Next, most: usize) {
        let mut state = self.lock();
        state.outgoing.set_room(room);
        self.take_next(state, next, most);
    }

    #[inline(never)]
    fn take_next(&self, mut state: Guard<'_, State>, next: &mut Next, most: usize) {
        if most > 0 && state.can_send() {
            next.taken = state.outgoing.take();
            #[cfg(feature = "session")]
            if let Some((key, _)) = next.taken {
                next.kind = state.take_kind(key);
            }
        }
        next.room = state.room();
        self.release(state);
    }

    /// The end begins: waiting sends fail and return their messages.
    pub(in crate::channel) fn stop_sending(&self) {
        let mut state = self.lock();
        let closes = state.is_live();
        if closes {
            state.standing = Standing::Closing;
        }
        drop(state);
        self.settle_all(|state| &mut state.outgoing.queue, Stage::NotOpen);
        #[cfg(feature = "session")]
        self.end_entries(&crate::error::EntryErrorKind::NotSent(
            SendErrorKind::NotOpen,
        ));
        if closes {
            self.wake_watchers();
        }
    }

    /// The channel ends: every wait is woken.
    pub(in crate::channel) fn end(&self, mut closed: CloseInfo) {
        self.stop_sending();
        let mut state = self.lock();
        if matches!(state.standing, Standing::Closed(_)) {
            return;
        }
        let lost = state.outgoing.end();
        closed.unsent_bytes += state.outgoing.lost().map_or(0, |lost| lost.bytes);
        state.standing = Standing::Closed(Box::new(closed.clone()));
        self.release(state);
        drop(lost);
        #[cfg(feature = "session")]
        if let Some(requests) = self.requests() {
            requests.end();
        }
        self.incoming.end(closed);
        self.wake_watchers();
    }

    pub(super) fn wake_watchers(&self) {
        self.settle_all(|state| &mut state.watchers, Stage::Free);
    }

    /// Settles every wait in a queue, and wakes it.
    #[inline(never)]
    fn settle_all(&self, queue: fn(&mut State) -> &mut WaitQueue, became: Stage) {
        let newest = queue(&mut self.lock()).newest();
        loop {
            let mut state = self.lock();
            let settled = queue(&mut state).settle_first(newest, became);
            self.release(state);
            match settled {
                Some(waker) => wake(waker),
                None => return,
            }
        }
    }
}
