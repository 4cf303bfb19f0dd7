//! What the class `Channel` stands on: the browser's own object, and every decision about it. Values and payloads stay in JavaScript, where they
//! live: of a message only its length comes here.

use super::web_socket::{Browser, Tell};
use crate::error::CloseError;
use crate::time::Timeout;
use crate::transport::drain::Looks;
use crate::transport::inbox::{Inbox, Put, Weighed};
use crate::transport::web_socket::{Platform, Told};
use crate::transport::{Limits, Overflow, TOO_BIG, TOO_BIG_REASON};
use core::cell::{Cell, OnceCell, RefCell};
use js_sys::{Array, Function, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// What is told, once each: open, and that the end has begun.
const OPENED: u8 = 0;
const CLOSING: u8 = 1;
/// The last thing told, one of these: not open in time; or the end, by whom, with the browser's event where there is one.
const TIMED_OUT: u8 = 2;
const BY_US: u8 = 3;
const BY_PEER: u8 = 4;
const BY_FAILURE: u8 = 5;

/// Codes of errors, which JavaScript has the words for: here they would be a kilobyte more of wasm.
const REFUSED: &str = "REFUSED";
const NOT_OPEN: &str = "NOT_OPEN";
const SEND_REFUSED: &str = "SEND_REFUSED";

/// A message that has arrived, in the place of one that JavaScript holds.
struct Arrived(usize);

impl Weighed for Arrived {
    fn bytes(&self) -> usize {
        self.0
    }

    fn cost(&self) -> usize {
        // Some 32 bytes of its own: the documented order, of which an empty `Uint8Array` is more and a string less.
        self.0.saturating_add(32)
    }
}

/// One connection of the class `Channel`. When JavaScript has let go of it, the connection closes.
///
/// It holds no strong reference to the user's object: only the function `tell`, which must not either.
#[wasm_bindgen]
pub struct ChannelHandle(Rc<Inner>);

struct Inner {
    tell: Tell,
    platform: OnceCell<Platform>,
    phase: Cell<Phase>,
    /// We began to end it.
    ours: Cell<bool>,
    close_timeout_ms: u32,
    max_message: usize,
    send_watermark: usize,
    inbox: RefCell<Inbox<Arrived>>,
    /// What the platform holds unsent, at most: by itself it gets less. So that it is asked only where it might be too much.
    held: Cell<usize>,
    looks: RefCell<Looks>,
    /// Of connecting, and then of closing.
    deadline: RefCell<Option<Timeout>>,
}

/// It only ever goes forward.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Connecting,
    Open,
    Closing,
    Closed,
}

