//! The promises of the channel, one file for each, over every transport there is. `table.md` says which test shows what, and where.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bounds;
#[path = "../channel/by_default.rs"]
mod by_default;
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
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod table;

pub(crate) use by_default::{LARGEST, PUSHES_BACK, STREAM_IS_LIMITED, connect, options};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
