//! A stream of which too much was read: those bytes come first, once more.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// `Io`, and before what it gives, bytes that were read from it already.
#[derive(Debug)]
pub struct Rewound<Io> {
    before: Vec<u8>,
    given: usize,
    io: Io,
}

impl<Io> Rewound<Io> {
    /// `io` with these bytes in front.
    pub fn new(before: Vec<u8>, io: Io) -> Self {
        Self {
            before,
            given: 0,
            io,
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Rewound<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match this.before.get(this.given..) {
            Some(rest) if !rest.is_empty() => {
                let piece = rest.get(..buffer.remaining()).unwrap_or(rest);
                buffer.put_slice(piece);
                this.given += piece.len();
                Poll::Ready(Ok(()))
            }
            _ => {
                this.before = Vec::new();
                Pin::new(&mut this.io).poll_read(cx, buffer)
            }
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Rewound<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
