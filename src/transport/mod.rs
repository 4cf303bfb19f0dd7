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
pub(crate) mod memory;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) mod over_io;
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

/// An open connection that carries whole messages, whatever carries them beneath. Poll-driven: it spawns nothing. It is sealed: what there is of them
/// is here.
///
/// Dropping it starts closing and detaches everything of ours: no closure, timer or task survives.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
pub trait Transport: bounds::Sealed + MaybeSend {
    /// The next thing that happened. After [`Event::Closed`] it is not polled again.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event>;

    /// Ready when a message may be sent without passing the send high-water mark, and also when the connection is no longer open.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Hands one message to the platform, at once.
    ///
    /// # Errors
    /// The message, when the connection is closing or closed, or when the platform refuses it.
    fn send(&mut self, message: Message) -> Result<(), Message>;

    /// Ready when every message sent has been handed over to the platform.
    ///
    /// # Errors
    /// [`ConnectionLost`] when some of it never will be: the connection ended first.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>>;

    /// Hands one message to the platform, and flushes it as far as that needs no waiting. With `more`, further messages follow soon, and the flush
    /// may wait for them. True if there is something left to do for whoever drives the transport.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    #[doc(hidden)]
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn send_at_once(&mut self, message: Message, _more: bool) -> Result<bool, Message> {
        self.send(message)?;
        Ok(true)
    }

    /// Whether a flush can wait, because more messages were read already and their answers could share its write. Whoever lets it wait sees to it that
    /// it comes. Never in browsers, which have no flush.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn defers_flush(&self) -> bool {
        false
    }

    /// Ready when the platform holds nothing of what was sent, as far as it tells. In browsers also when the connection is no longer open.
    ///
    /// # Errors
    /// [`ConnectionLost`], as for [`poll_flush`](Self::poll_flush).
    ///
    /// - A browser's `WebSocket`: `bufferedAmount` is 0: everything is with the operating system or the browser's network process.
    /// - `WebSocketStream`, which has no such count: it has taken every write, which is then in the pipe to the browser's network process or beyond.
    /// - The core over bytes: the stream has taken them all and was flushed.
    /// - Memory: the other end has read them all.
    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>>;

    /// Begins the closing handshake (RFC 6455 §7.1.2); the arguments have been checked. A second call does nothing.
    fn close(&mut self, code: u16, reason: &str);

    /// For the end of a connection that nobody holds any more: begins to close, hands over what was sent and waits for the peer's end. What arrives is
    /// discarded. Ready when dropping it takes nothing back that was sent, `Limits::close_timeout` after the last progress at the latest.
    ///
    /// At once where the platform does so by itself, as browsers do.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Whether messages can be sent: false from the first sign of an end.
    fn is_open(&self) -> bool;

    /// The bounds it was opened with.
    fn limits(&self) -> &Limits;

    /// Payload bytes that may be sent before `poll_ready` waits.
    fn capacity(&self) -> usize;

    /// Whether the peer is held back while nobody reads. Otherwise messages arrive whether there is room for them or not.
    fn has_receive_backpressure(&self) -> bool;

    /// Bytes worth fetching ahead of a slow reader, where the peer is held back. 64 KiB or so: enough to keep a reader busy, little beside the bound.
    fn read_ahead(&self) -> usize {
        64 << 10
    }

    /// Where what arrives waits for a channel's receiver. A transport that puts it there by itself tells nothing but the end by `poll_event` then.
    #[doc(hidden)]
    fn incoming(&mut self) -> std::sync::Arc<incoming::Incoming> {
        // A transport that pushes back holds to the bound itself.
        incoming::Incoming::open((!self.has_receive_backpressure()).then(|| self.limits()))
    }

    /// What the overflow policy has dropped here, ever. Nothing where the transport pushes back.
    fn dropped(&self) -> Dropped {
        Dropped::default()
    }

    /// Payload bytes taken by `send` that have not reached the network, as far as the platform tells.
    fn buffered_amount(&self) -> usize;

    /// Pings the peer (RFC 6455 §5.5.2); its answer comes up in [`round_trip`](Self::round_trip). Nothing where there is no ping: browsers give a
    /// page none, the formats of 2009 have none, and in memory there is nothing to measure.
    fn ping(&mut self) {}

    /// From the last ping that was answered to its pong, what either side had queued before them included. None before the first.
    fn round_trip(&self) -> Option<Duration> {
        None
    }

    /// The pongs that came, those of keepalive among them. None where there are no pings.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    fn pongs(&self) -> Pongs {
        Pongs::default()
    }
}

