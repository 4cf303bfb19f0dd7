//! A page whose connection is cut, and that notices. Run by `websocket-channel-server exec -- wasm-pack test --headless --chrome`.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used)]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

// README begin
use websocket_channel::{ClosedBy, Text, connect};

#[wasm_bindgen_test]
async fn a_connection_that_is_cut_is_lost() {
    let server = websocket_channel_test::addresses!();
    let mut channel = connect(server.url("/echo?tag=mine"))
        .codec(Text)
        .await
        .unwrap();
    channel.send("hello".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "hello");

    let mut steering = connect(server.steering()).codec(Text).await.unwrap();
    steering
        .send(r#"{"do":"cut","tag":"mine","how":"rst"}"#.into())
        .await
        .unwrap();
    assert_eq!(
        steering.next().await.unwrap().unwrap(),
        r#"{"connections":1}"#
    );

    let closed = channel.closed().await;
    assert_eq!((closed.code, closed.by), (1006, ClosedBy::Error));
}
// README end

#[cfg(feature = "failing")]
#[wasm_bindgen_test]
fn it_fails() {
    assert_eq!(websocket_channel_test::addresses!().ws, "somewhere else");
}
