//! What the class `WebSocket` stands on: the browser's own object, its state, and our connect timeout.

use crate::time::Timeout;
use crate::transport::web_socket::{Platform, Told};
use core::cell::{Cell, RefCell};
use js_sys::{Array, Function, Reflect};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    /// The browser's `WebSocket`, called with JavaScript's own arguments: web-sys would convert them.
    pub type Browser;

    #[wasm_bindgen(method, catch, variadic)]
    fn send(this: &Browser, arguments: &Array) -> Result<(), JsValue>;

    /// The same with the one argument that it has.
    #[wasm_bindgen(method, catch, js_name = send)]
    pub fn send_message(this: &Browser, message: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, variadic)]
    pub fn close(this: &Browser, arguments: &Array) -> Result<(), JsValue>;

    /// The function that the class gave. It is told one of the numbers below, and the browser's event where there is one.
    pub type Tell;

    #[wasm_bindgen(method, catch)]
    pub fn call(
        this: &Tell,
        this_value: &JsValue,
        happened: u8,
        event: &JsValue,
    ) -> Result<(), JsValue>;
}

/// `open`
const OPENED: u8 = 0;
/// `error`
const ERROR: u8 = 2;
/// `close`, the last thing told; without an event when the end is ours: then code 1006, not clean.
const CLOSED: u8 = 3;
/// `error`, the last thing told: the browser will never fire `close`.
const BLOCKED: u8 = 4;

/// One connection of the class `WebSocket`. Payloads stay JavaScript values.
///
/// It holds no strong reference to the user's object: only the function `tell`, which must not either.
#[wasm_bindgen]
pub struct SocketHandle(Rc<Inner>);

struct Inner {
    tell: Tell,
    platform: Platform,
    /// Closed when it was made: Chromium's answer when its security policy forbids the connection.
    blocked: Cell<bool>,
    /// Ended by us, whatever the platform's state: the connect timeout passed.
    abandoned: Cell<bool>,
    deadline: RefCell<Option<Timeout>>,
}

#[wasm_bindgen]
impl SocketHandle {
    /// Constructs the browser's object from the user's own arguments, so that its conversions are theirs. `connect_timeout_ms` of 0 is no
    /// timeout, as the standard has none. `arrived` is given the browser's `message` events by the browser itself, until the end: about a
    /// message nothing is to be decided.
    ///
    /// # Errors
    /// What the browser's constructor threw, as it threw it.
    #[wasm_bindgen(constructor)]
    pub fn new(
        class: &Function,
        arguments: &Array,
        connect_timeout_ms: u32,
        tell: Tell,
        arrived: &Function,
    ) -> Result<SocketHandle, JsValue> {
        let socket: web_sys::WebSocket = Reflect::construct(class, arguments)?.unchecked_into();
        let inner = Rc::new_cyclic(|weak: &Weak<Inner>| Inner {
            tell,
            blocked: Cell::new(socket.ready_state() == web_sys::WebSocket::CLOSED),
            platform: Platform::of(socket, told(weak, Inner::handle)),
            abandoned: Cell::new(false),
            deadline: RefCell::new(None),
        });
        inner.platform.hand_messages_to(arrived);
        if connect_timeout_ms > 0 {
            let weak = Rc::downgrade(&inner);
            let deadline = Timeout::new(f64::from(connect_timeout_ms), move || {
                if let Some(inner) = weak.upgrade() {
                    inner.abandon();
                }
            });
            *inner.deadline.borrow_mut() = Some(deadline);
        }
        Ok(SocketHandle(inner))
    }

    /// The browser's object, for the time after the end: then nothing is decided here any more.
    #[wasm_bindgen(getter)]
    pub fn platform(&self) -> JsValue {
        self.0.platform.socket.clone().into()
    }

    /// WHATWG WebSockets §3.1, `readyState`: 0 connecting, 1 open, 2 closing, 3 closed.
    #[wasm_bindgen(getter, js_name = readyState)]
    pub fn ready_state(&self) -> u16 {
        match self.0.abandoned.get() {
            true => web_sys::WebSocket::CLOSED,
            false => self.0.platform.socket.ready_state(),
        }
    }

    /// Any other attribute, as the platform has it.
    ///
    /// # Errors
    /// None: the platform's getters do not throw.
    pub fn get(&self, name: &JsValue) -> Result<JsValue, JsValue> {
        Reflect::get(&self.platform(), name)
    }

    /// Sets an attribute. The conversion of the value is the platform's.
    ///
    /// # Errors
    /// What the conversion throws.
    pub fn set(&self, name: &JsValue, value: &JsValue) -> Result<(), JsValue> {
        Reflect::set(&self.platform(), name, value).map(|_| ())
    }

    /// Sends. The arguments are the user's own, and the platform turns them into what it can send.
    ///
    /// # Errors
    /// What the platform throws: `InvalidStateError` before `open`, and what a conversion throws.
    pub fn send(&self, arguments: &Array) -> Result<(), JsValue> {
        self.0.browser().send(arguments)
    }

    /// [`send`](Self::send) with the one argument that it mostly has.
    ///
    /// # Errors
    /// The same.
    #[wasm_bindgen(js_name = sendOne)]
    pub fn send_one(&self, data: &JsValue) -> Result<(), JsValue> {
        self.0.browser().send_message(data)
    }

    /// Begins to close. The arguments are the user's own, so that the platform's rules apply to them: a missing code and an undefined one
    /// are not the same to every browser.
    ///
    /// # Errors
    /// What the platform throws: `InvalidAccessError` for the code, `SyntaxError` for the reason.
    pub fn close(&self, arguments: &Array) -> Result<(), JsValue> {
        self.0.browser().close(arguments)
    }
}

/// Hands what the platform tells to whoever is still there.
pub(super) fn told<T: 'static>(weak: &Weak<T>, handle: fn(&Rc<T>, Told)) -> Rc<dyn Fn(Told)> {
    let weak = weak.clone();
    Rc::new(move |told| {
        if let Some(inner) = weak.upgrade() {
            handle(&inner, told);
        }
    })
}

impl Inner {
    fn browser(&self) -> &Browser {
        self.platform.socket.unchecked_ref()
    }

    fn handle(self: &Rc<Self>, told: Told) {
        match told {
            Told::Opened => {
                drop(self.deadline.take());
                self.tell(OPENED, &JsValue::UNDEFINED);
            }
            // They go to `arrived`.
            Told::Message(_) => {}
            Told::Error(_) if self.blocked.get() => {
                drop(self.deadline.take());
                self.tell(BLOCKED, &JsValue::UNDEFINED);
            }
            Told::Error(_) => self.tell(ERROR, &JsValue::UNDEFINED),
            Told::Closed(event) => {
                drop(self.deadline.take());
                self.platform.detach();
                self.tell(CLOSED, &event);
            }
        }
    }

    /// The connect timeout passed: fails the connection as the standard does, readyState first, then `error`, then `close`.
    fn abandon(&self) {
        let socket = &self.platform.socket;
        if socket.ready_state() != web_sys::WebSocket::CONNECTING {
            return;
        }
        self.abandoned.set(true);
        self.platform.detach();
        // Without arguments it cannot throw.
        let _ = socket.close();
        self.tell(ERROR, &JsValue::UNDEFINED);
        self.tell(CLOSED, &JsValue::UNDEFINED);
    }

    fn tell(&self, happened: u8, event: &JsValue) {
        // It dispatches an event, and an exception of a listener is reported there, as `dispatchEvent` does.
        let _ = self.tell.call(&JsValue::UNDEFINED, happened, event);
    }
}
