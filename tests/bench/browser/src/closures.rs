//! web-sys with closures: no queue, no stream, no future but the one that ends the run.

use crate::workload::{Payload, Quote, expect, now};
use core::cell::Cell;
use js_sys::{ArrayBuffer, Function, Promise, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue, UnwrapThrowExt as _};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BinaryType, MessageEvent, WebSocket};

pub(crate) async fn run(kind: &str, url: &str, payload: JsValue, count: u32) -> f64 {
    let payload = Payload::of(&payload);
    let socket = WebSocket::new(url).unwrap_throw();
    socket.set_binary_type(BinaryType::Arraybuffer);
    wait(|done| socket.set_onopen(Some(done))).await;

    let echo = kind == "echo";
    let json = kind == "json";
    let send = kind == "send";
    let left = Rc::new(Cell::new(if send { 1 } else { count }));
    let done = Rc::new(Cell::new(None::<Function>));
    let arrived = {
        let (left, done, socket, payload) =
            (left.clone(), done.clone(), socket.clone(), payload.clone());
        Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let message = read(&event.data());
            match (&message, json) {
                (Payload::Text(text), true) => {
                    expect(serde_json::from_str::<Quote>(text).unwrap_throw().check());
                }
                _ => expect(send || message.len() == payload.len()),
            }
            left.set(left.get() - 1);
            if left.get() > 0 {
                if echo {
                    hand_over(&socket, &payload);
                }
            } else if let Some(done) = done.take() {
                let _ = done.call0(&JsValue::UNDEFINED);
            }
        })
    };
    socket.set_onmessage(Some(arrived.as_ref().unchecked_ref()));

    let began = now();
    let ended = Promise::new(&mut |resolve, _| done.set(Some(resolve)));
    for _ in 0..if send { count } else { 1 } {
        hand_over(&socket, &payload);
    }
    JsFuture::from(ended).await.unwrap_throw();
    let took = now() - began;
    socket.set_onmessage(None);
    let _ = socket.close();
    took
}

fn hand_over(socket: &WebSocket, payload: &Payload) {
    match payload {
        Payload::Text(text) => socket.send_with_str(text),
        Payload::Bytes(bytes) => socket.send_with_u8_array(bytes),
    }
    .unwrap_throw();
}

fn read(data: &JsValue) -> Payload {
    match data.as_string() {
        Some(text) => Payload::Text(text),
        None => Payload::Bytes(Uint8Array::new(data.unchecked_ref::<ArrayBuffer>()).to_vec()),
    }
}

/// Waits for one event.
async fn wait(set: impl Fn(&Function)) {
    let promise = Promise::new(&mut |resolve, _| set(&resolve));
    JsFuture::from(promise).await.unwrap_throw();
}
