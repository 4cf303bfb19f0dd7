//! The browser's own `WebSocket`, through web-sys: the platform does the handshake and the framing, so whole messages pass here.
//!
//! [`Platform`] owns the browser's object, and [`WebSocket`] is the [`Transport`] made of it.

mod payload;
mod platform;

pub(crate) use platform::{Platform, Told};

use super::attributes::{get, set, text};
use super::drain::Drain;
use super::incoming::Incoming;
use super::life::Phase;
use super::{ConnectRequest, ConnectionLost, Dropped, Limits, Transport};
use crate::error::{Cause, ConnectErrorKind};
use crate::message::{CloseInfo, ClosedBy, Event, Message, OpenInfo};
use crate::time::{Sleep, sleep};
use crate::waker::{keep_in, wake};
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
#[cfg(target_feature = "atomics")]
use js_sys::Uint8Array;
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MessageEvent;

/// The [`Transport`] on the browser's own `WebSocket`.
pub(crate) struct WebSocket {
    platform: Platform,
    shared: Rc<Shared>,
    drain: Drain,
    close_deadline: Option<Sleep>,
}

/// What the browser's events and the poll functions share. Never borrowed across a call into JavaScript.
struct Shared {
    limits: Limits,
    /// How it stands, and what waits to be read.
    incoming: Arc<Incoming>,
    /// Of `poll_event`.
    reader: Cell<Option<Waker>>,
    writer: Cell<Option<Waker>>,
    /// Somebody else reads.
    read_elsewhere: Cell<bool>,
}

impl WebSocket {
    fn open(request: &ConnectRequest) -> Result<Self, ConnectErrorKind> {
        let shared = Rc::new(Shared {
            incoming: Incoming::bounded(Phase::Connecting, &request.limits),
            limits: request.limits.clone(),
            reader: Cell::default(),
            writer: Cell::default(),
            read_elsewhere: Cell::new(false),
        });
        let told = {
            let shared = shared.clone();
            Rc::new(move |told: Told| handle(&shared, told))
        };
        let platform = Platform::open(&request.url, &request.protocols, told).map_err(refused)?;
        // Chromium's way to say that the page's security policy forbids it: closed at once, an `error` and never a `close`.
        if platform.socket.ready_state() == web_sys::WebSocket::CLOSED {
            return Err(ConnectErrorKind::Refused {
                name: String::new(),
                message: String::new(),
            });
        }
        set(&platform.socket, "binaryType", &"arraybuffer".into());
        Ok(Self {
            platform,
            shared,
            drain: Drain::default(),
            close_deadline: None,
        })
    }

    fn poll_opened(&mut self, cx: &mut Context<'_>) -> Poll<Result<OpenInfo, ConnectErrorKind>> {
        match self.shared.incoming.phase() {
            Phase::Connecting => {
                keep_in(&self.shared.reader, cx.waker());
                Poll::Pending
            }
            Phase::Closed(closed) => {
                Poll::Ready(Err(ConnectErrorKind::failed(closed, Cause::Hidden)))
            }
            Phase::Open | Phase::Closing => {
                let socket = &self.platform.socket;
                Poll::Ready(Ok(OpenInfo::new(
                    text(socket, "protocol"),
                    text(socket, "extensions"),
                )))
            }
        }
    }

