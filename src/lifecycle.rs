//! Events of the page and its network, with one body for browsers and one for native programs. No event proves anything about a connection.
//!
//! Natively there are no events. A program that has some of its own calls [`Control::suspend`](crate::Control::suspend), `resume` and
//! `reconnect_now`.

use core::task::{Context, Poll};

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    allow(dead_code, reason = "natively nothing is told")
)]
pub(crate) enum Event {
    /// The network changed (HTML §9.3.1, `online` and `offline`, which Chromium fires in windows only), or the page was shown or hidden (HTML §6.2,
    /// `visibilitychange`). Check [`Lifecycle::is_offline`] and [`Lifecycle::is_visible`].
    Changed,
    /// The page returned from a freeze (Page Lifecycle, `resume`) or from the back/forward cache (HTML §7.4.6.1, `pageshow` with `persisted`). Its
    /// old sockets are dead, or will be within this turn of the event loop. Chromium 156 ends them now, and WebKit has already ended them. Both still
    /// report OPEN and accept messages.
    Restored,
}

pub(crate) use platform::Lifecycle;

impl Lifecycle {
    /// The next event.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.poll_event(cx)
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod platform {
    use super::Event;
    use core::task::{Context, Poll};

    /// Natively there are no events.
    #[derive(Debug)]
    pub(crate) struct Lifecycle;

    impl Lifecycle {
        pub(crate) fn new() -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "the other body has one")]
        pub(super) fn poll_event(&mut self, _: &mut Context<'_>) -> Poll<Event> {
            Poll::Pending
        }

        /// Whether the platform reports that there is no network.
        pub(crate) fn is_offline() -> bool {
            false
        }

        /// Whether the page is visible.
        pub(crate) fn is_visible() -> bool {
            false
        }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod platform {
    use super::Event;
    use crate::waker::{keep_in, wake};
    use core::cell::Cell;
    use core::task::{Context, Poll, Waker};
    use js_sys::Reflect;
    use std::rc::Rc;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::prelude::wasm_bindgen;

    type Listener = Closure<dyn Fn(JsValue)>;

    #[wasm_bindgen]
    extern "C" {
        // DOM §2.7. Windows and workers have it; Node does not.
        #[wasm_bindgen(catch, js_name = addEventListener)]
        fn add_event_listener(
            name: &str,
            listener: &Listener,
            capture: bool,
        ) -> Result<(), JsValue>;

        #[wasm_bindgen(catch, js_name = removeEventListener)]
        fn remove_event_listener(
            name: &str,
            listener: &Listener,
            capture: bool,
        ) -> Result<(), JsValue>;
    }

    /// `visibilitychange` and `resume` are fired at the document, and pass the window first. The first three are changes.
    const EVENTS: [&str; 5] = [
        "online",
        "offline",
        "visibilitychange",
        "resume",
        "pageshow",
    ];

    #[derive(Default)]
    struct State {
        event: Cell<Option<Event>>,
        waker: Cell<Option<Waker>>,
    }

    /// Listens on the window or the worker, capturing, as soon as there is a channel. So its listeners run before the application's. Dropping it
    /// removes them.
    pub(crate) struct Lifecycle {
        state: Rc<State>,
        listener: Listener,
    }

    impl Lifecycle {
        pub(crate) fn new() -> Self {
            let state = Rc::new(State::default());
            let shared = state.clone();
            let listener = Closure::new(move |told: JsValue| {
                let of = |name: &str| Reflect::get(&told, &name.into()).unwrap_or_default();
                // Only a transition to another page is ever persisted.
                let restored = of("persisted") == true || of("type") == "resume";
                // A restored page stays so until the driver has handled it, within the event.
                if restored || shared.event.get().is_none() {
                    let event = if restored {
                        Event::Restored
                    } else {
                        Event::Changed
                    };
                    shared.event.set(Some(event));
                }
                wake(shared.waker.take());
            });
            let lifecycle = Self { state, listener };
            lifecycle.each(add_event_listener);
            lifecycle
        }

        /// Without listeners there are no events.
        fn each(&self, call: fn(&str, &Listener, bool) -> Result<(), JsValue>) {
            for name in EVENTS {
                let _ = call(name, &self.listener, true);
            }
        }

        pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
            if let Some(event) = self.state.event.take() {
                return Poll::Ready(event);
            }
            keep_in(&self.state.waker, cx.waker());
            Poll::Pending
        }

        /// Whether the browser reports that there is no network. In workers Chromium has no event for it, but answers.
        pub(crate) fn is_offline() -> bool {
            said("navigator", "onLine") == false
        }

        /// Whether the page is visible. A worker has no page.
        pub(crate) fn is_visible() -> bool {
            said("document", "visibilityState") == "visible"
        }
    }

    impl Drop for Lifecycle {
        fn drop(&mut self) {
            self.each(remove_event_listener);
        }
    }

    /// What the page or worker reports about itself; undefined where there is no such property.
    fn said(object: &str, property: &str) -> JsValue {
        Reflect::get(&js_sys::global(), &object.into())
            .and_then(|object| Reflect::get(&object, &property.into()))
            .unwrap_or_default()
    }
}
