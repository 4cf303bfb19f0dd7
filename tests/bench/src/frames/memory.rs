//! A stream in memory: reading gives the same bytes over and over, as many as fit; writing takes everything at once and drops it.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Also says how many bytes were written. Without input it is a stream on which nothing comes.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    input: &'a [u8],
    at: usize,
    pub(super) written: usize,
}

impl<'a> Memory<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            written: 0,
        }
    }

    /// Up to the end of the input, from which the next call begins anew.
    fn next(&mut self, room: usize) -> &'a [u8] {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let piece = rest.get(..room).unwrap_or(rest);
        self.at += piece.len();
        if self.at == self.input.len() {
            self.at = 0;
        }
        piece
    }

    fn take(&mut self, len: usize) -> usize {
        self.written += len;
        len
    }
}

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.next(buffer.len());
        if piece.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.take(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Memory<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = self.get_mut().next(buffer.remaining());
        if piece.is_empty() {
            return Poll::Pending;
        }
        buffer.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().take(bytes.len())))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        Poll::Ready(Ok(self.get_mut().take(len)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
