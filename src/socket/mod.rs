//! One connection: a [`Stream`] and a [`Sink`](futures_sink::Sink) of [`Message`]s. Poll-driven; it spawns nothing.

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
mod accepting;
mod bytes;
mod connecting;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod finish;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod line;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "line_in_browser.rs"]
mod line;
mod options;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
mod over;
mod sending;
#[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
mod sizes;
mod trace;

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use crate::proto::{Origins, Request, Response};
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use accepting::Accepting;
pub use bytes::{ByteStream, UNSUPPORTED_DATA};
pub use options::ConnectionOptions;

use crate::error::{CloseError, ConnectError, ConnectErrorKind};
use crate::message::{CloseInfo, ClosedBy, Event, Message, OpenInfo};
use crate::transport::{self, Dropped, Limits, Transport};
use connecting::{opening, within};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use futures_core::{FusedStream, Stream};
use line::Line;

/// One open connection that carries whole messages both ways. In the 2009 paper: `WebSocketChannel`.
///
/// - As a [`Stream`] it yields every message and then ends, whatever ended it; [`closed`](Self::closed) says why.
/// - As a [`Sink`](futures_sink::Sink) it waits at the send high-water mark. `start_send` hands over at once; nothing is queued here.
/// - Dropping it starts closing and releases everything: no closure, timer or task survives. Natively, inside a tokio runtime, a task hands over what
///   was sent and waits for the peer's end, at most `Limits::close_timeout` after the last progress. A program that exits earlier cuts that short:
///   call [`close`](Self::close) and await [`closed`](Self::closed) first.
///
/// In browsers it stays on its thread; natively it is `Send`.
///
/// ```
/// use futures::{SinkExt, StreamExt};
/// use websocket_channel::{Message, Socket, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mut socket, mut peer) = Socket::pair(&Limits::default(), "");
/// // With a server: `Socket::connect(url, ConnectionOptions::default()).await?`.
/// socket.send("hello".into()).await?; // waits at the send high-water mark
/// # assert_eq!(peer.next().await, Some("hello".into()));
/// # peer.send(Message::Binary(vec![1, 2, 3])).await?;
/// # peer.close(4000, "that was all")?;
/// while let Some(message) = socket.next().await {
///     assert_eq!(message, Message::Binary(vec![1, 2, 3]));
/// }
/// let closed = socket.closed().await;
/// assert_eq!((closed.code, &*closed.reason), (4000, "that was all"));
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a socket closes its connection"]
pub struct Socket {
    /// Dropped after the end was reported, with the platform's resources.
    line: Line,
    /// None where there is nothing to be said: most connections are kept that way for long.
    opened: Option<Box<OpenInfo>>,
    closed: Option<Box<CloseInfo>>,
    /// The connection ended before everything was handed over.
    lost: bool,
}

impl Socket {
    /// Connects, and waits until the connection is open (WHATWG WebSockets §2, RFC 6455 §4.1). Natively it needs a tokio runtime. Dropping the future
    /// closes the connection.
    ///
    /// # Errors
    /// A [`ConnectError`] within [`ConnectionOptions::connect_timeout`], whatever the server does: see [`ConnectErrorKind`].
    pub fn connect(
        url: impl Into<String>,
        options: ConnectionOptions,
    ) -> impl Future<Output = Result<Self, ConnectError>> {
        let limit = options.connect_timeout;
        within(limit, opening(url.into(), options))
    }

    /// The same with a URL that has yet to come; the timeout holds for that as well.
    pub(crate) fn connect_to(
        url: impl Future<Output = Result<String, ConnectErrorKind>>,
        options: ConnectionOptions,
    ) -> impl Future<Output = Result<Self, ConnectError>> {
        let limit = options.connect_timeout;
        within(
            limit,
            Box::pin(async { opening(url.await?, options).await }),
        )
    }

    /// A socket over an open transport; `opened` is the result of its handshake.
    #[cfg_attr(not(feature = "proto"), doc(hidden))]
    pub fn from_transport(transport: Box<dyn Transport>, opened: OpenInfo) -> Self {
        Self {
            line: Line::new(transport),
            opened: opened.boxed(),
            closed: None,
            lost: false,
        }
    }

