//! The typed async channel: values of your own types over one connection, splittable into a sender and a receiver.
//!
//! A local task drives the [`Socket`]. The handles share state with it and never touch the platform, so they are `Send`.

#[cfg(feature = "session")]
mod batches;
#[cfg(feature = "session")]
mod client_end;
mod connect;
mod control;
mod direct;
mod driver;
#[cfg(feature = "session")]
mod entries;
mod hook;
mod link;
#[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
mod locks;
mod mailbox;
mod outgoing;
mod permit;
mod receiver;
#[cfg(feature = "reconnect")]
mod reconnecting;
#[cfg(feature = "session")]
mod requester;
#[cfg(feature = "session")]
mod responder;
mod sender;
mod source;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod task;
mod unsent;
mod wait_queue;

#[cfg(feature = "session")]
pub use batches::Batches;
pub use connect::{Attempt, Connect, Connecting, connect};
pub use control::{Control, StatusStream};
#[cfg(feature = "session")]
pub use mailbox::{Moment, StalledBy};
pub use mailbox::{Stats, Status};
pub use permit::Permit;
pub use receiver::Receiver;
#[cfg(feature = "reconnect")]
pub use reconnecting::RetryAt;
#[cfg(feature = "session")]
pub use responder::{Answering, Received, Responder};
#[cfg(feature = "session")]
mod send_all;
#[cfg(feature = "session")]
mod send_with;
pub use sender::Sender;

#[cfg(feature = "session")]
#[allow(unused_imports, reason = "for the server's end")]
pub(crate) use client_end::takes::Takes;
#[cfg(feature = "session")]
#[allow(unused_imports, reason = "for the server's end")]
pub(crate) use link::{Begin, End, Item};

use crate::codec::Codec;
use crate::error::{RecvError, SendError, SendErrorKind};
use crate::message::{CloseInfo, OpenInfo};
use crate::socket::Socket;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use std::sync::Arc;

/// A typed channel: send `Tx`, receive `Rx`. Created by [`connect`], or by [`from_socket`](Self::from_socket) on the accepting side.
///
/// It closes with code 1000 when its receiver and all its senders are dropped. A `send` that still waits in a spawned task counts as a sender. In a
/// component's cleanup use [`Control::start_close`] or [`Control::abort`], which end the connection in any case.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// // Both halves may go to tasks of their own.
/// let (sender, mut receiver) = channel.split();
/// peer.send("hello".into()).await?;
/// while let Some(line) = receiver.next().await {
///     sender.send(line?.to_uppercase()).await?;
///     # break;
/// }
/// assert_eq!(peer.next().await.transpose()?.as_deref(), Some("HELLO"));
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a channel closes its connection"]
pub struct Channel<Tx, Rx> {
    sender: Sender<Tx>,
    receiver: Receiver<Rx>,
}

impl<Tx: 'static, Rx: 'static> Channel<Tx, Rx> {
    /// A channel over an open socket, on either side of the connection. A task of the caller's executor drives it: the browser's microtask queue, or
    /// natively the tokio runtime of the calling context. Without one it panics.
    ///
    /// The codec's subprotocol is not checked here: the accepting side chooses it in the handshake.
    ///
    /// Both sides of a service can share their types:
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use tokio::net::TcpListener;
    /// use websocket_channel::{Channel, Json, ConnectionOptions, Socket, connect};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// enum ToServer { Double(u32) }
    /// #[derive(Serialize, Deserialize, Debug, PartialEq)]
    /// enum ToClient { Doubled(u32) }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// tokio::spawn(async move {
    ///     // Any page may connect to this one: `security` has how to ask for the origin.
    ///     let (io, _) = listener.accept().await.ok()?;
    ///     let socket = Socket::accept(io, ConnectionOptions::default()).await.ok()?;
    ///     let mut client: Channel<ToClient, ToServer> = Channel::from_socket(socket, Json);
    ///     while let Some(Ok(ToServer::Double(n))) = client.next().await {
    ///         client.send(ToClient::Doubled(2 * n)).await.ok()?;
    ///     }
    ///     Some(())
    /// });
    ///
    /// let mut server: Channel<ToServer, ToClient> = connect(url).codec(Json).await?;
    /// server.send(ToServer::Double(21)).await?;
    /// assert_eq!(server.next().await.transpose()?, Some(ToClient::Doubled(42)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_socket(socket: Socket, codec: impl Codec<Tx, Rx> + 'static) -> Self {
        Self::over(driver::start(socket), Arc::new(codec))
    }

    /// A channel over one end of a session.
    #[cfg(feature = "session")]
    #[allow(dead_code, reason = "for the server's end")]
    pub(crate) fn over_end(end: Box<dyn End>, codec: Arc<dyn Codec<Tx, Rx>>) -> Self {
        Self::over(driver::start_end(end), codec)
    }

    fn over(mailbox: Arc<mailbox::Mailbox>, codec: Arc<dyn Codec<Tx, Rx>>) -> Self {
        #[cfg(feature = "session")]
        mailbox.set_decoder::<Rx>(codec.clone());
        Self {
            sender: Sender::new(mailbox.clone(), codec.clone()),
            receiver: Receiver::new(mailbox, codec),
        }
    }
}

