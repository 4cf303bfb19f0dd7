//! The Rust half of the class `Channel`. It owns the browser's object and makes every decision. Values and payloads stay in JavaScript; only the
//! lengths of messages get here.

mod connection;

use super::platform_transport::{ByStream, PlatformTransport, Socket};
use super::web_socket::{Tell, told};
use crate::error::CloseError;
use crate::transport::attributes::set;
use crate::transport::inbox::{Inbox, Put};
use crate::transport::web_socket::{Platform, Told};
use crate::transport::{Limits, MESSAGE_TOO_BIG, Overflow, RECEIVE_BUFFER_FULL};
use connection::{Arrived, BY_LOCAL, CLOSING, FULL, Inner, Phase, TOO_BIG};
use core::cell::{Cell, RefCell};
use js_sys::{Array, Function, Promise, Reflect};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// Error codes. Their texts are in JavaScript, because here they would add a kilobyte of wasm.
const REFUSED: &str = "REFUSED";
const NOT_OPEN: &str = "NOT_OPEN";
const SEND_REFUSED: &str = "SEND_REFUSED";

/// One connection of the class `Channel`. It closes when JavaScript drops it.
///
/// It has no strong reference to the user's object. It has the function `tell`, which must not have one either.
#[wasm_bindgen]
pub struct ChannelHandle(Rc<Inner>);

#[wasm_bindgen]
impl ChannelHandle {
    /// Begins to connect, with the arguments for the browser's constructor. A missing option keeps its default; a timeout of 0 is none.
    ///
    /// `tell` is called with the numbers above. The browser calls `arrived` with its `message` events until the end, and `arrived` calls
    /// [`arrive`](Self::arrive) for each. Without `arrived` the class is `WebSocketStream`, which has no events: the handle's owner awaits
    /// [`opening`](Self::opening), [`read`](Self::read) and [`ending`](Self::ending), and reports the results.
    ///
    /// # Errors
    /// The exception of the browser's constructor, unchanged, or a code.
    #[wasm_bindgen(constructor)]
    // One call across the boundary, without an object to read.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        class: &Function,
        arguments: &Array,
        connect_timeout_ms: u32,
        close_timeout_ms: Option<u32>,
        send_high_water_mark: Option<u32>,
        receive_buffer: Option<u32>,
        overflow: u8,
        max_message: Option<u32>,
        tell: Tell,
        arrived: Option<Function>,
    ) -> Result<ChannelHandle, JsValue> {
        let socket = Reflect::construct(class, arguments)?;
        if arrived.is_some() {
            let socket: &web_sys::WebSocket = socket.unchecked_ref();
            // So Chromium reports that the page's security policy forbids it.
            if socket.ready_state() == web_sys::WebSocket::CLOSED {
                return Err(REFUSED.into());
            }
            set(socket, "binaryType", &"arraybuffer".into());
        }
        let limits = Limits::default();
        let or = |bytes: Option<u32>, default| bytes.map_or(default, |bytes| bytes as usize);
        let receive_buffer = or(receive_buffer, limits.receive_buffer);
        let inbox = match arrived {
            Some(_) => Inbox::new(receive_buffer, policy(overflow)),
            // A stream's messages are always accepted: past the limit none is requested.
            None => Inbox::new(usize::MAX, Overflow::Close),
        };
        let inner = Rc::new_cyclic(|weak: &Weak<Inner>| Inner {
            tell,
            transport: match arrived {
                Some(arrived) => {
                    let platform = Platform::of(socket.unchecked_into(), told(weak, Inner::handle));
                    platform.hand_messages_to(&arrived);
                    PlatformTransport::Socket(Socket::of(platform))
                }
                None => PlatformTransport::Stream(ByStream::of(socket.unchecked_into())),
            },
            phase: Cell::new(Phase::Connecting),
            ours: Cell::new(false),
            close_timeout_ms: close_timeout_ms
                .unwrap_or(limits.close_timeout.as_secs() as u32 * 1000),
            max_message: or(max_message, limits.max_message),
            // With 0 it waits until the platform holds nothing.
            send_high_water_mark: or(send_high_water_mark, limits.send_high_water_mark).max(1),
            // With 0 it stops after every message.
            receive_buffer: receive_buffer.max(1),
            inbox: RefCell::new(inbox),
            deadline: RefCell::new(None),
        });
        inner.set_deadline(connect_timeout_ms);
        Ok(ChannelHandle(inner))
    }

    /// The object that has the attributes `protocol` and `extensions`.
    #[wasm_bindgen(getter)]
    pub fn platform(&self) -> JsValue {
        self.0.transport.attributes()
    }

    /// Bytes of unread messages, as they count against the receive buffer.
    #[wasm_bindgen(getter, js_name = queuedBytes)]
    pub fn queued_bytes(&self) -> f64 {
        self.0.inbox.borrow().bytes() as f64
    }

    /// A message of this many bytes arrived. `read` says whether a read is pending. Returns how many of the oldest unread messages were dropped for
    /// it. A negative number means that this message is dropped: -2 by the overflow policy, -1 because it must not be shown. If it exceeds the limit,
    /// the connection closes.
    pub fn arrive(&self, bytes: f64, read: bool) -> i32 {
        let inner = &self.0;
        // After we began to close, a platform shows no messages either (WHATWG WebSockets §4, "message" when not OPEN).
        if inner.ours.get() || matches!(inner.phase.get(), Phase::Connecting | Phase::Closed) {
            return -1;
        }
        let bytes = bytes as usize;
        let mut why = (MESSAGE_TOO_BIG, TOO_BIG);
        if bytes <= inner.max_message {
            let mut inbox = inner.inbox.borrow_mut();
            match inbox.put(Arrived(bytes)) {
                Put::Kept(displaced) => {
                    if read {
                        inbox.pop();
                    }
                    return displaced as i32;
                }
                Put::Dropped => return -2,
                Put::Full => why = (RECEIVE_BUFFER_FULL, FULL),
            }
        }
        let ((code, reason), limit) = why;
        inner.begin_close(code, &reason.into(), limit);
        -1
    }

    /// The oldest message has been read.
    pub fn take(&self) {
        self.0.inbox.borrow_mut().pop();
    }

    /// Hands a message to the platform; returns false if the send buffer is full. `bytes` is its length; over `WebSocket` it may be an upper bound.
    /// `constant`: it can no longer change, so the platform need not copy it while it waits.
    ///
    /// # Errors
    /// A code: the connection is closing or closed, or the platform refused the message.
    pub fn send(&self, message: &JsValue, bytes: f64, constant: bool) -> Result<bool, JsValue> {
        let inner = &self.0;
        match inner.has_room() {
            None => Err(NOT_OPEN.into()),
            Some(true) if !inner.transport.send(message, bytes as usize, constant) => {
                Err(SEND_REFUSED.into())
            }
            Some(room) => Ok(room),
        }
    }

    /// Whether the platform holds nothing unsent.
    ///
    /// # Errors
    /// A code: the connection is closing or closed.
    pub fn drained(&self) -> Result<bool, JsValue> {
        self.0.is_below(1).ok_or_else(|| NOT_OPEN.into())
    }

    /// A promise that settles when another try to send is worthwhile; `undefined` if the platform has no event for it.
    pub fn room(&self) -> Option<Promise> {
        self.0.transport.room()
    }

    /// Without such an event, the milliseconds to wait before the next try; 0 for one turn of the event loop.
    pub fn pause(&self) -> u32 {
        self.0.transport.pause()
    }

    /// Whether [`close`](Self::close) accepts this code, a 16-bit integer, and a reason of this many bytes.
    ///
    /// # Errors
    /// A code, if it does not.
    #[wasm_bindgen(js_name = checkClose)]
    pub fn check_close(code: u16, bytes: u32) -> Result<(), JsValue> {
        CloseError::check_length(code, bytes as usize).map_err(|error| JsValue::from(error.code()))
    }

    /// Begins to close, if it is open. The arguments were [checked](Self::check_close).
    pub fn close(&self, code: u16, reason: &JsValue) {
        self.0.begin_close(code, reason, CLOSING);
    }

    /// Ends at once: closes, without waiting for the peer's answer.
    pub fn abort(&self) {
        self.0.abandon(BY_LOCAL);
    }
}

