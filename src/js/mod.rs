//! The exports to JavaScript: the only `#[wasm_bindgen]` exports, behind the features `__npm` and, in a wasm of its own, `__npm-session`.
//!
//! The public classes are JavaScript, beside this file (`web_socket.js`, `channel.js`): they make the events and the errors. Rust has every state and
//! makes every call to the platform. No export takes `&mut self`, and no borrow lasts over a call into JavaScript, because listeners re-enter.

#[cfg(feature = "__npm")]
mod channel;
#[cfg(feature = "__npm")]
mod platform_transport;
#[cfg(feature = "__npm")]
mod reconnect;
#[cfg(feature = "__npm-session")]
mod session;
#[cfg(feature = "__npm")]
mod web_socket;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The development build throws a panic's message and place as a JavaScript error. The published build traps without a message, and is smaller.
#[cfg(feature = "__npm-development")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
fn throw_panics() {
    std::panic::set_hook(Box::new(|panic| {
        wasm_bindgen::throw_str(&panic.to_string())
    }));
}
