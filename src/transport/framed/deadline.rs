//! The one timer of a connection.

use crate::time::{Sleep, sleep};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

/// A timer that is set again only if it would fire too late. One that fires early is set again then. The deadline of an open connection moves with
/// every pong.
#[derive(Default)]
pub(super) struct Deadline(Option<Armed>);

struct Armed {
    due: Duration,
    timer: Sleep,
    /// Whom it wakes.
    waker: Waker,
}

impl Deadline {
    /// Whether there is nothing to do: there is no deadline, or its timer runs and wakes the polling task.
    #[inline]
    pub(super) fn is_armed(&self, due: Option<Duration>, cx: &Context<'_>) -> bool {
        match (due, &self.0) {
            (None, None) => true,
            (Some(due), Some(armed)) => {
                armed.due <= due && !armed.timer.is_elapsed() && armed.waker.will_wake(cx.waker())
            }
            _ => false,
        }
    }

    /// Whether that time comes before the one that is waited for.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) fn comes_late(&self, due: Option<Duration>) -> bool {
        match (due, &self.0) {
            (Some(due), Some(armed)) => due < armed.due,
            (due, _) => due.is_some(),
        }
    }

    /// Ready when that time has come. `now` is the time.
    pub(super) fn poll(
        &mut self,
        due: Option<Duration>,
        now: impl Fn() -> Duration,
        cx: &mut Context<'_>,
    ) -> Poll<Duration> {
        let Some(due) = due else {
            self.0 = None;
            return Poll::Pending;
        };
        loop {
            if self.0.as_ref().is_none_or(|armed| armed.due > due) {
                self.0 = Some(Armed {
                    due,
                    timer: sleep(due.saturating_sub(now())),
                    waker: cx.waker().clone(),
                });
            }
            let Some(armed) = &mut self.0 else {
                return Poll::Pending;
            };
            if Pin::new(&mut armed.timer).poll(cx).is_pending() {
                armed.waker.clone_from(cx.waker());
                return Poll::Pending;
            }
            let came = armed.due;
            self.0 = None;
            if came == due {
                // It may have fired a little early; never pass on an earlier time than requested.
                return Poll::Ready(now().max(due));
            }
        }
    }
}
