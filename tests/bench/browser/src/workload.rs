//! What every client does, written once.

use js_sys::Uint8Array;
use serde::Deserialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsValue, UnwrapThrowExt as _};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;
}

/// A message, in the form that every library has something of.
#[derive(Clone)]
pub(crate) enum Payload {
    Text(String),
    Bytes(Vec<u8>),
}

impl Payload {
    pub(crate) fn of(value: &JsValue) -> Self {
        match value.as_string() {
            Some(text) => Payload::Text(text),
            None => Payload::Bytes(Uint8Array::new(value).to_vec()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Payload::Text(text) => text.len(),
            Payload::Bytes(bytes) => bytes.len(),
        }
    }
}

/// What the JSON workload reads: 160 bytes of it.
#[derive(Deserialize)]
pub(crate) struct Quote {
    pub(crate) symbol: String,
    pub(crate) price: f64,
    pub(crate) size: u32,
    pub(crate) sequence: u64,
    pub(crate) venue: String,
    pub(crate) flags: Vec<u32>,
    pub(crate) open: bool,
}

impl Quote {
    /// Something that needs every field.
    pub(crate) fn check(&self) -> bool {
        !self.symbol.is_empty()
            && self.price > 0.0
            && self.size > 0
            && self.sequence > 0
            && !self.venue.is_empty()
            && !self.flags.is_empty()
            && self.open
    }
}

/// A library. A failure of any kind fails the run.
pub(crate) trait Client: Sized {
    async fn connect(url: &str) -> Self;
    async fn send(&mut self, payload: Payload);
    /// The length of the next message, which has been read into Rust's memory.
    async fn receive(&mut self) -> usize;
    /// Whether the next message is a [`Quote`].
    async fn receive_quote(&mut self) -> bool;
    async fn close(self);
}

/// Runs one workload, and gives the milliseconds.
pub(crate) async fn run<C: Client>(kind: &str, url: &str, payload: JsValue, count: u32) -> f64 {
    let payload = Payload::of(&payload);
    let mut client = C::connect(url).await;
    let began = now();
    match kind {
        // The server repeats what it is sent.
        "receive" => {
            let length = payload.len();
            client.send(payload).await;
            for _ in 0..count {
                expect(client.receive().await == length);
            }
        }
        "json" => {
            client.send(payload).await;
            for _ in 0..count {
                expect(client.receive_quote().await);
            }
        }
        // The server tells when it has them all.
        "send" => {
            for _ in 0..count {
                client.send(payload.clone()).await;
            }
            client.receive().await;
        }
        _ => {
            for _ in 0..count {
                client.send(payload.clone()).await;
                expect(client.receive().await == payload.len());
            }
        }
    }
    let took = now() - began;
    client.close().await;
    took
}

/// A wrong message makes the figures worthless.
pub(crate) fn expect(right: bool) {
    right
        .then_some(())
        .expect_throw("not the message that was sent");
}
