//! A WebSocket client whose socket is a typed async channel, in the browser and natively.

pub mod channel;
pub mod codec;
pub mod error;
#[cfg(all(feature = "js", target_family = "wasm"))]
mod js;
pub mod message;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod proto;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod random;
pub mod socket;
mod time;
pub mod transport;

pub use channel::{Channel, Connect, Control, Receiver, Sender, Status, connect};
#[cfg(feature = "json")]
pub use codec::Json;
pub use codec::{Bytes, Text};
pub use error::{
    CloseError, ConnectError, ConnectErrorKind, DecodeError, EncodeError, SendError, SendErrorKind,
};
pub use message::{By, Closed, Event, Message, Opened};
pub use socket::{ByteStream, Options, Socket};
