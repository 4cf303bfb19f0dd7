//! One conversation, from connecting to its end. The page shows the lines between the two marks.

use crate::panel::Panel;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

// shown begin
use serde::{Deserialize, Serialize};
use websocket_channel::{Channel, ConnectError, Json, Sender, connect};

#[derive(Serialize)]
enum ToServer {
    Say(String),
}

#[derive(Deserialize)]
enum ToClient {
    Said { who: String, text: String },
}

async fn converse(url: String, panel: &Panel) -> Result<(), ConnectError> {
    let chat: Channel<ToServer, ToClient> = connect(url).codec(Json).await?;
    let (tx, mut rx) = chat.split();
    panel.opened(Line(tx));
    while let Some(said) = rx.next().await {
        match said {
            Ok(ToClient::Said { who, text }) => panel.received(&who, &text),
            // Not one of ours: the stream goes on. Or the end, where something may be missing.
            Err(error) => panel.complain(&error.to_string()),
        }
    }
    let closed = rx.closed().await;
    panel.closed(closed.code, &closed.reason, closed.was_clean);
    Ok(())
}
// shown end

/// Connects, and tells the panel everything until the end.
#[wasm_bindgen]
pub async fn chat(url: String, panel: Panel) {
    if let Err(error) = converse(url, &panel).await {
        panel.failed(&format!("{}: {error}", error.code()));
    }
}

/// What the panel's buttons act on.
#[wasm_bindgen]
pub struct Line(Sender<ToServer>);

#[wasm_bindgen]
impl Line {
    /// Says something.
    ///
    /// # Errors
    /// A JavaScript error: why it was not sent.
    pub async fn send(&self, text: String) -> Result<(), JsValue> {
        self.0
            .send(ToServer::Say(text))
            .await
            .map_err(|error| js_error(error.code(), &error.to_string()))
    }

    /// Begins to close.
    ///
    /// # Errors
    /// A JavaScript error: the code or the reason is not allowed.
    pub async fn close(&self, code: u32, reason: String) -> Result<(), JsValue> {
        // What does not fit is not allowed either.
        let code = u16::try_from(code).unwrap_or_default();
        match self.0.control().close(code, &reason).await {
            Ok(_) => Ok(()),
            Err(error) => Err(js_error(error.code(), &error.to_string())),
        }
    }
}

fn js_error(name: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name(name);
    error.into()
}
