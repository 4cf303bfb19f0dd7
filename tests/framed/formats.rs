//! Every wire format over loopback TCP, our client against the test server: one port, and its head decides.

use crate::support::{next, request, soon};
use websocket_channel::error::{Cause, ConnectErrorKind, Violation};
use websocket_channel::transport::Format;
use websocket_channel::transport::{self, Transport};
use websocket_channel::{CloseInfo, ClosedBy, Event, Message, Socket};
use websocket_channel_server::{Options, TestServer};

async fn open(server: &TestServer, path: &str, format: Format) -> Box<dyn Transport> {
    let mut asked = request(format!("{}{path}", server.url()));
    asked.handshake.format = format;
    asked.handshake.origin = Some("http://example.com".into());
    asked
        .handshake
        .headers
        .push(("Cookie".into(), "a=b".into()));
    soon("connect", transport::connect(asked)).await.unwrap().0
}

/// Says things to `/echo` and hears them again; then closes, and is told the end.
async fn echo(format: Format, end: CloseInfo) {
    let server = TestServer::start(Options::default()).await.unwrap();
    let mut socket = open(&server, "/echo", format).await;
    let texts = [
        "Hello, WebSocket".to_owned(),
        String::new(),
        "é\0".repeat(100_000),
    ];
    for text in texts {
        let message = Message::Text(text);
        socket.send(message.clone()).unwrap();
        let heard = soon("echo", next(&mut *socket)).await;
        assert!(heard == Event::Message(message), "{format}");
    }
    socket.close(1000, "");
    assert_eq!(soon("close", next(&mut *socket)).await, Event::Closed(end));
}

#[tokio::test]
async fn echo_over_hixie_75() {
    echo(Format::Hixie75, CloseInfo::lost(ClosedBy::Local)).await;
}

#[tokio::test]
async fn echo_over_hixie_76() {
    echo(
        Format::Hixie76,
        CloseInfo::new(1005, "", true, ClosedBy::Local),
    )
    .await;
}

#[tokio::test]
async fn echo_over_rfc_6455() {
    echo(
        Format::Rfc6455,
        CloseInfo::new(1000, "", true, ClosedBy::Local),
    )
    .await;
}

#[tokio::test]
async fn the_server_closes() {
    let server = TestServer::start(Options::default()).await.unwrap();
    for (format, end) in [
        (Format::Hixie75, CloseInfo::lost(ClosedBy::Error)),
        (
            Format::Hixie76,
            CloseInfo::new(1005, "", true, ClosedBy::Remote),
        ),
        (
            Format::Rfc6455,
            CloseInfo::new(4001, "why", true, ClosedBy::Remote),
        ),
    ] {
        let mut socket = open(&server, "/close?code=4001&reason=why", format).await;
        let ended = soon("close", next(&mut *socket)).await;
        assert_eq!(ended, Event::Closed(end), "{format}");
    }
}

#[tokio::test]
async fn an_unsupported_binary_message_is_returned_and_the_connection_stays() {
    let server = TestServer::start(Options::default()).await.unwrap();
    for format in [Format::Hixie75, Format::Hixie76] {
        let transport = open(&server, "/echo", format).await;
        let mut socket = Socket::from_transport(transport, websocket_channel::OpenInfo::default());
        let refused = socket.send_now(Message::Binary(vec![1])).unwrap_err();
        assert_eq!(refused.code(), "SEND_REFUSED");
        assert_eq!(refused.value, Message::Binary(vec![1]));
        assert!(socket.is_open());
    }
}

#[tokio::test]
async fn a_refusal_is_reported_in_every_format() {
    let server = TestServer::start(Options::default()).await.unwrap();
    for format in [Format::Hixie75, Format::Hixie76, Format::Rfc6455] {
        let mut asked = request(format!("{}/status/403", server.url()));
        asked.handshake.format = format;
        match soon("connect", transport::connect(asked)).await {
            Err(ConnectErrorKind::ConnectFailed { cause, .. }) => {
                assert_eq!(cause, Cause::Status(403))
            }
            other => panic!("{format}: {:?}", other.map(|_| ())),
        }
    }
    // What the server does not repeat fails the client of 2009.
    let mut asked = request(format!("{}/echo", server.url()));
    asked.handshake.format = Format::Hixie75;
    asked.protocols = ["unknown"].into_iter().collect();
    match soon("connect", transport::connect(asked)).await {
        Err(ConnectErrorKind::ConnectFailed { cause, .. }) => {
            assert_eq!(cause, Violation::Subprotocol.into());
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}
