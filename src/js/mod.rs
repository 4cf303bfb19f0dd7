//! The exports to JavaScript: the only `#[wasm_bindgen]` exports, behind the feature `__npm`.
//!
//! The classes that people import are written in JavaScript beside this file (`web_socket.js`, `channel.js`): they construct the events and the
//! errors. Every state and every call to the platform is decided here. No export takes `&mut self`, and no borrow spans a call into JavaScript,
//! because listeners re-enter.

mod channel;
mod platform_transport;
mod web_socket;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The development build throws a panic's words and place, as a JavaScript error. The published default traps without a word, and is smaller.
#[cfg(feature = "__npm-development")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
fn throw_panics() {
    std::panic::set_hook(Box::new(|panic| {
        wasm_bindgen::throw_str(&panic.to_string())
    }));
}
