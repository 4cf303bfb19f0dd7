//! An open stream: its two ends, and what was written and not taken yet. What is known of browsers is in the [module's](super) own words.

use super::bindings::{Info, NOTHING, Opening, Readable, Reader, Sink, Stream, Thenable, Writer};
use crate::message::ClosedBy;
use crate::transport::attributes::set;
use crate::transport::web_socket::began;
use core::cell::{Cell, RefCell};
use js_sys::{Object, Promise};
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};

/// RFC 6455 §7.1.5: there was no Close frame.
const LOST: u16 = 1006;

/// Dropping it releases both ends and closes after the last write, if it was not closed before.
pub(crate) struct Platform {
    stream: Stream,
    readable: Readable,
    reader: Reader,
    writer: Writer,
    /// Writes that the browser has not taken yet.
    waiting: RefCell<Waiting>,
    /// We began to close it.
    ours: Cell<bool>,
    /// Nobody was reading when the peer ended it.
    unread: Cell<bool>,
    over: Cell<bool>,
}

/// How a stream ended.
pub(crate) struct Ended {
    /// Code and reason of the peer's Close frame, and whether the closing handshake finished; none if there was no frame.
    pub(crate) close_frame: Option<(u16, JsValue, bool)>,
    pub(crate) by: ClosedBy,
}

/// Sizes of the writes in the browser's queue, oldest first, and their sum.
#[derive(Default)]
struct Waiting {
    sizes: VecDeque<usize>,
    bytes: usize,
    /// The promise of the newest one.
    last: Option<Promise>,
}

impl Platform {
    /// Takes the ends that `opened` gave.
    pub(crate) fn of(stream: Stream, opening: &Opening) -> Self {
        let readable = opening.readable();
        Self {
            stream,
            reader: readable.reader(),
            readable,
            writer: opening.writable().writer(),
            waiting: RefCell::default(),
            ours: Cell::new(false),
            unread: Cell::new(false),
            over: Cell::new(false),
        }
    }

    /// False from the first sign of an end.
    pub(crate) fn is_open(&self) -> bool {
        self.desired().is_some()
    }

    /// Whether we began to close it.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours.get()
    }

    /// Asks for the next message.
    pub(crate) fn read(&self) -> Promise {
        // Ended while reading was paused: the browser has dropped all messages but one.
        if !self.ours.get() && self.writer.desired_size().is_none() {
            self.unread.set(true);
        }
        self.reader.read()
    }

    /// Asks for the end, when reading has come to it.
    pub(crate) fn ending(&self) -> Promise {
        self.stream.closed()
    }

    /// Takes what that promise was settled with, or rejected: how it ended.
    pub(crate) fn ended(&self, settled: Result<JsValue, JsValue>) -> Ended {
        self.over.set(true);
        // An end with a Close frame is rejected as well, with its code, when a write was not taken before it.
        let clean = settled.is_ok() && !self.unread.get();
        let (Ok(info) | Err(info)) = settled;
        let told = info.is_object();
        let info: Info = info.unchecked_into();
        let code = told.then(|| info.code()).flatten();
        let with_frame = code.filter(|code| *code != LOST);
        let by = match with_frame {
            _ if self.ours.get() => ClosedBy::Local,
            Some(code) => began(code, info.reason() == "", true),
            None => ClosedBy::Error,
        };
        Ended {
            close_frame: with_frame.map(|code| (code, info.reason(), clean)),
            by,
        }
    }

    /// Writes a chunk of this many bytes. It may wait in the browser's queue, so it must not change any more.
    pub(crate) fn write(&self, chunk: &JsValue, bytes: usize) {
        let written = self.writer.write(chunk);
        ignore(&written);
        let mut waiting = self.waiting.borrow_mut();
        waiting.sizes.push_back(bytes);
        waiting.bytes += bytes;
        waiting.last = Some(written);
    }

    /// Bytes of the writes that the browser has not taken; none when it has taken every write, or never will.
    pub(crate) fn waiting(&self) -> Option<usize> {
        let waiting = self.settle(self.writer.desired_size());
        (!waiting.sizes.is_empty()).then_some(waiting.bytes)
    }

    /// The same, asked together with [`is_open`](Self::is_open): 0 when it has taken every write, none when it is not open.
    #[cfg(feature = "__npm")]
    pub(crate) fn waiting_if_open(&self) -> Option<usize> {
        let desired = self.desired()?;
        Some(self.settle(Some(desired)).bytes)
    }

    /// Settled when the browser has taken every write, or never will.
    pub(crate) fn written(&self) -> Promise {
        self.writer.ready()
    }

    /// Begins to close, behind the last write; a second call, or one after the end, does nothing. The arguments have been checked.
    pub(crate) fn close(&self, code: u16, reason: &JsValue) {
        if self.ours.get() || self.over.get() {
            return;
        }
        let info = Object::new();
        set(&info, "closeCode", &code.into());
        set(&info, "reason", reason);
        self.close_behind_writes(&info);
    }

    fn close_behind_writes(&self, info: &JsValue) {
        self.ours.set(true);
        let last = self.settle(self.writer.desired_size()).last.clone();
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

    /// How many more writes the browser wants, which can be below 0; none when it is not open.
    fn desired(&self) -> Option<f64> {
        let open = !self.ours.get() && !self.over.get();
        open.then(|| self.writer.desired_size()).flatten()
    }

    /// Forgets the writes that the browser has taken: its queue counts one for each that it has not.
    fn settle(&self, desired: Option<f64>) -> core::cell::RefMut<'_, Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        let left = desired.map_or(0, |desired| (1.0 - desired) as usize);
        while waiting.sizes.len() > left {
            let size = waiting.sizes.pop_front().unwrap_or_default();
            waiting.bytes -= size;
        }
        if waiting.sizes.is_empty() {
            waiting.last = None;
        }
        waiting
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if !self.ours.get() && !self.over.get() {
            self.close_behind_writes(&JsValue::UNDEFINED);
        }
        // The two locks free whatever waits for a promise of theirs.
        self.reader.release_lock();
        self.writer.release_lock();
        // Unread messages delay the peer's answer, and with it the end of the connection. The browser discards them itself.
        ignore(&self.readable.pipe_to(&Sink::new()));
    }
}

/// Marks a rejection as handled, so that the page's own handlers are not called.
fn ignore(promise: &Promise) {
    NOTHING.with(|nothing| {
        let _ = promise
            .unchecked_ref::<Thenable>()
            .then(&JsValue::UNDEFINED, nothing);
    });
}