#[wasm_bindgen]
impl ChannelHandle {
    /// Begins to connect, with the arguments for the browser's constructor. An option that is missing keeps its default; of the two timeouts 0 is
    /// none. `tell` is told the numbers above. `arrived` is given the browser's `message` events by the browser itself, until the end: it asks
    /// [`arrive`](Self::arrive) about each.
    ///
    /// # Errors
    /// What the browser's constructor threw, as it threw it, or a code.
    #[wasm_bindgen(constructor)]
    // One call across the boundary, and no object to take apart.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        class: &Function,
        arguments: &Array,
        connect_timeout_ms: u32,
        close_timeout_ms: Option<u32>,
        send_watermark: Option<u32>,
        receive_bound: Option<u32>,
        overflow: u8,
        max_message: Option<u32>,
        tell: Tell,
        arrived: &Function,
    ) -> Result<ChannelHandle, JsValue> {
        let socket: web_sys::WebSocket = Reflect::construct(class, arguments)?.unchecked_into();
        // Chromium's way to say that the page's security policy forbids it.
        if socket.ready_state() == web_sys::WebSocket::CLOSED {
            return Err(REFUSED.into());
        }
        // A platform's own attribute takes what is its own.
        let _ = Reflect::set(&socket, &"binaryType".into(), &"arraybuffer".into());
        let limits = Limits::default();
        let or = |bytes: Option<u32>, default| bytes.map_or(default, |bytes| bytes as usize);
        let inner = Rc::new(Inner {
            tell,
            platform: OnceCell::new(),
            phase: Cell::new(Phase::Connecting),
            ours: Cell::new(false),
            close_timeout_ms: close_timeout_ms
                .unwrap_or(limits.close_timeout.as_secs() as u32 * 1000),
            max_message: or(max_message, limits.max_message),
            // Of 0 it waits until everything is out.
            send_watermark: or(send_watermark, limits.send_watermark).max(1),
            inbox: RefCell::new(Inbox::new(
                or(receive_bound, limits.receive_bound),
                policy(overflow),
            )),
            held: Cell::new(0),
            looks: RefCell::default(),
            deadline: RefCell::new(None),
        });
        let weak = Rc::downgrade(&inner);
        let told = Rc::new(move |told: Told| {
            if let Some(inner) = weak.upgrade() {
                inner.handle(told);
            }
        });
        let platform = Platform::of(socket, told);
        platform.hand_messages_to(arrived);
        // The cell is new: it cannot be full.
        let _ = inner.platform.set(platform);
        inner.set_deadline(connect_timeout_ms);
        Ok(ChannelHandle(inner))
    }

    /// The browser's object, for its attributes.
    #[wasm_bindgen(getter)]
    pub fn platform(&self) -> JsValue {
        self.0
            .socket()
            .map_or(JsValue::UNDEFINED, |socket| socket.clone().into())
    }

    /// What has arrived and waits to be read, as it counts against the receive bound.
    #[wasm_bindgen(getter, js_name = queuedBytes)]
    pub fn queued_bytes(&self) -> f64 {
        self.0.inbox.borrow().bytes() as f64
    }

    /// Messages that the overflow policy dropped.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> f64 {
        self.0.inbox.borrow().dropped().messages as f64
    }

    /// A message of so many bytes has arrived; `read`: somebody waits for it. Tells how many of the oldest that wait to be read were dropped for
    /// it, or, with a negative number, that it is to be dropped itself. It may be the one too many, which closes the connection.
    pub fn arrive(&self, bytes: f64, read: bool) -> i32 {
        let inner = &self.0;
        // After an end that we began, the platform shows nothing either (WHATWG WebSockets §4, "message" when not OPEN).
        if inner.ours.get() || matches!(inner.phase.get(), Phase::Connecting | Phase::Closed) {
            return -1;
        }
        let bytes = bytes as usize;
        if bytes <= inner.max_message {
            let mut inbox = inner.inbox.borrow_mut();
            match inbox.put(Arrived(bytes)) {
                Put::Kept(displaced) => {
                    if read {
                        inbox.pop();
                    }
                    return displaced as i32;
                }
                Put::Dropped => return -1,
                Put::Full => {}
            }
        }
        inner.begin_close(TOO_BIG, &TOO_BIG_REASON.into());
        -1
    }

    /// The oldest message has been read.
    pub fn take(&self) {
        self.0.inbox.borrow_mut().pop();
    }

    /// Hands a message to the platform, if there is room; false if the line is full. `bytes` are its length at most.
    ///
    /// # Errors
    /// A code: the connection is closing or closed, or the platform refused the message.
    pub fn send(&self, message: &JsValue, bytes: f64) -> Result<bool, JsValue> {
        let inner = &self.0;
        let Some(socket) = inner.open() else {
            return Err(NOT_OPEN.into());
        };
        if inner.held.get() >= inner.send_watermark {
            let held = socket.buffered_amount() as usize;
            inner.held.set(held);
            if held >= inner.send_watermark {
                return Ok(false);
            }
            inner.looks.borrow_mut().rest(held);
        }
        let sent = socket.unchecked_ref::<Browser>().send_message(message);
        sent.map_err(|_| JsValue::from(SEND_REFUSED))?;
        inner
            .held
            .set(inner.held.get().saturating_add(bytes as usize));
        Ok(true)
    }

    /// How long to wait before the line is tried again, in milliseconds; 0 for one turn of the event loop.
    pub fn pause(&self) -> u32 {
        let mut looks = self.0.looks.borrow_mut();
        looks.see(self.0.held.get());
        looks.pause().subsec_millis()
    }

    /// Begins to close. The code is a whole number of 16 bits, and the reason a string of so many bytes.
    ///
    /// # Errors
    /// A code, when an argument is not allowed. Nothing has happened then.
    pub fn close(&self, code: u16, reason: &JsValue, bytes: u32) -> Result<(), JsValue> {
        CloseError::check_length(code, bytes as usize)
            .map_err(|error| JsValue::from(error.code()))?;
        self.0.begin_close(code, reason);
        Ok(())
    }

    /// Ends at once: closes, and does not wait for the peer's answer.
    pub fn abort(&self) {
        self.0.abandon(BY_US);
    }
}

