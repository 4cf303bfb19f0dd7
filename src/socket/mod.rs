//! One connection: a [`Stream`] and a [`Sink`] of [`Message`]s. Poll-driven; it spawns nothing.

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
mod accepting;
mod bytes;
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
#[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
mod sizes;
mod trace;

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use crate::proto::{Origins, Request, Response};
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use accepting::Accepting;
pub use bytes::{ByteStream, UNSUPPORTED_DATA};
pub use options::ConnectionOptions;

use crate::error::{CloseError, ConnectError, ConnectErrorKind, SendError, SendErrorKind};
use crate::message::{CloseInfo, ClosedBy, Event, Message, OpenInfo};
use crate::time::{Instant, sleep};
use crate::transport::{self, ConnectionLost, Dropped, Limits, Transport};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use line::Line;

/// One open connection that carries whole messages both ways. In the 2009 paper: `WebSocketChannel`.
///
/// - As a [`Stream`] it yields every message and then ends, whatever ended it; [`closed`](Self::closed) says why.
/// - As a [`Sink`] it waits at the send high-water mark. `start_send` hands over at once; nothing is queued here.
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

    /// Hands `message` to the platform at once, even above the high-water mark. Wait for [`Sink::poll_ready`] first to respect it.
    ///
    /// # Errors
    /// The message, with [`SendErrorKind::NotOpen`] if the connection is closing or closed, or [`SendErrorKind::SendRefused`] if the platform refused
    /// it.
    pub fn send_now(&mut self, message: Message) -> Result<(), SendError<Message>> {
        let sent = self.hand_over(message);
        self.line.give_back();
        sent
    }

    /// Hands `message` over, and flushes it as far as that needs no waiting: see [`Transport::send_at_once`].
    ///
    /// # Errors
    /// The message, when the connection is closing or closed or the platform refused it.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn send_at_once(&mut self, message: Message, more: bool) -> Result<bool, Message> {
        match self.line.get() {
            Some(transport) => transport.send_at_once(message, more),
            None => Err(message),
        }
    }

    fn hand_over(&mut self, message: Message) -> Result<(), SendError<Message>> {
        let Some(transport) = self.line.get() else {
            return Err(SendError::new(message, SendErrorKind::NotOpen));
        };
        transport.send(message).map_err(|message| {
            let kind = if transport.is_open() {
                SendErrorKind::SendRefused
            } else {
                SendErrorKind::NotOpen
            };
            SendError::new(message, kind)
        })
    }

    /// Waits until the send buffer is below the high-water mark, hands `message` over, and waits until the platform has it.
    ///
    /// Natively, if more messages were read already, the flush waits, so that all answers share one write. They are written when the last of those
    /// messages was taken, when 16 KiB are queued, or when the task yields. So this loop is as fast as one that flushes by hand.
    /// [`SinkExt::flush`](https://docs.rs/futures/latest/futures/sink/trait.SinkExt.html) flushes at once.
    ///
    /// Cancellation: if dropped while it waits for the high-water mark, it sends nothing; later, the message is sent anyway.
    ///
    /// ```
    /// # use futures::StreamExt;
    /// # use websocket_channel::{SendErrorKind, Socket};
    /// async fn echo(mut socket: Socket) -> Result<(), SendErrorKind> {
    ///     while let Some(message) = socket.next().await {
    ///         socket.send(message).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SendErrorKind::NotOpen`] if the connection is closing or closed, and [`SendErrorKind::SendRefused`] if the platform refused the message.
    pub async fn send(&mut self, message: Message) -> Result<(), SendErrorKind> {
        let mut message = Some(message);
        let using = Using(self);
        poll_fn(|cx| using.0.poll_send(cx, &mut message)).await
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Option<Message>,
    ) -> Poll<Result<(), SendErrorKind>> {
        if message.is_some() {
            if !ready!(self.poll_room(cx)) {
                return Poll::Ready(Err(SendErrorKind::NotOpen));
            }
            if let Some(message) = message.take() {
                self.hand_over(message).map_err(|error| error.kind)?;
            }
            if self.line.defer_flush() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_handed_over(cx).map_err(SendErrorKind::from)
    }

    /// Waits until the platform reports nothing unsent. [`Transport::poll_drained`] says what each transport can know.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// [`SendErrorKind::NotOpen`] if the connection ended before everything was handed over.
    pub async fn drained(&mut self) -> Result<(), SendErrorKind> {
        let using = Using(self);
        poll_fn(|cx| using.0.poll_drained(cx)).await?;
        Ok(())
    }

    pub(crate) fn poll_drained(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionLost>> {
        match self.line.get() {
            Some(transport) => transport.poll_drained(cx),
            None => Poll::Ready(self.has_lost()),
        }
    }

    fn has_lost(&self) -> Result<(), ConnectionLost> {
        match self.lost {
            true => Err(ConnectionLost),
            false => Ok(()),
        }
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

    /// Ready when a message may be sent without exceeding the send high-water mark; false if none can be sent any more.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if let Some(transport) = self.line.get() {
            ready!(transport.poll_ready(cx));
        }
        Poll::Ready(self.is_open())
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

    /// Ready when everything sent was handed over, or cannot be any more.
    pub(crate) fn poll_handed_over(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionLost>> {
        let Some(transport) = self.line.get() else {
            return Poll::Ready(self.has_lost());
        };
        let flushed = ready!(transport.poll_flush(cx));
        self.line.flushed();
        Poll::Ready(flushed)
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
                    self.lost = transport.poll_flush(cx) == Poll::Ready(Err(ConnectionLost));
                }
                self.line.take();
                Poll::Ready(None)
            }
        }
    }
}

