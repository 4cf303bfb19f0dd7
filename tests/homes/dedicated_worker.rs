//! The channel's tests in a dedicated worker.

// A page's tests are in `channel`; natively there is nothing to see here.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../channel/by_default.rs"]
mod by_default;
#[path = "../channel/close.rs"]
mod close;
#[path = "../channel/connect.rs"]
mod connect;
#[path = "../channel/exchange.rs"]
mod exchange;
#[path = "../channel/flow.rs"]
mod flow;
mod here;
#[path = "../channel/server.rs"]
mod server;
#[path = "../channel/typed.rs"]
mod typed;

pub(crate) use by_default::{LARGEST, connect};
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[test]
fn the_tests_run_in_the_expected_scope() {
    assert_eq!(here::home(), "DedicatedWorkerGlobalScope");
}
