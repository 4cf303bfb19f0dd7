//! A client's request, before this side answers it.

use super::{ConnectionOptions, Socket};
use crate::error::{Cause, ConnectError, ConnectErrorKind, Misuse};
use crate::proto::{Deflate, Request, Response};
use crate::time::{Instant, sleep};
use crate::transport::{MaybeSend, framed, over_io};
use core::fmt;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// A client's request (RFC 6455 §4.2.1) that waits for an answer: choose a subprotocol, refuse it, or answer plain HTTP. [`Socket::accept`] accepts
/// every request. Dropping it closes the stream without an answer.
///
/// ```
/// use websocket_channel::socket::{Accepting, ConnectionOptions, Origins, Socket};
///
/// async fn serve(io: tokio::net::TcpStream) -> Option<Socket> {
///     let accepting = Accepting::read(io, ConnectionOptions::default()).await.ok()?;
///     let origins = Origins::listed(["https://app.example"]);
///     if let Err(forbidden) = origins.check(accepting.request()) {
///         accepting.reject(&forbidden).await.ok()?; // 403
///         return None;
///     }
///     accepting.accept(None).await.ok()
/// }
/// ```
#[must_use = "a request wants an answer"]
pub struct Accepting<Io: AsyncRead + AsyncWrite + Unpin>(framed::PendingRequest<Io>);

impl<Io> Accepting<Io>
where
    Io: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static,
{
    /// Reads a request from a stream that a listener returned. The options that apply are `limits`, `connect_timeout`, and `deflate` and `legacy` of
    /// `handshake`. A `TcpStream`, alone or inside TLS, is set to send small messages at once.
    ///
    /// Cancellation: dropping the future drops the stream.
    ///
    /// # Errors
    /// Why there is no request, within `connect_timeout`. An invalid request was answered with its HTTP status before this returns.
    pub fn read(
        io: Io,
        options: ConnectionOptions,
    ) -> impl Future<Output = Result<Self, ConnectError>> + use<Io> {
        let limit = options.connect_timeout;
        // In a box, or the task of the connection would have room for the options for as long as it runs.
        let mut reading = Box::pin(async move {
            let accepting = over_io::accept(io, &options.handshake, &options.limits);
            accepting.await.map_err(over_io::failed)
        });
        async move {
            let began = Instant::now();
            let mut deadline = pin!(sleep(limit));
            let outcome = poll_fn(|cx| {
                if let Poll::Ready(outcome) = reading.as_mut().poll(cx) {
                    return Poll::Ready(outcome);
                }
                ready!(deadline.as_mut().poll(cx));
                Poll::Ready(Err(ConnectErrorKind::TimedOut { limit }))
            });
            match outcome.await {
                Ok(accepting) => Ok(Self(accepting)),
                Err(kind) => Err(ConnectError::new(kind, began.elapsed())),
            }
        }
    }

    /// The client's request.
    pub fn request(&self) -> &Request {
        self.0.request()
    }

    /// The compression to accept if the client offered it; `None` declines. Default: that of the options.
    pub fn compress(&mut self, deflate: Option<Deflate>) {
        self.0.compress(deflate);
    }

    /// Accepts the request as a WebSocket, with one of the offered subprotocols or none (RFC 6455 §4.2.2). The answer is written when this returns.
    /// Dropping the future drops the stream.
    ///
    /// # Errors
    /// Why it failed: the request is plain HTTP, the subprotocol was not offered, or the stream ended.
    pub async fn accept(self, protocol: Option<&str>) -> Result<Socket, Cause> {
        let (transport, opened) = self.0.accept_in_place(protocol).await?;
        Ok(Socket::from_transport(transport, opened))
    }

    /// Answers the request as plain HTTP. Returns when the client has closed, or after `Limits::close_timeout`. Dropping the future drops the stream,
    /// with as much of the answer as was written at once.
    ///
    /// # Errors
    /// The response cannot be sent: [`Misuse::Status`], [`Misuse::Header`]. Then the client has no answer.
    pub async fn reject(self, response: &Response) -> Result<(), Misuse> {
        self.0.reject(response).await
    }

    /// Returns the stream, to answer by hand, and the bytes that were read after the request; they come before what the stream yields. The eight
    /// bytes of a hixie-76 request are among them.
    pub fn into_io(self) -> Option<(Io, Vec<u8>)> {
        self.0.into_io()
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> fmt::Debug for Accepting<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
