//! The timer of a client's end.

use super::ClientEnd;
use crate::time::{Sleep, sleep};
use core::pin::Pin;
use core::task::Context;
use core::time::Duration;

/// A timer for a time of the session's clock, unless an earlier one is set.
fn arm(timer: &mut Option<(Duration, Sleep)>, at: Duration, now: Duration) {
    if timer.as_ref().is_none_or(|(earlier, _)| at < *earlier) {
        *timer = Some((at, sleep(at.saturating_sub(now))));
    }
}

impl ClientEnd {
    /// Has the driver woken at the machine's next deadline. A timer that is earlier stays: deadlines mostly move away, and a timer is a call of the
    /// platform.
    pub(super) fn arm(&mut self, cx: &mut Context<'_>) {
        let now = self.now();
        let times = [self.client.poll_timeout(), self.stall.deadline(now)];
        let Some(at) = times.into_iter().flatten().min() else {
            self.timer = None;
            return;
        };
        loop {
            arm(&mut self.timer, at, now);
            let Some((_, timer)) = &mut self.timer else {
                return;
            };
            if Pin::new(timer).poll(cx).is_pending() {
                return;
            }
            self.timer = None;
            if at <= now {
                cx.waker().wake_by_ref();
                return;
            }
        }
    }
}
