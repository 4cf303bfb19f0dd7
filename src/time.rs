//! The only clock, with one body for browsers and one for native programs. Everything above gets the time as an argument.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod timers;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod platform {
    pub(crate) use super::timers::{Timer, timer};
    // Tokio's, so that a test can stop it.
    pub(crate) use tokio::time::Instant;

    /// From then to now, in whole milliseconds.
    #[cfg(feature = "reconnect")]
    pub(crate) fn elapsed_ms(since: Instant) -> u64 {
        u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    #[cfg(feature = "reconnect")]
    pub(crate) fn timer_ms(after: u64) -> Timer {
        timer(core::time::Duration::from_millis(after))
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod platform {
    use core::cell::Cell;
    use core::future::Future;
    use core::pin::Pin;
    use core::task::{Context, Poll, Waker};
    use core::time::Duration;
    use std::rc::Rc;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        // High Resolution Time §7.1: in every window and worker, and in Node, Deno and Bun. Monotonic, in milliseconds.
        #[wasm_bindgen(js_namespace = performance)]
        fn now() -> f64;

        // HTML §8.6. What it returns is a number in browsers and an object in Node.
        #[wasm_bindgen(js_name = setTimeout)]
        fn set_timeout(handler: &Closure<dyn Fn(JsValue)>, millis: i32) -> JsValue;

        #[wasm_bindgen(js_name = clearTimeout)]
        fn clear_timeout(timeout: &JsValue);
    }

    /// A moment on the page's monotonic clock, whose resolution the browser chooses: 5 µs to 1 ms.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub(crate) struct Instant(f64);

    // The clock has no NaN.
    impl Eq for Instant {}

    impl Instant {
        pub(crate) fn now() -> Self {
            Self(now())
        }

        /// From then to now, in whole microseconds.
        pub(crate) fn elapsed(self) -> Duration {
            Duration::from_micros(((now() - self.0) * 1000.0) as u64)
        }
    }

    /// From then to now, in whole milliseconds.
    #[cfg(feature = "reconnect")]
    pub(crate) fn elapsed_ms(since: Instant) -> u64 {
        (now() - since.0) as u64
    }

    /// A `setTimeout` that calls a function. Dropping it clears it.
    pub(crate) struct Timeout {
        id: JsValue,
        _call: Closure<dyn Fn(JsValue)>,
    }

    impl Timeout {
        #[cfg(feature = "__npm")]
        pub(crate) fn new(millis: f64, call: impl Fn() + 'static) -> Self {
            Self::of(millis, Closure::new(move |_| call()))
        }

        fn of(millis: f64, call: Closure<dyn Fn(JsValue)>) -> Self {
            // A longer one, in a signed 32-bit count of milliseconds, would fire at once: the cast ends at the largest.
            let id = set_timeout(&call, millis as i32);
            Self { id, _call: call }
        }
    }

    impl Drop for Timeout {
        fn drop(&mut self) {
            clear_timeout(&self.id);
        }
    }

    /// A `setTimeout` that is cleared when dropped.
    pub(crate) struct Timer {
        called: Called,
        _timeout: Timeout,
    }

    pub(crate) fn timer(after: Duration) -> Timer {
        start(after.as_secs() as f64 * 1000.0 + f64::from(after.subsec_millis()))
    }

    #[cfg(feature = "reconnect")]
    pub(crate) fn timer_ms(after: u64) -> Timer {
        start(after as f64)
    }

    fn start(millis: f64) -> Timer {
        let (called, call) = called();
        let timeout = Timeout::of(millis, call);
        Timer {
            called,
            _timeout: timeout,
        }
    }

    #[cfg(feature = "proto")]
    impl Timer {
        pub(crate) fn is_elapsed(&self) -> bool {
            self.called.0.called.get()
        }
    }

    impl Future for Timer {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            self.called.poll(cx)
        }
    }

    /// Whether a function has been called, and the waker that waits for it.
    pub(crate) struct Called(Rc<State>);

    #[derive(Default)]
    struct State {
        called: Cell<bool>,
        waker: Cell<Option<Waker>>,
    }

    /// A function for JavaScript to call, and what is ready then.
    pub(crate) fn called() -> (Called, Closure<dyn Fn(JsValue)>) {
        let state = Rc::new(State::default());
        let shared = state.clone();
        let call = Closure::new(move |_| {
            shared.called.set(true);
            crate::waker::wake(shared.waker.take());
        });
        (Called(state), call)
    }

    impl Called {
        pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
            if self.0.called.get() {
                return Poll::Ready(());
            }
            crate::waker::keep_in(&self.0.waker, cx.waker());
            Poll::Pending
        }
    }
}

pub(crate) use platform::Instant;
#[cfg(all(feature = "__npm", target_family = "wasm", target_os = "unknown"))]
pub(crate) use platform::Timeout;
#[cfg(feature = "reconnect")]
pub(crate) use platform::elapsed_ms;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use platform::{Called, called};

/// Completes when the time has passed. Dropping it cancels the platform's timer.
#[must_use = "a timer does nothing unless polled"]
pub(crate) struct Sleep(platform::Timer);

/// A timer that completes after `after`, at the platform's resolution; pages in the background are slower.
pub(crate) fn sleep(after: Duration) -> Sleep {
    Sleep(platform::timer(after))
}

/// The same after this many milliseconds.
#[cfg(feature = "reconnect")]
pub(crate) fn sleep_ms(after: u64) -> Sleep {
    Sleep(platform::timer_ms(after))
}

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
impl Sleep {
    /// Whether the time has passed since it was first polled.
    #[inline]
    pub(crate) fn is_elapsed(&self) -> bool {
        self.0.is_elapsed()
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}
