//! The platform's stream of messages (the 2009 paper's `SocketStreamHandle`), behind one trait.
//!
//! Commands go down as verbs; what happened comes up as [`Event`]s, in order; nothing calls sideways.

#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod framed;
#[cfg(not(target_family = "wasm"))]
pub mod native;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod pipe;
#[cfg(not(target_family = "wasm"))]
pub mod proxy;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod rewound;
#[cfg(not(target_family = "wasm"))]
pub mod tcp;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
pub mod tls;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod tunnel;
#[cfg(target_family = "wasm")]
pub mod web_socket;

use crate::error::ConnectErrorKind;
use crate::message::{Event, Message, Opened};
use core::task::{Context, Poll};
use core::time::Duration;

/// An open connection that carries whole messages, whatever carries them beneath. Poll-driven: it spawns nothing.
///
/// Dropping it starts closing and detaches everything of ours: no closure, timer or task survives.
pub trait Transport: MaybeSend {
    /// The next thing that happened. After [`Event::Closed`] it is not polled again.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event>;

    /// Ready when a message may be sent without passing the send watermark, and also when the connection is no longer open.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Hands one message to the platform, at once.
    ///
    /// # Errors
    /// The message, when the connection is closing or closed, or when the platform refuses it.
    fn send(&mut self, message: Message) -> Result<(), Message>;

    /// Ready when every message sent has been handed over to the platform.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Begins the closing handshake; the arguments have been checked. A second call does nothing.
    fn close(&mut self, code: u16, reason: &str);

    /// Whether messages can be sent: false from the first sign of an end.
    fn is_open(&self) -> bool;

    /// Payload bytes taken by `send` that have not reached the network, as far as the platform tells.
    fn buffered_amount(&self) -> usize;
}

/// What every transport is given to open a connection. Checked: a URL without fragment, subprotocols that are distinct tokens.
#[derive(Debug, Clone)]
pub struct Request {
    /// The URL as the application gave it.
    pub url: String,
    /// Subprotocols in order of preference.
    pub protocols: Vec<String>,
    /// The limits of this connection.
    pub limits: Limits,
    /// What else the core's own handshake asks for. A browser's does not.
    #[cfg(any(feature = "proto", not(target_family = "wasm")))]
    pub handshake: pipe::Handshake,
    /// How to reach the host.
    #[cfg(not(target_family = "wasm"))]
    pub network: native::Network,
}

/// Bounds of one connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// `poll_ready` waits while the platform holds this many unsent bytes or more. Default 1 MiB: a tenth of a second at 100 Mbit/s,
    /// and sixteen of the 64 KiB writes at which browsers reach full throughput.
    pub send_watermark: usize,
    /// Bytes of messages that wait here to be read. Default 64 MiB. Where the transport cannot push back, one message more
    /// closes the connection with 4009 instead of being dropped in silence.
    pub receive_bound: usize,
    /// The largest message taken, in bytes. Default 64 MiB; over it the connection closes with 1009 (4009 from a browser).
    pub max_message: usize,
    /// How long the peer has to answer our Close frame before the connection is dropped. Default 10 s.
    pub close_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            send_watermark: 1 << 20,
            receive_bound: 64 << 20,
            max_message: 64 << 20,
            close_timeout: Duration::from_secs(10),
        }
    }
}

/// Opens a connection with the platform's own transport. Dropping the future closes whatever it had begun.
///
/// # Errors
/// Why it did not open. The connect timeout is the caller's.
pub async fn connect(request: Request) -> Result<(Box<dyn Transport>, Opened), ConnectErrorKind> {
    #[cfg(target_family = "wasm")]
    return web_socket::connect(request).await;
    #[cfg(not(target_family = "wasm"))]
    return native::connect(request).await;
}

/// `Send` where threads are (natively), nothing in browsers, whose sockets are local to their thread.
#[cfg(not(target_family = "wasm"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send> MaybeSend for T {}

/// `Send` where threads are (natively), nothing in browsers, whose sockets are local to their thread.
#[cfg(target_family = "wasm")]
pub trait MaybeSend {}
#[cfg(target_family = "wasm")]
impl<T> MaybeSend for T {}
