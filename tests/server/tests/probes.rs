//! The services that look at a client closely, and the byte relay.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use std::future::poll_fn;
use support::{ask, connect, http, next, open, server, soon, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::error::{Cause, ConnectErrorKind, Violation};
use websocket_channel::{CloseInfo, ClosedBy, Event, Message};
use websocket_channel_server::{Options, TestServer};

fn text(event: Event) -> String {
    match event {
        Event::Message(Message::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn fragments_join_to_the_sent_message() {
    let server = server().await;
    for query in ["", "?size=2", "?size=3&pings=yes", "?size=1000"] {
        let mut socket = open(&server, &format!("/fragment{query}")).await;
        for message in [
            Message::from("héllo €𐍈"),
            Message::from(""),
            Message::Binary(vec![7; 70_000]),
        ] {
            assert!(
                ask(&mut socket, message.clone()).await == Event::Message(message),
                "{query}"
            );
        }
        socket.close(4000, "");
        assert_eq!(
            next(&mut socket).await,
            Event::Closed(CloseInfo::new(4000, "", true, ClosedBy::Local))
        );
    }
    // They really are pieces.
    let mut socket = open(&server, "/fragment?size=1&pings=yes&tag=f").await;
    ask(&mut socket, "é").await;
    let told = support::control(&server, "transcript?tag=f").await;
    let sent = told["connections"][0]["sent"]["hex"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(sent.contains("0101c389076265747765656e8001a9"), "{sent}");
}

#[tokio::test]
async fn pongs_are_reported() {
    let server = server().await;
    let mut socket = open(&server, "/ping?count=2&size=125").await;
    assert_eq!(text(next(&mut socket).await), "pong 0");
    assert_eq!(text(next(&mut socket).await), "pong 1");
    assert_eq!(
        next(&mut socket).await,
        Event::Closed(CloseInfo::new(1000, "", true, ClosedBy::Remote))
    );
}

#[tokio::test]
async fn a_probe_reports_the_request_and_answers_as_requested() {
    let server = server().await;
    let (mut socket, opened) = connect(&server, "/probe?protocol=b", &["a", "b"])
        .await
        .unwrap();
    assert_eq!(opened.protocol, "b");
    let asked: Value = serde_json::from_str(&text(next(&mut socket).await)).unwrap();
    assert_eq!(
        (&asked["protocols"], &asked["version"]),
        (&json!(["a", "b"]), &json!(13))
    );
    assert_eq!(asked["target"], "/probe?protocol=b");
    let key = |header: &Value| header[0] == "Sec-WebSocket-Key";
    assert!(asked["headers"].as_array().unwrap().iter().any(key));
    assert_eq!(text(ask(&mut socket, "echo").await), "echo");
    for (path, violation) in [
        ("/probe?protocol=unasked", Violation::Subprotocol),
        ("/probe?extensions=x-unknown", Violation::Extension),
    ] {
        match connect(&server, path, &["a"]).await.err().unwrap() {
            ConnectErrorKind::ConnectFailed { cause, .. } => {
                assert_eq!(cause, Cause::Violation(violation))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        status(connect(&server, "/probe?extensions=a%0D%0Ab", &[]).await),
        400
    );
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
async fn a_slow_reader_delays_only_its_own_writer() {
    let server = server().await;
    let mut socket = open(&server, "/slow?rate=1&tag=slow").await;
    while socket.buffered_amount() == 0 {
        socket.send(Message::Binary(vec![0; 1 << 20])).unwrap();
        // A full pipe leaves bytes behind.
        let _ = tokio::time::timeout(
            std::time::Duration::from_millis(100),
            poll_fn(|cx| socket.poll_flush(cx)),
        )
        .await;
    }
    let mut other = open(&server, "/echo").await;
    assert_eq!(text(ask(&mut other, "quick").await), "quick");
    // It does read.
    until(&server, "list?tag=slow", |list| {
        list["connections"][0]["received"].as_u64().unwrap() > 160
    })
    .await;
}

/// A port of this machine that sends every byte back.
async fn echo_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn the_pipe_carries_a_stream_both_ways() {
    let target = echo_port().await;
    let mut options = Options::new();
    options.pipe_to = vec![target.local_addr().unwrap()];
    let server = TestServer::start(options).await.unwrap();
    let to = target.local_addr().unwrap();
    let mut socket = open(&server, &format!("/pipe?to={to}")).await;
    let (mut io, _) = target.accept().await.unwrap();

    let sent: Vec<u8> = (0..3_000_000_u32)
        .map(|index| (index % 251) as u8)
        .collect();
    let copy = sent.clone();
    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = io.split();
        tokio::io::copy(&mut reader, &mut writer).await
    });
    for chunk in copy.chunks(100_000) {
        socket.send(Message::Binary(chunk.to_vec())).unwrap();
    }
    let mut received = Vec::new();
    while received.len() < sent.len() {
        match next(&mut socket).await {
            Event::Message(Message::Binary(bytes)) => received.extend(bytes),
            other => panic!("{other:?}"),
        }
    }
    assert!(received == sent);
    socket.close(1000, "");
    assert!(matches!(next(&mut socket).await, Event::Closed(_)));
    // The end goes through, too.
    soon(echo).await.unwrap().unwrap();

    let mut socket = open(&server, &format!("/pipe?to={to}")).await;
    let (io, _) = target.accept().await.unwrap();
    drop(io);
    assert_eq!(
        next(&mut socket).await,
        Event::Closed(CloseInfo::new(
            1000,
            "the target ended",
            true,
            ClosedBy::Remote
        ))
    );

    let mut socket = open(&server, &format!("/pipe?to={to}")).await;
    let _held = target.accept().await.unwrap();
    socket.send("text".into()).unwrap();
    assert_eq!(
        next(&mut socket).await,
        Event::Closed(CloseInfo::new(
            1003,
            "a stream is bytes",
            true,
            ClosedBy::Remote
        ))
    );
}

#[tokio::test]
async fn the_pipe_reaches_only_allowed_ports() {
    let target = echo_port().await;
    let server = server().await;
    for (to, code) in [
        (target.local_addr().unwrap().to_string(), 403),
        ("example.com:80".into(), 400),
        ("10.0.0.1:80".into(), 400),
        ("".into(), 400),
    ] {
        assert_eq!(
            status(connect(&server, &format!("/pipe?to={to}"), &[]).await),
            code,
            "{to}"
        );
    }
    // The server's own ports are on the list: a WebSocket in a WebSocket.
    let to = server.address();
    let mut socket = open(&server, &format!("/pipe?to={to}")).await;
    let get = b"GET /status/404 HTTP/1.1\r\nHost: x\r\n\r\n";
    match ask(&mut socket, &get[..]).await {
        Event::Message(Message::Binary(bytes)) => assert!(bytes.starts_with(b"HTTP/1.1 404 ")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn virtual_hosts_are_services() {
    let server = server().await;
    for (host, path, status) in [
        ("echo.localhost", "/", "101"),
        ("echo.localhost:1234", "/?x=y", "101"),
        ("echo.localhost", "/other", "404"),
        ("status.localhost", "/503", "503"),
        ("fault.localhost", "/status-404", "404"),
        ("nothing.localhost", "/echo", "101"),
        ("localhost", "/", "404"),
        ("echo.example.com", "/", "404"),
    ] {
        let mut io = TcpStream::connect(server.address()).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        io.write_all(request.as_bytes()).await.unwrap();
        let mut line = [0; 12];
        soon(io.read_exact(&mut line)).await.unwrap();
        assert_eq!(
            line,
            *format!("HTTP/1.1 {status}").as_bytes(),
            "{host}{path}"
        );
    }
}

#[tokio::test]
async fn an_invalid_query_is_an_error() {
    let server = server().await;
    for path in [
        "/fragment?size=x",
        "/fragment?pings=maybe",
        "/ping?size=126",
        "/ping?count=-1",
        "/slow?rate=fast",
    ] {
        assert_eq!(status(connect(&server, path, &[]).await), 400, "{path}");
        assert!(
            http(
                &server,
                format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()
            )
            .await
            .starts_with("HTTP/1.1 426 ")
        );
    }
}
