//! RFC 6455 §4.1: the client's opening handshake.

use crate::support::{START, cut, events, fixed, take};
use std::time::Duration;
use websocket_channel::error::{Cause, Misuse, Violation};
use websocket_channel::proto::{Address, Connection, Event, Limits, Offer, Role};
use websocket_channel::{Message, Opened};

const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn offer(protocols: &[&str]) -> Offer {
    let mut offer = Offer::new(Address::parse("ws://example.com/chat?a=b").unwrap());
    offer.protocols = protocols
        .iter()
        .map(|&protocol| protocol.to_owned())
        .collect();
    offer
}

fn asking(protocols: &[&str]) -> Connection {
    let mut client = Connection::client(START, offer(protocols), Limits::default(), fixed).unwrap();
    take(&mut client);
    client
}

fn opens(response: &str, protocols: &[&str], chosen: &str) {
    let bytes = [response.as_bytes(), b"\x81\x02Hi"].concat();
    cut(
        || asking(protocols),
        &bytes,
        |how, client| {
            // Bytes behind the head are frames already.
            let expected = [
                Event::Opened(Opened::new(chosen, "")),
                Event::Message(Message::from("Hi")),
            ];
            assert_eq!(events(client), expected, "{response:?} {how}");
            assert!(client.is_open() && client.poll_timeout().is_none());
        },
    );
}

fn fails(response: &str, protocols: &[&str], cause: impl Into<Cause>) {
    let cause = cause.into();
    for behind in ["", "\u{1}\u{2}trailing"] {
        cut(
            || asking(protocols),
            &[response, behind].concat().into_bytes(),
            |how, client| {
                assert_eq!(
                    events(client),
                    [Event::Failed(cause.clone())],
                    "{response:?} {how}"
                );
                assert!(client.is_finished() && client.outgoing().is_empty());
            },
        );
    }
}

#[test]
fn the_request() {
    let mut client = Connection::client(START, offer(&[]), Limits::default(), fixed).unwrap();
    let request = "GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    assert_eq!(String::from_utf8(take(&mut client)).unwrap(), request);
    assert_eq!(client.role(), Role::Client);

    let mut offer = offer(&["chat", "superchat"]);
    offer.address = Address::parse("wss://[::1]:8443").unwrap();
    offer.origin = Some("http://example.com".into());
    offer.headers.push(("Cookie".into(), "a=b; c=d".into()));
    let mut client = Connection::client(START, offer, Limits::default(), fixed).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: [::1]:8443\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                   Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\nCookie: a=b; c=d\r\n\r\n";
    assert_eq!(String::from_utf8(take(&mut client)).unwrap(), request);
}

#[test]
fn an_offer_cannot_break_the_request_apart() {
    let broken: [fn(&mut Offer); 6] = [
        |offer| offer.origin = Some("x\r\ny".into()),
        |offer| offer.headers.push(("a b".into(), "c".into())),
        |offer| offer.headers.push(("a".into(), "c\nd".into())),
        |offer| offer.protocols.push("a,b".into()),
        |offer| offer.address.resource = "/ HTTP/1.1\r\nx: y".into(),
        |offer| offer.address.host = "a b".into(),
    ];
    for change in broken {
        let mut offer = offer(&[]);
        change(&mut offer);
        let refused = Connection::client(START, offer, Limits::default(), fixed);
        assert_eq!(refused.err(), Some(Misuse::Header));
    }
}

#[test]
fn right_responses() {
    opens(RIGHT, &[], "");
    // Names in any case, values of Upgrade and Connection too, other tokens beside ours, other headers anywhere.
    opens(
        "HTTP/1.1 101\r\nserver: x\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n\
         sec-websocket-accept:\t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\nx:\r\n\r\n",
        &[],
        "",
    );
    opens(
        &RIGHT.replace("Switching Protocols", "Web Socket Protocol Handshake"),
        &[],
        "",
    );
}

#[test]
fn subprotocols() {
    let with = |line: &str| {
        RIGHT.replace(
            "Upgrade: websocket",
            &format!("Upgrade: websocket\r\n{line}"),
        )
    };
    opens(&with("Sec-WebSocket-Protocol: b"), &["a", "b"], "b");
    opens(RIGHT, &["a", "b"], "");
    for (line, asked) in [
        ("Sec-WebSocket-Protocol: a", &[][..]),
        ("Sec-WebSocket-Protocol: c", &["a", "b"]),
        ("Sec-WebSocket-Protocol: A", &["a"]),
        ("Sec-WebSocket-Protocol: a, b", &["a", "b"]),
        ("Sec-WebSocket-Protocol:", &["a"]),
        (
            "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a",
            &["a"],
        ),
    ] {
        fails(&with(line), asked, Violation::Subprotocol);
    }
}

