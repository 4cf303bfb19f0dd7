//! A session whose connections are cut at random, natively and in every browser: no value is lost, repeated or reordered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod numbers;
#[path = "../channel/server.rs"]
mod server;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[test]
async fn no_value_is_lost_repeated_or_reordered() {
    numbers::run().await;
}
