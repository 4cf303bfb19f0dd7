//! The same promises over the browser's `WebSocketStream`. A browser that has none says so.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bounds;
#[path = "../channel/by_stream.rs"]
mod by_stream;
mod cancel;
mod connect;
mod drop;
mod end;
#[path = "../faults/table.rs"]
mod faults;
mod handles;
mod line;
mod sends;
#[path = "../channel/server.rs"]
mod server;

pub(crate) use by_stream::{LARGEST, PUSHES_BACK, STREAM_IS_LIMITED, connect, options};
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
