//! The services, over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::future::poll_fn;
use std::time::Duration;
use support::{ask, connect, next, open, server, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use websocket_channel::error::{Cause, ConnectErrorKind};
use websocket_channel::{CloseInfo, ClosedBy, Event, Message};

#[tokio::test]
async fn echo_of_every_size() {
    let server = server().await;
    let mut socket = open(&server, "/echo").await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 16 << 20] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        for message in [Message::Binary(bytes), Message::Text("x".repeat(size))] {
            assert!(
                ask(&mut socket, message.clone()).await == Event::Message(message),
                "{size} bytes"
            );
        }
    }
    socket.close(4000, "bye");
    assert_eq!(
        next(&mut socket).await,
        Event::Closed(CloseInfo::new(4000, "bye", true, ClosedBy::Local))
    );
}

#[tokio::test]
async fn close_with_the_code_and_reason_of_the_query() {
    let server = server().await;
    for (query, code, reason) in [
        ("", 1005, ""),
        ("?code=1000", 1000, ""),
        ("?code=4001&reason=why%20not%20%C3%A9", 4001, "why not é"),
        ("?code=1011&reason=a+b", 1011, "a b"),
    ] {
        let mut socket = open(&server, &format!("/close{query}")).await;
        assert_eq!(
            next(&mut socket).await,
            Event::Closed(CloseInfo::new(code, reason, true, ClosedBy::Remote))
        );
    }
    for query in ["?code=x", "?code=1006", "?code=999", "?code=70000"] {
        assert_eq!(
            status(connect(&server, &format!("/close{query}"), &[]).await),
            400,
            "{query}"
        );
    }
}

