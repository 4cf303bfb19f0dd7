//! The only clock: one seam, two bodies. Everything above takes its readings as arguments.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

#[cfg(not(target_family = "wasm"))]
mod platform {
    // Tokio's, so that a test can stop it.
    pub(crate) use tokio::time::Instant;

    pub(crate) type Timer = core::pin::Pin<Box<tokio::time::Sleep>>;

    pub(crate) fn timer(after: core::time::Duration) -> Timer {
        Box::pin(tokio::time::sleep(after))
    }
}

#[cfg(target_family = "wasm")]
mod platform {
    use core::cell::RefCell;
    use core::future::Future;
    use core::pin::Pin;
    use core::task::{Context, Poll, Waker};
    use std::rc::Rc;

    pub(crate) use web_time::Instant;

    /// A `setTimeout` that is cleared when dropped.
    pub(crate) struct Timer {
        state: Rc<RefCell<State>>,
        _timeout: gloo_timers::callback::Timeout,
    }

    #[derive(Default)]
    struct State {
        fired: bool,
        waker: Option<Waker>,
    }

    pub(crate) fn timer(after: core::time::Duration) -> Timer {
        let state = Rc::new(RefCell::new(State::default()));
        let shared = state.clone();
        // `setTimeout` takes a signed 32-bit count of milliseconds; a longer one would fire at once.
        let millis = u32::try_from(after.as_millis())
            .unwrap_or(u32::MAX)
            .min(i32::MAX as u32);
        let timeout = gloo_timers::callback::Timeout::new(millis, move || {
            let waker = {
                let mut state = shared.borrow_mut();
                state.fired = true;
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        Timer {
            state,
            _timeout: timeout,
        }
    }

    impl Future for Timer {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            let mut state = self.state.borrow_mut();
            if state.fired {
                return Poll::Ready(());
            }
            state.waker = Some(cx.waker().clone());
            Poll::Pending
        }
    }
}

pub(crate) use platform::Instant;

/// Completes when the time has passed. Dropping it cancels the platform's timer.
#[must_use = "a timer does nothing unless polled"]
pub(crate) struct Sleep(platform::Timer);

/// A timer that completes after `after`, at the platform's resolution; pages in the background are slower.
pub(crate) fn sleep(after: Duration) -> Sleep {
    Sleep(platform::timer(after))
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}
