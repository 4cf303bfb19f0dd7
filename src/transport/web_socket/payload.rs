//! A message's payload, copied once from the browser's memory into ours.

use crate::message::Message;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// The data of a `MessageEvent` whose socket has the `binaryType` "arraybuffer".
///
/// `None` if it has more than `max` bytes. That is checked before the copy: bytes by their number, text by its UTF-16 units, each of which takes at
/// least one byte.
pub(super) fn read(data: JsValue, max: usize) -> Option<Message> {
    let fits = |length: u32| length as usize <= max;
    // An `ArrayBuffer` has no `length`, so what has one is a string.
    if let Some(length) = data.unchecked_ref::<Payload>().length() {
        let text = if fits(length) { data.as_string() } else { None };
        return text.filter(|text| text.len() <= max).map(Message::Text);
    }
    let bytes = Payload::new(&data);
    bytes
        .length()
        .is_some_and(fits)
        .then(|| Message::Binary(bytes.value_of()))
}

#[wasm_bindgen]
extern "C" {
    /// A string, or a view of a message's bytes: js-sys' own asks for the length three times to copy it.
    #[wasm_bindgen(js_name = Uint8Array)]
    type Payload;

    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    fn new(buffer: &JsValue) -> Payload;

    #[wasm_bindgen(method, getter)]
    fn length(this: &Payload) -> Option<u32>;

    /// ECMA-262 §20.1.3.7: the array itself. It comes back as another type, whose conversion is the copy.
    #[wasm_bindgen(method, js_name = valueOf)]
    fn value_of(this: &Payload) -> Vec<u8>;
}
