//! `/pipe?to=HOST:PORT`: a TCP stream inside of a WebSocket. Each binary message is bytes of the stream, in either direction.

use super::{Socket, loopback, parameter};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use websocket_channel::proto::{CloseFrame, Request, Response};
use websocket_channel::transport::Transport as _;
use websocket_channel::{Event, Message};

/// Bytes of one message to the client.
const CHUNK: usize = 16 << 10;

/// Connects to the target, if it is one of those allowed: a web page must not reach what else listens on this machine.
pub(super) async fn connect(
    request: &Request,
    allowed: &[SocketAddr],
) -> Result<TcpStream, Response> {
    let to = parameter(request, "to").unwrap_or_default();
    let Some(address) = loopback(&to) else {
        return Err(Response::new(400, "to is HOST:PORT on this machine\n"));
    };
    if !allowed.contains(&address) {
        return Err(Response::new(
            403,
            format!("{address} is not on the list\n"),
        ));
    }
    TcpStream::connect(address)
        .await
        .map_err(|error| Response::new(502, format!("{address}: {error}\n")))
}

/// Relays until both sides have ended.
pub(super) async fn run(socket: Socket, target: TcpStream) {
    let _ = target.set_nodelay(true);
    let mut relay = Relay {
        socket,
        target,
        pending: Vec::new(),
        buffer: vec![0; CHUNK],
        ended: false,
    };
    poll_fn(|cx| relay.poll(cx)).await;
}

struct Relay {
    socket: Socket,
    target: TcpStream,
    /// Bytes for the target. While there are some, no further message is taken.
    pending: Vec<u8>,
    buffer: Vec<u8>,
    /// The target has ended, or failed.
    ended: bool,
}

impl Relay {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let wrote = self.poll_write(cx);
            let read = self.poll_read(cx);
            if self.pending.is_empty() {
                match self.socket.poll_event(cx) {
                    Poll::Ready(Event::Message(Message::Binary(bytes))) => self.pending = bytes,
                    Poll::Ready(Event::Message(Message::Text(_))) => {
                        self.end(1003, "a stream is bytes");
                    }
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending if !wrote && !read => return Poll::Pending,
                    Poll::Pending => {}
                }
            } else {
                // Reading is paused; what goes to the client still has to be moved on.
                let _ = self.socket.poll_flush(cx);
                if !wrote && !read {
                    return Poll::Pending;
                }
            }
        }
    }

    fn end(&mut self, code: u16, reason: &str) {
        self.ended = true;
        self.pending.clear();
        self.socket
            .close_with(CloseFrame::new(code, reason).ok().as_ref());
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        match Pin::new(&mut self.target).poll_write(cx, &self.pending) {
            Poll::Pending => false,
            Poll::Ready(Ok(written)) if written > 0 => {
                self.pending.drain(..written);
                true
            }
            Poll::Ready(_) => {
                self.end(1011, "the target failed");
                true
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.ended || self.socket.poll_ready(cx).is_pending() {
            return false;
        }
        let mut buffer = ReadBuf::new(&mut self.buffer);
        match Pin::new(&mut self.target).poll_read(cx, &mut buffer) {
            Poll::Pending => return false,
            Poll::Ready(Err(_)) => self.end(1011, "the target failed"),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => self.end(1000, "the target ended"),
            Poll::Ready(Ok(())) => {
                // Not sent when the client closes; the next event says so.
                let _ = self.socket.send(Message::Binary(buffer.filled().to_vec()));
            }
        }
        true
    }
}
