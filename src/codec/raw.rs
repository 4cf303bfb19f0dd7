//! Messages as they are.

use super::{Decode, Encode};
use crate::error::{DecodeError, EncodeError};
use crate::message::Message;

/// [`Message`] both ways: what `connect(url)` gives when no codec is chosen. It has no errors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw;

impl Encode<Message> for Raw {
    fn encode(&self, value: &Message) -> Result<Message, EncodeError> {
        Ok(value.clone())
    }
}

impl Decode<Message> for Raw {
    fn decode(&self, message: Message) -> Result<Message, DecodeError> {
        Ok(message)
    }
}
