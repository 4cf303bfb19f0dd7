//! A running server, a client of ours, and plain HTTP by hand.
#![allow(dead_code)] // each suite uses its part

use std::future::poll_fn;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use websocket_channel::error::ConnectErrorKind;
use websocket_channel::transport::{self, ConnectRequest, Transport};
use websocket_channel::{Event, Message, OpenInfo};
use websocket_channel_server::{Options, TestServer};

pub(crate) type Socket = Box<dyn Transport>;

pub(crate) async fn server() -> TestServer {
    TestServer::start(Options::new()).await.unwrap()
}

pub(crate) async fn connect(
    server: &TestServer,
    path: &str,
    protocols: &[&str],
) -> Result<(Socket, OpenInfo), ConnectErrorKind> {
    let mut request = ConnectRequest::new(format!("{}{path}", server.url()));
    request.protocols = protocols
        .iter()
        .map(|&protocol| protocol.to_owned())
        .collect();
    soon(transport::connect(request)).await
}

pub(crate) async fn open(server: &TestServer, path: &str) -> Socket {
    connect(server, path, &[]).await.unwrap().0
}

pub(crate) async fn next(socket: &mut Socket) -> Event {
    soon(poll_fn(|cx| socket.poll_event(cx))).await
}

pub(crate) async fn ask(socket: &mut Socket, message: impl Into<Message>) -> Event {
    socket.send(message.into()).unwrap();
    next(socket).await
}

/// Hands over what was sent.
pub(crate) async fn flush(socket: &mut Socket) {
    let flushed = soon(poll_fn(|cx| socket.poll_flush(cx))).await;
    assert!(flushed.is_ok());
}

/// Sends bytes and reads until the server ends the stream.
pub(crate) async fn http(server: &TestServer, request: &[u8]) -> String {
    let mut io = TcpStream::connect(server.address()).await.unwrap();
    io.write_all(request).await.unwrap();
    let mut response = Vec::new();
    soon(io.read_to_end(&mut response)).await.unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

pub(crate) async fn get(server: &TestServer, path: &str) -> String {
    http(
        server,
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
    )
    .await
}

/// Fails a test that hangs instead of leaving it hanging.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .expect("it takes too long")
}

/// A command of the control channel, over plain HTTP, and its answer.
pub(crate) async fn control(server: &TestServer, command: &str) -> serde_json::Value {
    let url = server.control_url();
    let path = url.strip_prefix(&server.http_url()).unwrap();
    let answer = get(server, &format!("{path}/{command}")).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Asks again until the answer will do.
pub(crate) async fn until(
    server: &TestServer,
    command: &str,
    will_do: impl Fn(&serde_json::Value) -> bool,
) -> serde_json::Value {
    soon(async {
        loop {
            let answer = control(server, command).await;
            if will_do(&answer) {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}
