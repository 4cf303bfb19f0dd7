//! The smallest Rust apps that do the main thing: connect, send, receive, and tell how it ended. Built only to be weighed.
//!
//! Without features: default features of the crate, class transport, text codec, Rust's own allocator. Each feature of this crate adds or
//! changes one thing.

use wasm_bindgen::prelude::wasm_bindgen;
use websocket_channel::Channel;
#[cfg(not(feature = "proto"))]
use websocket_channel::connect;
#[cfg(feature = "proto")]
use websocket_channel::{ConnectionOptions, Socket};

#[cfg(feature = "talc")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    /// Where the app says what came.
    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);
}

/// Starts a task, as front ends do, that says the answer and the close reason.
#[wasm_bindgen]
pub fn echo(url: String) {
    wasm_bindgen_futures::spawn_local(async move {
        if let Some(line) = talk(url).await {
            log(&line);
        }
    });
}

/// Sends one line, gives back the answer and the close reason.
async fn talk(url: String) -> Option<String> {
    #[cfg(not(any(feature = "json", feature = "messagepack")))]
    use text::{Codec, ToClient, ToServer, said, say};
    #[cfg(any(feature = "json", feature = "messagepack"))]
    use typed::{Codec, ToClient, ToServer, said, say};
    // By the browser's own WebSocket.
    #[cfg(not(any(
        feature = "proto",
        feature = "reconnect",
        feature = "session",
        feature = "websocket-stream"
    )))]
    let chat: Channel<ToServer, ToClient> = connect(url).codec(Codec).await.ok()?;
    // And another when it is lost.
    #[cfg(feature = "reconnect")]
    let chat: Channel<ToServer, ToClient> = connect(url)
        .codec(Codec)
        .reconnect(websocket_channel::Reconnect::default())
        .await
        .ok()?;
    // Over a session.
    #[cfg(feature = "session")]
    let chat: Channel<ToServer, ToClient> = connect(url)
        .codec(Codec)
        .session(websocket_channel::Session::default())
        .await
        .ok()?;
    // By its `WebSocketStream` where there is one.
    #[cfg(all(feature = "websocket-stream", not(feature = "proto")))]
    let chat: Channel<ToServer, ToClient> = connect(url)
        .codec(Codec)
        .transport(websocket_channel::transport::TransportKind::Auto)
        .await
        .ok()?;
    // By our own protocol core, over a relay.
    #[cfg(feature = "proto")]
    let chat: Channel<ToServer, ToClient> = {
        let relay = Socket::connect(url, ConnectionOptions::default())
            .await
            .ok()?;
        let inner = Socket::connect_over(
            relay.into_byte_stream(),
            "ws://inner/",
            ConnectionOptions::default(),
        );
        Channel::from_socket(inner.await.ok()?, Codec)
    };
    let (tx, mut rx) = chat.split();
    tx.send(say()).await.ok()?;
    let answer = said(rx.next().await?.ok()?);
    let closed = tx.control().close(1000, "done").await.ok()?;
    Some(answer + &closed.reason)
}

#[cfg(not(any(feature = "json", feature = "messagepack")))]
mod text {
    pub(crate) type ToServer = String;
    pub(crate) type ToClient = String;
    pub(crate) use websocket_channel::Text as Codec;

    pub(crate) fn say() -> String {
        "hello".into()
    }

    pub(crate) fn said(text: String) -> String {
        text
    }
}

#[cfg(any(feature = "json", feature = "messagepack"))]
mod typed {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize)]
    pub(crate) enum ToServer {
        Say(String),
    }

    #[derive(Deserialize)]
    pub(crate) enum ToClient {
        Said { who: String, text: String },
    }

    #[cfg(feature = "json")]
    pub(crate) use websocket_channel::Json as Codec;
    #[cfg(all(feature = "messagepack", not(feature = "json")))]
    pub(crate) use websocket_channel::MessagePack as Codec;

    pub(crate) fn say() -> ToServer {
        ToServer::Say("hello".into())
    }

    pub(crate) fn said(message: ToClient) -> String {
        let ToClient::Said { who, text } = message;
        who + &text
    }
}
