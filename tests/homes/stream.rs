//! The channel's tests over `WebSocketStream` in Deno, which has one behind a flag: `tests/run/homes.mjs` gives it.

// A page's tests are in `channel`; natively there is nothing to see here.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../channel/by_stream.rs"]
mod by_stream;
#[path = "../channel/close.rs"]
mod close;
#[path = "../channel/exchange.rs"]
mod exchange;
#[path = "../channel/flow.rs"]
mod flow;
#[path = "../channel/server.rs"]
mod server;
#[path = "../channel/typed.rs"]
mod typed;

pub(crate) use by_stream::{LARGEST, connect};
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;