impl Drop for ChannelHandle {
    fn drop(&mut self) {
        // Whoever waits for the end hears of it.
        self.0.abandon(BY_US);
    }
}

impl Inner {
    fn socket(&self) -> Option<&web_sys::WebSocket> {
        self.platform.get().map(|platform| &platform.socket)
    }

    /// The browser's object, if it can send. That its end has begun is not told by an event: it is seen here first.
    fn open(&self) -> Option<&web_sys::WebSocket> {
        let socket = self.socket()?;
        if self.phase.get() != Phase::Open {
            return None;
        }
        if socket.ready_state() != web_sys::WebSocket::OPEN {
            self.phase.set(Phase::Closing);
            self.tell(CLOSING, &JsValue::UNDEFINED);
            return None;
        }
        Some(socket)
    }

    fn handle(self: &Rc<Self>, told: Told) {
        match told {
            Told::Opened => {
                drop(self.deadline.take());
                self.phase.set(Phase::Open);
                self.tell(OPENED, &JsValue::UNDEFINED);
            }
            // They go to `arrived`.
            Told::Message(_) => {}
            // Chromium tells a connection that its security policy blocked only this way, and never fires `close`.
            Told::Error => {
                if self.phase.get() == Phase::Connecting {
                    self.end(BY_FAILURE, &JsValue::UNDEFINED);
                }
            }
            Told::Closed(event) => {
                let by = match self.ours.get() {
                    true => BY_US,
                    false if event.was_clean() => BY_PEER,
                    false => BY_FAILURE,
                };
                self.end(by, &event);
            }
        }
    }

    /// The arguments have been checked.
    fn begin_close(self: &Rc<Self>, code: u16, reason: &JsValue) {
        if self.phase.get() != Phase::Open {
            return;
        }
        self.phase.set(Phase::Closing);
        self.ours.set(true);
        if let Some(socket) = self.socket() {
            let arguments = Array::of2(&code.into(), reason);
            // Only arguments can make it throw. If it did, the deadline would end the connection.
            let _ = socket.unchecked_ref::<Browser>().close(&arguments);
        }
        self.set_deadline(self.close_timeout_ms);
        self.tell(CLOSING, &JsValue::UNDEFINED);
    }

    fn set_deadline(self: &Rc<Self>, millis: u32) {
        if millis == 0 {
            return;
        }
        let weak = Rc::downgrade(self);
        let deadline = Timeout::new(f64::from(millis), move || {
            if let Some(inner) = weak.upgrade() {
                let connecting = inner.phase.get() == Phase::Connecting;
                inner.abandon(if connecting { TIMED_OUT } else { BY_US });
            }
        });
        *self.deadline.borrow_mut() = Some(deadline);
    }

    /// The end, without waiting for the platform's.
    fn abandon(&self, how: u8) {
        self.end(how, &JsValue::UNDEFINED);
        if let Some(socket) = self.socket() {
            // Without arguments it cannot throw, and does nothing when closing has begun.
            let _ = socket.close();
        }
    }

    fn end(&self, how: u8, event: &JsValue) {
        if self.phase.replace(Phase::Closed) == Phase::Closed {
            return;
        }
        drop(self.deadline.take());
        if let Some(platform) = self.platform.get() {
            platform.detach();
        }
        self.tell(how, event);
    }

    fn tell(&self, happened: u8, event: &JsValue) {
        // It settles promises, and throws nothing.
        let _ = self.tell.call(&JsValue::UNDEFINED, happened, event);
    }
}

/// The order of `overflow` in `options.js`.
fn policy(overflow: u8) -> Overflow {
    match overflow {
        1 => Overflow::DropOldest,
        2 => Overflow::DropNewest,
        3 => Overflow::Latest,
        _ => Overflow::Close,
    }
}