/// Pongs that came from the peer, asked for or not (RFC 6455 §5.5.3).
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pongs {
    /// How many.
    pub count: u64,
    /// How long ago the last one came. None before the first.
    pub since_last: Option<Duration>,
}

/// Some of what was sent cannot reach the platform any more: the connection ended first.
#[cfg_attr(not(feature = "proto"), doc(hidden))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLost;

impl From<ConnectionLost> for SendErrorKind {
    fn from(ConnectionLost: ConnectionLost) -> Self {
        SendErrorKind::NotOpen
    }
}

/// What every transport is given to open a connection. Checked: a URL without fragment, subprotocols that are distinct tokens.
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
    /// What else the core's own handshake asks for. A browser's does not.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub handshake: Handshake,
    /// How to reach the host.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub network: Network,
}

impl ConnectRequest {
    /// Nothing but this URL, and the defaults.
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

/// Bounds of one connection. The builder has a method for each; a socket takes them whole:
///
/// ```
/// use websocket_channel::transport::Limits;
/// use websocket_channel::{ConnectionOptions, Overflow};
///
/// let mut options = ConnectionOptions::default();
/// options.limits.max_message = 64 << 10;
/// options.limits.receive_buffer = 1 << 20;
/// options.limits.overflow = Overflow::DropOldest;
/// assert_eq!(options.limits.send_high_water_mark, Limits::default().send_high_water_mark);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Sending waits while the platform holds this many unsent bytes or more; 0 is as 1. Default 1 MiB: a tenth of a second at 100 Mbit/s,
    /// and sixteen of the 64 KiB writes at which browsers reach full throughput.
    pub send_high_water_mark: usize,
    /// Bytes of messages that wait here to be read; each counts its payload and itself, 32 bytes natively and 16 in a page. Default 64 MiB, four
    /// times the largest message that most servers take. A transport that pushes back stops reading there, at 0 after every message; for the others
    /// `overflow` says what happens.
    pub receive_buffer: usize,
    /// What happens past `receive_buffer` where the transport cannot push back. Default [`Overflow::Close`].
    pub overflow: Overflow,
    /// The largest message taken, in bytes. Default 64 MiB; over it the connection closes with 1009 (RFC 6455 §7.4.1), from a browser with 3009.
    pub max_message: usize,
    /// How long the peer has to answer our Close frame before the connection is dropped (RFC 6455 §7.1.1). Default 10 s. Over streams of bytes it
    /// starts when the Close frame has left, and anew as long as what is queued before it moves on: a slow upload is not cut.
    pub close_timeout: Duration,
    /// Keepalive: from the opening, and from each pong, to the next ping (RFC 6455 §5.5.2). `None` sends none. Default 20 s. Where the core frames:
    /// natively, and over streams of bytes. It works while the connection is polled; a channel always is.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub ping_interval: Option<Duration>,
    /// Keepalive: how long nothing may come from the peer after a ping has left. Then the connection ends with 1006 and the reason "keepalive timeout".
    /// `None` never ends it. Default 20 s. The time in which nothing is read, for want of room, does not count.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub ping_timeout: Option<Duration>,
    /// Bytes of the head of a request or response; over it the handshake fails, on the accepting side with 431. Default 16 KiB, what common HTTP
    /// servers take. Where the handshake is ours, as for the next ones. At 0 every handshake fails.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_head: usize,
    /// Header lines of a head; over it as for `max_head`. Default 128: a browser sends about 15, a proxy adds a few.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_header_lines: usize,
    /// Frames of one message (RFC 6455 §5.4); over it the connection closes with 1008. Default 131,072: fragments cost time and no memory. At 0
    /// every message is too much.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_fragments: usize,
    /// Payload bytes of one frame that we send. A longer message goes out in several frames (RFC 6455 §5.4), so that pings, pongs and keepalive go
    /// between them, and peers take it that bound a frame. 0 never cuts a message. Default 32 KiB, half of the lowest bound that common peers have.
    /// Where the core frames; the formats of 2009 have no fragments.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub max_send_frame: usize,
    /// Accepting: how long a client may take from the start of the connection to the end of its request; then it is answered with 408. Default 20 s,
    /// for every way to accept. [`Socket::accept`](crate::Socket::accept) gives up after `ConnectionOptions::connect_timeout` as well. A client's own handshake
    /// has the connect timeout.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub handshake_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            send_high_water_mark: 1 << 20,
            receive_buffer: 64 << 20,
            max_message: 64 << 20,
            overflow: Overflow::Close,
            close_timeout: Duration::from_secs(10),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            ping_interval: Some(Duration::from_secs(20)),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            ping_timeout: Some(Duration::from_secs(20)),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_head: 16 << 10,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_header_lines: 128,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_fragments: 1 << 17,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            max_send_frame: 32 << 10,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            handshake_timeout: Duration::from_secs(20),
        }
    }
}

