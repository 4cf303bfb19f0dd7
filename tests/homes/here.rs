//! Where this runs.

// Each home asks for a part of it.
#![allow(dead_code)]

use js_sys::Reflect;
use wasm_bindgen::JsValue;

fn get(object: &JsValue, path: &str) -> JsValue {
    let parts = path.split('.');
    parts.fold(object.clone(), |object, name| {
        Reflect::get(&object, &name.into()).unwrap_or(JsValue::UNDEFINED)
    })
}

/// The class of the global object, or, outside of browsers, the runtime and its major version.
pub(crate) fn home() -> String {
    let global: JsValue = js_sys::global().into();
    // Deno and Bun call themselves Node as well.
    for (name, path) in [
        ("deno", "process.versions.deno"),
        ("bun", "process.versions.bun"),
        ("node", "process.versions.node"),
    ] {
        if let Some(version) = get(&global, path).as_string() {
            return format!("{name} {}", version.split('.').next().unwrap());
        }
    }
    get(&global, "constructor.name").as_string().unwrap()
}

/// What the runner said that it would be.
pub(crate) fn expected() -> String {
    let global: JsValue = js_sys::global().into();
    get(&global, "process.env.WEBSOCKET_CHANNEL_HOME")
        .as_string()
        .unwrap()
}
