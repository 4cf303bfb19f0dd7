//! The browser's own `WebSocketStream` (Chromium, Deno): the one socket of a page that holds the peer back while nobody reads.
//!
//! It is in no standard yet. Measured in Chromium 156:
//!
//! - A message is read when it is asked for, and what was not asked for waits in the browser, then in the network, then at the peer.
//! - When the peer closes while messages wait in the browser, Chromium drops all but the first of them. So reading goes on as long as there is
//!   room below the receive bound, and an end that came while nobody read is never called clean.
//! - Its `close` while messages wait unread is answered only when they have been read: they are read and let go.
//! - A write is taken when its last byte is in the pipe to the browser's network process: 128 KiB, behind which are a chunk of 64 KiB and the
//!   operating system's own buffer, 4 MiB on loopback. On an idle line 64 KiB are always taken at once; more waits.
//! - **A connection that is lost without a Close frame while a write waits ends the page**, by a segmentation fault in the renderer: it rejects the
//!   write's promise with an error that has not been made yet. Whatever the page has done before, closing, aborting, letting go, it does not help,
//!   and no write can be taken back. With a Close frame of the peer the write is rejected, as it should be.
//! - A write that comes to the socket after its `close`, from the queue of the writes, ends the page as well; so does `close` after an `AbortSignal`
//!   has fired. So it is closed behind the last write, and there is no signal: `close` gives up a connection in the making, too.
//!
//! What follows for whoever sends: a message larger than [`LARGEST`] always waits, and is refused. A smaller one waits when the network or the peer
//! takes less than is sent: then, and only then, the page is at the mercy of the connection. It cannot be helped from here.

mod hearing;
mod platform;

use super::{Limits, Request, TOO_BIG, TOO_BIG_REASON, Transport};
use crate::error::{Cause, ConnectErrorKind};
use crate::message::{By, Closed, Event, Message, Opened};
use crate::time::{Sleep, sleep};
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use hearing::Hearing;
use js_sys::{JsString, Object, Promise, Reflect, Uint8Array};
use platform::{Info, Opening, Readable, Reader, Sink, Stream, Thenable, Writer};
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};

/// The largest message that is sent, in bytes: half of what a write finds room for on an idle line.
pub const LARGEST: usize = 64 << 10;

/// RFC 6455 §7.1.5: there was no Close frame.
const LOST: u16 = 1006;

/// Whether this browser has it.
pub(crate) fn is_there() -> bool {
    Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap_or(false)
}

/// The [`Transport`] on the browser's own `WebSocketStream`.
pub struct WebSocketStream {
    stream: Stream,
    readable: Readable,
    reader: Reader,
    writer: Writer,
    limits: Limits,
    /// One read after another, and when reading has ended how the connection did. What is under way outlives the polls that wait for it, so that
    /// none of them can lose its message.
    incoming: Hearing,
    /// For whoever waits until everything written has been taken.
    outgoing: Hearing,
    /// Reading has ended.
    ending: bool,
    /// Writes that the browser has not taken yet.
    waiting: RefCell<Waiting>,
    by: Option<By>,
    /// Nobody was reading when the peer ended it.
    unread: bool,
    over: bool,
    close_deadline: Option<Sleep>,
}