impl<Tx, Rx> Channel<Tx, Rx> {
    /// Sends `value`: see [`Sender::send`].
    ///
    /// # Errors
    /// The value and why it was not sent.
    pub fn send(&self, value: Tx) -> impl Future<Output = Result<(), SendError<Tx>>> {
        self.sender.send(value)
    }

    /// Waits until every accepted message has been handed over: see [`Sender::flush`].
    ///
    /// # Errors
    /// As for [`Sender::flush`].
    pub async fn flush(&self) -> Result<(), SendErrorKind> {
        self.sender.flush().await
    }

    /// Waits until the platform reports nothing unsent: see [`Sender::drained`].
    ///
    /// # Errors
    /// As for [`Sender::drained`].
    pub async fn drained(&self) -> Result<(), SendErrorKind> {
        self.sender.drained().await
    }

    /// The next value: see [`Receiver::next`].
    ///
    /// # Errors
    /// As for [`Receiver::next`].
    #[expect(
        clippy::should_implement_trait,
        reason = "it is no iterator's; a `Stream` has this by `StreamExt`, and here without an import"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<Rx, RecvError>>> {
        self.receiver.next()
    }

    /// Waits for the end: see [`Receiver::closed`].
    pub async fn closed(&mut self) -> CloseInfo {
        self.receiver.closed().await
    }

    /// The result of the handshake: subprotocol and extensions.
    pub fn opened(&self) -> &OpenInfo {
        self.sender.opened()
    }

    /// A handle that closes the channel and reports its status. It does not keep the channel open.
    pub fn control(&self) -> Control {
        self.sender.control()
    }

    /// Something that keeps the channel open.
    #[cfg(all(feature = "session", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub(crate) fn keep_open(&self) -> Sender<Tx> {
        self.sender.clone()
    }

    /// The two halves. The connection stays open until both are dropped.
    pub fn split(self) -> (Sender<Tx>, Receiver<Rx>) {
        (self.sender, self.receiver)
    }
}

/// The values received, as [`Receiver`] yields them.
impl<Tx, Rx> Stream for Channel<Tx, Rx> {
    type Item = Result<Rx, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receiver).poll_next(cx)
    }
}

impl<Tx, Rx> FusedStream for Channel<Tx, Rx> {
    fn is_terminated(&self) -> bool {
        self.receiver.is_terminated()
    }
}

/// A sink like its [`Sender`]: it holds one item at most.
impl<Tx, Rx> Sink<Tx> for Channel<Tx, Rx> {
    type Error = SendErrorKind;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        Pin::new(&mut self.sender).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, value: Tx) -> Result<(), SendErrorKind> {
        Pin::new(&mut self.sender).start_send(value)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        Pin::new(&mut self.sender).poll_flush(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        Pin::new(&mut self.sender).poll_close(cx)
    }
}

impl<Tx, Rx> fmt::Debug for Channel<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("opened", self.opened())
            .finish_non_exhaustive()
    }
}
