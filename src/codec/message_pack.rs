//! Any serde type as MessagePack.

use super::{Decode, Encode, copied};
use crate::error::{DecodeError, EncodeError};
use crate::message::Message;
use rmp_serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// As serde_json's own limit, which [`Json`](super::Json) has: deep enough for data, shallow enough for the stack of a page.
const MAX_DEPTH: usize = 128;

/// MessagePack in binary messages. Structs are maps with field names, so fields can be added and removed without a new protocol.
///
/// Encoding: a value whose `Serialize` fails is an [`EncodeError`].
///
/// Decoding: bytes that are not of the type, nesting deeper than 128, bytes after the value, and text messages are a [`DecodeError`]. No other limit
/// is needed: an announced length allocates nothing before its bytes have arrived, and a message is never larger than `max_message`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MessagePack;

impl<T: Serialize> Encode<T> for MessagePack {
    fn encode(&self, value: &T) -> Result<Message, EncodeError> {
        rmp_serde::to_vec_named(value)
            .map(Message::Binary)
            .map_err(|error| EncodeError::new(error.to_string()))
    }

    fn encode_into(&self, value: &T, out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        rmp_serde::encode::write_named(out, value)
            .map(|()| false)
            .map_err(|error| EncodeError::new(error.to_string()))
    }
}

impl<T: DeserializeOwned> Decode<T> for MessagePack {
    fn decode(&self, message: Message) -> Result<T, DecodeError> {
        let Message::Binary(bytes) = &message else {
            return Err(DecodeError::new(
                message,
                "expected a binary message, got a text one",
            ));
        };
        match read(bytes) {
            Ok(value) => Ok(value),
            Err(detail) => Err(DecodeError::new(message, detail)),
        }
    }

    fn decode_from(&self, payload: &[u8], text: bool) -> Result<T, DecodeError> {
        if !text && let Ok(value) = read(payload) {
            return Ok(value);
        }
        self.decode(copied(payload, text))
    }
}

fn read<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<T, String> {
    let mut deserializer = Deserializer::new(&mut bytes);
    deserializer.set_max_depth(MAX_DEPTH);
    let value = T::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    if !bytes.is_empty() {
        return Err(format!("{} bytes after the value", bytes.len()));
    }
    Ok(value)
}