/// Sizes of the writes in the browser's queue, oldest first, and their sum.
#[derive(Default)]
struct Waiting {
    sizes: VecDeque<usize>,
    bytes: usize,
    /// The promise of the newest one.
    last: Option<Promise>,
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
pub async fn connect(request: Request) -> Result<(Box<dyn Transport>, Opened), ConnectErrorKind> {
    if !is_there() {
        return Err(ConnectErrorKind::Unsupported);
    }
    let options = Object::new();
    set(&options, "protocols", &request.protocols.list());
    let stream = Stream::new(&request.url, &options).map_err(super::web_socket::refused)?;
    let mut connecting = Connecting(Some(stream.clone()));
    let incoming = Hearing::new();
    let opening = poll_fn(|cx| incoming.poll(cx, || stream.opened())).await;
    connecting.0 = None;
    let opening: Opening = match opening {
        Ok(opening) => opening.unchecked_into(),
        Err(_) => {
            return Err(ConnectErrorKind::Failed {
                closed: Closed::lost(By::Failure),
                cause: Cause::Hidden,
            });
        }
    };
    let readable = opening.readable();
    let transport = WebSocketStream {
        stream,
        reader: readable.reader(),
        readable,
        writer: opening.writable().writer(),
        limits: request.limits,
        incoming,
        outgoing: Hearing::new(),
        ending: false,
        waiting: RefCell::default(),
        by: None,
        unread: false,
        over: false,
        close_deadline: None,
    };
    let opened = Opened::new(opening.protocol(), opening.extensions());
    Ok((Box::new(transport), opened))
}

impl WebSocketStream {
    /// The next message or the end of them, whatever there is left of the close timeout.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            if self.incoming.is_idle() {
                // Ended, and nobody was waiting: what the browser still held is gone, but for one message.
                self.unread |= self.by.is_none() && self.writer.desired_size().is_none();
            }
            let read = ready!(self.incoming.poll(cx, || self.reader.read()));
            let Some(value) = read.ok().and_then(|result| {
                let result: platform::Read = result.unchecked_into();
                (!result.done()).then(|| result.value())
            }) else {
                return Poll::Ready(None);
            };
            // After our own close nothing more is shown, as in every browser; but it is read, or the end would never come.
            if self.by.is_some() {
                continue;
            }
            match self.message(&value) {
                Some(message) => return Poll::Ready(Some(message)),
                None => self.begin_close(TOO_BIG, TOO_BIG_REASON),
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
    fn poll_ending(&mut self, cx: &mut Context<'_>) -> Poll<Closed> {
        let ended = ready!(self.incoming.poll(cx, || self.stream.closed()));
        // An end with a Close frame is rejected as well, with its code, when a write was not taken before it.
        let clean = ended.is_ok() && !self.unread;
        let (Ok(info) | Err(info)) = ended;
        let told = info.is_object();
        let info: Info = info.unchecked_into();
        Poll::Ready(match told.then(|| info.code()).flatten() {
            Some(code) if code != LOST => {
                let reason = info.reason().unwrap_or_default();
                Closed::new(code, reason, clean, self.by.unwrap_or(By::Peer))
            }
            _ => Closed::lost(self.by.unwrap_or(By::Failure)),
        })
    }

    /// `by` keeps the first answer: who began does not change when the other side follows.
    fn begin_close(&mut self, code: u16, reason: &str) {
        if self.by.is_some() || self.over {
            return;
        }
        self.by = Some(By::Us);
        self.close_deadline = Some(sleep(self.limits.close_timeout));
        let info = Object::new();
        set(&info, "closeCode", &code.into());
        set(&info, "reason", &reason.into());
        self.close_behind_writes(&info);
    }

    fn close_behind_writes(&self, info: &JsValue) {
        let last = self.settle().last.clone();
        match last {
            // Bound in JavaScript, so that nothing of ours has to survive until then.
            Some(last) => {
                let close = self.stream.closer().bind1(&self.stream, info);
                let _ = last.unchecked_ref::<Thenable>().then(&close, &close);
            }
            // Only arguments can make it throw, and they were checked. Close all the same.
            None if self.stream.close(info).is_err() => {
                let _ = self.stream.close(&JsValue::UNDEFINED);
            }
            None => {}
        }
    }

    /// Forgets the writes that the browser has taken: its queue counts one for each that it has not.
    fn settle(&self) -> core::cell::RefMut<'_, Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        let left = self
            .writer
            .desired_size()
            .map_or(0, |desired| (1.0 - desired) as usize);
        while waiting.sizes.len() > left {
            let size = waiting.sizes.pop_front().unwrap_or_default();
            waiting.bytes -= size;
        }
        if waiting.sizes.is_empty() {
            waiting.last = None;
        }
        waiting
    }

    /// Ready when the browser has taken every write, or never will.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.settle().sizes.is_empty() {
            // A rejection is the end of the stream, and `settle` sees it.
            let _ = ready!(self.outgoing.poll(cx, || self.writer.ready()));
        }
        Poll::Ready(())
    }
}

impl Transport for WebSocketStream {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Some(deadline) = &mut self.close_deadline
            && Pin::new(deadline).poll(cx).is_ready()
        {
            self.over = true;
            return Poll::Ready(Event::Closed(Closed::lost(By::Us)));
        }
        if !self.ending {
            if let Some(message) = ready!(self.poll_read(cx)) {
                return Poll::Ready(Event::Message(message));
            }
            self.ending = true;
        }
        let closed = ready!(self.poll_ending(cx));
        self.over = true;
        Poll::Ready(Event::Closed(closed))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_open() || self.room() > 0 {
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
        let written = self.writer.write(&chunk);
        ignore(&written);
        let waiting = self.waiting.get_mut();
        waiting.sizes.push_back(message.len());
        waiting.bytes += message.len();
        waiting.last = Some(written);
        Ok(())
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        // `send` hands over at once; nothing waits here.
        Poll::Ready(())
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_written(cx)
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.begin_close(code, reason);
    }

    fn is_open(&self) -> bool {
        self.by.is_none() && !self.over && self.writer.desired_size().is_some()
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn room(&self) -> usize {
        let waiting = self.settle();
        if waiting.sizes.is_empty() {
            return self.limits.send_watermark.max(1);
        }
        self.limits.send_watermark.saturating_sub(waiting.bytes)
    }

    fn pushes_back(&self) -> bool {
        true
    }

    /// All there is room for: what waits in the browser is lost when the peer closes.
    fn read_ahead(&self) -> usize {
        self.limits.receive_bound
    }

    fn buffered_amount(&self) -> usize {
        self.settle().bytes
    }
}

impl Drop for WebSocketStream {
    fn drop(&mut self) {
        if self.by.is_none() && !self.over {
            self.close_behind_writes(&JsValue::UNDEFINED);
        }
        // The two locks free whatever waits for a promise of theirs.
        self.reader.release_lock();
        self.writer.release_lock();
        // What nobody reads holds the peer's answer back, and with it the connection's end. The browser lets go of it by itself.
        ignore(&self.readable.pipe_to(&Sink::new()));
    }
}

/// Says that a rejection was heard: the page's own handlers are not to be told.
fn ignore(promise: &Promise) {
    platform::NOTHING.with(|nothing| {
        let _ = promise.unchecked_ref::<Thenable>().then(nothing, nothing);
    });
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // A plain object of ours takes every property.
    let _ = Reflect::set(object, &key.into(), value);
}
