//! The mailbox for the receiver and for `Control`.

use super::{Mailbox, Standing, Status, Watch};
use crate::message::{CloseInfo, Message};
#[cfg(feature = "session")]
use crate::transport::parcel::Parcel;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker};

/// For the receiver and `Control`.
impl Mailbox {
    pub(in crate::channel) fn remove_receiver(&self) {
        // Unread messages are dropped with the receiver.
        self.incoming.stop_reading();
        self.notify_driver(|state| state.receiver = false);
    }

    /// The next message, and `None` when all have been read and the end has come.
    pub(in crate::channel) fn poll_message(&self, waker: Option<&Waker>) -> Poll<Option<Message>> {
        let (message, [before, after]) = self.incoming.poll_next(waker);
        // The driver stopped reading at a full window. Below it, it goes on.
        let fetched = self.fetched.load(Ordering::Relaxed);
        if before >= fetched && after < fetched {
            self.wake_driver(self.lock());
        }
        #[cfg(feature = "session")]
        self.note_take();
        message
    }

    /// All messages that wait, at least one, and `None` as [`poll_message`](Self::poll_message).
    #[cfg(feature = "session")]
    pub(in crate::channel) fn poll_parcels(&self, waker: &Waker) -> Poll<Option<Vec<Parcel>>> {
        let (parcels, before) = self.incoming.poll_all(waker);
        if before >= self.fetched.load(Ordering::Relaxed) {
            self.wake_driver(self.lock());
        }
        self.note_take();
        parcels
    }

    /// Drops the oldest unread message if the receive buffer is full: no one can read it, and the end comes after it.
    pub(in crate::channel) fn make_room_for_end(&self) {
        while self.incoming.waiting() >= self.bound {
            self.incoming.drop_oldest();
            self.wake_driver(self.lock());
        }
    }

    /// The end. While something waits for it, messages are read up to the receive buffer, because it comes after them.
    pub(in crate::channel) fn poll_closed(
        &self,
        watch: &mut Watch,
        cx: &mut Context<'_>,
    ) -> Poll<CloseInfo> {
        let mut state = self.lock();
        if let Standing::Closed(closed) = &state.standing {
            return Poll::Ready(CloseInfo::clone(closed));
        }
        watch.wait(&mut state.watchers, cx.waker());
        if !core::mem::replace(&mut watch.for_end, true) {
            state.ends += 1;
            self.fetched.store(self.bound, Ordering::Relaxed);
            if self.incoming.waiting() >= self.window {
                self.wake_driver(state);
            }
        }
        Poll::Pending
    }

    /// The status, if it differs from `seen`.
    pub(in crate::channel) fn poll_status(
        &self,
        seen: Option<&Status>,
        watch: &mut Watch,
        cx: &mut Context<'_>,
    ) -> Poll<Status> {
        let mut state = self.lock();
        let status = state.standing.status();
        if seen != Some(&status) {
            return Poll::Ready(status);
        }
        watch.wait(&mut state.watchers, cx.waker());
        Poll::Pending
    }

    pub(in crate::channel) fn unwatch(&self, watch: &mut Watch) {
        let Some(place) = watch.place.take() else {
            return;
        };
        let mut state = self.lock();
        if watch.for_end {
            state.ends -= 1;
            if state.ends == 0 {
                self.fetched.store(self.window, Ordering::Relaxed);
            }
        }
        let left = state.watchers.leave(place);
        drop(state);
        drop(left);
    }
}
