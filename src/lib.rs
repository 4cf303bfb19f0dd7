//! A WebSocket client whose socket is a typed async channel, in the browser and natively.

pub mod error;
pub mod message;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod proto;
pub mod random;
mod time;
pub mod transport;

pub use message::{By, Closed, Event, Message, Opened};
