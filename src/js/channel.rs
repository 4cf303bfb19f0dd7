//! What the class `Channel` stands on: the Rust channel of raw messages. Values are encoded and decoded in JavaScript, where they live.

use crate::channel::{Control, Receiver, Sender, connect};
use crate::error::{CloseError, ConnectError, SendError};
use crate::message::{By, Closed, Message};
use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::Pin;
use core::time::Duration;
use futures_core::Stream;
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// One open channel.
#[wasm_bindgen]
pub struct ChannelHandle {
    sender: Sender<Message>,
    receiver: RefCell<Receiver<Message>>,
    control: Control,
}

#[wasm_bindgen]
impl ChannelHandle {
    /// Connects, and resolves when the connection is open. Without `connect_timeout_ms` the default holds; 0 is none.
    ///
    /// # Errors
    /// An object with `code` and `message`.
    pub async fn connect(
        url: String,
        protocols: Vec<String>,
        connect_timeout_ms: Option<u32>,
    ) -> Result<ChannelHandle, JsValue> {
        let mut connecting = connect(url).protocols(protocols);
        if let Some(limit) = connect_timeout_ms {
            let limit = match limit {
                0 => Duration::MAX,
                limit => Duration::from_millis(limit.into()),
            };
            connecting = connecting.connect_timeout(limit);
        }
        let (sender, receiver) = connecting.await.map_err(connect_error)?.split();
        let control = sender.control();
        Ok(Self {
            sender,
            receiver: RefCell::new(receiver),
            control,
        })
    }

    /// The subprotocol in use, or empty.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> String {
        self.sender.opened().protocol.clone()
    }

    /// The extensions in use, or empty.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> String {
        self.sender.opened().extensions.clone()
    }

    /// Sends a text message; resolves when it has been handed over.
    ///
    /// # Errors
    /// An object with `code` and `message`.
    #[wasm_bindgen(js_name = sendText)]
    pub async fn send_text(&self, text: String) -> Result<(), JsValue> {
        self.sender
            .send(Message::Text(text))
            .await
            .map_err(send_error)
    }

    /// Sends a binary message; resolves when it has been handed over.
    ///
    /// # Errors
    /// An object with `code` and `message`.
    #[wasm_bindgen(js_name = sendBytes)]
    pub async fn send_bytes(&self, bytes: Vec<u8>) -> Result<(), JsValue> {
        self.sender
            .send(Message::Binary(bytes))
            .await
            .map_err(send_error)
    }

    /// The next message, a string or a `Uint8Array`; nothing at the end.
    pub async fn next(&self) -> JsValue {
        // Borrowed for the length of one poll only: another `next` may run meanwhile.
        let next = poll_fn(|cx| Pin::new(&mut *self.receiver.borrow_mut()).poll_next(cx)).await;
        match next {
            Some(Ok(Message::Text(text))) => JsValue::from_str(&text),
            Some(Ok(Message::Binary(bytes))) => Uint8Array::from(&bytes[..]).into(),
            // The raw codec has no errors.
            Some(Err(_)) | None => JsValue::UNDEFINED,
        }
    }

    /// Begins to close, and resolves at the end with how it came.
    ///
    /// # Errors
    /// An object with `code` and `message`, when an argument is not allowed. Nothing has happened then.
    pub async fn close(&self, code: u16, reason: String) -> Result<JsValue, JsValue> {
        self.control
            .close(code, &reason)
            .await
            .map(closed)
            .map_err(close_error)
    }

    /// Resolves at the end with how it came.
    pub async fn closed(&self) -> JsValue {
        closed(self.control.closed().await)
    }
}

fn closed(closed: Closed) -> JsValue {
    let by = match closed.by {
        By::Us => "us",
        By::Peer => "peer",
        By::Failure => "failure",
    };
    object(&[
        ("code", closed.code.into()),
        ("reason", closed.reason.into()),
        ("wasClean", closed.clean.into()),
        ("by", by.into()),
    ])
}

fn connect_error(error: ConnectError) -> JsValue {
    failure(error.code(), error.to_string())
}

fn send_error(error: SendError<Message>) -> JsValue {
    failure(error.code(), error.to_string())
}

fn close_error(error: CloseError) -> JsValue {
    failure(error.code(), error.to_string())
}

/// What the JavaScript side makes an `Error` of.
fn failure(code: &str, message: String) -> JsValue {
    object(&[("code", code.into()), ("message", message.into())])
}

fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        // A plain new object takes any property.
        let _ = Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object.into()
}
