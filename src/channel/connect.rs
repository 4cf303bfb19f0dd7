//! The builder of a channel.

mod connecting;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native;

pub use connecting::Connecting;

use super::Channel;
#[cfg(feature = "session")]
use super::client_end;
#[cfg(feature = "reconnect")]
use super::reconnecting::Reconnecting;
use super::source::{Opener, Source, Spoken};
use crate::codec::{Codec, Raw};
use crate::error::{ConnectError, ConnectErrorKind};
use crate::message::Message;
use crate::socket::{ConnectionOptions, Socket};
use crate::transport::{MaybeSend, Overflow};
use connecting::Beginning;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::time::Duration;
use std::sync::Arc;

/// Creates the builder of a channel to `url`; await it to connect.
///
/// The schemes are `ws` and `wss`; `http` and `https` mean the same. In browsers a relative URL is resolved against the page's (WHATWG WebSockets
/// §3.1). Without a [`codec`](Connect::codec) the channel carries [`Message`]s.
///
/// Awaiting it ends within the [connect timeout](Connect::connect_timeout), whatever the server does: with an open channel, or with a
/// [`ConnectError`].
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::{Text, connect};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr()?);
/// # let options = websocket_channel::ConnectionOptions::default().protocols(["chat.v1"]);
/// # tokio::spawn(async move {
/// #     let (io, _) = listener.accept().await.ok()?;
/// #     let socket = websocket_channel::Socket::accept(io, options).await.ok()?;
/// #     let mut peer = websocket_channel::Channel::<String, String>::from_socket(socket, Text);
/// #     while let Some(Ok(line)) = peer.next().await { peer.send(line).await.ok()? }
/// #     Some(())
/// # });
/// // `url` is that of a server which sends every line back.
/// let mut echo = connect(url)
///     .protocols(["chat.v2", "chat.v1"])
///     .codec(Text)
///     .connect_timeout(Duration::from_secs(5))
///     .max_message(64 << 10)
///     .await?;
/// assert_eq!(echo.opened().protocol, "chat.v1");
/// echo.send("hello".into()).await?;
/// assert_eq!(echo.next().await.transpose()?.as_deref(), Some("hello"));
/// # Ok(())
/// # }
/// ```
pub fn connect(url: impl Into<String>) -> Connect<Message, Message> {
    Connect {
        url: url.into(),
        opener: None,
        spoken: None,
        options: ConnectionOptions::default(),
        codec: Choice::Default(|| Arc::new(Raw)),
        #[cfg(feature = "reconnect")]
        reconnect: None,
        #[cfg(feature = "session")]
        session: None,
    }
}

/// The builder of a channel. Awaiting it gives a [`Channel`]; dropping it, or the future, leaves nothing behind.
#[must_use = "nothing connects until it is awaited"]
pub struct Connect<Tx, Rx> {
    url: String,
    opener: Option<Opener>,
    spoken: Option<Spoken>,
    options: ConnectionOptions,
    codec: Choice<Tx, Rx>,
    #[cfg(feature = "reconnect")]
    reconnect: Option<Box<Reconnecting>>,
    #[cfg(feature = "session")]
    session: Option<crate::session::Session>,
}

/// The default as a function: a program does not link it if every channel sets its own.
enum Choice<Tx, Rx> {
    Default(fn() -> Arc<dyn Codec<Tx, Rx>>),
    Made(Arc<dyn Codec<Tx, Rx>>),
}

/// One attempt to connect, as passed to a [`url_provider`](Connect::url_provider).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The URL that was passed to [`connect`].
    pub url: String,
    /// The number of the attempt, from 1. With `reconnect` counting starts again after each loss of a stable connection.
    pub number: u32,
    /// Why the channel connects again; `None` the first time.
    #[cfg(feature = "reconnect")]
    pub reason: Option<Arc<crate::reconnect::ReconnectReason>>,
}

