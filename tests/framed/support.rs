//! Pairs of connections over a stream, and raw peers.

use std::future::poll_fn;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::Event;
use websocket_channel::proto::{self, Connection, Role};
use websocket_channel::transport::framed::IoTransport;
use websocket_channel::transport::{ConnectRequest, Limits, Transport};

pub(crate) fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

pub(crate) fn request(url: impl Into<String>) -> ConnectRequest {
    ConnectRequest::new(url)
}

pub(crate) async fn next(socket: &mut (impl Transport + ?Sized)) -> Event {
    poll_fn(|cx| socket.poll_event(cx)).await
}

pub(crate) async fn ready(socket: &mut impl Transport) {
    poll_fn(|cx| socket.poll_ready(cx)).await;
}

pub(crate) async fn flush(socket: &mut impl Transport) {
    poll_fn(|cx| socket.poll_flush(cx)).await.unwrap();
}

/// An open connection over a pipe that holds so many bytes, and the other end of the pipe, raw.
pub(crate) fn piped(
    role: Role,
    limits: &Limits,
    capacity: usize,
) -> (IoTransport<DuplexStream>, DuplexStream) {
    let (io, peer) = tokio::io::duplex(capacity);
    (upgraded(io, role, limits), peer)
}

pub(crate) fn upgraded<Io>(io: Io, role: Role, limits: &Limits) -> IoTransport<Io>
where
    Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    IoTransport::new(
        io,
        Connection::upgraded(role, limits.into(), rand::fill),
        limits,
    )
}

/// A client and a server over loopback TCP, both open.
pub(crate) async fn pair(limits: &Limits) -> (IoTransport<TcpStream>, IoTransport<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    (
        upgraded(client.unwrap(), Role::Client, limits),
        upgraded(server.unwrap().0, Role::Server, limits),
    )
}

/// A listener whose first client is given to `peer`, and its URL.
pub(crate) async fn raw_server<F>(peer: impl FnOnce(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { peer(listener.accept().await.unwrap().0).await });
    url
}

/// Reads a request's head and answers it rightly.
pub(crate) async fn answer(io: &mut TcpStream, behind: &[u8]) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    let accept = proto::handshake::accept_key(key);
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    io.write_all(&[response.as_bytes(), behind].concat())
        .await
        .unwrap();
}

/// Fails a test that hangs instead of leaving it hanging.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(20), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen"),
    }
}
