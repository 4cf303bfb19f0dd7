//! The channel against the real test server: the same tests natively and in every browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod by_default;
mod close;
mod connect;
mod exchange;
mod flow;
mod handles;
mod memory;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod overflow;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod receive_backpressure;
#[cfg(all(feature = "websocket-stream", target_family = "wasm", target_os = "unknown"))]
mod transport_kind;
#[rustfmt::skip] // The README shows the lines as they stand.
mod readme;
mod server;
mod sink;
mod steering;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod threads;
#[cfg(all(feature = "tracing", not(all(target_family = "wasm", target_os = "unknown"))))]
mod trace;
mod typed;

pub(crate) use by_default::{LARGEST, STREAM_IS_LIMITED, connect};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
