//! RFC 6455 §4.2: the server's opening handshake.

use crate::support::{START, cut, events, fixed, masked, syntax, take};
use std::time::Duration;
use websocket_channel::error::{Cause, Misuse, Violation::*};
use websocket_channel::proto::handshake::accept_key;
use websocket_channel::proto::{Connection, ConnectionEvent, ProtocolLimits, Request, Response};
use websocket_channel::{Message, OpenInfo};

const RIGHT: &str = "GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n\
                     Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn server() -> Connection {
    Connection::server(START, ProtocolLimits::default(), fixed)
}

/// The request of a server that was given these bytes.
fn asked(server: &mut Connection) -> Request {
    match server.poll_event() {
        Some(ConnectionEvent::Request(request)) => *request,
        other => panic!("no request but {other:?}"),
    }
}

fn refused(request: &str, violation: websocket_channel::error::Violation, status: u16) {
    cut(server, request.as_bytes(), |how, server| {
        assert_eq!(
            events(server),
            [ConnectionEvent::Failed(violation.into())],
            "{request:?} {how}"
        );
        let response = String::from_utf8(take(server)).unwrap();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
        // RFC 9110 §7.8: who sends `Upgrade` names it in `Connection`.
        let upgrade = "Upgrade: websocket\r\n";
        let connection = match status {
            426 => "\r\nConnection: Upgrade, close\r\n",
            _ => "\r\nConnection: close\r\n",
        };
        assert!(response.contains(connection), "{response}");
        assert_eq!(response.contains(upgrade), status == 426);
        assert_eq!(
            response.contains("\r\nSec-WebSocket-Version: 13, 8, 7\r\n"),
            status == 426
        );
        // RFC 9110 §9.3.2: no body for HEAD, and its length all the same.
        let words = format!("{violation}\n");
        assert!(response.contains(&format!("\r\nContent-Length: {}\r\n", words.len())));
        let body = response.split_once("\r\n\r\n").unwrap().1;
        assert_eq!(
            body,
            if request.starts_with("HEAD ") {
                ""
            } else {
                &words
            }
        );
        assert!(server.wants_shutdown() && !server.is_finished());
        server.handle_eof(START);
        assert!(server.is_finished() && events(server).is_empty());
    });
}

