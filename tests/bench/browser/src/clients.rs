//! Each library, used as its documentation has it.

use crate::{Client, Payload, Quote};
use futures_util::{SinkExt as _, StreamExt as _};
use wasm_bindgen::UnwrapThrowExt as _;
use websocket_channel::transport::TransportKind;
use websocket_channel::{Channel, Json, Message, connect};

/// This crate, messages as they are, by the browser's class or by its stream.
pub(crate) struct Ours<const STREAM: bool>(Channel<Message, Message>);

/// Which of the browser's sockets.
fn transport(stream: bool) -> TransportKind {
    if stream {
        TransportKind::WebSocketStream
    } else {
        TransportKind::WebSocket
    }
}

impl<const STREAM: bool> Client for Ours<STREAM> {
    async fn connect(url: &str) -> Self {
        let connecting = connect(url).transport(transport(STREAM));
        Self(connecting.await.unwrap_throw())
    }

    async fn send(&mut self, payload: Payload) {
        let message = match payload {
            Payload::Text(text) => Message::Text(text),
            Payload::Bytes(bytes) => Message::Binary(bytes),
        };
        self.0.send(message).await.unwrap_throw();
    }

    async fn receive(&mut self) -> usize {
        self.0.next().await.unwrap_throw().unwrap_throw().len()
    }

    async fn receive_quote(&mut self) -> bool {
        false
    }

    async fn close(self) {
        let _ = self.0.control().close(1000, "").await;
    }
}

/// This crate, typed by its JSON codec. What it sends is a JSON value.
pub(crate) struct OursTyped<const STREAM: bool>(Channel<serde_json::Value, Quote>);

impl<const STREAM: bool> Client for OursTyped<STREAM> {
    async fn connect(url: &str) -> Self {
        let connecting = connect(url).codec(Json).transport(transport(STREAM));
        Self(connecting.await.unwrap_throw())
    }

    async fn send(&mut self, payload: Payload) {
        let Payload::Text(text) = payload else { return };
        let value = serde_json::from_str(&text).unwrap_throw();
        self.0.send(value).await.unwrap_throw();
    }

    async fn receive(&mut self) -> usize {
        0
    }

    async fn receive_quote(&mut self) -> bool {
        self.0.next().await.unwrap_throw().unwrap_throw().check()
    }

    async fn close(self) {
        let _ = self.0.control().close(1000, "").await;
    }
}

/// gloo-net's `WebSocket`.
pub(crate) struct Gloo(gloo_net::websocket::futures::WebSocket);

impl Gloo {
    async fn next(&mut self) -> gloo_net::websocket::Message {
        self.0.next().await.unwrap_throw().unwrap_throw()
    }
}

impl Client for Gloo {
    async fn connect(url: &str) -> Self {
        Self(gloo_net::websocket::futures::WebSocket::open(url).unwrap_throw())
    }

    async fn send(&mut self, payload: Payload) {
        let message = match payload {
            Payload::Text(text) => gloo_net::websocket::Message::Text(text),
            Payload::Bytes(bytes) => gloo_net::websocket::Message::Bytes(bytes),
        };
        self.0.send(message).await.unwrap_throw();
    }

    async fn receive(&mut self) -> usize {
        match self.next().await {
            gloo_net::websocket::Message::Text(text) => text.len(),
            gloo_net::websocket::Message::Bytes(bytes) => bytes.len(),
        }
    }

    async fn receive_quote(&mut self) -> bool {
        match self.next().await {
            gloo_net::websocket::Message::Text(text) => read(&text),
            gloo_net::websocket::Message::Bytes(_) => false,
        }
    }

    async fn close(self) {
        let _ = self.0.close(Some(1000), None);
    }
}

/// ws_stream_wasm's `WsStream`.
pub(crate) struct WsStream(ws_stream_wasm::WsStream, ws_stream_wasm::WsMeta);

impl WsStream {
    async fn next(&mut self) -> ws_stream_wasm::WsMessage {
        self.0.next().await.unwrap_throw()
    }
}

impl Client for WsStream {
    async fn connect(url: &str) -> Self {
        let (meta, stream) = ws_stream_wasm::WsMeta::connect(url, None)
            .await
            .unwrap_throw();
        Self(stream, meta)
    }

    async fn send(&mut self, payload: Payload) {
        let message = match payload {
            Payload::Text(text) => ws_stream_wasm::WsMessage::Text(text),
            Payload::Bytes(bytes) => ws_stream_wasm::WsMessage::Binary(bytes),
        };
        self.0.send(message).await.unwrap_throw();
    }

    async fn receive(&mut self) -> usize {
        match self.next().await {
            ws_stream_wasm::WsMessage::Text(text) => text.len(),
            ws_stream_wasm::WsMessage::Binary(bytes) => bytes.len(),
        }
    }

    async fn receive_quote(&mut self) -> bool {
        match self.next().await {
            ws_stream_wasm::WsMessage::Text(text) => read(&text),
            ws_stream_wasm::WsMessage::Binary(_) => false,
        }
    }

    async fn close(self) {
        let _ = self.1.close_code(1000).await;
    }
}

/// tokio-tungstenite-wasm's `WebSocketStream`.
pub(crate) struct Tungstenite(tokio_tungstenite_wasm::WebSocketStream);

impl Tungstenite {
    async fn next(&mut self) -> tokio_tungstenite_wasm::Message {
        self.0.next().await.unwrap_throw().unwrap_throw()
    }
}

impl Client for Tungstenite {
    async fn connect(url: &str) -> Self {
        Self(tokio_tungstenite_wasm::connect(url).await.unwrap_throw())
    }

    async fn send(&mut self, payload: Payload) {
        let message = match payload {
            Payload::Text(text) => tokio_tungstenite_wasm::Message::text(text),
            Payload::Bytes(bytes) => tokio_tungstenite_wasm::Message::binary(bytes),
        };
        self.0.send(message).await.unwrap_throw();
    }

    async fn receive(&mut self) -> usize {
        self.next().await.len()
    }

    async fn receive_quote(&mut self) -> bool {
        match self.next().await {
            tokio_tungstenite_wasm::Message::Text(text) => read(text.as_str()),
            _ => false,
        }
    }

    async fn close(mut self) {
        let _ = self.0.close().await;
    }
}

fn read(text: &str) -> bool {
    serde_json::from_str::<Quote>(text).unwrap_throw().check()
}
