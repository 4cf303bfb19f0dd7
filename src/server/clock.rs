//! The one task that waits for the deadlines of all sessions: heartbeats, acknowledgements, ends, expiry.

use super::shared::Shared;
use crate::time::{Sleep, sleep};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Arc, Weak};

/// It ends with the last `Sessions`, or with its runtime.
pub(super) struct Clock {
    shared: Weak<Shared>,
    sleep: Option<Sleep>,
}

impl Clock {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            sleep: None,
        }
    }
}

impl Future for Clock {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(shared) = self.shared.upgrade() else {
            return Poll::Ready(());
        };
        loop {
            let next = shared.with(|state, now, wakes| {
                if state.over {
                    return None;
                }
                state.ring(now, wakes);
                state.clock = Some(cx.waker().clone());
                state.set = state.next_time();
                Some(state.set)
            });
            let Some(next) = next else {
                return Poll::Ready(());
            };
            let Some(at) = next else {
                self.sleep = None;
                return Poll::Pending;
            };
            let mut timer = sleep(at.saturating_sub(shared.now()));
            if Pin::new(&mut timer).poll(cx).is_pending() {
                self.sleep = Some(timer);
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.clock_ended();
        }
    }
}
