//! RFC 6455 §4.1: the client's opening handshake.

use crate::support::{START, cut, events, fixed, syntax, take};
use std::cell::RefCell;
use std::time::Duration;
use websocket_channel::error::{Cause, ConnectErrorKind, Misuse, Violation};
use websocket_channel::http::HttpResponse;
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Format, ProtocolLimits, Role,
};
use websocket_channel::{Message, OpenInfo};

const RIGHT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn offer(protocols: &[&str]) -> ClientRequest {
    let mut offer = ClientRequest::new(Address::parse("ws://example.com/chat?a=b").unwrap());
    offer.protocols = protocols
        .iter()
        .map(|&protocol| protocol.to_owned())
        .collect();
    offer
}

fn asking(protocols: &[&str]) -> Connection {
    let mut client =
        Connection::client(START, offer(protocols), ProtocolLimits::default(), fixed).unwrap();
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
                ConnectionEvent::Opened(OpenInfo::new(chosen, "")),
                ConnectionEvent::Message(Message::from("Hi")),
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
                // A refusal's body ends with the stream, if with nothing else.
                client.handle_eof(START);
                assert_eq!(
                    events(client),
                    [ConnectionEvent::Failed(cause.clone())],
                    "{response:?} {how}"
                );
                assert!(client.is_finished() && client.outgoing().is_empty());
            },
        );
    }
}

#[test]
fn the_request() {
    let mut client =
        Connection::client(START, offer(&[]), ProtocolLimits::default(), fixed).unwrap();
    let request = "GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    assert_eq!(String::from_utf8(take(&mut client)).unwrap(), request);
    assert_eq!(client.role(), Role::Client);

    let mut offer = offer(&["chat", "superchat"]);
    offer.address = Address::parse("wss://[::1]:8443").unwrap();
    offer.origin = Some("http://example.com".into());
    offer.headers.push(("Cookie".into(), "a=b; c=d".into()));
    let mut client = Connection::client(START, offer, ProtocolLimits::default(), fixed).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: [::1]:8443\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                   Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\nCookie: a=b; c=d\r\n\r\n";
    assert_eq!(String::from_utf8(take(&mut client)).unwrap(), request);
}

#[test]
fn an_offer_cannot_break_the_request_apart() {
    let broken: [fn(&mut ClientRequest); 11] = [
        |offer| offer.origin = Some("x\r\ny".into()),
        |offer| offer.headers.push(("a b".into(), "c".into())),
        |offer| offer.headers.push(("a".into(), "c\nd".into())),
        |offer| offer.protocols.push("a,b".into()),
        |offer| offer.address.resource = "/ HTTP/1.1\r\nx: y".into(),
        |offer| offer.address.host = "a b".into(),
        |offer| offer.address.host = "a/b".into(),
        |offer| offer.headers.push(("Host".into(), "a b".into())),
        |offer| offer.headers.push(("host".into(), String::new())),
        |offer| offer.headers.push(("Host".into(), "a/b".into())),
        |offer| offer.headers.push(("Host".into(), "user@a".into())),
    ];
    for change in broken {
        let mut offer = offer(&[]);
        change(&mut offer);
        let refused = Connection::client(START, offer, ProtocolLimits::default(), fixed);
        assert_eq!(refused.err(), Some(Misuse::Header));
    }
}

/// The request for this URL with these header lines.
fn request(url: &str, format: Format, headers: &[(&str, &str)]) -> Result<String, Misuse> {
    let mut offer = ClientRequest::new(Address::parse(url).unwrap());
    offer.format = format;
    let headers = headers.iter();
    offer.headers = headers
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let random = |bytes: &mut [u8]| bytes.fill(7);
    let client = Connection::client(START, offer, ProtocolLimits::default(), random)?;
    Ok(String::from_utf8_lossy(client.outgoing()).into_owned())
}

const FORMATS: [Format; 3] = [Format::Rfc6455, Format::Hixie75, Format::Hixie76];

