//! Opening a connection over TCP: every way in which it does not.

use crate::support::{answer, raw_server, request, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::error::{Cause, ConnectErrorKind, Violation};
use websocket_channel::socket::{Accepting, ConnectionOptions, Response};
use websocket_channel::transport;
use websocket_channel::{CloseInfo, ClosedBy, Event, Message};

async fn fails(url: &str) -> ConnectErrorKind {
    match soon("connect", transport::connect(request(url))).await {
        Err(kind) => kind,
        Ok(_) => panic!("{url} opened"),
    }
}

fn cause(kind: ConnectErrorKind) -> Cause {
    match kind {
        ConnectErrorKind::ConnectFailed { closed, cause, .. } => {
            assert_eq!(closed, CloseInfo::lost(ClosedBy::Error));
            cause
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn invalid_arguments_of_the_caller() {
    assert_eq!(fails("not a url").await, ConnectErrorKind::BadUrl);
    assert_eq!(fails("ftp://127.0.0.1/").await, ConnectErrorKind::BadUrl);
    assert_eq!(
        fails("ws://127.0.0.1/#").await,
        ConnectErrorKind::UrlFragment
    );
}

#[tokio::test]
async fn a_refused_connection_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(cause(fails(&url).await), Cause::Transport(_)));
}

#[tokio::test]
async fn no_such_host() {
    assert!(matches!(
        cause(fails("ws://no-such-host.invalid/").await),
        Cause::Transport(_)
    ));
}

#[tokio::test]
async fn a_status_other_than_101_is_an_error() {
    let url = raw_server(|io| async {
        let accepting = Accepting::read(io, ConnectionOptions::default())
            .await
            .unwrap();
        accepting.reject(&Response::new(404, "no")).await.unwrap();
    })
    .await;
    assert_eq!(cause(fails(&url).await), Cause::Status(404));
}

#[tokio::test]
async fn a_wrong_answer() {
    let url = raw_server(|mut io| async move {
        let head = "HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
        io.write_all(head.as_bytes()).await.unwrap();
        let _ = io.read(&mut [0; 1024]).await;
    })
    .await;
    assert_eq!(
        cause(fails(&url).await),
        Cause::Violation(Violation::Accept)
    );
}

#[tokio::test]
async fn the_server_hangs_up() {
    let url = raw_server(|mut io| async move {
        let _ = io.read(&mut [0; 1024]).await;
    })
    .await;
    assert!(matches!(cause(fails(&url).await), Cause::Transport(_)));
}

#[tokio::test]
async fn frames_may_share_the_segment_of_the_head() {
    let url = raw_server(|mut io| async move {
        answer(&mut io, b"\x81\x02Hi\x88\x02\x03\xe8").await;
        let mut rest = Vec::new();
        io.read_to_end(&mut rest).await.unwrap_or_default();
    })
    .await;
    let (mut socket, opened) = soon("open", transport::connect(request(url)))
        .await
        .unwrap();
    assert_eq!(opened.protocol, "");
    let message = soon("message", std::future::poll_fn(|cx| socket.poll_event(cx))).await;
    assert_eq!(message, Event::Message(Message::from("Hi")));
}

#[tokio::test]
async fn dropping_the_future_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let connecting = tokio::spawn(transport::connect(request(url)));
    let (mut io, _) = soon("accept", listener.accept()).await.unwrap();
    connecting.abort();
    let mut request = Vec::new();
    soon("the end", io.read_to_end(&mut request)).await.unwrap();
    assert!(request.is_empty() || request.starts_with(b"GET / HTTP/1.1\r\n"));
}

#[tokio::test]
async fn client_and_server_agree_on_a_subprotocol() {
    let url = raw_server(|io: TcpStream| async {
        let accepting = Accepting::read(io, ConnectionOptions::default())
            .await
            .unwrap();
        assert_eq!(accepting.request().protocols, ["a", "b"]);
        let mut socket = accepting.accept(Some("b")).await.unwrap();
        assert_eq!(socket.opened().protocol, "b");
        socket.send(Message::from("welcome")).await.unwrap();
        socket.closed().await;
    })
    .await;
    let mut request = request(url);
    request.protocols = ["a", "b"].into_iter().collect();
    let (mut socket, opened) = soon("open", transport::connect(request)).await.unwrap();
    assert_eq!(opened.protocol, "b");
    let message = soon("message", std::future::poll_fn(|cx| socket.poll_event(cx))).await;
    assert_eq!(message, Event::Message(Message::from("welcome")));
}

#[tokio::test]
async fn a_wrong_request_is_answered_before_accept_returns() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (io, _) = listener.accept().await.unwrap();
        Accepting::read(io, ConnectionOptions::default())
            .await
            .map(drop)
            .map_err(|error| cause(error.kind))
    });
    let mut io = TcpStream::connect(address).await.unwrap();
    io.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")
        .await
        .unwrap();
    let mut response = String::new();
    soon("the answer", io.read_to_string(&mut response))
        .await
        .unwrap();
    assert!(response.starts_with("HTTP/1.1 405 "), "{response}");
    drop(io);
    let refused = soon("the refusal", server).await.unwrap();
    assert_eq!(refused, Err(Cause::Violation(Violation::Method)));
}