/// For `WebSocketStream`. JavaScript awaits its promises and reports the results. After the end they have no effect.
#[wasm_bindgen]
impl ChannelHandle {
    /// The first promise to await: settles when the stream is open or has failed.
    pub fn opening(&self) -> Option<Promise> {
        Some(self.0.stream()?.opening())
    }

    /// The result of that promise; `undefined` if it was rejected.
    pub fn opened(&self, opening: JsValue) {
        let inner = &self.0;
        if opening.is_undefined() {
            return inner.handle(Told::Error(JsValue::UNDEFINED));
        }
        if let Some(stream) = inner.stream() {
            stream.open(opening.unchecked_into());
        }
        match inner.phase.get() {
            Phase::Connecting => inner.handle(Told::Opened),
            // Cancelled at this moment: release both ends.
            _ => inner.transport.detach(),
        }
    }

    /// A promise of the next message, or of the end, as a stream's reader returns it; `undefined` while the receive buffer is full. After our own
    /// close, messages are read and discarded, so that the end can come.
    pub fn read(&self) -> Option<Promise> {
        let inner = &self.0;
        match inner.phase.get() {
            Phase::Connecting | Phase::Closed => return None,
            _ if inner.ours.get() => {}
            _ if inner.inbox.borrow().bytes() < inner.receive_buffer => {}
            _ => return None,
        }
        inner.stream()?.read()
    }

    /// A promise of how the stream ended, to be awaited after reading has ended.
    pub fn ending(&self) -> Option<Promise> {
        self.0.stream()?.ending()
    }

    /// The result of that promise: `kept`, or rejected.
    pub fn ended(&self, info: JsValue, kept: bool) {
        let settled = if kept { Ok(info) } else { Err(info) };
        let stream = self.0.stream();
        if let Some(ended) = stream.and_then(|stream| stream.ended(settled)) {
            self.0.end_as(ended);
        }
    }
}

impl Drop for ChannelHandle {
    fn drop(&mut self) {
        // Report the end.
        self.0.abandon(BY_LOCAL);
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
