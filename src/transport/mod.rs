//! The platform's stream of messages (the 2009 paper's `SocketStreamHandle`), behind one trait.
//!
//! Commands go down as verbs; what happened comes up as [`Event`]s, in order; nothing calls sideways.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) mod attributes;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) mod drain;
#[cfg(feature = "proto")]
pub mod framed;
#[cfg(all(not(feature = "proto"), not(all(target_family = "wasm", target_os = "unknown"))))]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "public with the feature `proto`"
)]
pub(crate) mod framed;
mod hint;
pub(crate) mod inbox;
pub(crate) mod incoming;
pub(crate) mod life;
mod limits;
pub(crate) mod memory;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) mod over_io;
#[cfg(feature = "session")]
pub(crate) mod parcel;
mod protocols;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod redirect;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) mod web_socket;
#[cfg(all(feature = "websocket-stream", target_family = "wasm", target_os = "unknown"))]
pub(crate) mod web_stream;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use crate::net::proxy;
#[cfg(all(feature = "tls", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use crate::net::tls;
#[cfg(feature = "proto")]
pub use crate::net::{rewound, tunnel};
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use crate::proto::{Deflate, Format, Role};
pub use hint::Hint;
pub use limits::{Limits, Overflow};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use native::Network;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use over_io::Handshake;
pub use protocols::Protocols;

use crate::error::{CloseError, ConnectErrorKind, SendErrorKind};
use crate::message::{Event, Message, OpenInfo};
use core::task::{Context, Poll};
use core::time::Duration;

/// Close code and reason for a message that is larger than [`Limits::max_message`], where 1009 cannot be sent.
///
/// A page may send 1000 and 3000-4999 only (WHATWG WebSockets §3.1, `close`). 4000-4999 belong to the application (RFC 6455 §7.4.2).
pub(crate) const MESSAGE_TOO_BIG: (u16, &str) = (3009, "message too big");
/// Close code and reason for unread messages that pass [`Limits::receive_buffer`].
pub(crate) const RECEIVE_BUFFER_FULL: (u16, &str) = (3013, "receive buffer full");

/// Checks what `close` is given: in a page what the browser takes, natively what RFC 6455 lets an endpoint send.
///
/// # Errors
/// What cannot be sent from here.
pub(crate) fn check_close(code: u16, reason: &str) -> Result<(), CloseError> {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return CloseError::check(code, reason);
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    return CloseError::check_endpoint(code, reason);
}

/// An open connection that carries whole messages. It is poll-driven and spawns nothing.
///
/// Dropping it starts closing and releases everything: no closure, timer or task survives.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
pub trait Transport: bounds::Sealed + MaybeSend {
    /// The next event. Do not poll again after [`Event::Closed`].
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event>;

    /// Ready when a message may be sent without exceeding the send high-water mark, and when the connection is no longer open.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Hands one message to the platform, at once.
    ///
    /// # Errors
    /// The message, if the connection is closing or closed, or if the platform refuses it.
    fn send(&mut self, message: Message) -> Result<(), Message>;

    /// Ready when every sent message has been handed over to the platform.
    ///
    /// # Errors
    /// [`ConnectionLost`] if that can no longer happen: the connection ended first.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>>;

    /// Hands one message to the platform, and flushes it as far as that needs no waiting. With `more`, further messages follow soon, and the flush
    /// may wait for them. True if the owner of the transport still has to poll it.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    #[doc(hidden)]
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn send_at_once(&mut self, message: Message, _more: bool) -> Result<bool, Message> {
        self.send(message)?;
        Ok(true)
    }

    /// Whether a flush can wait: more messages were read already, and their answers can share its write. A caller that waits has to flush later.
    /// Always false in browsers, which have no flush.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn defers_flush(&self) -> bool {
        false
    }

    /// Ready when the platform reports nothing unsent. In browsers also when the connection is no longer open.
    ///
    /// # Errors
    /// [`ConnectionLost`], as for [`poll_flush`](Self::poll_flush).
    ///
    /// - A browser's `WebSocket`: `bufferedAmount` is 0. Everything is with the operating system or the browser's network process.
    /// - `WebSocketStream`, which has no such count: it took every write. The data is in the pipe to the browser's network process or beyond.
    /// - The core over byte streams: the stream took everything and was flushed.
    /// - Memory: the other end has read everything.
    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>>;

    /// Begins the closing handshake (RFC 6455 §7.1.2); the arguments have been checked. A second call does nothing.
    fn close(&mut self, code: u16, reason: &str);

    /// Ends a connection that has no owner any more: begins to close, hands over what was sent and waits for the peer's end. Messages that arrive are
    /// discarded. Ready when dropping the transport no longer loses sent messages, at the latest `Limits::close_timeout` after the last progress.
    ///
    /// Browsers do this themselves, so there it is ready at once.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Whether messages can be sent. False from the first sign of an end.
    fn is_open(&self) -> bool;

    /// The limits of this connection.
    fn limits(&self) -> &Limits;

    /// Payload bytes that may be sent before `poll_ready` waits.
    fn capacity(&self) -> usize;

    /// Whether the peer has to wait if nothing is read. If not, messages arrive in any case.
    fn has_receive_backpressure(&self) -> bool;

    /// Bytes worth reading ahead of a slow reader, with receive backpressure. 64 KiB keeps a reader busy and is small beside the receive buffer.
    fn read_ahead(&self) -> usize {
        64 << 10
    }

    /// The queue between the transport and a channel's receiver. If the transport fills it itself, `poll_event` reports the end only.
    #[doc(hidden)]
    fn incoming(&mut self) -> std::sync::Arc<incoming::Incoming> {
        // A transport with receive backpressure keeps to the limit itself.
        incoming::Incoming::open((!self.has_receive_backpressure()).then(|| self.limits()))
    }

    /// Messages that the overflow policy has dropped so far. None with receive backpressure.
    fn dropped(&self) -> Dropped {
        Dropped::default()
    }

    /// Payload bytes accepted by `send` that have not reached the network, as far as the platform reports.
    fn buffered_amount(&self) -> usize;

    /// Pings the peer (RFC 6455 §5.5.2). [`round_trip`](Self::round_trip) has the result. Does nothing where there are no pings: in browsers, in the
    /// formats of 2009 and in memory.
    fn ping(&mut self) {}

    /// The time from the last answered ping to its pong, including what either side had queued before them. None before the first.
    fn round_trip(&self) -> Option<Duration> {
        None
    }

    /// The pongs received, including those of keepalive. None where there are no pings.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    fn pongs(&self) -> Pongs {
        Pongs::default()
    }
}