#[cfg(not(feature = "reconnect"))]
impl Attempt {
    pub(super) fn first(url: String) -> Self {
        Self { url, number: 1 }
    }
}

impl<Tx, Rx> Connect<Tx, Rx> {
    /// How values become messages. It sets the channel's types. Default: [`Raw`], messages as they are.
    ///
    /// If the codec names a subprotocol, it is offered before all others. A server that chooses another, or none, is
    /// [`ConnectErrorKind::Subprotocol`].
    pub fn codec<T, R>(self, codec: impl Codec<T, R> + 'static) -> Connect<T, R> {
        Connect {
            url: self.url,
            opener: self.opener,
            // Decided here, where the codec's type is known: a codec without a subprotocol costs nothing.
            spoken: codec.subprotocol().map(Spoken::new),
            options: self.options,
            codec: Choice::Made(Arc::new(codec)),
            #[cfg(feature = "reconnect")]
            reconnect: self.reconnect,
            #[cfg(feature = "session")]
            session: self.session,
        }
    }

    /// Connects again when the connection is lost. The channel and all its handles stay. Default: a lost connection ends the channel.
    ///
    /// The first connection is not retried: awaiting the builder gives a channel or an error. Afterwards the channel ends when this side
    /// [closes](super::Control::close) it or drops its handles, when the peer exceeds a limit of this builder, on a
    /// [final code](crate::Reconnect::final_codes), and at a limit of the policy. Every other end is followed by another connection, whatever its code:
    /// servers and proxies restart with 1000, 1001, 1006, 1011 and 1012.
    ///
    /// - A pending `send` stays pending. Its value is sent once, on the next connection. Values that were handed over before are not repeated: they may
    ///   have arrived. `try_send` fails with `Full`; what it had accepted, and nobody handed over, is sent on the next connection.
    /// - The stream has [`RecvError::Gap`](crate::RecvError::Gap) where messages may be missing, and goes on.
    /// - [`Status::Reconnecting`](super::Status::Reconnecting) has the number of the attempt, the reason, and the time of the next one.
    /// - The [`url_provider`](Self::url_provider) is called for each attempt, with its number and reason.
    /// - In browsers the next attempt is made at once when the page becomes visible, when the network is back, and when the page returns from a freeze or
    ///   the back/forward cache. While the browser says that it is offline, attempts are delayed by up to [`max_delay`](crate::Reconnect::max_delay).
    ///
    /// There is never more than one attempt at a time.
    ///
    /// ```
    /// use websocket_channel::{Reconnect, RecvError, Text, connect};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # tokio::spawn(async move {
    /// #     for _ in 0..2 {
    /// #         let (io, _) = listener.accept().await.ok()?;
    /// #         let socket = websocket_channel::Socket::accept(io, Default::default()).await.ok()?;
    /// #         let mut peer = websocket_channel::Channel::<String, String>::from_socket(socket, Text);
    /// #         let Some(Ok(line)) = peer.next().await else { return None };
    /// #         peer.send(line).await.ok()?;
    /// #     }
    /// #     Some(())
    /// # });
    /// // `url` is that of a server which sends one line back and is gone.
    /// let mut echo = connect(url).codec(Text).reconnect(Reconnect::default()).await?;
    /// echo.send("one".into()).await?;
    /// assert_eq!(echo.next().await.transpose()?.as_deref(), Some("one"));
    /// assert_eq!(echo.next().await, Some(Err(RecvError::Gap { attempt: 1 })));
    /// echo.send("two".into()).await?;
    /// assert_eq!(echo.next().await.transpose()?.as_deref(), Some("two"));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "reconnect")]
    pub fn reconnect(mut self, policy: crate::reconnect::Reconnect) -> Self {
        self.reconnect = Some(Box::new(Reconnecting::new(policy)));
        self
    }

