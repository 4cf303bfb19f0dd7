//! The browser's own `WebSocketStream` (Chromium, Deno): the one socket of a page that holds the peer back while nobody reads.
//!
//! It is in no standard yet, and web-sys has no binding for it: what is used of it is declared below. Measured in Chromium 156:
//!
//! - A message is read when it is asked for, and what was not asked for waits in the browser, then in the network, then at the peer.
//! - When the peer closes while messages wait in the browser, Chromium drops all but the first of them. So reading goes on as long as there is
//!   room below the receive bound, and an end that came while nobody read is never called clean.
//! - Its `close` while messages wait unread is answered only when they have been read: they are read and let go.
//! - Its `close` while writes wait, or before it is open, ends the page: it is called behind the last write, or behind `opened`.

use super::{Limits, Request, TOO_BIG, TOO_BIG_REASON, Transport};
use crate::error::{Cause, ConnectErrorKind};
use crate::message::{By, Closed, Event, Message, Opened};
use crate::time::{Sleep, sleep};
use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use js_sys::{Array, JsString, Object, Promise, Reflect, Uint8Array};
use platform::{Abort, Info, Opening, Readable, Reader, Sink, Stream, Thenable, Writer};
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

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
    /// The read that is under way. It outlives the polls that wait for it, so that none of them can lose its message.
    reading: Option<JsFuture>,
    /// For whoever waits until everything written has been taken.
    written: Option<JsFuture>,
    /// How it ended, asked for when reading has.
    ending: Option<JsFuture>,
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

/// A connection in the making. Dropping it gives it up, in whatever state it is.
struct Connecting {
    stream: Stream,
    abort: Abort,
    opened: bool,
}

