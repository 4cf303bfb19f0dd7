//! The channel against the real test server: the same tests natively and in every browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod by_default;
#[cfg(all(feature = "web-stream", target_family = "wasm"))]
mod carrier;
mod close;
mod connect;
mod exchange;
mod flow;
mod handles;
mod memory;
#[cfg(target_family = "wasm")]
mod overflow;
#[cfg(not(target_family = "wasm"))]
mod pushing_back;
#[rustfmt::skip] // The README shows the lines as they stand.
mod readme;
mod server;
mod sink;
mod steering;
#[cfg(all(feature = "tracing", not(target_family = "wasm")))]
mod trace;
mod typed;

pub(crate) use by_default::{LARGEST, STREAM_IS_LIMITED, connect};

#[cfg(not(target_family = "wasm"))]
pub(crate) use tokio::test;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_family = "wasm")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
