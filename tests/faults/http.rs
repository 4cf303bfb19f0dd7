//! Plain HTTP to the test server: in a page by `fetch`, across origins; natively by hand.

use crate::server::Server;

/// Status and body. A page sees neither unless the answer says that any origin may.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) async fn fetch(_server: &Server, url: &str) -> (u16, String) {
    use js_sys::{Function, Promise, Reflect};
    use wasm_bindgen::{JsCast as _, JsValue};
    use wasm_bindgen_futures::JsFuture;

    let call = |object: &JsValue, name: &str, argument: JsValue| {
        let function: Function = Reflect::get(object, &name.into()).unwrap().unchecked_into();
        let promise: Promise = function.call1(object, &argument).unwrap().unchecked_into();
        JsFuture::from(promise)
    };
    let response = call(&js_sys::global(), "fetch", url.into()).await.unwrap();
    let status = Reflect::get(&response, &"status".into())
        .unwrap()
        .as_f64()
        .unwrap();
    let body = call(&response, "text", JsValue::UNDEFINED).await.unwrap();
    (status as u16, body.as_string().unwrap())
}

/// Status and body.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) async fn fetch(server: &Server, url: &str) -> (u16, String) {
    let authority = server.authority();
    let target = url.split_once(authority).unwrap().1;
    get(
        server,
        &format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\n\r\n"),
    )
    .await
}

/// Status and body of the answer to these very bytes.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) async fn get(server: &Server, request: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut io = tokio::net::TcpStream::connect(server.authority())
        .await
        .unwrap();
    io.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    io.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.into())
}