    /// Leaves the connection, as dropping does. What is left has ended, and does not say how.
    #[cfg(feature = "reconnect")]
    pub(crate) fn leave(&mut self) {
        if let Some(transport) = self.line.take() {
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            finish::finish(transport);
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            drop(transport);
        }
    }

    /// Two open sockets that are connected to each other in memory, with this subprotocol. Tests of an application need neither a browser nor a
    /// network.
    ///
    /// ```
    /// use websocket_channel::{Channel, Socket, Text, transport::Limits};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (client, server) = Socket::pair(&Limits::default(), "");
    /// let client: Channel<String, String> = Channel::from_socket(client, Text);
    /// let mut server: Channel<String, String> = Channel::from_socket(server, Text);
    /// client.send("hello".into()).await?;
    /// assert_eq!(server.next().await.transpose()?.as_deref(), Some("hello"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Natively time is tokio's, which a test can pause. It then jumps to the next timer as soon as nothing can run, so a timeout of ten seconds
    /// takes none. This needs tokio's feature `test-util`:
    ///
    /// ```
    /// use core::time::Duration;
    /// use websocket_channel::{Channel, Socket, Text, transport::Limits};
    ///
    /// /// Sends a question and gives the answer, or `None` when there was none for ten seconds.
    /// async fn ask(channel: &mut Channel<String, String>, question: &str) -> Option<String> {
    ///     channel.send(question.into()).await.ok()?;
    ///     let answer = tokio::time::timeout(Duration::from_secs(10), channel.next()).await;
    ///     answer.ok()??.ok()
    /// }
    ///
    /// // In a test: `#[tokio::test(start_paused = true)]`.
    /// #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// async fn main() {
    ///     let (client, server) = Socket::pair(&Limits::default(), "");
    ///     let mut client = Channel::from_socket(client, Text);
    ///     let _mute: Channel<String, String> = Channel::from_socket(server, Text);
    ///     let began = tokio::time::Instant::now();
    ///     assert_eq!(ask(&mut client, "anybody there?").await, None);
    ///     assert_eq!(began.elapsed(), Duration::from_secs(10)); // and the test took no time
    /// }
    /// ```
    ///
    /// What one end has not read counts against the other's send high-water mark, so a slow reader slows its peer down. Of the limits,
    /// `send_high_water_mark` and `max_message` apply, to both ends; a larger message closes with 1009, as natively. Nothing overflows, and the
    /// closing handshake takes no time: the end that closes sees nothing more, and the other end sees what was sent before.
    pub fn pair(limits: &Limits, protocol: &str) -> (Self, Self) {
        let (one, other) = transport::memory::pair(limits);
        let opened = OpenInfo::new(protocol, "");
        (
            Self::from_transport(one, opened.clone()),
            Self::from_transport(other, opened),
        )
    }

    /// The result of the handshake: subprotocol and extensions.
    pub fn opened(&self) -> &OpenInfo {
        self.opened.as_deref().unwrap_or(OpenInfo::NONE)
    }

    /// Whether messages can be sent. False from the first sign of an end.
    pub fn is_open(&self) -> bool {
        self.line
            .ask(|transport| transport.is_open())
            .unwrap_or(false)
    }

    /// The limits of this connection; `None` after the end was reported.
    pub fn limits(&self) -> Option<&Limits> {
        self.line.limits()
    }

    /// Bytes that may be sent before the sink waits; 0 if the connection is closing or closed.
    pub fn capacity(&self) -> usize {
        let room = |transport: &dyn Transport| match transport.is_open() {
            true => transport.capacity(),
            false => 0,
        };
        self.line.ask(room).unwrap_or_default()
    }

    /// Whether the peer has to wait if nothing is read. If not, as with a browser's `WebSocket`, keep reading to bound memory.
    pub fn has_receive_backpressure(&self) -> bool {
        self.line
            .ask(|transport| transport.has_receive_backpressure())
            .unwrap_or(false)
    }

    /// The queue between the transport and a channel's receiver. If the transport fills it itself, this stream yields the end only.
    pub(crate) fn incoming(&mut self) -> std::sync::Arc<transport::incoming::Incoming> {
        match self.line.get() {
            Some(transport) => transport.incoming(),
            None => transport::incoming::Incoming::open(None),
        }
    }

