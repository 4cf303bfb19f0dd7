//! How values become messages: one trait, chosen once on the builder and erased there.

mod bytes;
#[cfg(feature = "json")]
mod json;
mod raw;
mod text;

pub use bytes::Bytes;
#[cfg(feature = "json")]
pub use json::Json;
pub use raw::Raw;
pub use text::Text;

use crate::error::{DecodeError, EncodeError};
use crate::message::Message;

/// Turns values of `T` into messages.
///
/// Pure: no I/O and no state that a value could corrupt, so an error is about one value and the connection goes on.
pub trait Encode<T>: Send + Sync {
    /// The message that carries `value`.
    ///
    /// # Errors
    /// When the value has no encoding. The sender gets its value back.
    fn encode(&self, value: &T) -> Result<Message, EncodeError>;
}

/// Turns messages into values of `T`. Pure, as [`Encode`] is.
pub trait Decode<T>: Send + Sync {
    /// The value that `message` carries.
    ///
    /// # Errors
    /// When it carries none; the error keeps the message as it came.
    fn decode(&self, message: Message) -> Result<T, DecodeError>;
}

/// Both ways: encodes `Tx` and decodes `Rx`. Whatever does both is one.
pub trait Codec<Tx, Rx>: Encode<Tx> + Decode<Rx> {}

impl<C: Encode<Tx> + Decode<Rx>, Tx, Rx> Codec<Tx, Rx> for C {}
