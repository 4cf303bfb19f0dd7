//! The same tests over the browser's `WebSocketStream`. A browser that has none says so.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod by_stream;
mod close;
mod connect;
mod exchange;
mod flow;
mod handles;
mod receive_backpressure;
mod server;
mod sink;
mod steering;
mod stream;
mod typed;

pub(crate) use by_stream::{LARGEST, STREAM_IS_LIMITED, connect};
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
