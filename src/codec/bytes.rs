//! Bytes as binary messages.

use super::{Decode, Encode, Restore, copied};
use crate::error::{DecodeError, EncodeError};
use crate::message::Message;

/// `Vec<u8>` in both directions, as binary messages. All bytes can be sent; a text message is a [`DecodeError`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Bytes;

impl Encode<Vec<u8>> for Bytes {
    fn encode(&self, value: &Vec<u8>) -> Result<Message, EncodeError> {
        Ok(Message::Binary(value.clone()))
    }

    fn encode_into(&self, value: &Vec<u8>, out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        out.extend_from_slice(value);
        Ok(false)
    }

    fn encode_owned(&self, value: Vec<u8>) -> Result<(Message, Restore<Vec<u8>>), Vec<u8>> {
        // It comes back as it went.
        let back = |message| match message {
            Message::Binary(bytes) => bytes,
            Message::Text(_) => Vec::new(),
        };
        Ok((Message::Binary(value), back))
    }
}

impl Decode<Vec<u8>> for Bytes {
    fn decode(&self, message: Message) -> Result<Vec<u8>, DecodeError> {
        match message {
            Message::Binary(bytes) => Ok(bytes),
            Message::Text(_) => Err(DecodeError::new(
                message,
                "expected a binary message, got a text one",
            )),
        }
    }

    fn decode_from(&self, payload: &[u8], text: bool) -> Result<Vec<u8>, DecodeError> {
        match text {
            false => Ok(payload.into()),
            true => self.decode(copied(payload, text)),
        }
    }
}
