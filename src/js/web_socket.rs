//! The Rust half of the class `WebSocket`: the browser's object, its state, and our connect timeout.

use crate::time::Timeout;
use crate::transport::web_socket::{Platform, Told};
use core::cell::{Cell, RefCell};
use js_sys::{Array, Function, Reflect};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CloseEvent;

#[wasm_bindgen]
extern "C" {
    /// The browser's `WebSocket`, called with JavaScript's own arguments: web-sys would convert them.
    pub type Browser;

    #[wasm_bindgen(method, catch, variadic)]
    fn send(this: &Browser, arguments: &Array) -> Result<(), JsValue>;

    /// The same with one argument.
    #[wasm_bindgen(method, catch, js_name = send)]
    pub fn send_message(this: &Browser, message: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, variadic)]
    pub fn close(this: &Browser, arguments: &Array) -> Result<(), JsValue>;

    /// The class's function. It is called with one of the numbers below and the browser's event, if there is one.
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
/// `close`, reported last. Without an event, if the platform has none: then the code is 1006, and it is not clean.
const CLOSED: u8 = 3;

/// One connection of the class `WebSocket`. Payloads stay JavaScript values.
///
/// It has no strong reference to the user's object. It has the function `tell`, which must not have one either.
#[wasm_bindgen]
pub struct SocketHandle(Rc<Inner>);

struct Inner {
    tell: Tell,
    platform: Platform,
    /// It has failed or closed, whatever state the platform has: Node 24 goes back to 2, and workerd has 1 in its `close`.
    over: Cell<bool>,
    /// Calls into the platform that have not returned.
    calls: Cell<u32>,
    /// What the platform reported within such a call. It is passed on in a later task, because the standard's class reports nothing within a call.
    early: RefCell<VecDeque<Told>>,
    /// The timer of the connect timeout, until open; later of reports that are still due.
    timer: RefCell<Option<Timeout>>,
}

#[wasm_bindgen]
impl SocketHandle {
    /// Constructs the browser's object from the user's own arguments, so that the platform converts them. `connect_timeout_ms` of 0 is no timeout, as
    /// in the standard. The browser itself calls `arrived` with its `message` events until the end: Rust has nothing to decide about a message.
    ///
    /// # Errors
    /// The exception of the browser's constructor, unchanged.
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
            platform: Platform::of(socket, told(weak, Inner::handle)),
            over: Cell::new(false),
            calls: Cell::new(0),
            early: RefCell::default(),
            timer: RefCell::new(None),
        });
        inner.platform.hand_messages_to(arrived);
        if connect_timeout_ms > 0 {
            inner.later(connect_timeout_ms, Inner::abandon);
        }
        Ok(SocketHandle(inner))
    }

    /// The browser's object, for use after the end, when there are no decisions any more.
    #[wasm_bindgen(getter)]
    pub fn platform(&self) -> JsValue {
        self.0.platform.socket.clone().into()
    }

    /// WHATWG WebSockets §3.1, `readyState`: 0 connecting, 1 open, 2 closing, 3 closed.
    #[wasm_bindgen(getter, js_name = readyState)]
    pub fn ready_state(&self) -> u16 {
        let state = self.0.platform.socket.ready_state();
        match () {
            () if self.0.over.get() => web_sys::WebSocket::CLOSED,
            // Its end is not reported yet.
            () if !self.0.early.borrow().is_empty() => state.min(web_sys::WebSocket::CLOSING),
            () => state,
        }
    }

    /// Another attribute, with the platform's value.
    ///
    /// # Errors
    /// None: the platform's getters do not throw.
    pub fn get(&self, name: &JsValue) -> Result<JsValue, JsValue> {
        Reflect::get(&self.platform(), name)
    }

    /// Sets an attribute. The platform converts the value.
    ///
    /// # Errors
    /// The exception of the conversion.
    pub fn set(&self, name: &JsValue, value: &JsValue) -> Result<(), JsValue> {
        Reflect::set(&self.platform(), name, value).map(|_| ())
    }

    /// Sends. The arguments are the user's own, and the platform converts them.
    ///
    /// # Errors
    /// Exceptions of the platform: `InvalidStateError` before `open`, and those of a conversion.
    pub fn send(&self, arguments: &Array) -> Result<(), JsValue> {
        self.0.call(|browser| browser.send(arguments))
    }

    /// [`send`](Self::send) with one argument, the usual case.
    ///
    /// # Errors
    /// The same.
    #[wasm_bindgen(js_name = sendOne)]
    pub fn send_one(&self, data: &JsValue) -> Result<(), JsValue> {
        self.0.call(|browser| browser.send_message(data))
    }

    /// Begins to close. The arguments are the user's own, so that the platform's rules apply: some browsers distinguish a missing code from an
    /// undefined one.
    ///
    /// # Errors
    /// Exceptions of the platform: `InvalidAccessError` for the code, `SyntaxError` for the reason.
    pub fn close(&self, arguments: &Array) -> Result<(), JsValue> {
        self.0.call(|browser| browser.close(arguments))
    }

    /// Leaves the connection: reports nothing more, and closes it without waiting for anything. Unlike `free` it may be called within a call.
    pub fn leave(&self) {
        let inner = &self.0;
        inner.over.set(true);
        inner.early.take();
        drop(inner.timer.take());
        inner.platform.detach();
        // Without arguments it cannot throw.
        let _ = inner.platform.socket.close();
    }
}

