//! Messages as they are.

use super::{Decode, Encode, Restore};
use crate::error::{DecodeError, EncodeError};
use crate::message::Message;

/// [`Message`] in both directions: what `connect(url)` uses without a codec. It has no errors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw;

impl Encode<Message> for Raw {
    fn encode(&self, value: &Message) -> Result<Message, EncodeError> {
        Ok(value.clone())
    }

    fn encode_into(&self, value: &Message, out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        out.extend_from_slice(value.as_bytes());
        Ok(matches!(value, Message::Text(_)))
    }

    fn encode_owned(&self, value: Message) -> Result<(Message, Restore<Message>), Message> {
        Ok((value, |message| message))
    }
}

impl Decode<Message> for Raw {
    fn decode(&self, message: Message) -> Result<Message, DecodeError> {
        Ok(message)
    }
}
