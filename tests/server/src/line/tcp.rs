//! A TCP stream with two holders: the service that reads and writes it, and whoever ends it from outside.

use socket2::SockRef;
use std::future::poll_fn;
use std::io::{self, IoSlice, Read as _};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// How long a client that was told the end may take to end as well.
const LINGER: Duration = Duration::from_secs(10);

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The orderly end of the stream.
    Fin,
    /// A reset.
    Rst,
}

/// A TCP stream. Its clones are the same stream, which closes with the last of them; one task reads and writes it.
#[derive(Debug, Clone)]
pub(crate) struct Tcp(Arc<TcpStream>);

impl Tcp {
    pub(crate) fn new(io: TcpStream) -> Self {
        // Small messages go out at once.
        let _ = io.set_nodelay(true);
        Self(Arc::new(io))
    }

    /// Ends it; the service is gone by now.
    pub(crate) async fn end(mut self, how: Cut) {
        match how {
            Cut::Rst => drop(self.0.set_zero_linger()),
            Cut::Fin => {
                let _ = self.shut_down();
                // Closed with bytes unread it would be a reset after all.
                let _ = tokio::time::timeout(LINGER, self.drain()).await;
            }
        }
    }

    /// Reads on until the client ends.
    async fn drain(&mut self) {
        let mut dropped = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut dropped);
            let read = poll_fn(|cx| Pin::new(&mut *self).poll_read(cx, &mut buffer)).await;
            if read.is_err() || buffer.filled().is_empty() {
                return;
            }
        }
    }

    /// Returns when the client has ended, without reading what it sent.
    pub(crate) async fn hung_up(&self) {
        while let Ok(ready) = self.0.ready(Interest::READABLE | Interest::ERROR).await {
            if ready.is_read_closed() || ready.is_error() {
                return;
            }
            // Nothing is read, so the readiness is put back by hand: the next event is awaited.
            let _ = self.0.try_io(Interest::READABLE, || {
                Err::<(), _>(io::ErrorKind::WouldBlock.into())
            });
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        SockRef::from(&*self.0).shutdown(Shutdown::Write)
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let room = buffer.initialize_unfilled();
            let mut partial = 0;
            let read = self.0.try_io(Interest::READABLE, || {
                let read = (&*SockRef::from(&*self.0)).read(room)?;
                // As tokio's own stream does: epoll tells of what comes later, so that nobody has to try and find nothing.
                if cfg!(target_os = "linux") && (1..room.len()).contains(&read) {
                    partial = read;
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(read)
            });
            match read {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(_) if partial > 0 => {
                    buffer.advance(partial);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        runs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write_vectored(runs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shut_down())
    }
}
