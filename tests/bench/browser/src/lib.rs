//! The Rust clients that `npm run bench -- browser` measures in a page. Each export runs one workload on a connection of its own and resolves to
//! the milliseconds it took, from the first message on.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod clients;
mod closures;
mod typed;
mod workload;

pub(crate) use workload::{Client, Payload, Quote};

use clients::{Gloo, Ours, OursTyped, Tungstenite, WsStream};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Ours, on the browser's class.
#[wasm_bindgen]
pub async fn ours(kind: String, url: String, payload: JsValue, count: u32) -> f64 {
    run_ours::<false>(kind, url, payload, count).await
}

/// Ours, on the browser's `WebSocketStream`.
#[wasm_bindgen]
pub async fn ours_by_stream(kind: String, url: String, payload: JsValue, count: u32) -> f64 {
    run_ours::<true>(kind, url, payload, count).await
}

async fn run_ours<const STREAM: bool>(
    kind: String,
    url: String,
    payload: JsValue,
    count: u32,
) -> f64 {
    if kind == "json" {
        return workload::run::<OursTyped<STREAM>>(&kind, &url, payload, count).await;
    }
    workload::run::<Ours<STREAM>>(&kind, &url, payload, count).await
}

/// gloo-net.
#[wasm_bindgen]
pub async fn gloo(kind: String, url: String, payload: JsValue, count: u32) -> f64 {
    workload::run::<Gloo>(&kind, &url, payload, count).await
}

/// ws_stream_wasm.
#[wasm_bindgen]
pub async fn ws_stream(kind: String, url: String, payload: JsValue, count: u32) -> f64 {
    workload::run::<WsStream>(&kind, &url, payload, count).await
}

/// tokio-tungstenite-wasm.
#[wasm_bindgen]
pub async fn tungstenite(kind: String, url: String, payload: JsValue, count: u32) -> f64 {
    workload::run::<Tungstenite>(&kind, &url, payload, count).await
}

/// web-sys with closures, as one writes it by hand.
#[wasm_bindgen]
pub async fn closures(kind: String, url: String, payload: JsValue, count: u32) -> f64 {
    closures::run(&kind, &url, payload, count).await
}

/// Ours, typed messages: a plain channel, or a session value by value or by batches. For `npm run bench -- session`.
#[wasm_bindgen]
pub async fn typed(how: String, server: String, codec: String, kind: String, count: u32) -> f64 {
    typed::measure(&how, &server, &codec, &kind, count).await
}
