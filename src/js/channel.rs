//! What the class `Channel` stands on: the Rust channel of raw messages. Values are encoded and decoded in JavaScript, where they live.

use crate::channel::{Control, Receiver, Sender, Status, connect};
use crate::error::{
    CloseError, ConnectError, ConnectErrorKind, SendError, SendErrorKind, TryRecvError,
    TrySendErrorKind,
};
use crate::message::{By, Closed, Message};
use crate::transport::web_socket::bytes_of;
use crate::transport::{Limits, Overflow};
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use futures_core::Stream;
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

#[wasm_bindgen]
extern "C" {
    /// An `AbortSignal`, the user's own or another.
    pub type Signal;

    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add_event_listener(
        this: &Signal,
        name: &str,
        listener: &Closure<dyn Fn(JsValue)>,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove_event_listener(
        this: &Signal,
        name: &str,
        listener: &Closure<dyn Fn(JsValue)>,
    ) -> Result<(), JsValue>;
}

/// One open channel. When JavaScript has let go of it, the connection closes.
#[wasm_bindgen]
pub struct ChannelHandle {
    sender: Sender<Message>,
    receiver: RefCell<Receiver<Message>>,
    control: Control,
}

#[wasm_bindgen]
impl ChannelHandle {
    /// Connects, and resolves when the connection is open, unless `signal` aborts before. An option that is missing keeps its default; of the
    /// two timeouts 0 is none. `rung` is called when something has arrived to be read, and at the end; it must not call back from there.
    ///
    /// # Errors
    /// An object with `code` and `about`.
    // One call across the boundary, and no object to take apart.
    #[allow(clippy::too_many_arguments)]
    pub fn connect(
        url: String,
        protocols: Vec<String>,
        signal: Option<Signal>,
        connect_timeout_ms: Option<u32>,
        close_timeout_ms: Option<u32>,
        send_watermark: Option<u32>,
        receive_bound: Option<u32>,
        overflow: u8,
        max_message: Option<u32>,
        rung: Function,
    ) -> Promise {
        let mut connecting = connect(url).protocols(protocols);
        if let Some(limit) = connect_timeout_ms {
            connecting = connecting.connect_timeout(timeout(limit));
        }
        if let Some(limit) = close_timeout_ms {
            connecting = connecting.close_timeout(timeout(limit));
        }
        if let Some(bytes) = send_watermark {
            connecting = connecting.send_watermark(bytes as usize);
        }
        let bound = receive_bound.map_or(Limits::default().receive_bound, |bytes| bytes as usize);
        connecting = connecting.receive_bound(bound, policy(overflow));
        if let Some(bytes) = max_message {
            connecting = connecting.max_message(bytes as usize);
        }
        promise(signal, async move {
            let (sender, mut receiver) = connecting.await.map_err(connect_error)?.split();
            let control = sender.control();
            receiver.set_wake(move || {
                // It resolves a promise, and throws nothing.
                let _ = rung.call0(&JsValue::UNDEFINED);
            });
            Ok(JsValue::from(Self {
                sender,
                receiver: RefCell::new(receiver),
                control,
            }))
        })
    }

    /// The subprotocol in use, or empty.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> String {
        self.sender.opened().protocol.clone()
    }

    /// The extensions in use, or empty.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> String {
        self.sender.opened().extensions.clone()
    }

    /// What has arrived and waits to be read, as it counts against the receive bound.
    #[wasm_bindgen(getter, js_name = queuedBytes)]
    pub fn queued_bytes(&self) -> u32 {
        self.control.stats().queued_bytes as u32
    }

    /// Messages that the overflow policy dropped.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> f64 {
        self.control.stats().dropped_messages as f64
    }

    /// Sends a string or a `Uint8Array` as it is at the call. Nothing to wait for if it has been handed over, as it is where there is room; or
    /// else a promise that resolves when it has been. When `signal` aborts before, nothing is sent.
    ///
    /// # Errors
    /// An object with `code` and `about`, thrown or as the promise's rejection.
    pub fn send(&self, data: &JsValue, signal: Option<Signal>) -> Result<JsValue, JsValue> {
        let sender = self.sender.clone();
        let message = message(data);
        let mut work: Work = Box::pin(async move {
            sender.send(message).await.map_err(send_error)?;
            Ok(JsValue::UNDEFINED)
        });
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => Ok(boxed(signal, work).into()),
        }
    }

    /// Takes a string or a `Uint8Array` if that needs no waiting; false if the line is full.
    ///
    /// # Errors
    /// An object with `code` and `about`.
    #[wasm_bindgen(js_name = trySend)]
    pub fn try_send(&self, data: &JsValue) -> Result<bool, JsValue> {
        match self.sender.try_send(message(data)) {
            Ok(()) => Ok(true),
            Err(error) => match error.kind {
                TrySendErrorKind::Full => Ok(false),
                // The raw codec has no errors: what is left is an end.
                _ => Err(send_error(SendError::new((), SendErrorKind::NotOpen))),
            },
        }
    }

    /// The next message if it has arrived, a string or a `Uint8Array`; undefined if it has not, and null at the end.
    #[wasm_bindgen(js_name = tryRead)]
    pub fn try_read(&self) -> JsValue {
        match self.receiver.borrow_mut().try_recv() {
            Ok(Ok(message)) => value(&message),
            Err(TryRecvError::Closed) => JsValue::NULL,
            // The raw codec has no errors.
            Ok(Err(_)) | Err(_) => JsValue::UNDEFINED,
        }
    }

    /// Resolves with the state when it is another than `seen`: 1 open, 2 closing, and at the end with how it came. It does not keep the channel.
    pub fn changed(&self, seen: u8) -> Promise {
        let mut changes = self.control.changes();
        promise(None, async move {
            loop {
                let state = match poll_fn(|cx| Pin::new(&mut changes).poll_next(cx)).await {
                    Some(Status::Open) => 1,
                    Some(Status::Closing) => 2,
                    Some(Status::Closed(end)) => return Ok(closed(end)),
                    None => return Ok(JsValue::UNDEFINED),
                };
                if state != seen {
                    return Ok(state.into());
                }
            }
        })
    }

    /// Begins to close, and resolves at the end.
    ///
    /// # Errors
    /// An object with `code` and `about`, when an argument is not allowed. Nothing has happened then.
    pub fn close(&self, code: u16, reason: String) -> Promise {
        let control = self.control.clone();
        promise(None, async move {
            control.close(code, &reason).await.map_err(close_error)?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Ends at once: closes, and does not wait for the peer's answer.
    pub fn abort(&self) {
        self.control.abort();
    }
}

/// A promise of what `work` gives; when `signal` aborts before, `work` is dropped. When both are there at once, the work counts: it was done.
/// The caller has seen that the signal has not aborted yet.
///
/// Of every kind of work there is one box, so that what makes promises is in the wasm once.
fn promise(
    signal: Option<Signal>,
    work: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Promise {
    boxed(signal, Box::pin(work))
}

type Work = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

fn boxed(signal: Option<Signal>, mut work: Work) -> Promise {
    let abort = signal.map(Abort::of);
    future_to_promise(poll_fn(move |cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        match &abort {
            Some(abort) if abort.has_come(cx) => {
                Poll::Ready(Err(failure("CANCELLED", JsValue::UNDEFINED)))
            }
            _ => Poll::Pending,
        }
    }))
}

/// The wait for a signal. A signal may outlive everything here: dropped, it leaves nothing there.
// Not a `JsFuture` of a promise: what that has registered with the promise stays until it settles, and most signals never abort.
struct Abort {
    signal: Signal,
    state: Rc<AbortState>,
    listener: Closure<dyn Fn(JsValue)>,
}

#[derive(Default)]
struct AbortState {
    aborted: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Abort {
    const EVENT: &str = "abort";

    fn of(signal: Signal) -> Self {
        let state = Rc::new(AbortState::default());
        let shared = state.clone();
        let listener = Closure::<dyn Fn(JsValue)>::new(move |_| {
            shared.aborted.set(true);
            if let Some(waker) = shared.waker.take() {
                waker.wake();
            }
        });
        // What has an `addEventListener` that throws cannot cancel.
        let _ = signal.add_event_listener(Self::EVENT, &listener);
        Self {
            signal,
            state,
            listener,
        }
    }

    fn has_come(&self, cx: &Context<'_>) -> bool {
        self.state.waker.set(Some(cx.waker().clone()));
        self.state.aborted.get()
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        let _ = self
            .signal
            .remove_event_listener(Self::EVENT, &self.listener);
    }
}

fn timeout(millis: u32) -> Duration {
    match millis {
        0 => Duration::MAX,
        millis => Duration::from_millis(millis.into()),
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

/// A copy of what JavaScript sends; it has seen to it that this is a string or a `Uint8Array`.
fn message(data: &JsValue) -> Message {
    match data.as_string() {
        Some(text) => Message::Text(text),
        None => Message::Binary(bytes_of(data)),
    }
}

fn value(message: &Message) -> JsValue {
    match message {
        Message::Text(text) => JsValue::from_str(text),
        Message::Binary(bytes) => Uint8Array::from(&bytes[..]).into(),
    }
}

fn closed(closed: Closed) -> JsValue {
    let by = match closed.by {
        By::Us => "us",
        By::Peer => "peer",
        By::Failure => "failure",
    };
    object(&[
        ("code", closed.code.into()),
        ("reason", closed.reason.into()),
        ("wasClean", closed.clean.into()),
        ("by", by.into()),
        ("unsentBytes", (closed.unsent as u32).into()),
    ])
}

fn connect_error(error: ConnectError) -> JsValue {
    let about = match &error.kind {
        ConnectErrorKind::BadProtocol { protocol }
        | ConnectErrorKind::DuplicateProtocol { protocol } => protocol.into(),
        ConnectErrorKind::Refused { name, message } => [name, ": ", message].concat().into(),
        _ => JsValue::UNDEFINED,
    };
    failure(error.code(), about)
}

fn send_error<T>(error: SendError<T>) -> JsValue {
    failure(error.code(), JsValue::UNDEFINED)
}

fn close_error(error: CloseError) -> JsValue {
    let about = match error {
        CloseError::Code(code) => code.into(),
        CloseError::Reason(bytes) => (bytes as u32).into(),
    };
    failure(error.code(), about)
}

/// What the JavaScript side makes an `Error` of. Its words are in `errors.js`: formatted here, they would be a kilobyte more of wasm.
fn failure(code: &str, about: JsValue) -> JsValue {
    object(&[("code", code.into()), ("about", about)])
}

fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        // A plain new object takes any property.
        let _ = Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object.into()
}