#[test]
fn extensions_that_nobody_asked_for() {
    let with = |value: &str| {
        RIGHT.replace(
            "Upgrade: websocket",
            &format!("Upgrade: websocket\r\nSec-WebSocket-Extensions: {value}"),
        )
    };
    fails(&with("permessage-deflate"), &[], Violation::Extension);
    fails(&with("x; y=1"), &[], Violation::Extension);
    opens(&with(""), &[], "");
}

#[test]
fn other_statuses_are_told() {
    for status in [100, 200, 301, 302, 400, 401, 403, 404, 407, 426, 500, 503] {
        fails(
            &format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n"),
            &[],
            Cause::Status(status),
        );
    }
    fails("HTTP/1.0 404 Not Found\r\n\r\n", &[], Cause::Status(404));
    fails("HTTP/1.1 404\r\n\r\n", &[], Cause::Status(404));
}

#[test]
fn wrong_responses() {
    let without = |line: &str| RIGHT.replace(line, "X: y\r\n");
    let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    fails(&without("Upgrade: websocket\r\n"), &[], Violation::Upgrade);
    fails(&RIGHT.replace("websocket", "h2c"), &[], Violation::Upgrade);
    fails(
        &RIGHT.replace("websocket", "websocket\r\nUpgrade: websocket"),
        &[],
        Violation::Upgrade,
    );
    fails(
        &without("Connection: Upgrade\r\n"),
        &[],
        Violation::Connection,
    );
    fails(
        &RIGHT.replace("Connection: Upgrade", "Connection: keep-alive"),
        &[],
        Violation::Connection,
    );
    fails(&without(accept), &[], Violation::Accept);
    fails(
        &RIGHT.replace(accept, &accept.repeat(2)),
        &[],
        Violation::Accept,
    );
    fails(&RIGHT.replace("s3pP", "S3pP"), &[], Violation::Accept);
    fails(&RIGHT.replace("xOo=", "xOo"), &[], Violation::Accept);
    fails(
        &RIGHT.replace("HTTP/1.1", "HTTP/1.0"),
        &[],
        Violation::HttpVersion,
    );
}

#[test]
fn heads_that_are_not_http() {
    for head in [
        "\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 1x1 A\r\n\r\n",
        "HTTP/1.1 1010 A\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1x 101 A\r\n\r\n",
        "HTTP/one 404 A\r\n\r\n",
        "HTTP/1.1 101 A\nUpgrade",
        "HTTP/1.1 101 A\r\rn",
        "HTTP/1.1 101 A\r\nno colon\r\n\r\n",
        "HTTP/1.1 101 A\r\n: x\r\n\r\n",
        "HTTP/1.1 101 A\r\na : x\r\n\r\n",
        "HTTP/1.1 101 A\r\n folded: x\r\n\r\n",
        "\u{15}\u{3}\u{1}",
    ] {
        fails(head, &[], Violation::HeadSyntax);
    }
}

#[test]
fn the_stream_ends_inside_the_handshake() {
    for at in 0..RIGHT.len() {
        let mut client = asking(&[]);
        client.handle_bytes(START, &RIGHT.as_bytes()[..at]);
        client.handle_eof(START);
        assert!(
            matches!(
                events(&mut client)[..],
                [Event::Failed(Cause::Transport(_))]
            ),
            "after {at} bytes"
        );
    }
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let mut client = asking(&[]);
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, START + Duration::from_secs(60));
    client.handle_bytes(START + Duration::from_secs(59), b"HTTP/1.1 101");
    assert_eq!(client.poll_timeout(), Some(due), "dripping does not help");
    client.handle_timeout(due);
    assert_eq!(
        events(&mut client),
        [Event::Failed(Violation::HandshakeTimeout.into())]
    );
}

#[test]
fn nothing_can_be_sent_before_the_answer() {
    let mut client = asking(&[]);
    assert!(!client.is_open() && client.is_handshaking());
    assert_eq!(client.send(Message::from("a")), Err(Message::from("a")));
    assert_eq!(client.ping(b""), Err(Misuse::NotOpen));
    assert_eq!(client.close(START, None), Err(Misuse::NotOpen));
    assert_eq!(client.accept(START, None, &[]), Err(Misuse::NoRequest));
}
