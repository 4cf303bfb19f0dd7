//! A socket as a byte stream, for protocols without messages.

use super::Socket;
use crate::message::{CloseInfo, ClosedBy, Message};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::Stream as _;
use futures_sink::Sink as _;
use std::io;

/// The largest message made of what is written: browsers reach their full throughput with it.
const MAX_WRITE: usize = 64 << 10;

/// The code that closes a connection whose peer sent text among the bytes: 1003 says so, and no page may send that.
pub const UNSUPPORTED_DATA: u16 = 4003;

/// The contents of a [`Socket`]'s binary messages as one byte stream: `AsyncRead` and `AsyncWrite` of `futures-io`, and of tokio natively and with
/// the feature `proto`. Made by [`Socket::into_byte_stream`].
///
/// - Message boundaries are not visible. An empty message has no effect.
/// - Each write becomes one message of at most 64 KiB, and waits at the send high-water mark. Wrap the stream in a buffer if you write little at a
///   time.
/// - Reading ends if the connection closed cleanly with 1000, 1001 or no code, or if this side closed it. Any other end is an error of the kind
///   `ConnectionAborted`, so that missing data is never taken for the end.
/// - A text message is an error of the kind `InvalidData` and closes with [`UNSUPPORTED_DATA`].
/// - Shutting down sends what is left and begins to close with 1000. A WebSocket cannot stay half open: in browsers nothing arrives after that.
///
/// Cancellation: a dropped read or write took nothing. Dropping the stream closes the connection.
///
/// ```
/// use futures::{AsyncReadExt, AsyncWriteExt};
/// use websocket_channel::{Socket, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// let (mut near, mut far) = (ours.into_byte_stream(), theirs.into_byte_stream());
/// near.write_all(b"many ").await?;
/// near.write_all(b"messages").await?;
/// near.close().await?;
/// let mut all = String::new();
/// far.read_to_string(&mut all).await?;
/// assert_eq!(all, "many messages");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it closes the connection"]
pub struct ByteStream {
    socket: Socket,
    unread: Vec<u8>,
    read: usize,
    /// Text came. Reading ends here.
    broken: bool,
}

impl Socket {
    /// The connection as a byte stream. It begins with the messages that arrived and were not read.
    pub fn into_byte_stream(self) -> ByteStream {
        ByteStream {
            socket: self,
            unread: Vec::new(),
            read: 0,
            broken: false,
        }
    }
}

impl ByteStream {
    /// The socket inside, for the result of the handshake and of the close.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Bytes that wait to be taken with [`consume`](Self::consume); none at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        while self.read >= self.unread.len() {
            if self.broken {
                return Poll::Ready(Err(text()));
            }
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Message::Binary(bytes)) => {
                    self.unread = bytes;
                    self.read = 0;
                }
                Some(Message::Text(_)) => {
                    self.broken = true;
                    // The code and the reason are among those that may be sent.
                    let _ = self.socket.close(UNSUPPORTED_DATA, "text among bytes");
                }
                None => {
                    self.unread = Vec::new();
                    self.read = 0;
                    return Poll::Ready(end(self.socket.close_info()).map(|()| &[][..]));
                }
            }
        }
        Poll::Ready(Ok(self.unread.get(self.read..).unwrap_or_default()))
    }

    fn consume(&mut self, n: usize) {
        self.read += n;
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(|_| closed())?;
        let piece = bytes.get(..MAX_WRITE).unwrap_or(bytes);
        if !piece.is_empty() {
            let message = Message::Binary(piece.to_vec());
            self.socket.send_now(message).map_err(|_| closed())?;
        }
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket)
            .poll_flush(cx)
            .map_err(|_| closed())
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_close(cx)).map_err(|_| closed())?;
        // Write the Close frame, too: if the stream is dropped next, it must not be lost.
        self.poll_flushed(cx)
    }
}

fn end(closed: Option<&CloseInfo>) -> io::Result<()> {
    match closed {
        Some(CloseInfo {
            was_clean: true,
            code: 1000 | 1001 | 1005,
            ..
        }) => Ok(()),
        // Our own close, which the peer answered with a code of its own.
        Some(CloseInfo {
            was_clean: true,
            by: ClosedBy::Local,
            ..
        }) => Ok(()),
        Some(closed) => Err(io::Error::new(
            io::ErrorKind::ConnectionAborted,
            format!("closed with {} {}", closed.code, closed.reason),
        )),
        None => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

fn text() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a text message arrived in a byte stream",
    )
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed")
}

impl futures_io::AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let mut bytes = ready!(self.poll_fill(cx))?;
        let n = io::Read::read(&mut bytes, buffer)?;
        self.consume(n);
        Poll::Ready(Ok(n))
    }
}

impl futures_io::AsyncWrite for ByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flushed(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_end(cx)
    }
}

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
impl tokio::io::AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let bytes = ready!(self.poll_fill(cx))?;
        let piece = bytes.get(..buffer.remaining()).unwrap_or(bytes);
        buffer.put_slice(piece);
        let n = piece.len();
        self.consume(n);
        Poll::Ready(Ok(()))
    }
}

#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
impl tokio::io::AsyncWrite for ByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flushed(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_end(cx)
    }
}