    /// Opens a session with a server that speaks the [session protocol](crate::session). When a connection is lost, the session continues over the next
    /// one: no message is lost, repeated or reordered, in either direction. The channel and all its handles stay. Default: no session.
    ///
    /// Awaiting the builder connects once. It waits for the server's `WELCOME` within the [connect timeout](Self::connect_timeout). Later connections
    /// follow the policy of [`reconnect`](Self::reconnect), or its default. A close code of the server ends the channel only if it is one of the policy's
    /// final codes.
    ///
    /// - `send` is `Ok` once the session keeps the value for the server, with or without a connection. It waits while
    ///   [`send_high_water_mark`](Self::send_high_water_mark) bytes are kept. Each message counts its
    ///   bytes plus 32.
    /// - `flush` and `drained` wait until the server's application has taken everything.
    /// - A value counts as taken when the receiver asks for the next one, or is dropped.
    /// - Where a message is missing, the stream has an error: [`RecvError::SessionLost`](crate::RecvError::SessionLost) with what the server has
    ///   not taken, [`Undelivered`](crate::RecvError::Undelivered) and [`Missing`](crate::RecvError::Missing).
    /// - `close`, and dropping the last handle, end the session after everything that was sent, over another connection if necessary, within the
    ///   [close timeout](Self::close_timeout). [`Control::abort`](super::Control::abort) does not wait.
    /// - The server gets 1000 instead of codes of [`Control::close`](super::Control::close) other than 3000 to 4999.
    ///
    /// ```
    /// # use tokio::net::TcpListener;
    /// # use websocket_channel::server::{Options, Sessions};
    /// use websocket_channel::{Channel, Session, Socket, Text, connect};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # let sessions = Sessions::new(Options::default());
    /// # tokio::spawn(async move {
    /// #     while let Ok((io, _)) = listener.accept().await {
    /// #         let sessions = sessions.clone();
    /// #         tokio::spawn(async move {
    /// #             let socket = Socket::accept(io, Default::default()).await.ok()?;
    /// #             sessions.serve(socket, b"", Text, async |mut channel: Channel<String, String>, _| {
    /// #                 while let Some(Ok(line)) = channel.next().await { let _ = channel.send(line).await; }
    /// #             }).await;
    /// #             Some(())
    /// #         });
    /// #     }
    /// # });
    /// // `url` is that of a server with sessions, which sends every line back.
    /// let mut echo = connect(url).codec(Text).session(Session::default()).await?;
    /// echo.send("one".into()).await?;
    /// echo.control().reconnect_now(); // as if the connection had been lost
    /// echo.send("two".into()).await?;
    /// assert_eq!(echo.next().await.transpose()?.as_deref(), Some("one"));
    /// assert_eq!(echo.next().await.transpose()?.as_deref(), Some("two"));
    /// echo.flush().await?; // the server's application has taken both
    /// echo.control().close(1000, "").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A message is at most as large as the server accepts; a larger one fails with [`SendErrorKind::SendRefused`](crate::SendErrorKind::SendRefused).
    ///
    /// # Errors
    /// Awaiting it fails with [`ConnectErrorKind::NoSession`], [`SessionLater`](ConnectErrorKind::SessionLater) or
    /// [`SessionRefused`](ConnectErrorKind::SessionRefused), beside the errors of every connection.
    #[cfg(feature = "session")]
    pub fn session(mut self, session: crate::session::Session) -> Self {
        self.session = Some(session);
        self
    }

    /// Calls `provide` for the URL when it connects, for example for a fresh token. Default: the URL passed to [`connect`]. The connect timeout
    /// includes it, and dropping the connection attempt drops its future.
    ///
    /// An `Err` fails the connection with [`ConnectErrorKind::ProviderFailed`], which contains the error's text.
    ///
    /// ```no_run
    /// # async fn fresh_token() -> Result<String, std::io::Error> { Ok("t".into()) }
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let channel = websocket_channel::connect("wss://chat.example/ws")
    ///     .url_provider(|attempt| async move {
    ///         let token = fresh_token().await?;
    ///         Ok::<_, std::io::Error>(format!("{}?token={token}", attempt.url))
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn url_provider<F, E>(
        mut self,
        mut provide: impl FnMut(Attempt) -> F + MaybeSend + 'static,
    ) -> Self
    where
        F: Future<Output = Result<String, E>> + MaybeSend + 'static,
        E: fmt::Display,
    {
        self.opener = Some(Box::new(move |attempt, options| {
            let provided = provide(attempt);
            let url = async move {
                provided
                    .await
                    .map_err(|error| ConnectErrorKind::ProviderFailed {
                        detail: error.to_string(),
                    })
            };
            Box::pin(Socket::connect_to(url, options))
        }));
        self
    }

