//! Every fault of the test server's catalogue, and what comes of it: natively and in each browser. `table.md` states it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod control;
mod http;
mod outcome;
#[path = "../channel/server.rs"]
mod server;
mod services;
mod table;

use outcome::outcome;
use server::server;
use table::{column, section};
use websocket_channel::{Connect, Message, connect};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Plays each fault of a section and compares; all that differs is told at once.
async fn check(title: &str) {
    check_over(title, connect).await;
}

async fn check_over(title: &str, connect: fn(String) -> Connect<Message, Message>) {
    let server = server().await;
    let column = column();
    let mut wrong = String::new();
    for row in section(title) {
        let expected = row.expected(column);
        let found = outcome(&server, &row, connect).await;
        if found != expected {
            wrong += &format!(
                "\n{}: {column:?}: {found}\n    stated: {expected}",
                row.fault
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n");
}

#[test]
async fn closes_and_what_comes_with_them() {
    check("Closes").await;
}

#[test]
async fn frames_that_must_not_be() {
    check("Frames").await;
}

#[test]
async fn text_that_is_not_utf8() {
    check("Text").await;
}

#[test]
async fn streams_that_break() {
    check("Streams that break").await;
}

#[test]
async fn extensions_that_were_not_agreed_on() {
    check("Extensions").await;
}

#[test]
async fn subprotocols_that_were_not_agreed_on() {
    check("Subprotocols").await;
}

#[test]
async fn answers_that_are_no_handshake() {
    check("Answers").await;
}

#[test]
async fn peers_that_fall_silent() {
    check("Silence").await;
}

#[cfg(all(feature = "websocket-stream", target_family = "wasm", target_os = "unknown"))]
#[test]
async fn every_fault_has_the_same_result_over_a_stream_and_over_the_class() {
    use websocket_channel::transport::TransportKind;
    let is_there = || js_sys::Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap();
    if is_there() {
        for title in table::SECTIONS {
            let over_stream = |url| connect(url).transport(TransportKind::WebSocketStream);
            check_over(title, over_stream).await;
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[test]
async fn every_fault_is_stated_and_every_row_is_tested() {
    let mut stated: Vec<String> = table::rows().map(|row| row.fault.to_owned()).collect();
    let mut tested: Vec<String> = table::SECTIONS
        .into_iter()
        .flat_map(section)
        .map(|row| row.fault.to_owned())
        .collect();
    let catalogue = websocket_channel_server::catalogue::faults();
    let mut served: Vec<String> = catalogue.map(|fault| fault.name.to_owned()).collect();
    served.push("refuse".into());
    for names in [&mut stated, &mut tested, &mut served] {
        names.sort();
    }
    assert_eq!(stated, served);
    assert_eq!(tested, served);
    for row in table::rows() {
        let fault = websocket_channel_server::catalogue::fault(row.fault);
        let offer = fault.and_then(|fault| fault.offer);
        assert_eq!(row.offer().first().copied(), offer, "{}", row.fault);
    }
}
