//! The protocol core: handshake and framing as values that can be stepped in a test.
//!
//! It has no clock, no randomness, no I/O, no waker and no platform in it; they are arguments. [`Connection`] is the
//! place to begin, in either [`Role`].

pub mod address;
pub mod close;
pub mod connection;
pub mod deflate;
pub mod framing;
pub mod handshake;
pub mod limits;
mod outgoing;
mod record;
pub mod role;
mod state;
pub mod tunnel;

pub use address::Address;
pub use close::CloseFrame;
pub use connection::{Connection, Event};
pub use deflate::Deflate;
pub use handshake::client::{Format, Offer};
pub use handshake::server::{Request, Response};
pub use limits::Limits;
pub use role::Role;
pub use tunnel::{Credentials, Tunnel};

/// Fills a buffer with unpredictable bytes (RFC 6455 §5.3: masks "derived from a strong source of entropy").
///
/// A plain function pointer, so that a test can pass one that is not random at all.
pub type Random = fn(&mut [u8]);
