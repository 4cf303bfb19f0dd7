//! Strings as text messages.

use super::{Decode, Encode, Restore};
use crate::error::{DecodeError, EncodeError};
use crate::message::Message;

/// `String` in both directions, as text messages. Every string can be sent; a binary message is a [`DecodeError`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Text;

impl Encode<String> for Text {
    fn encode(&self, value: &String) -> Result<Message, EncodeError> {
        Ok(Message::Text(value.clone()))
    }

    fn encode_into(&self, value: &String, out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        out.extend_from_slice(value.as_bytes());
        Ok(true)
    }

    fn encode_owned(&self, value: String) -> Result<(Message, Restore<String>), String> {
        // It comes back as it went.
        let back = |message| match message {
            Message::Text(text) => text,
            Message::Binary(_) => String::new(),
        };
        Ok((Message::Text(value), back))
    }
}

impl Decode<String> for Text {
    fn decode(&self, message: Message) -> Result<String, DecodeError> {
        match message {
            Message::Text(text) => Ok(text),
            Message::Binary(_) => Err(DecodeError::new(
                message,
                "expected a text message, got a binary one",
            )),
        }
    }
}
