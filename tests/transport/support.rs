//! Servers to talk to: an echo on this crate's own accepting side, and a proxy written apart from the code under test.

use futures::StreamExt as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::transport::proxy::{Proxy, ProxyChoice};
use websocket_channel::{
    ConnectError, ConnectErrorKind, ConnectionOptions, Message, Socket, error::Cause,
};

pub(crate) fn options() -> ConnectionOptions {
    let mut options = ConnectionOptions::default().connect_timeout(Duration::from_secs(10));
    options.network.proxy = ProxyChoice::Direct;
    options
}

pub(crate) fn through(proxy: &str) -> ConnectionOptions {
    let mut options = options();
    options.network.proxy = ProxyChoice::Through(Proxy::parse(proxy).unwrap());
    options
}

pub(crate) fn cause(error: ConnectError) -> Cause {
    match error.kind {
        ConnectErrorKind::ConnectFailed { cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}

/// Sends every message back until the end.
pub(crate) async fn echo<Io>(io: Io)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let accepting = ConnectionOptions::default().protocols(["chat.v1"]);
    let Ok(mut socket) = Socket::accept(io, accepting).await else {
        return;
    };
    while let Some(message) = socket.next().await {
        socket.send_now(message).unwrap();
    }
}

/// A listener whose connections are each served by a task of their own.
pub(crate) async fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((io, _)) = listener.accept().await {
            tokio::spawn(serve(io));
        }
    });
    address
}

/// Sends a text and some bytes and wants them back.
pub(crate) async fn echoes(mut socket: Socket) {
    let long = Message::from("0123456789".repeat(10_000));
    for message in [Message::from("Hello"), Message::from(&[0u8, 255][..]), long] {
        socket.send_now(message.clone()).unwrap();
        assert!(socket.next().await == Some(message));
    }
    socket.close(1000, "").unwrap();
    assert!(socket.closed().await.was_clean);
}

/// An HTTP proxy that knows CONNECT. What it was asked is kept; the host asked for is not looked at: every tunnel leads to `target`.
pub(crate) async fn proxy(
    target: SocketAddr,
    answer: &'static str,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    let address = listen(move |mut io| {
        let asked = kept.clone();
        async move { serve_proxy(&mut io, target, answer, &asked).await }
    });
    (address.await, asked)
}

pub(crate) async fn serve_proxy<Io: AsyncRead + AsyncWrite + Unpin>(
    io: &mut Io,
    target: SocketAddr,
    answer: &str,
    asked: &Mutex<Vec<String>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    asked.lock().unwrap().push(String::from_utf8(head).unwrap());
    io.write_all(answer.as_bytes()).await.unwrap();
    io.flush().await.unwrap();
    if answer.contains(" 200 ") {
        let mut target = TcpStream::connect(target).await.unwrap();
        let _ = tokio::io::copy_bidirectional(io, &mut target).await;
    }
}