    /// Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1). Default none. An invalid or repeated one fails with
    /// [`ConnectErrorKind::BadProtocol`] or [`ConnectErrorKind::DuplicateProtocol`], before anything is sent. A server that chooses none of them is
    /// [`ConnectErrorKind::Subprotocol`], or [`ConnectErrorKind::ConnectFailed`] where the platform itself fails such a connection.
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.options.protocols = protocols.into_iter().collect();
        self
    }

    /// How long connecting may take, from the first poll until the connection is open. Then it fails with [`ConnectErrorKind::TimedOut`]. Default 20
    /// s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// A `send` waits while the platform holds this many unsent bytes or more. Default 1 MiB. With 0 it waits until everything is out.
    pub fn send_high_water_mark(mut self, bytes: usize) -> Self {
        self.options.limits.send_high_water_mark = bytes;
        self
    }

    /// Bytes of unread messages. Each counts its payload plus 32 bytes natively and 16 in a page. Default 64 MiB. Natively reading pauses there (with
    /// 0: after every message). A browser's `WebSocket` has no receive backpressure, so `overflow` decides.
    pub fn receive_buffer(mut self, bytes: usize, overflow: Overflow) -> Self {
        self.options.limits.receive_buffer = bytes;
        self.options.limits.overflow = overflow;
        self
    }

    /// The largest message accepted, in bytes. Default 64 MiB. A larger one closes the connection with 1009 (RFC 6455 §7.4.1), from a page, which may
    /// not send that, with 3009.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.options.limits.max_message = bytes;
        self
    }

    /// Which of a browser's two sockets carries the connection. Default: its `WebSocket`. Natively it has no effect.
    #[cfg(feature = "websocket-stream")]
    pub fn transport(mut self, transport: crate::transport::TransportKind) -> Self {
        self.options.transport = transport;
        self
    }

    /// How long the peer may take to answer our Close frame (RFC 6455 §7.1.1). Then the connection is dropped: its end is not clean and has the code
    /// 1006. Default 10 s.
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.options.limits.close_timeout = limit;
        self
    }
}

impl<Tx: 'static, Rx: 'static> IntoFuture for Connect<Tx, Rx> {
    type Output = Result<Channel<Tx, Rx>, ConnectError>;
    type IntoFuture = Connecting<Tx, Rx>;

    fn into_future(self) -> Self::IntoFuture {
        let codec = match self.codec {
            Choice::Default(codec) => codec(),
            Choice::Made(codec) => codec,
        };
        let mut source = Source::new(self.url, self.options, self.opener, self.spoken);
        #[cfg(feature = "session")]
        if let Some(session) = self.session {
            let again = self.reconnect.unwrap_or_default();
            return Connecting {
                beginning: Beginning::Session(client_end::Begin::new(source, session, again)),
                codec,
                next: None,
            };
        }
        let beginning = Beginning::Socket(source.first());
        #[cfg(feature = "reconnect")]
        let next = self.reconnect.map(|mut next| {
            next.source = Some(source);
            next
        });
        Connecting {
            beginning,
            codec,
            #[cfg(feature = "reconnect")]
            next,
        }
    }
}

impl<Tx, Rx> fmt::Debug for Connect<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may contain a token in its query, which must not reach logs.
        f.debug_struct("Connect")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
