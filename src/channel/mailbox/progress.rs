//! How far what was sent has come: for `flush`, `drained` and `ping`.

use super::{Mailbox, Standing, Watch};
use crate::channel::outgoing::Progress;
use crate::error::SendErrorKind;
use crate::socket::Socket;
use core::task::{Context, Poll};

/// For `flush` and `drained`.
impl Mailbox {
    /// Ready when everything accepted or sent so far has progressed this far.
    pub(in crate::channel) fn poll_progress(
        &self,
        far: Progress,
        watch: &mut Watch,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let mut state = self.lock();
        if let Some(kind) = state.outgoing.lost.kind.take() {
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
        // Whoever pinged looks for this as well.
        state.look.get_or_insert(Self::look_for_progress);
        state.wants_drained |= far == Progress::Drained;
        watch.wait(&mut state.watchers, cx.waker());
        self.wake_driver(state);
        Poll::Pending
    }

    /// For the driver at the end of its turn: the progress of everything sent.
    fn look_for_progress(&self, socket: &mut Socket, cx: &mut Context<'_>) -> bool {
        let wants_drained = self.lock().wants_drained;
        if socket.poll_handed_over(cx) != Poll::Ready(Ok(())) {
            // The end reports what cannot be handed over.
            return true;
        }
        let drained = wants_drained && socket.poll_drained(cx) == Poll::Ready(Ok(()));
        let mut state = self.lock();
        // Other threads may have had something taken, or asked for more, while the socket was asked.
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
        // Without this check they would wake the driver in turn, and so on.
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
        self.tell_driver(|state| {
            state.wants_ping = true;
            state.look = Some(Self::look_for_pong);
        });
    }

    /// For the driver at the end of its turn: sends the ping, and takes over what was measured, from now on in every turn.
    fn look_for_pong(&self, socket: &mut Socket, cx: &mut Context<'_>) -> bool {
        if core::mem::take(&mut self.lock().wants_ping) {
            socket.ping();
        }
        self.look_for_progress(socket, cx);
        let mut state = self.lock();
        state.round_trip = socket.round_trip();
        state.look = Some(Self::look_for_pong);
        true
    }
}
