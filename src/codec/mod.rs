//! How values become messages: one trait, chosen once on the builder.
//!
//! A codec of your own is two functions. This one names a subprotocol, so that a server of another version is detected when connecting:
//!
//! ```
//! use websocket_channel::codec::{Decode, Encode};
//! use websocket_channel::{Channel, DecodeError, EncodeError, Message, Socket, transport::Limits};
//!
//! /// A price in cents: eight bytes, big-endian.
//! struct Prices;
//!
//! impl Encode<u64> for Prices {
//!     fn encode(&self, cents: &u64) -> Result<Message, EncodeError> {
//!         Ok(Message::Binary(cents.to_be_bytes().into()))
//!     }
//!     fn subprotocol(&self) -> Option<&str> {
//!         Some("prices.v2")
//!     }
//! }
//!
//! impl Decode<u64> for Prices {
//!     fn decode(&self, message: Message) -> Result<u64, DecodeError> {
//!         match message.as_bytes().try_into() {
//!             Ok(bytes) if matches!(message, Message::Binary(_)) => Ok(u64::from_be_bytes(bytes)),
//!             _ => Err(DecodeError::new(message, "a price has eight bytes")),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // With a server: `connect(url).codec(Prices).await?`. Here both ends are in memory.
//! let (shop, till) = Socket::pair(&Limits::default(), "prices.v2");
//! let shop: Channel<u64, u64> = Channel::from_socket(shop, Prices);
//! let mut till: Channel<u64, u64> = Channel::from_socket(till, Prices);
//! shop.send(1995).await?;
//! assert_eq!(till.next().await.transpose()?, Some(1995));
//! # Ok(())
//! # }
//! ```

mod bytes;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "messagepack")]
mod message_pack;
mod raw;
mod text;

pub use bytes::Bytes;
#[cfg(feature = "json")]
pub use json::Json;
#[cfg(feature = "messagepack")]
pub use message_pack::MessagePack;
pub use raw::Raw;
pub use text::Text;

use crate::error::{DecodeError, EncodeError};
use crate::message::Message;

/// Encodes values of `T` as messages.
///
/// It has no I/O and no state that a value could corrupt. So an error concerns one value, and the connection continues.
pub trait Encode<T>: Send + Sync {
    /// The message that carries `value`.
    ///
    /// # Errors
    /// If the value cannot be encoded. The sender gets its value back.
    fn encode(&self, value: &T) -> Result<Message, EncodeError>;

    /// `value` itself as a message, for a codec whose values are what messages carry: then sending copies nothing. With it goes how to have the value
    /// back from the message, should it not be sent.
    ///
    /// # Errors
    /// The value, when it is not to be had that way, as is the default: [`encode`](Self::encode) is asked then.
    fn encode_owned(&self, value: T) -> Result<(Message, Restore<T>), T> {
        Err(value)
    }

    /// Appends what [`encode`](Self::encode) puts into its message to `out`, and returns whether that is a text. Many values share one buffer this way, as
    /// in `Sender::send_all`. The default encodes and copies.
    ///
    /// # Errors
    /// As [`encode`](Self::encode). What it has appended then is dropped.
    fn encode_into(&self, value: &T, out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        let message = self.encode(value)?;
        out.extend_from_slice(message.as_bytes());
        Ok(matches!(message, Message::Text(_)))
    }

    /// The subprotocol (RFC 6455 §1.9) of these messages; `None`, the default, for none. Connecting offers it before all others, and fails if the
    /// server chooses another or none. So both ends agree, or nothing is sent.
    fn subprotocol(&self) -> Option<&str> {
        None
    }
}

/// How to have a value back from the message that it was put into.
pub type Restore<T> = fn(Message) -> T;

/// Decodes messages to values of `T`. Without I/O and state, as [`Encode`].
pub trait Decode<T>: Send + Sync {
    /// The value that `message` carries.
    ///
    /// # Errors
    /// If it carries none. The error contains the message as it arrived.
    fn decode(&self, message: Message) -> Result<T, DecodeError>;

    /// The value of a message whose payload is `payload`: UTF-8 if it is `text`. Many messages share one buffer this way, as in `Receiver::batches`. The
    /// default copies the payload and decodes that.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn decode_from(&self, payload: &[u8], text: bool) -> Result<T, DecodeError> {
        self.decode(copied(payload, text))
    }
}

/// A payload as a message of its own.
fn copied(payload: &[u8], text: bool) -> Message {
    match core::str::from_utf8(payload) {
        Ok(payload) if text => payload.into(),
        _ => payload.into(),
    }
}

/// Both directions: encodes `Tx` and decodes `Rx`. Every type that implements both is one; [the module](self) has an example.
pub trait Codec<Tx, Rx>: Encode<Tx> + Decode<Rx> {}

impl<C: Encode<Tx> + Decode<Rx>, Tx, Rx> Codec<Tx, Rx> for C {}
