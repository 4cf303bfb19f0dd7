//! Attributes of the platform's objects, by their names. For those that a connection needs a few times in its life: a binding of its own weighs
//! 50 bytes gzip in every app.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

pub(super) fn get(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &name.into())
}

pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    // The platform's own attributes take what is theirs.
    let _ = Reflect::set(object, &name.into(), value);
}

/// A string attribute. Empty for none: the standard has empty strings for nothing, workerd has null.
pub(crate) fn text(object: &JsValue, name: &str) -> String {
    let value = get(object, name);
    value
        .ok()
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}
