//! The state of one connection of the class `Channel`, and what is reported to JavaScript.

use crate::js::platform_transport::{ByStream, PlatformTransport};
use crate::js::web_socket::Tell;
use crate::message::ClosedBy;
use crate::time::Timeout;
use crate::transport::attributes::{set, text};
use crate::transport::inbox::{Inbox, Weighed};
use crate::transport::web_socket::{Told, began};
use crate::transport::web_stream::Ended;
use core::cell::{Cell, RefCell};
use js_sys::Object;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Reported once each: open, and the beginning of the end, with our limit that caused it, if any.
const OPENED: u8 = 0;
pub(super) const CLOSING: u8 = 1;
pub(super) const TOO_BIG: u8 = 2;
pub(super) const FULL: u8 = 3;
/// Reported last, one of these: the connect timeout; or the end, with the side that closed and the browser's event, if there is one.
const TIMED_OUT: u8 = 4;
pub(super) const BY_LOCAL: u8 = 5;
const BY_REMOTE: u8 = 6;
const BY_ERROR: u8 = 7;
const BY_UNKNOWN: u8 = 8;

/// How long to wait for the platform's `close` after an `error`. Most platforms fire both in one task. workerd fires no `close` after a message that
/// is too large for it.
const CLOSE_AFTER_ERROR_MS: u32 = 50;

/// Stands for a message that arrived. JavaScript holds it.
pub(super) struct Arrived(pub(super) usize);

impl Weighed for Arrived {
    fn bytes(&self) -> usize {
        self.0
    }

    fn cost(&self) -> usize {
        // In addition 32 bytes, the documented order of magnitude. An empty `Uint8Array` costs more than that, a string less.
        self.0.saturating_add(32)
    }
}

pub(super) struct Inner {
    pub(super) tell: Tell,
    pub(super) transport: PlatformTransport,
    pub(super) phase: Cell<Phase>,
    /// We began to end it.
    pub(super) ours: Cell<bool>,
    pub(super) close_timeout_ms: u32,
    pub(super) max_message: usize,
    pub(super) send_high_water_mark: usize,
    pub(super) receive_buffer: usize,
    pub(super) inbox: RefCell<Inbox<Arrived>>,
    /// The timer of the connect timeout, and later of the close timeout.
    pub(super) deadline: RefCell<Option<Timeout>>,
}

/// Only moves forward.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Phase {
    Connecting,
    Open,
    Closing,
    Closed,
}

impl Inner {
    pub(super) fn stream(&self) -> Option<&ByStream> {
        match &self.transport {
            PlatformTransport::Stream(stream) => Some(stream),
            PlatformTransport::Socket(_) => None,
        }
    }

    /// Whether the send buffer has space for a message; none if nothing can be sent. The beginning of an end has no event, so it is noticed here
    /// first.
    pub(super) fn has_room(self: &Rc<Self>) -> Option<bool> {
        self.is_below(self.send_high_water_mark)
    }

    /// Whether the platform holds less than this many unsent bytes.
    pub(super) fn is_below(self: &Rc<Self>, bytes: usize) -> Option<bool> {
        if self.phase.get() != Phase::Open {
            return None;
        }
        let below = self.transport.has_room(bytes);
        if below.is_none() {
            self.phase.set(Phase::Closing);
            // The platform may never report the end.
            self.set_deadline(self.close_timeout_ms);
            self.tell(CLOSING, &JsValue::UNDEFINED);
        }
        below
    }

    pub(super) fn handle(self: &Rc<Self>, told: Told) {
        match told {
            // A test double may report it twice.
            Told::Opened if self.phase.get() != Phase::Connecting => {}
            Told::Opened => {
                drop(self.deadline.take());
                self.phase.set(Phase::Open);
                self.tell(OPENED, &JsValue::UNDEFINED);
            }
            // They go to `arrived`.
            Told::Message(_) => {}
            // Chromium fires only `error`, and never `close`, for a connection that a policy blocked; so does Node 22 for a refused one.
            Told::Error(event) => match self.phase.get() {
                Phase::Connecting => {
                    self.end(BY_ERROR, &event);
                    self.transport.abandon();
                }
                Phase::Open | Phase::Closing => self.set_deadline(CLOSE_AFTER_ERROR_MS),
                Phase::Closed => {}
            },
            Told::Closed(event) => {
                let by = match self.ours.get() {
                    true => ClosedBy::Local,
                    false => began(
                        event.code(),
                        text(&event, "reason").is_empty(),
                        event.was_clean(),
                    ),
                };
                // Before the return, because a test double may report its end again within `close`.
                self.transport.detach();
                self.transport.answer(event.code());
                self.end(how(by), &event);
            }
        }
    }

    /// The arguments were checked.
    pub(super) fn begin_close(self: &Rc<Self>, code: u16, reason: &JsValue, why: u8) {
        if self.phase.get() != Phase::Open {
            return;
        }
        self.phase.set(Phase::Closing);
        self.ours.set(true);
        self.set_deadline(self.close_timeout_ms);
        self.tell(why, &JsValue::UNDEFINED);
        // Last, because a platform may report the end within its `close`.
        self.transport.close(code, reason);
    }

    pub(super) fn set_deadline(self: &Rc<Self>, millis: u32) {
        if millis == 0 {
            return;
        }
        let weak = Rc::downgrade(self);
        let deadline = Timeout::new(f64::from(millis), move || {
            if let Some(inner) = weak.upgrade() {
                inner.abandon(match inner.phase.get() {
                    Phase::Connecting => TIMED_OUT,
                    _ if inner.ours.get() => BY_LOCAL,
                    _ => BY_ERROR,
                });
            }
        });
        *self.deadline.borrow_mut() = Some(deadline);
    }

    /// Ends without waiting for the platform's end.
    pub(super) fn abandon(&self, how: u8) {
        self.end(how, &JsValue::UNDEFINED);
        self.transport.abandon();
    }

    /// The end of a stream, which has no event.
    pub(super) fn end_as(&self, Ended { close_frame, by }: Ended) {
        let by = how(by);
        let Some((code, reason, clean)) = close_frame else {
            return self.end(by, &JsValue::UNDEFINED);
        };
        let event = Object::new();
        set(&event, "code", &code.into());
        set(&event, "reason", &reason);
        set(&event, "wasClean", &clean.into());
        self.end(by, &event);
    }

    pub(super) fn end(&self, how: u8, event: &JsValue) {
        if self.phase.replace(Phase::Closed) == Phase::Closed {
            return;
        }
        drop(self.deadline.take());
        self.transport.detach();
        self.tell(how, event);
    }

    pub(super) fn tell(&self, happened: u8, event: &JsValue) {
        // It settles promises, and throws nothing.
        let _ = self.tell.call(&JsValue::UNDEFINED, happened, event);
    }
}

fn how(by: ClosedBy) -> u8 {
    match by {
        ClosedBy::Local => BY_LOCAL,
        ClosedBy::Remote => BY_REMOTE,
        ClosedBy::Error => BY_ERROR,
        ClosedBy::Unknown => BY_UNKNOWN,
    }
}