/// What happens to a message that arrives past the receive buffer, where the transport cannot push back. What is dropped is counted.
///
/// ```no_run
/// # async fn example() -> Result<(), websocket_channel::ConnectError> {
/// use websocket_channel::{Overflow, connect};
///
/// // A ticker: whoever is slow wants the newest price, and none of those between.
/// let prices = connect("wss://prices.example/").receive_buffer(1 << 20, Overflow::Latest).await?;
/// # drop(prices);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The connection closes with 3013. What arrived before can still be read.
    #[default]
    Close,
    /// The oldest unread messages make room for it.
    DropOldest,
    /// It is dropped itself.
    DropNewest,
    /// Only the newest unread message is kept, below the bound too: for a state of which the last word counts.
    Latest,
}

/// Which of a browser's two sockets carries a connection. Natively there is one way, which pushes back, and this says nothing.
#[cfg(feature = "websocket-stream")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// `WebSocket`, which every browser has. It cannot hold the peer back: [`Overflow`] says what happens past the receive buffer.
    #[default]
    WebSocket,
    /// Receive backpressure where the browser can: `WebSocketStream` if there is one (Chromium, Deno), otherwise `WebSocket`.
    /// [`Socket::has_receive_backpressure`](crate::Socket::has_receive_backpressure) tells which it became.
    Auto,
    /// `WebSocketStream`, or [`ConnectErrorKind::Unsupported`]. It is in no standard yet.
    ///
    /// Use it to receive much and send little, with peers that you trust. **Chromium 156 has a defect that can end the page.** Because of it a message
    /// of more than 64 KiB is refused: [`SendErrorKind::SendRefused`], and the value comes back; what `try_send` or a
    /// permit took counts as unsent. [`WebSocket`](Self::WebSocket) is not affected.
    ///
    /// The send high-water mark counts the bytes of messages that were written and not taken yet; there is no timer, the browser tells when it has taken
    /// them all. `flush` is at once, as over `WebSocket`. `drained`: all are taken. Receiving, the browser holds one message, what its pipe holds and
    /// what the operating system does; of ours is what waits below `receive_buffer`, and the message that is being read.
    WebSocketStream,
}

/// Messages that an overflow policy dropped, and their payload bytes.
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

/// Opens a connection with the platform's own transport. Dropping the future closes whatever it had begun.
///
/// # Errors
/// Why it did not open. The connect timeout is the caller's.
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

/// Opens a connection with that one of the browser's own transports which the request names. Dropping the future closes whatever it had begun.
///
/// # Errors
/// Why it did not open. The connect timeout is the caller's.
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
