//! The timer of a client's end.

use super::ClientEnd;
use crate::session::clock::{MS, NEVER, Time, time};
use crate::time::{Sleep, sleep_ms};
use core::pin::Pin;
use core::task::Context;

/// A timer for a time of the session's clock, unless an earlier one is set.
fn arm(timer: &mut Option<(Time, Sleep)>, at: Time, now: Time) {
    if timer.as_ref().is_none_or(|(earlier, _)| at < *earlier) {
        *timer = Some((at, sleep_ms(at.saturating_sub(now).div_ceil(MS))));
    }
}

impl ClientEnd {
    /// Has the driver woken at the machine's next deadline. A timer that is earlier stays: deadlines mostly move away, and a timer is a call of the
    /// platform.
    pub(super) fn arm(&mut self, cx: &mut Context<'_>) {
        let now = time(self.now());
        let at = self.client.poll_timeout().map_or(NEVER, time);
        let at = at.min(self.stall.deadline(now));
        if at == NEVER {
            self.timer = None;
            return;
        }
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
