//! What is used of the browser's streams: web-sys has no binding for `WebSocketStream`.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = WebSocketStream)]
    #[derive(Clone)]
    pub(crate) type Stream;
    #[wasm_bindgen(constructor, js_class = "WebSocketStream", catch)]
    pub(super) fn new(url: &str, options: &JsValue) -> Result<Stream, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn opened(this: &Stream) -> Promise;
    #[wasm_bindgen(method, getter)]
    pub(super) fn closed(this: &Stream) -> Promise;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn close(this: &Stream, info: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter, js_name = close)]
    pub(super) fn closer(this: &Stream) -> Function;

    pub(crate) type Opening;
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

    pub(crate) type Read;
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

    /// How it ended: what `closed` gives, or the `WebSocketError` with which it is rejected.
    pub(super) type Info;
    #[wasm_bindgen(method, getter, js_name = closeCode)]
    pub(super) fn code(this: &Info) -> Option<u16>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn reason(this: &Info) -> JsValue;

    /// Takes everything and keeps nothing.
    #[wasm_bindgen(js_name = WritableStream)]
    pub(super) type Sink;
    #[wasm_bindgen(constructor, js_class = "WritableStream")]
    pub(super) fn new() -> Sink;

    /// A promise, and functions of JavaScript's own.
    pub(super) type Thenable;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Thenable, kept: &JsValue, broken: &JsValue) -> Promise;

    /// The function that does nothing (ECMA-262, "Properties of the Function Prototype Object"), as a handler of rejections.
    #[wasm_bindgen(thread_local_v2, js_namespace = Function, js_name = prototype)]
    pub(super) static NOTHING: JsValue;
}