#[test]
fn accept_key_of_section_1_3() {
    assert_eq!(
        accept_key("dGhlIHNhbXBsZSBub25jZQ=="),
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
}

#[test]
fn a_valid_request_is_reported_and_accepted() {
    cut(server, RIGHT.as_bytes(), |how, server| {
        let request = asked(server);
        assert_eq!((request.path(), request.query()), ("/chat", "a=b"), "{how}");
        assert_eq!(request.protocols, ["chat", "superchat"]);
        assert_eq!(
            (request.origin(), request.version),
            (Some("http://example.com"), Some(13))
        );
        assert!(server.outgoing().is_empty());
        server
            .accept(START, Some("superchat"), &[("Set-Cookie", "a=b")])
            .unwrap();
        let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                            Sec-WebSocket-Protocol: superchat\r\nSet-Cookie: a=b\r\n\r\n";
        assert_eq!(String::from_utf8(take(server)).unwrap(), response);
        assert_eq!(
            events(server),
            [ConnectionEvent::Opened(OpenInfo::new("superchat", ""))]
        );
        assert!(server.is_open() && server.poll_timeout().is_none());
        assert_eq!(server.accept(START, None, &[]), Err(Misuse::NoRequest));
    });
}

#[test]
fn a_request_in_other_words_is_right_too() {
    for (from, to) in [
        ("Upgrade: websocket", "upgrade: WebSocket"),
        ("Upgrade: websocket", "Upgrade: h2c, websocket"),
        ("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        (
            "Connection: Upgrade",
            "Connection: keep-alive\r\nConnection: Upgrade",
        ),
        ("GET /chat?a=b", "GET http://example.com/chat?a=b"),
        ("Version: 13", "Version: 13\r\nContent-Length: 0"),
        (
            "chat, superchat",
            "chat\r\nSec-WebSocket-Protocol: superchat",
        ),
        // The unused bits of the last character are as they fall.
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR=="),
    ] {
        let mut server = server();
        server.handle_bytes(START, RIGHT.replace(from, to).as_bytes());
        let request = asked(&mut server);
        assert!(request.is_websocket(), "{to}");
        assert_eq!(request.target, "/chat?a=b", "{to}");
        assert_eq!(request.protocols, ["chat", "superchat"], "{to}");
        server.accept(START, None, &[]).unwrap();
    }
}

#[test]
fn versions_8_and_7_are_the_same_with_another_origin() {
    for version in [8, 7] {
        let request = RIGHT
            .replace("Version: 13", &format!("Version: {version}"))
            .replace("Origin:", "Sec-WebSocket-Origin:");
        let mut server = server();
        server.handle_bytes(START, request.as_bytes());
        let request = asked(&mut server);
        assert_eq!(
            (request.version, request.origin()),
            (Some(version), Some("http://example.com"))
        );
        server.accept(START, None, &[]).unwrap();
        assert!(server.is_open());
    }
}

#[test]
fn wrong_requests() {
    let change = |from: &str, to: &str| {
        assert!(RIGHT.contains(from), "{from}");
        RIGHT.replace(from, to)
    };
    for method in ["POST", "HEAD", "get", "OPTIONS"] {
        refused(&change("GET", method), Method, 405);
    }
    refused(&change("HTTP/1.1", "HTTP/1.0"), HttpVersion, 400);
    refused(&change("Host: example.com\r\n", ""), Host, 400);
    refused(
        &change("Host: example.com", "Host: a\r\nHost: a"),
        Host,
        400,
    );
    // RFC 9112 §3.2: "a Host header field with an invalid field value".
    for host in ["", "a b", "a/b", "a@b", "http://a", "a?b", "a#b", "\u{e4}"] {
        refused(&change("example.com", host), Host, 400);
    }
    refused(&change("Upgrade: websocket\r\n", ""), Upgrade, 400);
    refused(&change("Upgrade: websocket", "Upgrade: h2c"), Upgrade, 400);
    refused(&change("Connection: Upgrade\r\n", ""), Connection, 400);
    refused(
        &change("Connection: Upgrade", "Connection: close"),
        Connection,
        400,
    );
    refused(
        &change("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        Key,
        400,
    );
    for key in [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZSE=",
        "dGhlIHNhbXBs*SBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        refused(&change("dGhlIHNhbXBsZSBub25jZQ==", key), Key, 400);
    }
    for version in [
        "",
        "0",
        "6",
        "9",
        "12",
        "14",
        "013",
        "13, 8",
        "x",
        "13\r\nSec-WebSocket-Version: 13",
    ] {
        refused(
            &change("Version: 13", &format!("Version: {version}")),
            Version,
            426,
        );
    }
    refused(&change("Sec-WebSocket-Version: 13\r\n", ""), Version, 426);
    for list in ["chat, chat", "a b", "a, b c", "a;b", "\"a\""] {
        refused(&change("chat, superchat", list), ProtocolList, 400);
    }
    for target in [
        "chat",
        "*",
        "/#x",
        "/\tdemo",
        "ftp://example.com/",
        "http://example.com?x",
        "http:///x",
        "http://user@example.com/",
        "example.com:80",
    ] {
        refused(&change("/chat?a=b", target), Target, 400);
    }
    // RFC 6455 §9.1, whether or not we would compress.
    for list in [
        "x;",
        "x y",
        "x=1",
        "x; a=",
        "x; a=\"b",
        "x; a=\"b c\"",
        ";",
        "\"x\"",
    ] {
        let line = format!("Version: 13\r\nSec-WebSocket-Extensions: {list}");
        refused(&change("Version: 13", &line), ExtensionList, 400);
    }
    refused(
        &change("Version: 13", "Version: 13\r\nContent-Length: 5"),
        Body,
        400,
    );
    refused(
        &change("Version: 13", "Version: 13\r\nTransfer-Encoding: chunked"),
        Body,
        400,
    );
}

#[test]
fn heads_that_are_not_http() {
    for (head, at) in [
        ("\r\n", (1, 1)),
        ("GET\r\n\r\n", (1, 4)),
        ("GET / HTTP/1.1 x\r\n\r\n", (1, 17)),
        ("GET  / HTTP/1.1\r\n\r\n", (1, 16)),
        ("GET / FTP/1\r\n\r\n", (1, 7)),
        ("GET / HTTP/\r\n\r\n", (1, 7)),
        ("GET / HTTP/1.\u{84}\r\n\r\n", (1, 7)),
        ("GET / HTTP/1.10\r\n\r\n", (1, 7)),
        ("GET / HTTP/1.1\n", (1, 15)),
        ("GET / HTTP/1.1\r\nx\r\n\r\n", (2, 2)),
        // RFC 9112 §5.2: a server rejects a folded line, or replaces it.
        ("GET / HTTP/1.1\r\na: b\r\n c: d\r\n\r\n", (3, 1)),
        ("\u{16}\u{3}\u{1}", (1, 1)),
        ("G@T / HTTP/1.1\r\n\r\n", (1, 1)),
    ] {
        refused(head, syntax(at), 400);
    }
}

#[test]
fn plain_http_is_reported_and_answered() {
    let mut server = server();
    server.handle_bytes(
        START,
        b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
    );
    let request = asked(&mut server);
    assert!(!request.is_websocket());
    assert_eq!(
        (request.method.as_str(), request.path(), request.query()),
        ("GET", "/page", "")
    );
    assert_eq!(request.headers.get("host"), Some("x"));
    assert_eq!(server.accept(START, None, &[]), Err(Misuse::NotWebSocket));
    server
        .reject(
            START,
            &Response::new(200, "hello").header("Content-Type", "text/plain"),
        )
        .unwrap();
    let response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert_eq!(String::from_utf8(take(&mut server)).unwrap(), response);
    assert!(server.wants_shutdown());
    server.handle_bytes(START, b"GET /more HTTP/1.1\r\n\r\n");
    server.handle_eof(START);
    assert!(events(&mut server).is_empty());
}

/// RFC 9112 §3.2 asks it of every request.
#[test]
fn a_plain_request_has_one_host() {
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n"] {
        refused(&format!("GET / HTTP/1.1\r\n{hosts}\r\n"), Host, 400);
        refused(&format!("HEAD / HTTP/1.1\r\n{hosts}\r\n"), Host, 400);
    }
    // HTTP/1.0 has none yet.
    let mut server = server();
    server.handle_bytes(START, b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(asked(&mut server).host(), None);
}

/// RFC 9112 §3.2.2: "the origin server MUST ignore the received Host header field (if any) and instead replace it with the host information
/// of the request-target".
#[test]
fn an_absolute_target_decides_about_the_host() {
    for (target, host) in [
        ("/chat?a=b", "example.com"),
        ("http://other.example/chat?a=b", "other.example"),
        ("WS://other.example:81/chat?a=b", "other.example"),
        ("http://[::1]:81/chat?a=b", "[::1]"),
    ] {
        let mut server = server();
        server.handle_bytes(START, RIGHT.replace("/chat?a=b", target).as_bytes());
        let request = asked(&mut server);
        assert_eq!(request.host(), Some(host), "{target}");
        assert_eq!(request.target, "/chat?a=b");
    }
}

#[test]
fn head_gets_no_body() {
    let mut server = server();
    server.handle_bytes(START, b"HEAD / HTTP/1.0\r\n\r\n");
    asked(&mut server);
    server.reject(START, &Response::new(404, "gone")).unwrap();
    let response = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\n";
    assert_eq!(String::from_utf8(take(&mut server)).unwrap(), response);
}

#[test]
fn answers_that_cannot_be_given() {
    let mut server = server();
    assert_eq!(
        server.reject(START, &Response::new(404, "")),
        Err(Misuse::NoRequest)
    );
    server.handle_bytes(START, RIGHT.as_bytes());
    asked(&mut server);
    assert_eq!(
        server.accept(START, Some("Chat"), &[]),
        Err(Misuse::Subprotocol)
    );
    assert_eq!(
        server.accept(START, None, &[("a", "b\r\nc: d")]),
        Err(Misuse::Header)
    );
    for name in [
        "upgrade",
        "Connection",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Accept",
    ] {
        let refused = server.accept(START, None, &[(name, "0")]);
        assert_eq!(refused, Err(Misuse::ReservedHeader), "{name}");
    }
    for name in ["connection", "Content-Length", "Transfer-Encoding"] {
        let refused = server.reject(START, &Response::new(200, "").header(name, "0"));
        assert_eq!(refused, Err(Misuse::ReservedHeader), "{name}");
    }
    assert_eq!(
        server.reject(START, &Response::new(101, "")),
        Err(Misuse::Status(101))
    );
    assert_eq!(
        server.reject(START, &Response::new(200, "").header("a b", "")),
        Err(Misuse::Header)
    );
    assert!(server.outgoing().is_empty());
    // None of it did harm.
    server.accept(START, None, &[]).unwrap();
}

#[test]
fn frames_that_come_too_early_wait() {
    let frame = masked(b"\x81\x02Hi");
    let mut connection = server();
    connection.handle_bytes(START, &[RIGHT.as_bytes(), &frame[..3]].concat());
    connection.handle_bytes(START, &frame[3..]);
    asked(&mut connection);
    assert!(events(&mut connection).is_empty());
    connection.accept(START, None, &[]).unwrap();
    assert_eq!(
        events(&mut connection),
        [
            ConnectionEvent::Opened(OpenInfo::default()),
            ConnectionEvent::Message(Message::from("Hi"))
        ]
    );

    let mut connection = server();
    connection.handle_bytes(START, RIGHT.as_bytes());
    asked(&mut connection);
    connection.handle_bytes(START, &vec![0; 17 << 10]);
    assert_eq!(
        events(&mut connection),
        [ConnectionEvent::Failed(EarlyData.into())]
    );
    assert_eq!(connection.accept(START, None, &[]), Err(Misuse::NoRequest));
}

#[test]
fn a_client_that_does_not_finish_is_answered_in_time() {
    let mut connection = server();
    let due = connection.poll_timeout().unwrap();
    assert_eq!(due, START + Duration::from_secs(60));
    connection.handle_bytes(START, b"GET / HT");
    connection.handle_timeout(due);
    assert_eq!(
        events(&mut connection),
        [ConnectionEvent::Failed(HandshakeTimeout.into())]
    );
    assert!(take(&mut connection).starts_with(b"HTTP/1.1 408 "));
    // And it is not waited for longer than for any answer.
    let due = connection.poll_timeout().unwrap();
    connection.handle_timeout(due);
    assert!(connection.is_finished());
}

#[test]
fn the_stream_ends_inside_the_handshake() {
    for at in [0, 1, 20, RIGHT.len()] {
        let mut server = server();
        server.handle_bytes(START, &RIGHT.as_bytes()[..at]);
        server.handle_eof(START);
        assert!(
            matches!(
                events(&mut server).last(),
                Some(ConnectionEvent::Failed(Cause::Transport(_)))
            ),
            "after {at}"
        );
        assert!(server.outgoing().is_empty());
    }
}
