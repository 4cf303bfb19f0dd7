//! Carries the messages of the class `Channel`: one of the browser's two sockets, behind one interface. Payloads stay in JavaScript.

use super::web_socket::{Browser, answer};
use crate::transport::drain::Looks;
use crate::transport::web_socket;
use crate::transport::web_stream::{self, Ended, LARGEST, Opening, Stream};
use core::cell::{Cell, OnceCell, RefCell};
use js_sys::{Array, Promise, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

pub(super) enum PlatformTransport {
    Socket(Socket),
    Stream(ByStream),
}

/// `WebSocket`, which every browser has. It reports by events, and has no receive backpressure.
pub(super) struct Socket {
    platform: web_socket::Platform,
    /// An upper bound of what the platform holds unsent, which only shrinks. So the platform is asked only if the bound might be too high.
    held: Cell<usize>,
    looks: RefCell<Looks>,
}

/// `WebSocketStream`. It reports by promises, and each message is requested.
pub(super) struct ByStream {
    stream: Stream,
    opening: OnceCell<Opening>,
    /// From open to the end.
    platform: RefCell<Option<Rc<web_stream::Platform>>>,
}

impl Socket {
    pub(super) fn of(platform: web_socket::Platform) -> Self {
        Self {
            platform,
            held: Cell::new(0),
            looks: RefCell::default(),
        }
    }

    fn is_open(&self) -> bool {
        self.platform.socket.ready_state() == web_sys::WebSocket::OPEN
    }

    fn has_room(&self, watermark: usize) -> bool {
        if self.held.get() < watermark {
            return true;
        }
        let held = self.platform.socket.buffered_amount() as usize;
        self.held.set(held);
        if held >= watermark {
            return false;
        }
        self.looks.borrow_mut().rest(held);
        true
    }

    fn send(&self, message: &JsValue, bytes: usize) -> Result<(), JsValue> {
        let socket: &Browser = self.platform.socket.unchecked_ref();
        socket.send_message(message)?;
        self.held.set(self.held.get().saturating_add(bytes));
        Ok(())
    }
}

impl ByStream {
    pub(super) fn of(stream: Stream) -> Self {
        web_stream::hear_closed(&stream);
        Self {
            stream,
            opening: OnceCell::new(),
            platform: RefCell::new(None),
        }
    }

    /// A promise that settles when it is open or has failed.
    pub(super) fn opening(&self) -> Promise {
        self.stream.opened()
    }

    /// Sets the result of that promise.
    pub(super) fn open(&self, opening: Opening) {
        let platform = web_stream::Platform::of(self.stream.clone(), &opening);
        *self.platform.borrow_mut() = Some(Rc::new(platform));
        // It opens once.
        let _ = self.opening.set(opening);
    }

    /// Cancels it, if it is not open yet.
    fn give_up(&self) {
        if self.opening.get().is_none() {
            let _ = self.stream.close(&JsValue::UNDEFINED);
        }
    }

    fn platform(&self) -> Option<Rc<web_stream::Platform>> {
        self.platform.borrow().clone()
    }

    pub(super) fn read(&self) -> Option<Promise> {
        Some(self.platform()?.read())
    }

    pub(super) fn ending(&self) -> Option<Promise> {
        Some(self.platform()?.ending())
    }

    pub(super) fn ended(&self, settled: Result<JsValue, JsValue>) -> Option<Ended> {
        Some(self.platform()?.ended(settled))
    }

    fn send(&self, message: &JsValue, bytes: usize, constant: bool) -> bool {
        let (Some(platform), true) = (self.platform(), bytes <= LARGEST) else {
            return false;
        };
        // Copy it, because it may wait in the browser's queue.
        match constant {
            true => platform.write(message, bytes),
            false => platform.write(&Uint8Array::new(message), bytes),
        }
        true
    }
}

impl PlatformTransport {
    /// The object that has the attributes `protocol` and `extensions`.
    pub(super) fn attributes(&self) -> JsValue {
        match self {
            Self::Socket(socket) => socket.platform.socket.clone().into(),
            Self::Stream(stream) => stream.opening.get().into(),
        }
    }

    /// Whether it holds less than this many unsent bytes; none if nothing can be sent, as soon as the end begins.
    pub(super) fn has_room(&self, watermark: usize) -> Option<bool> {
        match self {
            Self::Socket(socket) => socket.is_open().then(|| socket.has_room(watermark)),
            Self::Stream(stream) => Some(stream.platform()?.waiting_if_open()? < watermark),
        }
    }

    /// Hands over a message of this many bytes; returns false if it is refused. Copies bytes if they may wait, unless they are `constant`.
    pub(super) fn send(&self, message: &JsValue, bytes: usize, constant: bool) -> bool {
        match self {
            Self::Socket(socket) => socket.send(message, bytes).is_ok(),
            Self::Stream(stream) => stream.send(message, bytes, constant),
        }
    }

    /// A promise that settles when the send buffer has space again. `None` if the platform has no event for it; then poll it.
    pub(super) fn room(&self) -> Option<Promise> {
        match self {
            Self::Socket(_) => None,
            Self::Stream(stream) => Some(stream.platform()?.written()),
        }
    }

    /// How long to wait before the next poll, in milliseconds; 0 for one turn of the event loop.
    pub(super) fn pause(&self) -> u32 {
        match self {
            Self::Socket(socket) => {
                let mut looks = socket.looks.borrow_mut();
                looks.see(socket.held.get());
                looks.pause().subsec_millis()
            }
            Self::Stream(_) => 0,
        }
    }

    /// Begins to close. Only wrong arguments make it throw, and they were checked. If it threw all the same, the deadline would end the connection.
    pub(super) fn close(&self, code: u16, reason: &JsValue) {
        match self {
            Self::Socket(Socket { platform, .. }) => {
                let socket: &Browser = platform.socket.unchecked_ref();
                let _ = socket.close(&Array::of2(&code.into(), reason));
            }
            Self::Stream(stream) => {
                if let Some(platform) = stream.platform() {
                    platform.close(code, reason);
                }
            }
        }
    }

    /// The platform reported the end with this code.
    pub(super) fn answer(&self, code: u16) {
        if let Self::Socket(socket) = self {
            answer(&socket.platform, code);
        }
    }

    /// Stops reporting and requesting.
    pub(super) fn detach(&self) {
        match self {
            Self::Socket(socket) => socket.platform.detach(),
            Self::Stream(stream) => drop(stream.platform.take()),
        }
    }

    /// Closes without waiting for anything, after [`detach`](Self::detach). Does nothing after the end.
    pub(super) fn abandon(&self) {
        match self {
            // Without arguments it cannot throw. A stream's two ends close it when they are released.
            Self::Socket(socket) => drop(socket.platform.socket.close()),
            Self::Stream(stream) => stream.give_up(),
        }
    }
}
