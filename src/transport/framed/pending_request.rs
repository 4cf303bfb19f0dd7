//! The server's side of the opening handshake: a request, and the answer to it.

use super::IoTransport;
use crate::error::{Cause, Misuse};
use crate::message::OpenInfo;
use crate::proto::{Deflate, Request, Response};
use core::fmt;
use core::future::poll_fn;
use tokio::io::{AsyncRead, AsyncWrite};

/// A request that was read and waits for an answer. Dropping it closes the stream without one.
#[must_use = "a request wants an answer"]
pub struct PendingRequest<Io: AsyncRead + AsyncWrite + Unpin> {
    pub(super) framed: Box<IoTransport<Io>>,
    pub(super) request: Box<Request>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> PendingRequest<Io> {
    /// What the client asks for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The compression to agree to if it was offered, now that the request is known; `None` declines. Default: what the connection was made with.
    pub fn compress(&mut self, deflate: Option<Deflate>) {
        self.framed.connection.compress(deflate);
    }

    /// Accepts it as a WebSocket, with one of the subprotocols offered or none (RFC 6455 §4.2.2). The answer is with the stream when this returns.
    /// Dropping the future drops the stream.
    ///
    /// # Errors
    /// Why it could not be: the request is plain HTTP, the subprotocol was not offered, the stream ended.
    pub async fn accept(
        self,
        protocol: Option<&str>,
    ) -> Result<(IoTransport<Io>, OpenInfo), Cause> {
        let (framed, opened) = self.accept_in_place(protocol).await?;
        Ok((*framed, opened))
    }

    /// The same in the box that stays.
    pub(crate) async fn accept_in_place(
        mut self,
        protocol: Option<&str>,
    ) -> Result<(Box<IoTransport<Io>>, OpenInfo), Cause> {
        let now = self.framed.now();
        if let Err(misuse) = self.framed.connection.accept(now, protocol, &[]) {
            return Err(Cause::Transport(misuse.to_string()));
        }
        let opened = self.framed.opened().await?;
        // The client waits for the answer, whether or not anybody polls what this returns.
        poll_fn(|cx| self.framed.poll_until(cx, IoTransport::is_flushed)).await;
        Ok((self.framed, opened))
    }

    /// Hands the stream back for an answer by hand, and with it the bytes that were read behind the request: they come before whatever the stream
    /// gives. The eight bytes of a hixie-76 request are part of it.
    pub fn into_io(mut self) -> Option<(Io, Vec<u8>)> {
        self.framed.take_unread();
        let leftover = self.framed.connection.take_early();
        self.framed.io.take().map(|io| (io, leftover))
    }

    /// Answers it as plain HTTP and returns when the client has closed, or `Limits::close_timeout` later. Dropping the future drops the stream, with
    /// as much of the answer as it took at once.
    ///
    /// # Errors
    /// The response cannot be sent as it is: [`Misuse::Status`], [`Misuse::Header`]. The client has no answer then.
    pub async fn reject(mut self, response: &Response) -> Result<(), Misuse> {
        let now = self.framed.now();
        self.framed.connection.reject(now, response)?;
        poll_fn(|cx| self.framed.poll_over(cx)).await;
        Ok(())
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> fmt::Debug for PendingRequest<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingRequest")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
