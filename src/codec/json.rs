//! Any serde type as JSON.

use super::{Decode, Encode, copied};
use crate::error::{DecodeError, EncodeError};
use crate::message::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// JSON (RFC 8259) in text messages; binary messages are read too.
///
/// Encoding: a value that JSON cannot express, such as a map whose keys are not strings, is an [`EncodeError`]. A number that is not finite becomes
/// `null`.
///
/// Decoding: text that is not JSON of the type is a [`DecodeError`], and so is nesting deeper than 128, which is enough for data and safe for the
/// stack of a page. No other limit is needed, because a message is never larger than `max_message`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl<T: Serialize> Encode<T> for Json {
    fn encode(&self, value: &T) -> Result<Message, EncodeError> {
        serde_json::to_string(value)
            .map(Message::Text)
            .map_err(|error| EncodeError::new(error.to_string()))
    }
}

impl<T: DeserializeOwned> Decode<T> for Json {
    fn decode(&self, message: Message) -> Result<T, DecodeError> {
        let decoded = match &message {
            Message::Text(text) => serde_json::from_str(text),
            Message::Binary(bytes) => serde_json::from_slice(bytes),
        };
        decoded.map_err(|error| DecodeError::new(message, error.to_string()))
    }

    fn decode_from(&self, payload: &[u8], text: bool) -> Result<T, DecodeError> {
        match serde_json::from_slice(payload) {
            Ok(value) => Ok(value),
            Err(_) => self.decode(copied(payload, text)),
        }
    }
}