    /// Ready when the browser holds fewer unsent bytes than that, or is not open.
    fn poll_below(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<()> {
        loop {
            let held = self.buffered_amount();
            if held < bytes || !self.is_open() {
                self.drain.rest(held);
                return Poll::Ready(());
            }
            // Incoming events look, too.
            keep_in(&self.shared.writer, cx.waker());
            ready!(self.drain.poll(cx, held));
        }
    }

    fn begin_close(&mut self, code: u16, reason: &str) {
        self.shared.incoming.close();
        // Only arguments can make it throw, and they were checked. If it did, the deadline would end the connection.
        let _ = self
            .platform
            .socket
            .close_with_code_and_reason(code, reason);
        self.close_deadline();
    }

    /// The wait for the end that we began.
    #[inline(never)]
    fn close_deadline(&mut self) -> &mut Sleep {
        let timeout = self.shared.limits.close_timeout;
        self.close_deadline.get_or_insert_with(|| sleep(timeout))
    }
}

/// Opens a connection with the browser's own `WebSocket`. Dropping the future closes it.
///
/// # Errors
/// What the constructor threw, or that the connection failed before it was open. There is no time limit here.
pub(crate) fn connect(
    request: ConnectRequest,
) -> impl Future<Output = Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>> {
    let mut opening = None;
    poll_fn(move |cx| {
        if opening.is_none() {
            opening = Some(Box::new(WebSocket::open(&request)?));
        }
        let Some(socket) = &mut opening else {
            return Poll::Pending;
        };
        let opened = ready!(socket.poll_opened(cx))?;
        request.protocols.check(Some(&opened))?;
        match opening.take() {
            Some(socket) => Poll::Ready(Ok((socket as Box<dyn Transport>, opened))),
            None => Poll::Pending,
        }
    })
}

/// Handles one event of the browser and wakes the waiting task. A channel's driver works at once, other tasks later.
fn handle(shared: &Shared, told: Told) {
    let mut reads = true;
    match told {
        Told::Opened => shared.incoming.opened(),
        Told::Message(event) => reads = arrive(shared, &event),
        // For a connection that a policy blocked, Chromium fires only `error`, and never `close`.
        Told::Error(_) => {
            if matches!(shared.incoming.phase(), Phase::Connecting) {
                drop(shared.incoming.ended(CloseInfo::lost(ClosedBy::Error)));
            }
        }
        Told::Closed(event) => {
            let (clean, reason) = (event.was_clean(), text(&event, "reason"));
            // WHATWG WebSockets §4: a connection that failed has the code 1006. Deno has none, 0, when it failed before it was open.
            let code = match event.code() {
                0 => 1006,
                code => code,
            };
            let by = began(code, reason.is_empty(), clean);
            drop(
                shared
                    .incoming
                    .ended(CloseInfo::new(code, reason, clean, by)),
            );
        }
    }
    if reads {
        wake(shared.reader.take());
    }
    wake(shared.writer.take());
}

/// Who began an end that we did not, as far as the browser says. A clean 1001 without a reason may be the browser's own: Firefox closes a page's
/// sockets with it on a download link and on `window.stop()`, and the page stays.
pub(crate) fn began(code: u16, without_reason: bool, clean: bool) -> ClosedBy {
    match code {
        _ if !clean => ClosedBy::Error,
        1001 if without_reason => ClosedBy::Unknown,
        _ => ClosedBy::Remote,
    }
}

/// Takes a message, or closes the connection over it. Whether `poll_event` has something new.
fn arrive(shared: &Shared, event: &MessageEvent) -> bool {
    let message = payload::read(event.data(), shared.limits.max_message);
    let Some((code, reason)) = shared.incoming.arrive(message) else {
        return !shared.read_elsewhere.get();
    };
    if let Ok(socket) = get(event, "target") {
        let socket: web_sys::WebSocket = socket.unchecked_into();
        let _ = socket.close_with_code_and_reason(code, reason);
    }
    true
}

/// Why the constructor threw. The subprotocols were checked before, so a `SyntaxError` is about the URL (WHATWG WebSockets §3.1).
pub(super) fn refused(thrown: JsValue) -> ConnectErrorKind {
    let name = text(&thrown, "name");
    if name == "SyntaxError" {
        return ConnectErrorKind::BadUrl;
    }
    ConnectErrorKind::Refused {
        name,
        message: text(&thrown, "message"),
    }
}

impl crate::transport::Sealed for WebSocket {}

impl Transport for WebSocket {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if !self.shared.read_elsewhere.get()
            && let Poll::Ready(Some(message)) = self.shared.incoming.poll_next(None).0
        {
            return Poll::Ready(Event::Message(message));
        }
        // The receive buffer closes from inside the event: its deadline starts when we next look.
        if self.shared.incoming.is_ours() && Pin::new(self.close_deadline()).poll(cx).is_ready() {
            self.platform.detach();
            drop(self.shared.incoming.ended(CloseInfo::lost(ClosedBy::Local)));
        }
        if let Phase::Closed(closed) = self.shared.incoming.phase() {
            return Poll::Ready(Event::Closed(closed));
        }
        keep_in(&self.shared.reader, cx.waker());
        Poll::Pending
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_below(cx, self.shared.limits.send_high_water_mark.max(1))
    }

    fn send(&mut self, message: Message) -> Result<(), Message> {
        if !self.is_open() {
            return Err(message);
        }
        let sent = match &message {
            Message::Text(text) => self.platform.socket.send_with_str(text),
            Message::Binary(bytes) => send_bytes(&self.platform.socket, bytes),
        };
        sent.map_err(|_| message)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        // `send` hands over at once; nothing waits here.
        Poll::Ready(Ok(()))
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        self.poll_below(cx, 1).map(Ok)
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.begin_close(code, reason);
    }

    /// What a channel took before its close is still handed over: our own `close` moves the browser's state, and nothing before it does.
    fn is_open(&self) -> bool {
        self.platform.socket.ready_state() == web_sys::WebSocket::OPEN
    }

    fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    fn capacity(&self) -> usize {
        self.shared
            .limits
            .send_high_water_mark
            .max(1)
            .saturating_sub(self.buffered_amount())
    }

    /// A browser has assembled and queued the message before it shows it.
    fn has_receive_backpressure(&self) -> bool {
        false
    }

    fn incoming(&mut self) -> Arc<Incoming> {
        self.shared.read_elsewhere.set(true);
        self.shared.incoming.clone()
    }

    fn dropped(&self) -> Dropped {
        self.shared.incoming.received().dropped
    }

    fn buffered_amount(&self) -> usize {
        self.platform.socket.buffered_amount() as usize
    }
}

/// The browser copies within the call, so a view of our memory is enough.
#[cfg(not(target_feature = "atomics"))]
fn send_bytes(socket: &web_sys::WebSocket, bytes: &[u8]) -> Result<(), JsValue> {
    socket.send_with_u8_array(bytes)
}

/// Shared memory is refused by `WebSocket.send`: one copy into an unshared array first.
#[cfg(target_feature = "atomics")]
fn send_bytes(socket: &web_sys::WebSocket, bytes: &[u8]) -> Result<(), JsValue> {
    socket.send_with_array_buffer_view(&Uint8Array::from(bytes))
}