#[test]
fn the_handshakes_own_headers_are_refused() {
    for format in FORMATS {
        for name in [
            "Upgrade",
            "CONNECTION",
            "Sec-WebSocket-Key",
            "sec-websocket-version",
            "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions",
            "Sec-WebSocket-Key1",
            "WebSocket-Protocol",
            "Content-Length",
            "Transfer-Encoding",
        ] {
            let refused = request("ws://h/", format, &[(name, "0")]);
            assert_eq!(refused, Err(Misuse::ReservedHeader), "{name}");
        }
        for name in ["Host", "Origin", "Authorization"] {
            let twice = request(
                "ws://h/",
                format,
                &[(name, "a"), (&name.to_lowercase(), "a")],
            );
            assert_eq!(twice, Err(Misuse::ReservedHeader), "{name}");
        }
        let once = request("ws://h/", format, &[("Origin", "http://o")]);
        assert_eq!(once.is_ok(), format == Format::Rfc6455);
        // Others may stand as often as they like.
        let cookies = request("ws://h/", format, &[("Cookie", "a=b"), ("Cookie", "c=d")]);
        assert_eq!(cookies.unwrap().matches("Cookie: ").count(), 2);
    }
    let mut both = offer(&[]);
    both.origin = Some("http://o".into());
    both.headers.push(("origin".into(), "http://p".into()));
    let refused = Connection::client(START, both, ProtocolLimits::default(), fixed);
    assert_eq!(refused.err(), Some(Misuse::ReservedHeader));
}

#[test]
fn a_host_is_replaced_and_not_doubled() {
    for format in FORMATS {
        let request = request("ws://127.0.0.1:81/", format, &[("host", "vhost.example")]);
        let request = request.unwrap();
        assert_eq!(
            request.to_lowercase().matches("\r\nhost:").count(),
            1,
            "{request}"
        );
        assert!(request.contains("\r\nHost: vhost.example\r\n"), "{request}");
    }
}

