//! The smallest Rust apps that do the main thing: connect, send, receive, and tell how it ended. Built only to be weighed.
//!
//! Without features: default features of the crate, class transport, text codec. Each feature of this crate adds one thing.

use wasm_bindgen::prelude::wasm_bindgen;

/// Sends one line, gives back the answer and the close reason.
#[wasm_bindgen]
pub async fn echo(url: String) -> Option<String> {
    #[cfg(feature = "json")]
    use json::{codec, said, say};
    #[cfg(not(feature = "json"))]
    use text::{codec, said, say};
    let chat = websocket_channel::connect(url).codec(codec()).await.ok()?;
    let (tx, mut rx) = chat.split();
    tx.send(say()).await.ok()?;
    let answer = said(rx.next().await?.ok()?);
    let closed = tx.control().close(1000, "done").await.ok()?;
    Some(answer + &closed.reason)
}

#[cfg(not(feature = "json"))]
mod text {
    pub(crate) fn codec() -> websocket_channel::Text {
        websocket_channel::Text
    }

    pub(crate) fn say() -> String {
        "hello".into()
    }

    pub(crate) fn said(text: String) -> String {
        text
    }
}

#[cfg(feature = "json")]
mod json {
    use serde::{Deserialize, Serialize};
    use websocket_channel::codec::Codec;

    #[derive(Serialize)]
    pub(crate) enum ToServer {
        Say(String),
    }

    #[derive(Deserialize)]
    pub(crate) enum ToClient {
        Said { who: String, text: String },
    }

    pub(crate) fn codec() -> impl Codec<ToServer, ToClient> {
        websocket_channel::Json
    }

    pub(crate) fn say() -> ToServer {
        ToServer::Say("hello".into())
    }

    pub(crate) fn said(message: ToClient) -> String {
        let ToClient::Said { who, text } = message;
        who + &text
    }
}
