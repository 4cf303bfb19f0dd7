//! The browser's `WebSocket` object and the closures that it calls. The class of the `js` layer stands on it, too.

use crate::transport::Protocols;
use crate::transport::attributes::set;
use core::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CloseEvent, MessageEvent};

/// The browser's events.
pub(crate) enum Told {
    /// `open`
    Opened,
    /// `message`
    Message(MessageEvent),
    /// `error`. In browsers it never says why (WHATWG WebSockets, "fail the WebSocket connection"); in Node, Deno and Bun it has a `message`.
    Error(
        #[cfg_attr(
            not(feature = "__npm"),
            allow(dead_code, reason = "only JavaScript's channel passes it on")
        )]
        JsValue,
    ),
    /// `close`
    Closed(CloseEvent),
}

/// The browser's `WebSocket` object with the closures it calls. Dropping it detaches them and starts closing.
#[must_use = "dropping it closes the connection"]
pub(crate) struct Platform {
    pub(crate) socket: web_sys::WebSocket,
    closures: Cell<Option<Closures>>,
}

/// For each of [`HANDLERS`].
type Closures = [Closure<dyn Fn(JsValue)>; 4];

const HANDLERS: [&str; 4] = ["onopen", "onmessage", "onerror", "onclose"];

impl Platform {
    /// Constructs the browser's object. Calls `told` for every event, until [`detach`](Self::detach) or drop.
    pub(crate) fn open(
        url: &str,
        protocols: &Protocols,
        told: Rc<dyn Fn(Told)>,
    ) -> Result<Self, JsValue> {
        let socket = web_sys::WebSocket::new_with_str_sequence(url, &protocols.list())?;
        Ok(Self::of(socket, told))
    }

    /// [`open`](Self::open) with an object that has just been made.
    pub(crate) fn of(socket: web_sys::WebSocket, told: Rc<dyn Fn(Told)>) -> Self {
        let closure = |tell: fn(&dyn Fn(Told), JsValue)| {
            let told = told.clone();
            Closure::<dyn Fn(JsValue)>::new(move |event| tell(&*told, event))
        };
        let closures = [
            closure(|told, _| told(Told::Opened)),
            closure(|told, event| told(Told::Message(event.unchecked_into()))),
            closure(|told, event| told(Told::Error(event))),
            closure(|told, event| told(Told::Closed(event.unchecked_into()))),
        ];
        for (name, closure) in HANDLERS.iter().zip(&closures) {
            set(&socket, name, closure.as_ref());
        }
        Self {
            socket,
            closures: Cell::new(Some(closures)),
        }
    }

    /// Messages go directly to this function, and are not reported otherwise.
    #[cfg(feature = "__npm")]
    pub(crate) fn hand_messages_to(&self, function: &js_sys::Function) {
        self.socket.set_onmessage(Some(function));
    }

    /// Stops reporting and drops the closures. The browser's object stays.
    pub(crate) fn detach(&self) {
        // The handlers go before the closures: an event in between would call a closure that has been dropped.
        for name in &HANDLERS {
            set(&self.socket, name, &JsValue::NULL);
        }
        #[cfg(feature = "__npm")]
        set_nothing_on_error(&self.socket);
        drop(self.closures.take());
    }
}

/// An abandoned socket may still fire `error`. Node's `ws`, which the option `WebSocket` can name, is an `EventEmitter`: without a listener for
/// `error` it throws, and ends the process.
#[cfg(feature = "__npm")]
fn set_nothing_on_error(socket: &web_sys::WebSocket) {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        /// ECMA-262 §20.2.3: a function that "accepts any arguments and returns undefined when invoked".
        #[wasm_bindgen(thread_local_v2, js_namespace = Function, js_name = prototype)]
        static NOTHING: JsValue;
    }
    NOTHING.with(|nothing| set(socket, "onerror", nothing));
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.detach();
        // Without arguments it cannot throw, and does nothing when closing has begun (WHATWG WebSockets §3.1, `close`).
        let _ = self.socket.close();
    }
}
