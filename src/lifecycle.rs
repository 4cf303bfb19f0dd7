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
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::prelude::wasm_bindgen;

    type Listener = Closure<dyn Fn(JsValue)>;

    #[wasm_bindgen]
    extern "C" {
        type Method;

        // `addEventListener` or `removeEventListener` (DOM §2.7) by one binding: each weighs 70 bytes gzip.
        #[wasm_bindgen(method, catch)]
        fn call(
            this: &Method,
            global: &JsValue,
            name: &str,
            listener: &Listener,
            capture: &JsValue,
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
                // Only a transition to another page is ever persisted.
                let restored =
                    is(&told, "persisted", JsValue::TRUE) || is(&told, "type", "resume".into());
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
            lifecycle.listen("addEventListener");
            lifecycle
        }

        /// Adds or removes the listeners. Windows and workers have the method. Node does not, and has no events.
        fn listen(&self, method: &str) {
            let global = js_sys::global();
            if let Ok(method) = Reflect::get(&global, &method.into()) {
                let method: Method = method.unchecked_into();
                for name in EVENTS {
                    let _ = method.call(&global, name, &self.listener, &JsValue::TRUE);
                }
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
            is_false("navigator", "onLine")
        }

        /// Whether the page is visible. A worker has no page.
        pub(crate) fn is_visible() -> bool {
            is_false("document", "hidden")
        }
    }

    impl Drop for Lifecycle {
        fn drop(&mut self) {
            self.listen("removeEventListener");
        }
    }

    /// Whether the page or worker has this object, with this property, and it is false.
    fn is_false(object: &str, property: &str) -> bool {
        let object = Reflect::get(&js_sys::global(), &object.into());
        object.is_ok_and(|object| is(&object, property, JsValue::FALSE))
    }

    /// Whether the object has this property, with this value.
    fn is(object: &JsValue, property: &str, value: JsValue) -> bool {
        Reflect::get(object, &property.into()).is_ok_and(|found| found == value)
    }
}
