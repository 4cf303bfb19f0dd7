//! Another worker that shares this one's memory, and a job for it.

use futures::channel::oneshot;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Jobs that a worker is on its way for. Everybody's memory is the same, so a static is all it takes.
static JOBS: Mutex<VecDeque<Job>> = Mutex::new(VecDeque::new());

/// The script of a worker: the same module, the same memory, a stack of its own.
const SCRIPT: &str = "
onmessage = async ({ data: [glue, module, memory] }) => {
    const wasm = await import(glue);
    await wasm.default({ module_or_path: module, memory });
    await wasm.work();
    close();
};";

/// Whether memory is really shared: a build with atomics alone proves nothing.
pub(crate) fn assert_shared() {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer = memory.buffer();
    assert!(
        buffer.is_instance_of::<js_sys::SharedArrayBuffer>(),
        "the memory of this build is not shared"
    );
}

/// What a worker runs: one job.
#[wasm_bindgen]
#[allow(unreachable_pub)] // wasm-bindgen exports what is public, and nothing else
pub async fn work() {
    let job = JOBS.lock().unwrap().pop_front().unwrap();
    job().await;
}

/// Runs `job` in a worker of its own, from now on, whether what comes of it is awaited or not.
pub(crate) fn in_worker<F, T>(job: impl FnOnce() -> F + Send + 'static) -> impl Future<Output = T>
where
    F: Future<Output = T> + 'static,
    T: Send + 'static,
{
    let (done, over) = oneshot::channel();
    JOBS.lock().unwrap().push_back(Box::new(move || {
        Box::pin(async move {
            let _ = done.send(job().await);
        })
    }));
    let text = js_sys::Array::of1(&SCRIPT.into());
    let kind = js_sys::Object::new();
    js_sys::Reflect::set(&kind, &"type".into(), &"text/javascript".into()).unwrap();
    let blob = construct("Blob", &[text.into(), kind.into()]);
    let url = call("URL", "createObjectURL", &[blob]);
    let module = js_sys::Object::new();
    js_sys::Reflect::set(&module, &"type".into(), &"module".into()).unwrap();
    let worker = construct("Worker", &[url, module.into()]);
    // The runner serves the glue under this name, beside its page.
    let glue = construct(
        "URL",
        &[
            "wasm-bindgen-test.js".into(),
            get(&js_sys::global(), "location.href"),
        ],
    );
    let message = js_sys::Array::of3(
        &get(&glue, "href"),
        &wasm_bindgen::module(),
        &wasm_bindgen::memory(),
    );
    let post: js_sys::Function = get(&worker, "postMessage").unchecked_into();
    post.call1(&worker, &message).unwrap();
    async { over.await.unwrap() }
}

fn get(object: &JsValue, path: &str) -> JsValue {
    path.split('.').fold(object.clone(), |object, name| {
        js_sys::Reflect::get(&object, &name.into()).unwrap()
    })
}

fn construct(class: &str, arguments: &[JsValue]) -> JsValue {
    let class: js_sys::Function = get(&js_sys::global(), class).unchecked_into();
    js_sys::Reflect::construct(&class, &arguments.iter().collect()).unwrap()
}

fn call(class: &str, method: &str, arguments: &[JsValue]) -> JsValue {
    let class = get(&js_sys::global(), class);
    let method: js_sys::Function = get(&class, method).unchecked_into();
    method.apply(&class, &arguments.iter().collect()).unwrap()
}