/// Gives the socket's transport back when a wait ends or is cancelled: until then the waiting task is the one that writes.
struct Using<'a>(&'a mut Socket);

impl Drop for Using<'_> {
    fn drop(&mut self) {
        self.0.line.give_back();
    }
}

/// A transport to `url`, from when it is first polled.
fn opening(
    url: String,
    options: ConnectionOptions,
) -> impl Future<Output = Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>> + Unpin {
    let mut given = Some((url, options));
    let mut opening = None;
    poll_fn(move |cx| {
        if let Some((url, options)) = given.take() {
            trace::connecting(&url);
            opening = Some(Box::pin(transport::connect(options.request(url)?)));
        }
        match &mut opening {
            Some(opening) => opening.as_mut().poll(cx),
            None => Poll::Pending,
        }
    })
}

/// A socket over the transport that `connecting` ends with, or an error at the latest when `limit` has passed.
fn within(
    limit: Duration,
    connecting: impl Future<Output = Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>> + Unpin,
) -> impl Future<Output = Result<Socket, ConnectError>> {
    let mut connecting = Some((connecting, None));
    poll_fn(move |cx| {
        let Some((future, start)) = &mut connecting else {
            return Poll::Pending;
        };
        let (began, deadline) = start.get_or_insert_with(|| (Instant::now(), sleep(limit)));
        let began = *began;
        // The outcome first: when both are ready, an open connection is the better answer.
        let outcome = match Pin::new(future).poll(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                ready!(Pin::new(deadline).poll(cx));
                Err(ConnectErrorKind::TimedOut { limit })
            }
        };
        connecting = None;
        Poll::Ready(match outcome {
            Ok((transport, opened)) => {
                trace::opened(began);
                Ok(Socket::from_transport(transport, opened))
            }
            Err(kind) => {
                let error = ConnectError::new(kind, began.elapsed());
                trace::failed(&error);
                Err(error)
            }
        })
    })
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

/// `Sink` cannot return a value; [`Socket::send_now`] can.
impl Sink<Message> for Socket {
    type Error = SendErrorKind;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        // While it waits, the task itself is the one that writes.
        let open = ready!(self.poll_room(cx));
        self.line.give_back();
        Poll::Ready(open.then_some(()).ok_or(SendErrorKind::NotOpen))
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), SendErrorKind> {
        self.send_now(message).map_err(|error| error.kind)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        self.poll_handed_over(cx).map_err(SendErrorKind::from)
    }

    /// Hands over what is left and begins to close with 1000, without waiting for the peer: [`Socket::closed`] waits.
    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        ready!(self.as_mut().poll_flush(cx))?;
        if let Some(transport) = self.line.get() {
            transport.close(1000, "");
        }
        Poll::Ready(Ok(()))
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
