//! The browser's own `WebSocketStream` (Chromium, Deno): the only socket of a page with receive backpressure.
//!
//! It is in no standard yet. Measured in Chromium 156:
//!
//! - A message is read when it is requested. Others wait in the browser, then in the network, then at the peer.
//! - If the peer closes while messages wait in the browser, Chromium drops all but the first of them. So reading continues up to the receive
//!   buffer, and an end that came while reading was paused is never reported as clean.
//! - Its `close` completes only after all unread messages were read: they are read and discarded.
//! - A write is taken when its last byte is in the pipe to the browser's network process: 128 KiB, behind which are a chunk of 64 KiB and the
//!   operating system's own buffer, 4 MiB on loopback. An idle connection always takes 64 KiB at once; more waits.
//!
//! Deno 2.9.6 rejects `closed` without a code for up to 9 of 100 connections that this side closes right after the opening, although the peer has answered.
//! The channel then reports 1006, not clean, by this side: nothing tells this rejection from a lost connection.
//!
//! Chromium 156 has a defect that can end the page. What is limited because of it:
//!
//! - A message larger than [`LARGEST`] is refused.
//! - The socket is closed behind the last write, and no `AbortSignal` is used: `close` gives up a connection in the making, too.
//! - It is meant for receiving much and sending little. For uploads, and to peers that are not trusted, use the class.

mod bindings;
mod hearing;
mod platform;

use super::attributes::set;
use super::incoming::Incoming;
use super::{ConnectRequest, ConnectionLost, Limits, MESSAGE_TOO_BIG, Transport};
use crate::error::{Cause, ConnectErrorKind};
use crate::message::{CloseInfo, ClosedBy, Event, Message, OpenInfo};
use crate::time::{Sleep, sleep};
pub(crate) use bindings::{Opening, Read, Stream};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use hearing::Hearing;
use js_sys::{Array, JsString, Object, Promise, Reflect, Uint8Array};
pub(crate) use platform::{Ended, Platform};
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};

/// The largest message that is sent, in bytes: half of what an idle connection accepts in one write.
pub(crate) const LARGEST: usize = 64 << 10;

/// Whether this browser has it.
pub(crate) fn is_there() -> bool {
    Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap_or(false)
}

/// Nothing awaits `closed` of a connection that does not open, and Deno ends a process at an unhandled rejection.
pub(crate) fn hear_closed(stream: &Stream) {
    let _ = Promise::all_settled(&Array::of1(&stream.closed()));
}

/// The [`Transport`] on the browser's own `WebSocketStream`.
pub(crate) struct WebSocketStream {
    platform: Platform,
    limits: Limits,
    /// One read after another, and when reading has ended how the connection did. What is under way outlives the polls that wait for it, so that
    /// none of them can lose its message.
    incoming: Hearing,
    /// For waits until every write was taken.
    outgoing: Hearing,
    /// Reading has ended.
    ending: bool,
    close_deadline: Option<Sleep>,
    /// A channel's: it is to know that a message was too large.
    queue: Option<Arc<Incoming>>,
}

/// A connection in the making. Dropping it gives it up, open already or not.
struct Connecting(Option<Stream>);

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Some(stream) = &self.0 {
            let _ = stream.close(&JsValue::UNDEFINED);
        }
    }
}

/// Opens a connection with the browser's own `WebSocketStream`. Dropping the future closes it.
///
/// # Errors
/// [`ConnectErrorKind::Unsupported`] where there is none; what the constructor threw; or that the connection failed before it was open. There is
/// no time limit here.
pub(crate) async fn connect(
    request: ConnectRequest,
) -> Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind> {
    if !is_there() {
        return Err(ConnectErrorKind::Unsupported);
    }
    let options = Object::new();
    set(&options, "protocols", &request.protocols.list());
    let stream = Stream::new(&request.url, &options).map_err(super::web_socket::refused)?;
    hear_closed(&stream);
    let mut connecting = Connecting(Some(stream.clone()));
    let incoming = Hearing::new();
    let opening = poll_fn(|cx| incoming.poll(cx, || stream.opened())).await;
    connecting.0 = None;
    let opening: Opening = match opening {
        Ok(opening) => opening.unchecked_into(),
        Err(_) => {
            return Err(ConnectErrorKind::failed(
                CloseInfo::lost(ClosedBy::Error),
                Cause::Hidden,
            ));
        }
    };
    let transport = WebSocketStream {
        platform: Platform::of(stream, &opening),
        limits: request.limits,
        incoming,
        outgoing: Hearing::new(),
        ending: false,
        close_deadline: None,
        queue: None,
    };
    let opened = OpenInfo::new(opening.protocol(), opening.extensions());
    request.protocols.check(Some(&opened))?;
    Ok((Box::new(transport), opened))
}