impl Drop for Connecting {
    fn drop(&mut self) {
        if !self.opened {
            self.abort.abort();
            // It may be open already, and then there is nothing to abort. While it is not, `close` would end the page.
            let close = self
                .stream
                .closer()
                .bind1(&self.stream, &JsValue::UNDEFINED);
            platform::NOTHING.with(|nothing| {
                let opened = self.stream.opened();
                let _ = opened.unchecked_ref::<Thenable>().then(&close, nothing);
            });
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
    let abort = Abort::new();
    let options = Object::new();
    let protocols: Array = request.protocols.iter().map(JsValue::from).collect();
    set(&options, "protocols", &protocols);
    set(&options, "signal", &abort.signal());
    let stream = Stream::new(&request.url, &options).map_err(super::web_socket::refused)?;
    let mut connecting = Connecting {
        stream,
        abort,
        opened: false,
    };
    let opening = JsFuture::from(connecting.stream.opened()).await;
    let opening: Opening = match opening {
        Ok(opening) => opening.unchecked_into(),
        Err(_) => {
            connecting.opened = true;
            return Err(ConnectErrorKind::Failed {
                closed: Closed::lost(By::Failure),
                cause: Cause::Hidden,
            });
        }
    };
    connecting.opened = true;
    let readable = opening.readable();
    let transport = WebSocketStream {
        stream: connecting.stream.clone(),
        reader: readable.reader(),
        readable,
        writer: opening.writable().writer(),
        limits: request.limits,
        reading: None,
        written: None,
        ending: None,
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
            let reading = match &mut self.reading {
                Some(reading) => reading,
                none => {
                    // Ended, and nobody was waiting: what the browser still held is gone, but for one message.
                    self.unread |= self.by.is_none() && self.writer.desired_size().is_none();
                    none.insert(JsFuture::from(self.reader.read()))
                }
            };
            let read = ready!(Pin::new(reading).poll(cx));
            self.reading = None;
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
        let bytes = Uint8Array::new(value);
        (bytes.length() as usize <= limit).then(|| Message::Binary(bytes.to_vec()))
    }

    /// How it ended. Reading has.
    fn poll_ending(&mut self, cx: &mut Context<'_>) -> Poll<Closed> {
        let ending = self
            .ending
            .get_or_insert_with(|| JsFuture::from(self.stream.closed()));
        let ended = ready!(Pin::new(ending).poll(cx));
        self.ending = None;
        Poll::Ready(match ended {
            Ok(info) => {
                let info: Info = info.unchecked_into();
                let by = self.by.unwrap_or(By::Peer);
                Closed::new(info.code(), info.reason(), !self.unread, by)
            }
            Err(_) => Closed::lost(self.by.unwrap_or(By::Failure)),
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
            let written = self
                .written
                .get_or_insert_with(|| JsFuture::from(self.writer.ready()));
            // A rejection is the end of the stream, and `settle` sees it.
            let _ = ready!(Pin::new(written).poll(cx));
            self.written = None;
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
        if self.ending.is_none()
            && let Some(message) = ready!(self.poll_read(cx))
        {
            return Poll::Ready(Event::Message(message));
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
        if !self.is_open() {
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

/// What is used of the browser's streams.
mod platform {
    use js_sys::{Function, Promise};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = WebSocketStream)]
        #[derive(Clone)]
        pub(super) type Stream;
        #[wasm_bindgen(constructor, js_class = "WebSocketStream", catch)]
        pub(super) fn new(url: &str, options: &JsValue) -> Result<Stream, JsValue>;
        #[wasm_bindgen(method, getter)]
        pub(super) fn opened(this: &Stream) -> Promise;
        #[wasm_bindgen(method, getter)]
        pub(super) fn closed(this: &Stream) -> Promise;
        #[wasm_bindgen(method, catch)]
        pub(super) fn close(this: &Stream, info: &JsValue) -> Result<(), JsValue>;
        #[wasm_bindgen(method, getter, js_name = close)]
        pub(super) fn closer(this: &Stream) -> Function;

        pub(super) type Opening;
        #[wasm_bindgen(method, getter)]
        pub(super) fn readable(this: &Opening) -> Readable;
        #[wasm_bindgen(method, getter)]
        pub(super) fn writable(this: &Opening) -> Writable;
        #[wasm_bindgen(method, getter)]
        pub(super) fn protocol(this: &Opening) -> String;
        #[wasm_bindgen(method, getter)]
        pub(super) fn extensions(this: &Opening) -> String;

        pub(super) type Readable;
        #[wasm_bindgen(method, js_name = getReader)]
        pub(super) fn reader(this: &Readable) -> Reader;
        #[wasm_bindgen(method, js_name = pipeTo)]
        pub(super) fn pipe_to(this: &Readable, sink: &Sink) -> Promise;

        pub(super) type Reader;
        #[wasm_bindgen(method)]
        pub(super) fn read(this: &Reader) -> Promise;
        #[wasm_bindgen(method, js_name = releaseLock)]
        pub(super) fn release_lock(this: &Reader);

        pub(super) type Read;
        #[wasm_bindgen(method, getter)]
        pub(super) fn done(this: &Read) -> bool;
        #[wasm_bindgen(method, getter)]
        pub(super) fn value(this: &Read) -> JsValue;

        pub(super) type Writable;
        #[wasm_bindgen(method, js_name = getWriter)]
        pub(super) fn writer(this: &Writable) -> Writer;

        pub(super) type Writer;
        #[wasm_bindgen(method)]
        pub(super) fn write(this: &Writer, chunk: &JsValue) -> Promise;
        #[wasm_bindgen(method, getter)]
        pub(super) fn ready(this: &Writer) -> Promise;
        /// `None` when the stream has failed or closed.
        #[wasm_bindgen(method, getter, js_name = desiredSize)]
        pub(super) fn desired_size(this: &Writer) -> Option<f64>;
        #[wasm_bindgen(method, js_name = releaseLock)]
        pub(super) fn release_lock(this: &Writer);

        pub(super) type Info;
        #[wasm_bindgen(method, getter, js_name = closeCode)]
        pub(super) fn code(this: &Info) -> u16;
        #[wasm_bindgen(method, getter)]
        pub(super) fn reason(this: &Info) -> String;

        /// Takes everything and keeps nothing.
        #[wasm_bindgen(js_name = WritableStream)]
        pub(super) type Sink;
        #[wasm_bindgen(constructor, js_class = "WritableStream")]
        pub(super) fn new() -> Sink;

        #[wasm_bindgen(js_name = AbortController)]
        pub(super) type Abort;
        #[wasm_bindgen(constructor, js_class = "AbortController")]
        pub(super) fn new() -> Abort;
        #[wasm_bindgen(method)]
        pub(super) fn abort(this: &Abort);
        #[wasm_bindgen(method, getter)]
        pub(super) fn signal(this: &Abort) -> JsValue;

        /// A promise, and functions of JavaScript's own.
        pub(super) type Thenable;
        #[wasm_bindgen(method)]
        pub(super) fn then(this: &Thenable, kept: &JsValue, broken: &JsValue) -> Promise;

        /// The function that does nothing (ECMA-262, "Properties of the Function Prototype Object"), to say that a rejection was heard.
        #[wasm_bindgen(thread_local_v2, js_namespace = Function, js_name = prototype)]
        pub(super) static NOTHING: JsValue;
    }
}
