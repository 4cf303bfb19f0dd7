//! What the class `WebSocket` stands on: the browser's own object, its state, and our connect timeout.

use crate::time::Timeout;
use crate::transport::web_socket::{Platform, Told};
use core::cell::{Cell, OnceCell, RefCell};
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    /// The browser's `WebSocket`, called with JavaScript's own arguments: web-sys would convert them.
    type Browser;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Browser, data: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, variadic)]
    fn close(this: &Browser, arguments: &js_sys::Array) -> Result<(), JsValue>;
}

/// What the class hears through the function it gave.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Happened {
    /// `open`
    Opened = 0,
    /// `message`; the second argument is the browser's event.
    Message = 1,
    /// `error`
    Error = 2,
    /// `close`; the second argument is the browser's event, or nothing when the end is ours: then code 1006, not clean.
    Closed = 3,
}

/// One connection of the class `WebSocket`. Payloads stay JavaScript values.
///
/// It holds no strong reference to the user's object: only the function `tell`, which must not either.
#[wasm_bindgen]
pub struct SocketHandle(Rc<Inner>);

struct Inner {
    tell: Function,
    platform: OnceCell<Platform>,
    /// Ended by us, whatever the platform's state: the connect timeout passed.
    abandoned: Cell<bool>,
    deadline: RefCell<Option<Timeout>>,
}

#[wasm_bindgen]
impl SocketHandle {
    /// Constructs the browser's object. `connect_timeout_ms` of 0 is no timeout, as the standard has none.
    ///
    /// # Errors
    /// What the browser's constructor threw, as it threw it.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: &str,
        protocols: &JsValue,
        connect_timeout_ms: u32,
        tell: Function,
    ) -> Result<SocketHandle, JsValue> {
        let inner = Rc::new(Inner {
            tell,
            platform: OnceCell::new(),
            abandoned: Cell::new(false),
            deadline: RefCell::new(None),
        });
        let weak = Rc::downgrade(&inner);
        let told = Rc::new(move |told: Told| {
            if let Some(inner) = weak.upgrade() {
                inner.handle(told);
            }
        });
        let platform = Platform::open_with(url, protocols, told)?;
        // The cell is new: it cannot be full.
        let _ = inner.platform.set(platform);
        if connect_timeout_ms > 0 {
            let weak = Rc::downgrade(&inner);
            let deadline = Timeout::new(connect_timeout_ms.into(), move || {
                if let Some(inner) = weak.upgrade() {
                    inner.abandon();
                }
            });
            *inner.deadline.borrow_mut() = Some(deadline);
        }
        Ok(SocketHandle(inner))
    }

    /// WHATWG WebSockets §3.1, `readyState`: 0 connecting, 1 open, 2 closing, 3 closed.
    #[wasm_bindgen(getter, js_name = readyState)]
    pub fn ready_state(&self) -> u16 {
        match self.0.platform.get() {
            Some(platform) if !self.0.abandoned.get() => platform.socket.ready_state(),
            _ => web_sys::WebSocket::CLOSED,
        }
    }

    /// The URL after parsing, as the platform serializes it.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> String {
        self.0
            .platform
            .get()
            .map(|platform| platform.socket.url())
            .unwrap_or_default()
    }

    /// The subprotocol in use, empty before `open`.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> String {
        self.0
            .platform
            .get()
            .map(|platform| platform.socket.protocol())
            .unwrap_or_default()
    }

    /// The extensions in use, empty before `open`.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> String {
        self.0
            .platform
            .get()
            .map(|platform| platform.socket.extensions())
            .unwrap_or_default()
    }

    /// Payload bytes sent that have not reached the network.
    #[wasm_bindgen(getter, js_name = bufferedAmount)]
    pub fn buffered_amount(&self) -> u32 {
        self.0
            .platform
            .get()
            .map(|platform| platform.socket.buffered_amount())
            .unwrap_or_default()
    }

    /// Whether binary messages come as `Blob`; otherwise as `ArrayBuffer`.
    #[wasm_bindgen(setter, js_name = wantsBlob)]
    pub fn set_wants_blob(&self, blob: bool) {
        if let Some(platform) = self.0.platform.get() {
            platform.socket.set_binary_type(if blob {
                web_sys::BinaryType::Blob
            } else {
                web_sys::BinaryType::Arraybuffer
            });
        }
    }

    /// Sends a string, a `Blob`, an `ArrayBuffer` or a view of one, as it is; anything else the platform turns into a string.
    ///
    /// # Errors
    /// What the platform throws: `InvalidStateError` before `open`.
    pub fn send(&self, data: &JsValue) -> Result<(), JsValue> {
        match self.0.platform.get() {
            Some(platform) => platform.socket.unchecked_ref::<Browser>().send(data),
            None => Ok(()),
        }
    }

    /// Begins to close. The arguments are the user's own, conversions included, so that the platform's rules apply to them.
    ///
    /// # Errors
    /// What the platform throws: `InvalidAccessError` for the code, `SyntaxError` for the reason.
    pub fn close(&self, arguments: &js_sys::Array) -> Result<(), JsValue> {
        match self.0.platform.get() {
            Some(platform) => platform.socket.unchecked_ref::<Browser>().close(arguments),
            None => Ok(()),
        }
    }
}

impl Inner {
    fn handle(&self, told: Told) {
        match told {
            Told::Opened => {
                drop(self.deadline.take());
                self.tell(Happened::Opened, &JsValue::UNDEFINED);
            }
            Told::Message(event) => self.tell(Happened::Message, &event),
            Told::Error => self.tell(Happened::Error, &JsValue::UNDEFINED),
            Told::Closed(event) => {
                drop(self.deadline.take());
                if let Some(platform) = self.platform.get() {
                    platform.detach();
                }
                self.tell(Happened::Closed, &event);
            }
        }
    }

    /// The connect timeout passed: fails the connection as the standard does, readyState first, then `error`, then `close`.
    fn abandon(&self) {
        let Some(platform) = self.platform.get() else {
            return;
        };
        if platform.socket.ready_state() != web_sys::WebSocket::CONNECTING {
            return;
        }
        self.abandoned.set(true);
        platform.detach();
        // Without arguments it cannot throw.
        let _ = platform.socket.close();
        self.tell(Happened::Error, &JsValue::UNDEFINED);
        self.tell(Happened::Closed, &JsValue::UNDEFINED);
    }

    fn tell(&self, happened: Happened, event: &JsValue) {
        // It dispatches an event, and an exception of a listener is reported there, as `dispatchEvent` does.
        let _ = self
            .tell
            .call2(&JsValue::UNDEFINED, &JsValue::from(happened as u32), event);
    }
}
