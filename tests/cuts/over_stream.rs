//! The same over the browser's `WebSocketStream`.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod numbers;
#[path = "../channel/server.rs"]
mod server;

use wasm_bindgen_test::wasm_bindgen_test as test;
use websocket_channel::transport::TransportKind;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[test]
async fn no_value_is_lost_repeated_or_reordered_over_a_stream() {
    numbers::run(|connecting| connecting.transport(TransportKind::WebSocketStream)).await;
}
