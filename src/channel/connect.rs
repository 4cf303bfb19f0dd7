//! The builder of a channel.

use super::Channel;
use crate::codec::{Codec, Raw};
use crate::error::ConnectError;
use crate::message::Message;
use crate::socket::{Options, Socket};
use crate::transport::Overflow;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

/// Begins to describe a connection to `url`; await it to connect.
///
/// The schemes are `ws` and `wss`, and `http` and `https` which mean the same; in browsers a relative URL is resolved against the page's.
/// Without a [`codec`](Connect::codec) the channel carries [`Message`]s.
pub fn connect(url: impl Into<String>) -> Connect<Message, Message> {
    Connect {
        url: url.into(),
        options: Options::default(),
        codec: Choice::Default(|| Arc::new(Raw)),
    }
}

/// A connection to be made. Awaiting it gives a [`Channel`]; dropping it, or the future, leaves nothing behind.
#[must_use = "nothing connects until it is awaited"]
pub struct Connect<Tx, Rx> {
    url: String,
    options: Options,
    codec: Choice<Tx, Rx>,
}

/// The default as a function, so that a program in which every channel chooses has nothing of it.
enum Choice<Tx, Rx> {
    Default(fn() -> Arc<dyn Codec<Tx, Rx>>),
    Made(Arc<dyn Codec<Tx, Rx>>),
}

impl<Tx, Rx> Connect<Tx, Rx> {
    /// How values become messages. It fixes the channel's types.
    pub fn codec<T, R>(self, codec: impl Codec<T, R> + 'static) -> Connect<T, R> {
        Connect {
            url: self.url,
            options: self.options,
            codec: Choice::Made(Arc::new(codec)),
        }
    }

    /// Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1). Default none.
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.options.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// How long connecting may take. Default 20 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// A `send` waits while the platform holds this many unsent bytes or more. Default 1 MiB.
    pub fn send_watermark(mut self, bytes: usize) -> Self {
        self.options.limits.send_watermark = bytes;
        self
    }

    /// Bytes of received messages that may wait to be read, each counting its payload and 32 bytes or so of its own. Default 64 MiB. Natively
    /// reading pauses there; in browsers, whose `WebSocket` cannot push back, `overflow` says what happens.
    pub fn receive_bound(mut self, bytes: usize, overflow: Overflow) -> Self {
        self.options.limits.receive_bound = bytes;
        self.options.limits.overflow = overflow;
        self
    }

    /// The largest message taken, in bytes. Default 64 MiB. A larger one closes the connection: with 1009, from a browser with 4009.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.options.limits.max_message = bytes;
        self
    }

    /// Natively: header lines, origin and compression of the handshake.
    #[cfg(not(target_family = "wasm"))]
    pub fn handshake(mut self, handshake: crate::transport::pipe::Handshake) -> Self {
        self.options.handshake = handshake;
        self
    }

    /// Natively: the proxy, and whom TLS trusts. Default: the environment's proxy, Mozilla's roots.
    #[cfg(not(target_family = "wasm"))]
    pub fn network(mut self, network: crate::transport::native::Network) -> Self {
        self.options.network = network;
        self
    }

    /// How long the peer has to answer a Close frame. Default 10 s.
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.options.limits.close_timeout = limit;
        self
    }
}

impl<Tx: 'static, Rx: 'static> IntoFuture for Connect<Tx, Rx> {
    type Output = Result<Channel<Tx, Rx>, ConnectError>;
    type IntoFuture = Connecting<Tx, Rx>;

    fn into_future(self) -> Self::IntoFuture {
        Connecting {
            socket: Box::pin(Socket::connect(self.url, self.options)),
            codec: match self.codec {
                Choice::Default(codec) => codec(),
                Choice::Made(codec) => codec,
            },
        }
    }
}

/// A connection being made. Dropping it closes whatever it had begun.
#[must_use = "nothing connects until it is awaited"]
pub struct Connecting<Tx, Rx> {
    // Knows nothing of the types: it is compiled once, not once for every channel.
    socket: Pin<Box<Opening>>,
    codec: Arc<dyn Codec<Tx, Rx>>,
}

#[cfg(target_family = "wasm")]
type Opening = dyn Future<Output = Result<Socket, ConnectError>>;
#[cfg(not(target_family = "wasm"))]
type Opening = dyn Future<Output = Result<Socket, ConnectError>> + Send;

impl<Tx: 'static, Rx: 'static> Future for Connecting<Tx, Rx> {
    type Output = Result<Channel<Tx, Rx>, ConnectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let socket = ready!(self.socket.as_mut().poll(cx))?;
        Poll::Ready(Ok(Channel::over(socket, self.codec.clone())))
    }
}

impl<Tx, Rx> fmt::Debug for Connect<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may carry a token in its query: not for logs.
        f.debug_struct("Connect")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
