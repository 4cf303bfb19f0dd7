//! The same tests over the browser's `WebSocketStream`. A browser that has none says so.

#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod close;
mod connect;
mod exchange;
mod flow;
mod pushing_back;
mod server;
mod sink;
mod steering;
mod stream;
mod typed;

pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;
use websocket_channel::{Connect, Message, transport::Carrier};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

pub(crate) fn connect(url: impl Into<String>) -> Connect<Message, Message> {
    websocket_channel::connect(url).transport(Carrier::WebSocketStream)
}
