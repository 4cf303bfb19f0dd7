//! A sender's value while its message is being sent.

use crate::codec::{Encode, Restore};
use crate::error::{SendError, SendErrorKind};
use crate::message::Message;

/// Where the value of an unsent message is.
pub(super) enum Unsent<T> {
    /// Kept separately.
    Beside(T),
    /// In the message; this function restores it.
    Inside(Restore<T>),
}

impl<T> Unsent<T> {
    /// Encodes `value` as a message.
    ///
    /// # Errors
    /// The value, and why it cannot be encoded.
    pub(super) fn new(codec: &dyn Encode<T>, value: T) -> Result<(Message, Self), SendError<T>> {
        match codec.encode_owned(value) {
            Ok((message, back)) => Ok((message, Unsent::Inside(back))),
            Err(value) => match codec.encode(&value) {
                Ok(message) => Ok((message, Unsent::Beside(value))),
                Err(error) => Err(SendError::new(value, SendErrorKind::EncodeFailed(error))),
            },
        }
    }

    /// Restores the value from its returned message.
    pub(super) fn value(self, message: Message) -> T {
        match self {
            Unsent::Beside(value) => value,
            Unsent::Inside(back) => back(message),
        }
    }
}