fn status<T>(result: Result<T, ConnectErrorKind>) -> u16 {
    match result.err() {
        Some(ConnectErrorKind::ConnectFailed {
            cause: Cause::Status(status),
            ..
        }) => status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn chat_is_typed() {
    let server = server().await;
    let (mut socket, opened) = connect(&server, "/chat", &["chat.v1"]).await.unwrap();
    assert_eq!(opened.protocol, "chat.v1");
    let said = r#"{"Said":{"who":"server","text":"hé\"llo"}}"#;
    assert_eq!(
        ask(&mut socket, r#"{"Say":"hé\"llo"}"#).await,
        Event::Message(Message::from(said))
    );
    for malformed in ["", "{", r#"{"Shout":"x"}"#, r#"{"Say":1}"#] {
        match ask(&mut socket, malformed).await {
            Event::Message(Message::Text(text)) => {
                assert!(text.starts_with(r#"{"Error":"#), "{text}")
            }
            other => panic!("{other:?}"),
        }
    }
    // And it goes on.
    assert!(
        matches!(ask(&mut socket, r#"{"Say":"x"}"#).await, Event::Message(Message::Text(text)) if text.contains("Said"))
    );
}

#[tokio::test]
async fn the_server_prefers_its_own_order_of_subprotocols() {
    let server = server().await;
    for (path, offered, chosen) in [
        ("/echo", &["json", "echo"][..], "echo"),
        ("/echo", &["x", "json"], "json"),
        ("/echo", &["x"], ""),
        ("/echo", &[], ""),
        ("/echo?protocol=x", &["echo", "x"], "x"),
        ("/echo?protocol=y", &["echo", "x"], ""),
        ("/echo", &["ECHO"], ""),
    ] {
        let found = match connect(&server, path, offered).await {
            Ok((_socket, opened)) => opened.protocol,
            // A client that offers some refuses a server that chooses none.
            Err(ConnectErrorKind::Subprotocol { chosen, .. }) if !offered.is_empty() => chosen,
            Err(error) => panic!("{path} {offered:?}: {error}"),
        };
        assert_eq!(found, chosen, "{path} {offered:?}");
    }
}

#[tokio::test]
async fn statuses_instead_of_a_handshake() {
    let server = server().await;
    for code in [200, 302, 401, 404, 503] {
        assert_eq!(
            status(connect(&server, &format!("/status/{code}"), &[]).await),
            code
        );
    }
    assert_eq!(status(connect(&server, "/status/101", &[]).await), 400);
    assert_eq!(status(connect(&server, "/status/x", &[]).await), 400);
    assert_eq!(status(connect(&server, "/nothing", &[]).await), 404);
    assert_eq!(status(connect(&server, "/", &[]).await), 404);
}

#[tokio::test]
async fn flood_sends_every_message_and_then_closes() {
    let server = server().await;
    let mut socket = open(&server, "/flood?count=5000&size=300").await;
    for index in 0..5000 {
        assert_eq!(
            next(&mut socket).await,
            Event::Message(Message::Binary(vec![(index % 256) as u8; 300]))
        );
    }
    assert_eq!(
        next(&mut socket).await,
        Event::Closed(CloseInfo::new(1000, "", true, ClosedBy::Remote))
    );

    let mut socket = open(&server, "/flood?count=1&size=0&then=stay").await;
    assert_eq!(
        next(&mut socket).await,
        Event::Message(Message::Binary(Vec::new()))
    );
    let more = tokio::time::timeout(
        Duration::from_millis(100),
        poll_fn(|cx| socket.poll_event(cx)),
    )
    .await;
    assert!(more.is_err(), "it stays");
    assert_eq!(status(connect(&server, "/flood?count=x", &[]).await), 400);
    assert_eq!(
        status(connect(&server, "/flood?size=99999999999", &[]).await),
        400
    );
    assert_eq!(status(connect(&server, "/flood?then=x", &[]).await), 400);
}

#[tokio::test]
async fn sink_takes_everything_and_says_nothing() {
    let server = server().await;
    let mut socket = open(&server, "/sink").await;
    for _ in 0..100 {
        socket.send(Message::Binary(vec![0; 100_000])).unwrap();
        soon(poll_fn(|cx| socket.poll_ready(cx))).await;
    }
    socket.close(1000, "");
    assert_eq!(
        next(&mut socket).await,
        Event::Closed(CloseInfo::new(1000, "", true, ClosedBy::Local))
    );
}

#[tokio::test]
async fn sink_reports_the_number_of_messages() {
    let server = server().await;
    let mut socket = open(&server, "/sink?tell=3").await;
    for _ in 0..2 {
        for _ in 0..3 {
            socket.send("x".into()).unwrap();
        }
        assert_eq!(next(&mut socket).await, Event::Message("taken".into()));
    }
    assert_eq!(status(connect(&server, "/sink?tell=x", &[]).await), 400);
}

#[tokio::test]
async fn repeat_sends_the_first_message_back_so_often() {
    let server = server().await;
    let mut socket = open(&server, "/repeat?count=50").await;
    for text in ["first", "second"] {
        socket.send(text.into()).unwrap();
    }
    for _ in 0..50 {
        assert_eq!(next(&mut socket).await, Event::Message("first".into()));
    }
    socket.close(1000, "");
    assert!(matches!(next(&mut socket).await, Event::Closed(_)));
}

#[tokio::test]
async fn silent_never_answers_and_ends_with_the_client() {
    let server = server().await;
    let mut io = TcpStream::connect(server.address()).await.unwrap();
    io.write_all(b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let answer = tokio::time::timeout(Duration::from_millis(200), io.read_u8()).await;
    assert!(answer.is_err(), "it is silent");
    io.shutdown().await.unwrap();
    let mut rest = Vec::new();
    soon(io.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_client_that_violates_the_protocol_is_closed_and_others_are_not_affected() {
    let server = server().await;
    let mut other = open(&server, "/echo").await;
    let mut io = TcpStream::connect(server.address()).await.unwrap();
    let request = "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    // An unmasked frame, and a lot behind it.
    io.write_all(&[request.as_bytes(), b"\x81\x01a", &[0; 100_000]].concat())
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(io.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(b"\r\n\r\n\x88\x02\x03\xea"));
    assert_eq!(
        ask(&mut other, "still here").await,
        Event::Message(Message::from("still here"))
    );
}
