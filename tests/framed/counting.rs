//! A stream that tells how often it was written to, and a server's socket over one.

use crate::support::soon;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf,
};
use websocket_channel::proto::Role;
use websocket_channel::transport::Limits;
use websocket_channel::{OpenInfo, Socket};

/// What the messages of a scene are.
#[derive(Clone, Copy)]
pub(crate) enum Opcode {
    Text = 1,
    Binary = 2,
}

/// A server's socket over a pipe of this capacity, for which so many messages are there in one read; the pipe's other end; and how often the socket
/// wrote.
pub(crate) async fn counted(
    opcode: Opcode,
    messages: usize,
    capacity: usize,
) -> (Socket, DuplexStream, Arc<AtomicUsize>) {
    let (io, mut peer) = tokio::io::duplex(capacity);
    let writes = Arc::<AtomicUsize>::default();
    let io = Counting(io, writes.clone());
    let limits = Limits::default();
    let socket = Socket::from_upgraded(io, b"", Role::Server, OpenInfo::default(), &limits);
    let frame = [0x80 | opcode as u8, 0x81, 0, 0, 0, 0, b'a'];
    peer.write_all(&frame.repeat(messages)).await.unwrap();
    (socket, peer, writes)
}

/// The same messages come back, and nothing between them.
pub(crate) async fn expect_answers(peer: &mut DuplexStream, opcode: Opcode, messages: usize) {
    let mut bytes = vec![0; 3 * messages];
    soon("the answers", peer.read_exact(&mut bytes))
        .await
        .unwrap();
    assert_eq!(bytes, [0x80 | opcode as u8, 1, b'a'].repeat(messages));
}

/// A pipe that counts the writes.
pub(crate) struct Counting(DuplexStream, Arc<AtomicUsize>);

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.0).poll_write(cx, bytes);
        if let Poll::Ready(Ok(1..)) = wrote {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
        wrote
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.0).poll_write_vectored(cx, bytes);
        if let Poll::Ready(Ok(1..)) = wrote {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