/// The platform reported the end with this code. In workerd the connection stays open until `close` is called, and the peer waits for our Close
/// frame.
pub(super) fn answer(platform: &Platform, code: u16) {
    if platform.socket.ready_state() == web_sys::WebSocket::CLOSED {
        return;
    }
    let browser: &Browser = platform.socket.unchecked_ref();
    // The platform may refuse this code, but not a call without one. After the first `close` the second has no effect.
    let _ = browser.close(&Array::of1(&code.into()));
    let _ = browser.close(&Array::new());
}

/// Passes on a report of the platform, if the connection still exists.
pub(super) fn told<T: 'static>(weak: &Weak<T>, handle: fn(&Rc<T>, Told)) -> Rc<dyn Fn(Told)> {
    let weak = weak.clone();
    Rc::new(move |told| {
        if let Some(inner) = weak.upgrade() {
            handle(&inner, told);
        }
    })
}

impl Inner {
    /// Calls the platform. Converting an argument may run the program's code, which may call again.
    fn call(&self, call: impl FnOnce(&Browser) -> Result<(), JsValue>) -> Result<(), JsValue> {
        self.calls.set(self.calls.get() + 1);
        let outcome = call(self.platform.socket.unchecked_ref());
        self.calls.set(self.calls.get() - 1);
        outcome
    }

    /// There is one timer: a new one replaces the old one.
    fn later(self: &Rc<Self>, millis: u32, run: fn(&Rc<Self>)) {
        let weak = Rc::downgrade(self);
        let timer = Timeout::new(f64::from(millis), move || {
            if let Some(inner) = weak.upgrade() {
                run(&inner);
            }
        });
        *self.timer.borrow_mut() = Some(timer);
    }

    fn handle(self: &Rc<Self>, told: Told) {
        if self.calls.get() > 0 || !self.early.borrow().is_empty() {
            self.early.borrow_mut().push_back(told);
            return self.later(0, Self::handle_early);
        }
        match told {
            Told::Opened => {
                drop(self.timer.take());
                self.tell(OPENED, &JsValue::UNDEFINED);
            }
            // They go to `arrived`.
            Told::Message(_) => {}
            Told::Error(event) => self.fail(&event),
            Told::Closed(event) => self.close(&event),
        }
    }

    fn handle_early(self: &Rc<Self>) {
        for told in self.early.take() {
            self.handle(told);
        }
    }

    /// WHATWG WebSockets §4, "when the WebSocket connection is closed": readyState 3, `error`, and `close` in the same task. Node 22, WebKitGTK and
    /// workerd do not always fire `close`: then we do, after one timer.
    fn fail(self: &Rc<Self>, event: &JsValue) {
        self.later(0, |inner| inner.close(&JsValue::UNDEFINED));
        // Node 22 may fire a second one.
        if !self.over.replace(true) {
            self.tell(ERROR, event);
        }
    }

    /// The end. Nothing is reported after it, and the platform's object no longer refers to us.
    fn close(&self, event: &JsValue) {
        drop(self.timer.take());
        self.over.set(true);
        self.platform.detach();
        if !event.is_undefined() {
            answer(&self.platform, event.unchecked_ref::<CloseEvent>().code());
        }
        self.tell(CLOSED, event);
    }

    /// The connect timeout passed. Fails the connection as the standard does: readyState first, then `error`, then `close`.
    fn abandon(self: &Rc<Self>) {
        if self.platform.socket.ready_state() != web_sys::WebSocket::CONNECTING {
            return;
        }
        self.over.set(true);
        self.platform.detach();
        // Without arguments it cannot throw.
        let _ = self.platform.socket.close();
        self.tell(ERROR, &JsValue::UNDEFINED);
        self.close(&JsValue::UNDEFINED);
    }

    fn tell(&self, happened: u8, event: &JsValue) {
        // It dispatches an event. Exceptions of listeners are reported there, as `dispatchEvent` does.
        let _ = self.tell.call(&JsValue::UNDEFINED, happened, event);
    }
}