impl WebSocketStream {
    /// The next message or the end of them, whatever there is left of the close timeout.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            let read = ready!(self.incoming.poll(cx, || self.platform.read()));
            // Streams Standard, `ReadableStreamReadResult`: at the end there is no value.
            let value = read.map(|result| result.unchecked_into::<Read>().value());
            let Some(value) = value.ok().filter(|value| !value.is_undefined()) else {
                return Poll::Ready(None);
            };
            // After our own close nothing more is shown, as in every browser; but it is read, or the end would never come.
            if self.platform.is_ours() {
                continue;
            }
            match self.message(&value) {
                Some(message) => return Poll::Ready(Some(message)),
                None => {
                    if let Some(queue) = &self.queue {
                        let _ = queue.arrive(None);
                    }
                    self.begin_close(MESSAGE_TOO_BIG.0, MESSAGE_TOO_BIG.1);
                }
            }
        }
    }

    /// A message's payload, copied once into our memory; `None` for one that is larger than is taken.
    fn message(&self, value: &JsValue) -> Option<Message> {
        let limit = self.limits.max_message;
        if let Some(text) = value.dyn_ref::<JsString>() {
            // Not fewer bytes than UTF-16 units: what is too long for certain is not copied.
            let text = (text.length() as usize <= limit).then(|| String::from(text))?;
            return (text.len() <= limit).then_some(Message::Text(text));
        }
        // Chromium gives an array; a new one of it would be a copy.
        let given = value.dyn_ref::<Uint8Array>().cloned();
        let bytes = given.unwrap_or_else(|| Uint8Array::new(value));
        (bytes.length() as usize <= limit).then(|| Message::Binary(bytes.to_vec()))
    }

    /// How it ended. Reading has.
    fn poll_ending(&mut self, cx: &mut Context<'_>) -> Poll<CloseInfo> {
        let ended = ready!(self.incoming.poll(cx, || self.platform.ending()));
        let Ended { close_frame, by } = self.platform.ended(ended);
        Poll::Ready(match close_frame {
            Some((code, reason, clean)) => {
                CloseInfo::new(code, reason.as_string().unwrap_or_default(), clean, by)
            }
            None => CloseInfo::lost(by),
        })
    }

    fn begin_close(&mut self, code: u16, reason: &str) {
        self.platform.close(code, &reason.into());
        if self.platform.is_ours() && self.close_deadline.is_none() {
            self.close_deadline = Some(sleep(self.limits.close_timeout));
        }
    }

    /// Ready when the browser has taken every write, or never will.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.platform.waiting().is_some() {
            // A rejection is the end of the stream, and `waiting` sees it.
            let _ = ready!(self.outgoing.poll(cx, || self.platform.written()));
        }
        Poll::Ready(())
    }
}

impl crate::transport::Sealed for WebSocketStream {}

impl Transport for WebSocketStream {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Some(deadline) = &mut self.close_deadline
            && Pin::new(deadline).poll(cx).is_ready()
        {
            return Poll::Ready(Event::Closed(CloseInfo::lost(ClosedBy::Local)));
        }
        if !self.ending {
            if let Some(message) = ready!(self.poll_read(cx)) {
                return Poll::Ready(Event::Message(message));
            }
            self.ending = true;
        }
        self.poll_ending(cx).map(Event::Closed)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_open() || self.capacity() > 0 {
            return Poll::Ready(());
        }
        self.poll_written(cx)
    }

    fn send(&mut self, message: Message) -> Result<(), Message> {
        if !self.is_open() || message.len() > LARGEST {
            return Err(message);
        }
        // It may wait in the browser's queue, so a view of our memory will not do: one copy.
        let chunk = match &message {
            Message::Text(text) => JsValue::from_str(text),
            Message::Binary(bytes) => Uint8Array::from(&bytes[..]).into(),
        };
        self.platform.write(&chunk, message.len());
        Ok(())
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        // `send` hands over at once; nothing waits here.
        Poll::Ready(Ok(()))
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        self.poll_written(cx).map(Ok)
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.begin_close(code, reason);
    }

    fn is_open(&self) -> bool {
        self.platform.is_open()
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn capacity(&self) -> usize {
        match self.platform.waiting() {
            None => self.limits.send_high_water_mark.max(1),
            Some(bytes) => self.limits.send_high_water_mark.saturating_sub(bytes),
        }
    }

    fn has_receive_backpressure(&self) -> bool {
        true
    }

    fn incoming(&mut self) -> Arc<Incoming> {
        self.queue.insert(Incoming::open(None)).clone()
    }

    /// Reads as much as fits: messages that wait in the browser are lost when the peer closes.
    fn read_ahead(&self) -> usize {
        self.limits.receive_buffer
    }

    fn buffered_amount(&self) -> usize {
        self.platform.waiting().unwrap_or_default()
    }
}