/// RFC 7617 §2; RFC 3986 §3.2.1: percent-decoded first.
#[test]
fn credentials_of_the_url_are_sent_as_basic() {
    for format in FORMATS {
        for (userinfo, encoded) in [
            ("Aladdin:open%20sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("test:1:23%C2%A3", "dGVzdDoxOjIzwqM="),
            ("u", "dTo="),
            (":p", "OnA="),
        ] {
            let url = format!("ws://{userinfo}@h/x");
            let sent = request(&url, format, &[]).unwrap();
            let line = format!("\r\nAuthorization: Basic {encoded}\r\n");
            assert!(sent.contains(&line), "{sent}");
            assert!(sent.contains("\r\nHost: h\r\n"), "{sent}");
            // An explicit one wins.
            let sent = request(&url, format, &[("authorization", "Bearer t")]).unwrap();
            assert!(sent.contains("authorization: Bearer t\r\n") && !sent.contains("Basic"));
        }
        assert!(
            !request("ws://h/", format, &[])
                .unwrap()
                .contains("Authorization")
        );
        assert!(
            !request("ws://@h/", format, &[])
                .unwrap()
                .contains("Authorization")
        );
    }
    for url in ["ws://a%3Ab:c@h/", "ws://a:%0Ab@h/", "ws://a:%FF@h/"] {
        assert_eq!(Address::parse(url), Err(ConnectErrorKind::BadUrl), "{url}");
    }
    let shown = format!("{:?}", Address::parse("ws://user:hidden@h/").unwrap());
    assert!(
        !shown.contains("hidden") && !shown.contains("user"),
        "{shown}"
    );
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
fn extensions_that_were_not_offered() {
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
fn other_statuses_are_reported() {
    for status in [200, 301, 302, 400, 401, 403, 404, 407, 426, 500, 503] {
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
    for (head, at) in [
        ("\r\n", (1, 1)),
        ("HTTP/1.1\r\n\r\n", (1, 9)),
        ("HTTP/1.1 1x1 A\r\n\r\n", (1, 10)),
        ("HTTP/1.1 1010 A\r\n\r\n", (1, 10)),
        ("ICY 200 OK\r\n\r\n", (1, 1)),
        ("HTTP/1.1x 101 A\r\n\r\n", (1, 1)),
        ("HTTP/one 404 A\r\n\r\n", (1, 1)),
        ("HTTP/1.1 101 A\nUpgrade", (1, 15)),
        ("HTTP/1.1 101 A\r\rn", (1, 16)),
        ("HTTP/1.1 101 A\r\nno colon\r\n\r\n", (2, 9)),
        ("HTTP/1.1 101 A\r\n: x\r\n\r\n", (2, 1)),
        ("HTTP/1.1 101 A\r\na : x\r\n\r\n", (2, 2)),
        ("HTTP/1.1 101 A\r\nb: x\r\na: \u{1}\r\n\r\n", (3, 4)),
        // There is nothing that it could continue.
        ("HTTP/1.1 101 A\r\n folded: x\r\n\r\n", (2, 1)),
        ("\u{15}\u{3}\u{1}", (1, 1)),
        // Also of an interim response.
        ("HTTP/1.1 100 A\r\n\r\nnonsense\r\n\r\n", (1, 9)),
    ] {
        fails(head, &[], syntax(at));
    }
    let told = Violation::HeadSyntax { line: 3, byte: 7 }.to_string();
    assert_eq!(told, "the head is not HTTP: line 3, byte 7");
}

/// RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
#[test]
fn interim_responses_come_before_the_101() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
    let others = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102\r\n\r\nHTTP/1.0 199 x\r\na: b\r\n\r\n";
    for interim in [hints.into(), others.into(), hints.repeat(8)] {
        opens(&format!("{interim}{RIGHT}"), &[], "");
        let refused = format!("{interim}HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
        fails(&refused, &[], Cause::Status(503));
    }
    // Not without end, and each within the limits of a head.
    fails(&(hints.repeat(9) + RIGHT), &[], Violation::TooManyInterim);
    let long = format!("HTTP/1.1 103 x\r\na: {}\r\n\r\n", "b".repeat(17 << 10));
    fails(&(long + RIGHT), &[], Violation::HeadTooLong);
}

/// RFC 9112 §5.2: a user agent "MUST replace each received obs-fold with one or more SP octets prior to interpreting the field value".
#[test]
fn folded_lines_of_a_response_are_joined() {
    let policy = |response: &str| {
        let mut client = asking(&[]);
        client.handle_bytes(START, response.as_bytes());
        match client.poll_event() {
            Some(ConnectionEvent::Opened(opened)) => {
                opened.headers.get("X-Policy").unwrap().to_owned()
            }
            other => panic!("{other:?}"),
        }
    };
    for (folded, joined) in [
        ("a;\r\n b", "a; b"),
        ("a;\r\n\t b \r\n  c", "a; b c"),
        ("\r\n b", "b"),
        ("a\r\n \t \r\n b", "a b"),
    ] {
        let with = format!("Upgrade: websocket\r\nX-Policy: {folded}");
        let response = RIGHT.replace("Upgrade: websocket", &with);
        opens(&response, &[], "");
        assert_eq!(policy(&response), joined, "{folded:?}");
    }
    // One that the handshake needs.
    opens(
        &RIGHT.replace("Connection: ", "Connection: x,\r\n "),
        &[],
        "",
    );
}

/// The response to a refused handshake: what came of it, and what was told.
fn refused(response: &str, end: impl Fn(&mut Connection)) -> HttpResponse {
    let seen = RefCell::new(None::<HttpResponse>);
    cut(
        || asking(&[]),
        response.as_bytes(),
        |how, client| {
            end(client);
            let told = events(client);
            let response = client.response().unwrap().clone();
            assert_eq!(
                told,
                [ConnectionEvent::Failed(Cause::Status(response.status))],
                "{how}"
            );
            assert!(client.is_finished());
            let mut seen = seen.borrow_mut();
            let same = seen.get_or_insert_with(|| response.clone());
            assert_eq!(*same, response, "{how}");
        },
    );
    seen.into_inner().unwrap()
}

#[test]
fn a_refusal_is_kept_with_its_headers_and_body() {
    let at_once = |_: &mut Connection| {};
    let eof = |client: &mut Connection| client.handle_eof(START);
    let limited = refused(
        "HTTP/1.1 429 x\r\nRetry-After: 3\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 4\r\n\r\nslow down",
        at_once,
    );
    assert_eq!(limited.headers.get("retry-after"), Some("3"));
    assert_eq!(
        limited.headers.get_all("Set-Cookie").collect::<Vec<_>>(),
        ["a=b", "c=d"]
    );
    assert_eq!((&*limited.body, limited.complete), (&b"slow"[..], true));
    let shown = format!("{limited:?}");
    assert!(shown.contains("Set-Cookie") && !shown.contains("a=b") && !shown.contains("slow"));

    // RFC 9112 §6.3: chunks, a length, or the end of the stream.
    let chunked = "HTTP/1.1 401 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n4;a=b\r\nwho \r\n004\r\nare \r\n3\r\nyou\r\n0\r\n\r\n";
    let chunked = refused(chunked, at_once);
    assert_eq!(
        (&*chunked.body, chunked.complete),
        (&b"who are you"[..], true)
    );
    let ended = refused("HTTP/1.0 404 x\r\n\r\nnot here", eof);
    assert_eq!((&*ended.body, ended.complete), (&b"not here"[..], true));
    for (response, body) in [
        (
            "HTTP/1.1 404 x\r\nContent-Length: 9\r\n\r\nnot he",
            "not he",
        ),
        (
            "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nnot he",
            "not he",
        ),
        (
            "HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\nx\r\nt",
            "no",
        ),
        // Nothing says where these end.
        ("HTTP/1.1 404 x\r\nContent-Length: -1\r\n\r\nno", "no"),
        (
            "HTTP/1.1 404 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nno",
            "no",
        ),
        (
            "HTTP/1.1 404 x\r\nContent-Length: 99999999999999999999\r\n\r\nno",
            "no",
        ),
    ] {
        let cut_off = refused(response, eof);
        assert_eq!((&*cut_off.body, cut_off.complete), (body.as_bytes(), false));
    }
    // No body, whatever the lines say.
    let none = refused("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\nhello", at_once);
    assert_eq!((&*none.body, none.complete), (&b""[..], true));
    // No more than the limit, which is met exactly.
    let long = "x".repeat(5 << 10);
    let long = refused(&format!("HTTP/1.1 500 x\r\n\r\n{long}"), at_once);
    assert_eq!((long.body.len(), long.complete), (4 << 10, false));
}

#[test]
fn the_body_of_a_refusal_is_not_waited_for_long() {
    let mut client = asking(&[]);
    client.handle_bytes(START, b"HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\nlat");
    assert!(events(&mut client).is_empty());
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, START + Duration::from_secs(1));
    client.handle_bytes(START + Duration::from_millis(999), b"e");
    assert_eq!(client.poll_timeout(), Some(due), "dripping does not help");
    client.handle_timeout(due);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Failed(Cause::Status(503))]
    );
    assert_eq!(client.response().unwrap().body, b"late");
    // Nor at all, if none is wanted.
    let mut limits = ProtocolLimits::default();
    limits.max_body = 0;
    let mut client = Connection::client(START, offer(&[]), limits, fixed).unwrap();
    client.handle_bytes(START, b"HTTP/1.1 503 x\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Failed(Cause::Status(503))]
    );
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
                [ConnectionEvent::Failed(Cause::Transport(_))]
            ),
            "after {at} bytes"
        );
    }
}

#[test]
fn a_server_that_never_answers_times_out() {
    let mut client = asking(&[]);
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, START + Duration::from_secs(60));
    client.handle_bytes(START + Duration::from_secs(59), b"HTTP/1.1 101");
    assert_eq!(client.poll_timeout(), Some(due), "dripping does not help");
    client.handle_timeout(due);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Failed(Violation::HandshakeTimeout.into())]
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
