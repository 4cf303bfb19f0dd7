//! The progress of sent messages: for `flush`, `drained` and `ping`.

use super::{Mailbox, Standing, Watch};
use crate::channel::link::Link;
use crate::channel::outgoing::Progress;
use crate::error::SendErrorKind;
use core::task::{Context, Poll};

/// For `flush` and `drained`.
impl Mailbox {
    /// Ready when every message accepted or sent so far has progressed this far.
    pub(in crate::channel) fn poll_progress(
        &self,
        far: Progress,
        watch: &mut Watch,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let mut state = self.lock();
        if let Some(kind) = state.outgoing.take_lost_kind() {
            return Poll::Ready(Err(kind));
        }
        if let Standing::Closed(closed) = &state.standing {
            let sent =
                closed.unsent_bytes == 0 && (closed.was_clean || far == Progress::HandedOver);
            return Poll::Ready(sent.then_some(()).ok_or(SendErrorKind::NotOpen));
        }
        if state.outgoing.progress >= far {
            return Poll::Ready(Ok(()));
        }
        // `look_for_pong` includes this check.
        state.look.get_or_insert(Self::look_for_progress);
        state.wants_drained |= far == Progress::Drained;
        watch.wait(&mut state.watchers, cx.waker());
        self.wake_driver(state);
        Poll::Pending
    }

    /// The driver calls it at the end of its turn: checks the progress of everything sent.
    fn look_for_progress(&self, link: &mut Link, cx: &mut Context<'_>) -> bool {
        let wants_drained = self.lock().wants_drained;
        if link.poll_flushed(cx) != Poll::Ready(Ok(())) {
            // If it cannot be handed over, the end reports it.
            return true;
        }
        let drained = wants_drained && link.poll_drained(cx) == Poll::Ready(Ok(()));
        let mut state = self.lock();
        // Meanwhile another thread may have sent something, or asked for more.
        if state.outgoing.accepted.is_some() {
            return true;
        }
        let done = drained || !state.wants_drained;
        if done {
            state.look = None;
            state.wants_drained = false;
        }
        let far = if drained {
            Progress::Drained
        } else {
            Progress::HandedOver
        };
        // If nothing changed, wake no watcher: it would wake the driver again, and so on.
        if far <= state.outgoing.progress {
            return !done;
        }
        state.outgoing.progress = far;
        drop(state);
        self.wake_watchers();
        !done
    }
}

/// For `ping`.
impl Mailbox {
    pub(in crate::channel) fn ping(&self) {
        self.notify_driver(|state| {
            state.wants_ping = true;
            state.look = Some(Self::look_for_pong);
        });
    }

    /// The driver calls it at the end of its turn, from the first ping on: sends the ping, and takes the measured time from the socket.
    fn look_for_pong(&self, link: &mut Link, cx: &mut Context<'_>) -> bool {
        if core::mem::take(&mut self.lock().wants_ping) {
            link.ping();
        }
        self.look_for_progress(link, cx);
        let mut state = self.lock();
        state.round_trip = link.round_trip();
        state.look = Some(Self::look_for_pong);
        true
    }
}
