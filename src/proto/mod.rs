//! The protocol core: handshake and framing as values that a test can step.
//!
//! It contains no clock, randomness, I/O, waker or platform: they are arguments. Start with [`Connection`], in either [`Role`].
//!
//! # Formats
//!
//! A client speaks the [`Format`] of its [`ClientRequest`]; a server speaks that of the request, on one port. Where the paper of 2009
//! ("WebSocket", S. Loreto) and the drafts differ, the client keeps to the drafts and the server takes both; the code marks
//! each place with the word DIFFERENCE:
//!
//! 1. Slide 4, the client's `WebSocket-Origin`: ours sends `Origin`, and a server takes either.
//! 2. Slide 4, `GET /text` answered with the location of `/demo`: our client fails, our server answers with what was asked for.
//! 3. Slide 4, fields in any order behind the three fixed lines: ours sends them in the order that -75 fixed, and a server
//!    takes any.
//! 4. Slide 7, `CONNECT example:80` beside `Host: example.com`: a tunnel names the same host in both.
//! 5. Slides 9 and 10, binary frames: received, they are dropped in silence; to send one is refused.
//! 6. Slide 11, `postMessage`: the drafts renamed it to [`send`](Connection::send) in July 2009; JavaScript has both.

pub mod address;
pub mod close;
pub mod connection;
pub mod credentials;
pub mod deflate;
pub mod format;
pub mod framing;
pub mod handshake;
pub mod limits;
pub mod origins;
mod outgoing;
mod pings;
mod pongs;
mod record;
pub mod role;
mod state;
pub mod tunnel;

pub use address::Address;
pub use close::CloseFrame;
pub use connection::{Connection, ConnectionEvent};
pub use credentials::Credentials;
pub use deflate::Deflate;
pub use format::Format;
pub use handshake::client::ClientRequest;
pub use handshake::server::{Request, Response};
pub use limits::ProtocolLimits;
pub use origins::Origins;
pub use role::Role;
pub use tunnel::Tunnel;

/// Fills a buffer with unpredictable bytes (RFC 6455 §5.3: masks "derived from a strong source of entropy").
///
/// A plain function pointer, so that a test can pass one that is not random at all.
pub type Random = fn(&mut [u8]);
