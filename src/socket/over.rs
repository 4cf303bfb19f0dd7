//! Sockets over byte streams, in either role: here the protocol core does what the platform does in [`Socket::connect`].

use super::connecting::within;
use super::{ConnectionOptions, Socket};
use crate::error::ConnectError;
use crate::message::OpenInfo;
use crate::transport::{Limits, MaybeSend, Role, over_io};
use tokio::io::{AsyncRead, AsyncWrite};

impl Socket {
    /// Connects over a stream that leads to the host of the URL already: through a tunnel, inside TLS, or in a page carried by another
    /// WebSocket. `wss` changes the default port in `Host` and nothing else. `ConnectionOptions::network` is not used.
    ///
    /// # Errors
    /// A [`ConnectError`] within [`ConnectionOptions::connect_timeout`], whatever the server does. Dropping the future drops the stream.
    pub fn connect_over<Io>(
        io: Io,
        url: impl Into<String>,
        options: ConnectionOptions,
    ) -> impl Future<Output = Result<Self, ConnectError>>
    where
        Io: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static,
    {
        let limit = options.connect_timeout;
        let url = url.into();
        // Boxed, so that the caller's future has only a pointer to the state of connecting, and only while connecting.
        let connecting = async move { over_io::connect(io, options.request(url)?).await };
        within(limit, Box::pin(connecting))
    }

    /// Accepts a client's request, for any path and from any page, on a stream that a listener returned (RFC 6455 §4.2). Options: `protocols` are the
    /// subprotocols of this side, best first; the first one that the client offered is chosen. `connect_timeout` limits the handshake. Default: none,
    /// and 20 s. The formats of 2009 are refused unless `handshake.legacy` is set. To look at the request, refuse it, or answer plain HTTP, use
    /// [`Accepting`](super::Accepting).
    ///
    /// # Errors
    /// Why there is no connection. An invalid request, or one that is not for a WebSocket, was answered with its HTTP status. Dropping the future
    /// drops the stream.
    pub fn accept<Io>(
        io: Io,
        options: ConnectionOptions,
    ) -> impl Future<Output = Result<Self, ConnectError>>
    where
        Io: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static,
    {
        let limit = options.connect_timeout;
        let accepting = async move {
            let (framed, opened) =
                over_io::accept_any(io, &options.protocols, &options.handshake, &options.limits)
                    .await?;
            Ok((framed as _, opened))
        };
        within(limit, Box::pin(accepting))
    }

    /// A socket over a stream whose handshake was done elsewhere, such as by an HTTP server's upgrade, without extensions. `leftover` are bytes that
    /// were read after the handshake; `opened` is its result.
    pub fn from_upgraded<Io>(
        io: Io,
        leftover: &[u8],
        role: Role,
        opened: OpenInfo,
        limits: &Limits,
    ) -> Self
    where
        Io: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static,
    {
        let framed = over_io::from_upgraded(io, leftover, role, limits);
        Self::from_transport(Box::new(framed), opened)
    }
}