    /// A queue for messages, which outlives this connection. The socket still yields messages; its owner moves them to the queue.
    #[cfg(feature = "reconnect")]
    pub(crate) fn own_incoming(&self) -> std::sync::Arc<transport::incoming::Incoming> {
        let bounded = !self.has_receive_backpressure();
        transport::incoming::Incoming::open(self.limits().filter(|_| bounded))
    }

    /// The result of the handshake, to keep elsewhere.
    pub(crate) fn take_opened(&mut self) -> Option<Box<OpenInfo>> {
        self.opened.take()
    }

    /// Bytes worth fetching ahead of a slow reader.
    pub(crate) fn read_ahead(&self) -> usize {
        self.line
            .ask(|transport| transport.read_ahead())
            .unwrap_or_default()
    }

    /// Messages that the overflow policy has dropped so far; none after the end was reported.
    pub fn dropped(&self) -> Dropped {
        self.line
            .ask(|transport| transport.dropped())
            .unwrap_or_default()
    }

    /// Payload bytes sent that have not reached the network, as far as the platform reports (WHATWG WebSockets §3.1, `bufferedAmount`); 0 after the
    /// end was reported.
    pub fn buffered_amount(&self) -> usize {
        self.line
            .ask(|transport| transport.buffered_amount())
            .unwrap_or_default()
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2). Nothing more can be sent. Keep reading until the end, or await [`closed`](Self::closed).
    ///
    /// # Errors
    /// A code that may not be sent here, or a reason longer than 123 bytes: see [`CloseError`]. Then nothing has happened.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), CloseError> {
        transport::check_close(code, reason)?;
        self.begin_close(code, reason);
        self.line.give_back();
        Ok(())
    }

    /// Begins the closing handshake, with arguments that were checked.
    pub(crate) fn begin_close(&mut self, code: u16, reason: &str) {
        if let Some(transport) = self.line.get() {
            trace::closing(code);
            transport.close(code, reason);
        }
    }

    /// Waits for the end and returns its description. Discards unread messages.
    ///
    /// Cancellation: dropping the future loses only the messages it discarded.
    pub async fn closed(&mut self) -> CloseInfo {
        while poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
            .await
            .is_some()
        {}
        // `poll_message` yields `None` only with `closed` set.
        self.close_info()
            .cloned()
            .unwrap_or_else(|| CloseInfo::lost(ClosedBy::Error))
    }

    /// How the connection ended, after the stream has ended.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        self.closed.as_deref()
    }

    /// Pings the peer (RFC 6455 §5.5.2); [`round_trip`](Self::round_trip) has the result. Does nothing where there are no pings.
    pub fn ping(&mut self) {
        if let Some(transport) = self.line.get() {
            transport.ping();
        }
        self.line.give_back();
    }

    /// The time from the last answered ping to its pong. None before the first, where there are no pings, and after the end: see [`Transport::ping`].
    pub fn round_trip(&self) -> Option<Duration> {
        self.line.ask(|transport| transport.round_trip())?
    }

    /// The pongs received, including those of keepalive, and how long ago the last one arrived. None after the end.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn pongs(&self) -> transport::Pongs {
        let pongs = self.line.ask(|transport| transport.pongs());
        pongs.unwrap_or_default()
    }

    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let Some(transport) = self.line.get() else {
            return Poll::Ready(None);
        };
        match ready!(transport.poll_event(cx)) {
            Event::Message(message) => Poll::Ready(Some(message)),
            Event::Closed(closed) => {
                trace::closed(&closed);
                self.closed = Some(Box::new(closed));
                // A browser's own socket takes every message at once.
                #[cfg(any(
                    feature = "proto",
                    not(all(target_family = "wasm", target_os = "unknown"))
                ))]
                {
                    self.lost =
                        transport.poll_flush(cx) == Poll::Ready(Err(transport::ConnectionLost));
                }
                self.line.take();
                Poll::Ready(None)
            }
        }
    }
}

/// Natively sent messages are still handed over.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(transport) = self.line.take() {
            finish::finish(transport);
        }
    }
}

impl Stream for Socket {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let next = self.poll_message(cx);
        self.line.give_back();
        next
    }
}

impl FusedStream for Socket {
    fn is_terminated(&self) -> bool {
        self.closed.is_some()
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("opened", self.opened())
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