/// The pongs received from the peer, requested or not (RFC 6455 §5.5.3).
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pongs {
    /// How many.
    pub count: u64,
    /// The time since the last one. None before the first.
    pub since_last: Option<Duration>,
}

/// Something that was sent can no longer be handed over: the connection ended first.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLost;

impl From<ConnectionLost> for SendErrorKind {
    fn from(ConnectionLost: ConnectionLost) -> Self {
        SendErrorKind::NotOpen
    }
}

/// What a transport needs to open a connection. Already checked: the URL has no fragment, and the subprotocols are distinct tokens.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// The URL as the application gave it.
    pub url: String,
    /// Subprotocols in order of preference (RFC 6455 §4.1). Default none.
    pub protocols: Protocols,
    /// The limits of this connection. Default: those of [`Limits`].
    pub limits: Limits,
    /// Which of the browser's two sockets carries it. Default: its `WebSocket`.
    #[cfg(feature = "websocket-stream")]
    pub transport: TransportKind,
    /// What else the core's own handshake asks for. A browser's handshake ignores it.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub handshake: Handshake,
    /// How to reach the host.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub network: Network,
}

impl ConnectRequest {
    /// This URL and the defaults.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            protocols: Protocols::default(),
            limits: Limits::default(),
            #[cfg(feature = "websocket-stream")]
            transport: TransportKind::default(),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            handshake: Handshake::default(),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            network: Network::default(),
        }
    }
}

/// Which of a browser's two sockets carries a connection. Natively there is one, with receive backpressure, and this has no effect.
#[cfg(feature = "websocket-stream")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// `WebSocket`, which every browser has. It has no receive backpressure: [`Overflow`] decides what happens past the receive buffer.
    #[default]
    WebSocket,
    /// Receive backpressure where the browser has it: `WebSocketStream` if there is one (Chromium, Deno), otherwise `WebSocket`.
    /// [`Socket::has_receive_backpressure`](crate::Socket::has_receive_backpressure) says which it became.
    Auto,
    /// `WebSocketStream`, or [`ConnectErrorKind::Unsupported`]. It is in no standard yet.
    ///
    /// Use it to receive much and send little, with peers that you trust. **Chromium 156 has a defect that can end the page.** Because of it a
    /// message over 64 KiB is refused with [`SendErrorKind::SendRefused`], and the value comes back. If `try_send` or a permit had accepted it, it
    /// counts as unsent. [`WebSocket`](Self::WebSocket) is not affected.
    ///
    /// The send high-water mark counts the bytes of messages that were written and that the browser has not taken yet. `flush` completes at once, as
    /// over `WebSocket`; `drained` when the browser has taken everything. When receiving, the browser holds one message and the contents of its pipe;
    /// this crate holds unread messages up to `receive_buffer`, and the message being read.
    WebSocketStream,
}

/// Messages dropped by an overflow policy, and their payload bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// How many.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Dropped {
    pub(crate) fn count(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}

/// Opens a connection with the platform's own transport. Dropping the future closes the connection.
///
/// # Errors
/// Why it did not open. The caller applies the connect timeout.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
#[cfg(not(all(feature = "websocket-stream", target_family = "wasm", target_os = "unknown")))]
pub fn connect(
    request: ConnectRequest,
) -> impl Future<Output = Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>> {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return web_socket::connect(request);
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    return native::connect(request);
}

/// Opens a connection with the transport that the request names. Dropping the future closes the connection.
///
/// # Errors
/// Why it did not open. The caller applies the connect timeout.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
#[cfg(all(feature = "websocket-stream", target_family = "wasm", target_os = "unknown"))]
pub async fn connect(
    request: ConnectRequest,
) -> Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind> {
    match request.transport {
        TransportKind::WebSocketStream => web_stream::connect(request).await,
        TransportKind::Auto if web_stream::is_there() => web_stream::connect(request).await,
        _ => web_socket::connect(request).await,
    }
}

/// What bounds of public functions name, and nobody else has to.
mod bounds {
    /// `Send` where threads are (natively), nothing in browsers, whose sockets are local to their thread.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub trait MaybeSend: Send {}
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    impl<T: Send + ?Sized> MaybeSend for T {}

    /// `Send` where threads are (natively), nothing in browsers, whose sockets are local to their thread.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub trait MaybeSend {}
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    impl<T: ?Sized> MaybeSend for T {}

    /// Keeps a trait to this crate.
    pub trait Sealed {}
}

pub(crate) use bounds::{MaybeSend, Sealed};
