//! draft-hixie-thewebsocketprotocol-76 (hybi-00): the challenge, the handshake, the closing handshake.

use crate::support::{START, cut, events, fixed, hex, syntax, take, vectors};
use websocket_channel::error::{Cause, Misuse, Violation::*};
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Format, ProtocolLimits, Role,
};
use websocket_channel::{CloseInfo, ClosedBy, Message, OpenInfo};

/// The answer to two keys with the number 0 and eight zeros: the MD5 of sixteen zeros.
const ANSWER: &str = "4ae71336e44bf9bf79d2752e234818a5";
const RIGHT: &str = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Origin: http://example.com\r\nSec-WebSocket-Location: ws://example.com/demo\r\n\
                     Sec-WebSocket-Protocol: sample\r\n\r\n";
/// What browsers of the time sent, in the words of the draft's first example.
const REQUEST: &str = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nSec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\n\
                       Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n^n:ds[4U";

fn zeros(bytes: &mut [u8]) {
    bytes.fill(0);
}

fn offer(protocol: Option<&str>) -> ClientRequest {
    let mut offer = ClientRequest::new(Address::parse("ws://example.com/demo").unwrap());
    offer.format = Format::Hixie76;
    offer.origin = Some("http://EXAMPLE.com".into());
    offer.protocols.extend(protocol.map(str::to_owned));
    offer
}

fn asking() -> Connection {
    let mut client = Connection::client(
        START,
        offer(Some("sample")),
        ProtocolLimits::default(),
        zeros,
    )
    .unwrap();
    take(&mut client);
    client
}

fn server() -> Connection {
    Connection::server(START, ProtocolLimits::default(), fixed)
}

fn response(head: &str, answer: &str) -> Vec<u8> {
    [head.as_bytes(), &hex(answer)].concat()
}

fn opens(head: &str) {
    let bytes = [response(head, ANSWER), hex("00 48 69 ff")].concat();
    cut(asking, &bytes, |how, client| {
        let expected = [
            ConnectionEvent::Opened(OpenInfo::new("sample", "")),
            ConnectionEvent::Message(Message::from("Hi")),
        ];
        assert_eq!(events(client), expected, "{head:?} {how}");
    });
}

fn fails_with(bytes: &[u8], cause: impl Into<Cause>) {
    let cause = cause.into();
    for behind in ["", "\u{1}trailing"] {
        cut(
            asking,
            &[bytes, behind.as_bytes()].concat(),
            |how, client| {
                // A refusal's body ends with the stream, if with nothing else.
                client.handle_eof(START);
                let expected = [ConnectionEvent::Failed(cause.clone())];
                let text = String::from_utf8_lossy(bytes);
                assert_eq!(events(client), expected, "{text:?} {how}");
                assert!(client.is_finished() && client.outgoing().is_empty());
            },
        );
    }
}

fn open(role: Role) -> Connection {
    let mut connection = match role {
        Role::Client => asking(),
        Role::Server => server(),
    };
    if role == Role::Client {
        connection.handle_bytes(START, &response(RIGHT, ANSWER));
    } else {
        connection.handle_bytes(START, REQUEST.as_bytes());
        connection.accept(START, Some("sample"), &[]).unwrap();
        take(&mut connection);
    }
    events(&mut connection);
    assert!(connection.is_open());
    connection
}

/// The fields of a request in some order, and the bytes behind the head.
fn fields(request: &[u8]) -> (Vec<String>, Vec<u8>) {
    let end = request.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(request[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n").map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some("GET /demo HTTP/1.1"));
    (lines.collect(), request[end + 4..].to_vec())
}

// The client's handshake.

#[test]
fn the_request_has_its_fields_and_then_eight_bytes() {
    let mut offer = offer(Some("sample"));
    offer.headers.push(("Cookie".into(), "a=b".into()));
    let mut client = Connection::client(START, offer, ProtocolLimits::default(), zeros).unwrap();
    let (mut lines, key3) = fields(&take(&mut client));
    lines.sort();
    let expected = [
        "Connection: Upgrade",
        "Cookie: a=b",
        "Host: example.com",
        "Origin: http://example.com",
        // One blank, the number 0, the lowest of the characters.
        "Sec-WebSocket-Key1: ! 0",
        "Sec-WebSocket-Key2: ! 0",
        "Sec-WebSocket-Protocol: sample",
        "Upgrade: WebSocket",
    ];
    assert_eq!(lines, expected);
    assert_eq!(key3, [0; 8]);
}

#[test]
fn keys_are_made_as_the_draft_says() {
    let mut orders = std::collections::BTreeSet::new();
    let mut spaces_seen = std::collections::BTreeSet::new();
    let mut others_seen = std::collections::BTreeSet::new();
    for _ in 0..500 {
        let mut client =
            Connection::client(START, offer(None), ProtocolLimits::default(), rand::fill).unwrap();
        let (lines, key3) = fields(&take(&mut client));
        assert_eq!(key3.len(), 8);
        for line in &lines {
            let Some((_, key)) = line
                .split_once(": ")
                .filter(|(name, _)| name.starts_with("Sec-WebSocket-Key"))
            else {
                continue;
            };
            let count = |class: fn(char) -> bool| key.chars().filter(|&c| class(c)).count();
            let spaces = count(|c| c == ' ');
            let others = count(|c| matches!(c, '\x21'..='\x2f' | '\x3a'..='\x7e'));
            let digits: String = key.chars().filter(char::is_ascii_digit).collect();
            assert!((1..=12).contains(&spaces), "{key:?}");
            assert!((1..=12).contains(&others), "{key:?}");
            assert_eq!(spaces + others + digits.len(), key.len(), "{key:?}");
            assert!(!key.starts_with(' ') && !key.ends_with(' '), "{key:?}");
            let product: u64 = digits.parse().unwrap();
            assert!(product <= u64::from(u32::MAX) && product.is_multiple_of(spaces as u64));
            spaces_seen.insert(spaces);
            others_seen.insert(others);
        }
        let names: Vec<_> = lines
            .iter()
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect();
        orders.insert(names);
    }
    assert_eq!((spaces_seen.len(), others_seen.len()), (12, 12));
    assert!(orders.len() > 100, "the order is random: {}", orders.len());
}

#[test]
fn right_responses() {
    opens(RIGHT);
    opens(&RIGHT.replace("HTTP/1.1 101 WebSocket Protocol Handshake", "HTTP/1.0 101 "));
    // Names in any case and order, `Connection` in any case.
    opens(
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\nSet-Cookie: a=b\r\nsec-websocket-protocol:sample\r\n\
         SEC-WEBSOCKET-LOCATION: ws://example.com/demo\r\nconnection: UPGRADE\r\nX:\r\n\
         Sec-WebSocket-Origin: http://example.com\r\nUpgrade: WebSocket\r\n\r\n",
    );
}

#[test]
fn wrong_responses() {
    for (line, violation) in [
        ("Upgrade: WebSocket\r\n", Upgrade),
        ("Connection: Upgrade\r\n", Connection_),
        ("Sec-WebSocket-Origin: http://example.com\r\n", Origin),
        (
            "Sec-WebSocket-Location: ws://example.com/demo\r\n",
            Location,
        ),
        ("Sec-WebSocket-Protocol: sample\r\n", Subprotocol),
    ] {
        let (name, value) = line.trim_end().split_once(": ").unwrap();
        for other in [
            String::new(),
            line.repeat(2),
            format!("{name}: {value}x\r\n"),
            format!("{name}:  {value}\r\n"),
            format!("X{line}"),
        ] {
            assert!(RIGHT.contains(line));
            fails_with(RIGHT.replace(line, &other).as_bytes(), violation);
        }
    }
    // To the byte.
    fails_with(
        RIGHT
            .replace("Upgrade: WebSocket", "Upgrade: websocket")
            .as_bytes(),
        Upgrade,
    );
    fails_with(
        RIGHT
            .replace("Upgrade: WebSocket", ": x\r\nUpgrade: WebSocket")
            .as_bytes(),
        syntax((2, 1)),
    );
    fails_with(b"HTTP/1.1 101\r\n", syntax((1, 13)));
    fails_with(b"HTTP/1.1 403 Forbidden\r\n", Cause::Status(403));
    fails_with(b"HTTP/1.1 407 x\r\n", Cause::Status(407));
}

/// The name stands for the connection itself here.
#[allow(non_upper_case_globals)]
const Connection_: websocket_channel::error::Violation =
    websocket_channel::error::Violation::Connection;

#[test]
fn the_answer_to_the_challenge() {
    for at in 0..16 {
        let mut answer = hex(ANSWER);
        answer[at] ^= 1;
        // It fails at the wrong byte, however many are still to come.
        fails_with(&[RIGHT.as_bytes(), &answer[..=at]].concat(), Challenge);
    }
    for at in 0..16 {
        let mut client = asking();
        client.handle_bytes(START, &response(RIGHT, ANSWER)[..RIGHT.len() + at]);
        assert!(client.is_handshaking());
        client.handle_eof(START);
        let events = events(&mut client);
        assert!(matches!(
            events[..],
            [ConnectionEvent::Failed(Cause::Transport(_))]
        ));
    }
}

// The server's handshake.

#[test]
fn the_challenges_of_the_vectors_are_answered() {
    for challenge in vectors().hixie76 {
        let head = REQUEST
            .replace("4 @1  46546xW%0l 1 5", &challenge.key1)
            .replace("12998 5 Y3 1  .P00", &challenge.key2);
        let head = head.strip_suffix("^n:ds[4U").unwrap();
        let request = response(head, &challenge.key3_hex);
        // Bytes behind it are frames.
        cut(
            server,
            &[request, hex("00 48 69 ff")].concat(),
            |how, server| {
                let Some(ConnectionEvent::Request(request)) = server.poll_event() else {
                    panic!("no request {how}");
                };
                assert_eq!(request.format, Some(Format::Hixie76));
                assert_eq!((request.version, request.is_websocket()), (None, true));
                assert_eq!(request.origin(), Some("http://example.com"));
                assert_eq!(request.protocols, ["sample"]);
                server.accept(START, Some("sample"), &[]).unwrap();
                assert_eq!(take(server), response(RIGHT, &challenge.md5_hex), "{how}");
                let expected = [
                    ConnectionEvent::Opened(OpenInfo::new("sample", "")),
                    ConnectionEvent::Message(Message::from("Hi")),
                ];
                assert_eq!(events(server), expected, "{how}");
            },
        );
    }
}

#[test]
fn a_request_without_the_eight_bytes_is_incomplete() {
    for missing in 1..=8 {
        let mut server = server();
        let bytes = REQUEST.as_bytes();
        server.handle_bytes(START, &bytes[..bytes.len() - missing]);
        assert!(events(&mut server).is_empty());
        assert_eq!(server.accept(START, None, &[]), Err(Misuse::NoRequest));
        let due = server.poll_timeout().unwrap();
        server.handle_timeout(due);
        assert_eq!(
            events(&mut server),
            [ConnectionEvent::Failed(HandshakeTimeout.into())]
        );
    }
}

/// As Perl's Protocol::WebSocket does.
#[test]
fn the_eight_bytes_may_be_announced_as_a_body() {
    let request = REQUEST.replace("Host: ", "Content-Length: 8\r\nHost: ");
    cut(server, request.as_bytes(), |how, server| {
        assert!(
            matches!(events(server)[..], [ConnectionEvent::Request(_)]),
            "not a request {how}"
        );
    });
}

#[test]
fn wrong_requests() {
    let key1 = "4 @1  46546xW%0l 1 5";
    let cases = [
        // No blank, no digit, a number that five blanks do not divide, numbers that no client can have.
        (key1, "41465460115", Challenge),
        (key1, "x y z", Challenge),
        (key1, "4 @1  46546xW%0l 1 6", Challenge),
        (key1, "8 589934592", Challenge),
        (key1, "99999999999999999999999999 9", Challenge),
        (key1, "", Challenge),
        (
            "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n",
            "",
            Challenge,
        ),
        ("Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n", "", Challenge),
        (
            "Sec-WebSocket-Key1: 4 @",
            "Sec-WebSocket-Key1: 1 2\r\nSec-WebSocket-Key1: 4 @",
            Challenge,
        ),
        ("Upgrade: WebSocket\r\n", "", Upgrade),
        ("Upgrade: WebSocket", "Upgrade: h2c", Upgrade),
        ("Connection: Upgrade\r\n", "", Connection_),
        ("Host: example.com\r\n", "", Host),
        ("Host: example.com", "Host: a\r\nHost: a", Host),
        ("Host: example.com", "Host: a/b", Host),
        ("Host: example.com", "Host: user@a", Host),
        ("Origin: http://example.com\r\n", "", Origin),
        (
            "Origin: http://example.com",
            "Origin: a\r\nOrigin: a",
            Origin,
        ),
        ("Protocol: sample", "Protocol:", ProtocolList),
        ("Protocol: sample", "Protocol: é", ProtocolList),
        (
            "Protocol: sample",
            "Protocol: a\r\nSec-WebSocket-Protocol: b",
            ProtocolList,
        ),
        ("GET", "POST", Method),
        ("HTTP/1.1", "HTTP/1.0", HttpVersion),
        ("GET /demo", "GET http://example.com/demo", Target),
        ("Host: ", "Content-Length: 9\r\nHost: ", Body),
        // hybi-02 and -03 have these keys and other frames.
        ("Host: ", "Sec-WebSocket-Draft: 2\r\nHost: ", Version),
    ];
    for (from, to, violation) in cases {
        assert!(REQUEST.contains(from), "{from}");
        let request = REQUEST.replace(from, to);
        cut(server, request.as_bytes(), |how, server| {
            let expected = [ConnectionEvent::Failed(violation.into())];
            assert_eq!(events(server), expected, "{from:?} to {to:?} {how}");
            let status = format!("HTTP/1.1 {} ", violation.http_status());
            assert!(take(server).starts_with(status.as_bytes()));
            assert!(server.wants_shutdown());
        });
    }
}

// Frames and the closing handshake.

#[test]
fn frames_are_those_of_hixie_75() {
    for role in [Role::Client, Role::Server] {
        let frames =
            hex("00 61 ff 01 80 ff 80 10 48656c6c6f2c20576562536f636b6574 fe 00 ff 01 00 00 62 ff");
        cut(
            || open(role),
            &frames,
            |how, connection| {
                let expected = [
                    ConnectionEvent::Message("a".into()),
                    ConnectionEvent::Message("b".into()),
                ];
                assert_eq!(events(connection), expected, "{how}");
                assert!(connection.is_open() && connection.outgoing().is_empty());
            },
        );
        let mut connection = open(role);
        connection.send("Hi".into()).unwrap();
        assert_eq!(take(&mut connection), hex("00 48 69 ff"));
        let binary = Message::from(&b"x"[..]);
        assert_eq!(connection.send(binary.clone()), Err(binary));
        assert_eq!(connection.ping(b""), Err(Misuse::NoPing));
    }
}

#[test]
fn the_peer_closes() {
    for role in [Role::Client, Role::Server] {
        for close in ["ff 00", "ff 80 80 00"] {
            for behind in ["", "00 62 ff", "ff 00", "ff ff"] {
                let bytes = hex(&format!("00 61 ff {close} {behind}"));
                cut(
                    || open(role),
                    &bytes,
                    |how, connection| {
                        assert_eq!(
                            events(connection),
                            [ConnectionEvent::Message("a".into())],
                            "{how}"
                        );
                        assert!(!connection.is_open() && !connection.wants_shutdown());
                        assert_eq!(connection.send("b".into()), Err("b".into()));
                        assert_eq!(take(connection), hex("ff 00"), "{how}");
                        // Either side may end the stream now.
                        assert!(connection.wants_shutdown() && !connection.is_finished());
                        connection.handle_eof(START);
                        let closed = CloseInfo::new(1005, "", true, ClosedBy::Remote);
                        assert_eq!(events(connection), [ConnectionEvent::Closed(closed)]);
                    },
                );
            }
        }
    }
}

#[test]
fn we_close() {
    for role in [Role::Client, Role::Server] {
        let mut connection = open(role);
        connection.send("last".into()).unwrap();
        connection.close(START, None).unwrap();
        assert_eq!(take(&mut connection), hex("00 6c617374 ff ff 00"));
        assert!(!connection.wants_shutdown(), "the answer is awaited");
        connection.handle_bytes(START, &hex("00 61 ff ff 00 00 62 ff"));
        assert_eq!(
            events(&mut connection),
            [ConnectionEvent::Message("a".into())]
        );
        assert!(
            connection.outgoing().is_empty(),
            "one closing frame is enough"
        );
        assert!(connection.wants_shutdown());
        connection.handle_eof(START);
        let closed = CloseInfo::new(1005, "", true, ClosedBy::Local);
        assert_eq!(events(&mut connection), [ConnectionEvent::Closed(closed)]);
    }
}

#[test]
fn an_end_without_the_closing_handshake_is_not_clean() {
    for role in [Role::Client, Role::Server] {
        let mut connection = open(role);
        connection.handle_eof(START);
        let lost = ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Error));
        assert_eq!(events(&mut connection), [lost]);

        let mut connection = open(role);
        connection.close(START, None).unwrap();
        let due = connection.poll_timeout().unwrap();
        connection.handle_timeout(due);
        let lost = ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local));
        assert_eq!(events(&mut connection), [lost]);
    }
}

#[test]
fn a_failure_does_not_look_like_a_close() {
    let mut server = open(Role::Server);
    server.handle_bytes(START, &hex("00 80"));
    assert_eq!(server.violation(), Some(Utf8));
    assert!(server.outgoing().is_empty() && server.wants_shutdown());
}
