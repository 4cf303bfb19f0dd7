//! What a sender keeps of a value while its message is on the way to the platform.

use crate::codec::{Encode, Restore};
use crate::error::{SendError, SendErrorKind};
use crate::message::Message;

/// Where a value is that has not been sent yet.
pub(super) enum Unsent<T> {
    /// Beside its message.
    Beside(T),
    /// In its message, from which it comes back this way.
    Inside(Restore<T>),
}

impl<T> Unsent<T> {
    /// The message of `value`, and the value.
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

    /// The value again. Its message has come back.
    pub(super) fn value(self, message: Message) -> T {
        match self {
            Unsent::Beside(value) => value,
            Unsent::Inside(back) => back(message),
        }
    }
}
