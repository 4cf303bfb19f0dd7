//! A page whose Content Security Policy forbids the connection. In a binary of its own: the policy stays on the page.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use websocket_channel::{ConnectErrorKind, Hint, connect};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Chromium gives a socket that is closed and never says so by `close`; Firefox and WebKit throw.
#[wasm_bindgen_test]
async fn a_forbidden_connection_fails_at_once_with_a_hint() {
    let url = websocket_channel_test::addresses!().ws;
    drop(connect(format!("{url}/echo")).await.unwrap());
    // A port that browsers keep for others' use (Fetch §2.9) is refused as well, and that is not the policy.
    let error = connect("ws://127.0.0.1:1/").await.unwrap_err();
    assert_eq!(error.hint(), None, "{error:?}");
    forbid();
    let error = connect(format!("{url}/echo")).await.unwrap_err();
    assert!(
        matches!(error.kind, ConnectErrorKind::Refused { .. }),
        "{error:?}"
    );
    assert_eq!(error.hint(), Some(Hint::ContentSecurityPolicy), "{error:?}");
}

/// The page may connect to nobody any more.
fn forbid() {
    let document = get(&js_sys::global(), "document");
    let meta = call(&document, "createElement", &["meta".into()]);
    let set = |name: &str, value: &str| {
        call(&meta, "setAttribute", &[name.into(), value.into()]);
    };
    set("http-equiv", "Content-Security-Policy");
    set("content", "connect-src 'none'");
    call(&get(&document, "head"), "append", &[meta]);
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn call(object: &JsValue, name: &str, arguments: &[JsValue]) -> JsValue {
    let function: Function = get(object, name).unchecked_into();
    function.apply(object, &arguments.iter().collect()).unwrap()
}
