//! draft-hixie-thewebsocketprotocol-75 (on the wire the same as -54, the paper's): handshake, framing, closing.

use crate::support::{START, cut, events, fixed, hex, syntax, take, vectors};
use websocket_channel::error::{Cause, Misuse, Violation, Violation::*};
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Format, ProtocolLimits, Role,
};
use websocket_channel::{CloseInfo, ClosedBy, Message, OpenInfo};

/// The whole response that a server must give to `offer(Some("sample"))`.
const RIGHT: &str = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                     WebSocket-Origin: http://example.com\r\nWebSocket-Location: ws://example.com/demo\r\n\
                     WebSocket-Protocol: sample\r\n\r\n";
const REQUEST: &str = "GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\n\
                       Origin: http://example.com\r\nWebSocket-Protocol: sample\r\n\r\n";

fn offer(url: &str, protocol: Option<&str>) -> ClientRequest {
    let mut offer = ClientRequest::new(Address::parse(url).unwrap());
    offer.format = Format::Hixie75;
    offer.origin = Some("http://example.com".into());
    offer.protocols.extend(protocol.map(str::to_owned));
    offer
}

fn asking_for(offer: ClientRequest) -> Connection {
    let mut client = Connection::client(START, offer, ProtocolLimits::default(), fixed).unwrap();
    take(&mut client);
    client
}

fn asking() -> Connection {
    asking_for(offer("ws://example.com/demo", Some("sample")))
}

fn request(offer: ClientRequest) -> String {
    let mut client = Connection::client(START, offer, ProtocolLimits::default(), fixed).unwrap();
    String::from_utf8(take(&mut client)).unwrap()
}

/// A response that opens, whole and in pieces, with a frame right behind it.
fn opens(make: impl Fn() -> Connection, response: &str, protocol: &str) {
    let bytes = [response.as_bytes(), &hex("00 48 69 ff")].concat();
    cut(make, &bytes, |how, client| {
        let expected = [
            ConnectionEvent::Opened(OpenInfo::new(protocol, "")),
            ConnectionEvent::Message(Message::from("Hi")),
        ];
        assert_eq!(events(client), expected, "{response:?} {how}");
        assert!(client.is_open() && client.poll_timeout().is_none());
    });
}

fn fails_with(make: impl Fn() -> Connection, response: &str, cause: impl Into<Cause>) {
    let cause = cause.into();
    for behind in ["", "\u{1}\u{2}trailing"] {
        let bytes = [response, behind].concat();
        cut(&make, bytes.as_bytes(), |how, client| {
            // A refusal's body ends with the stream, if with nothing else.
            client.handle_eof(START);
            let expected = [ConnectionEvent::Failed(cause.clone())];
            assert_eq!(events(client), expected, "{response:?} {how}");
            assert!(client.is_finished() && client.outgoing().is_empty());
        });
    }
}

fn change(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    RIGHT.replace(from, to)
}

/// An open connection in this role, with these limits.
fn open_with(role: Role, limits: ProtocolLimits) -> Connection {
    let mut connection = match role {
        Role::Client => {
            let offer = offer("ws://example.com/demo", Some("sample"));
            let mut client = Connection::client(START, offer, limits, fixed).unwrap();
            take(&mut client);
            client.handle_bytes(START, RIGHT.as_bytes());
            client
        }
        Role::Server => {
            let mut server = Connection::server(START, limits, fixed);
            server.handle_bytes(START, REQUEST.as_bytes());
            server.accept(START, Some("sample"), &[]).unwrap();
            take(&mut server);
            server
        }
    };
    events(&mut connection);
    assert!(connection.is_open());
    connection
}

fn open(role: Role) -> Connection {
    open_with(role, ProtocolLimits::default())
}

/// Both roles read these frames as these messages, in every cut, and nothing is left over.
fn receives(frames: &str, expected: &[&str]) {
    for role in [Role::Client, Role::Server] {
        for behind in ["", "00 7a ff", "80 01 ff 00 7a ff"] {
            let bytes = hex(&format!("{frames} {behind}"));
            let mut expected: Vec<ConnectionEvent> = expected
                .iter()
                .map(|&text| ConnectionEvent::Message(text.into()))
                .collect();
            if !behind.is_empty() {
                expected.push(ConnectionEvent::Message("z".into()));
            }
            cut(
                || open(role),
                &bytes,
                |how, connection| {
                    assert_eq!(events(connection), expected, "{frames} {behind} {how}");
                    assert!(connection.is_open() && connection.outgoing().is_empty());
                },
            );
        }
    }
}

// §1.2, the client's handshake.

#[test]
fn the_request_is_that_of_the_vectors() {
    let request = request(offer("ws://example.com/demo", Some("sample")));
    assert_eq!(request, REQUEST);
    assert_eq!(request.as_bytes(), hex(&vectors().hixie75_client));
}

#[test]
fn the_request_of_other_offers() {
    let mut other = offer("wss://EXAMPLE.com:80", None);
    other.origin = Some("HTTPS://Example.COM:8443".into());
    other.headers = vec![
        ("Cookie".into(), "a=b".into()),
        ("Cookie2".into(), "$Version=1".into()),
    ];
    let expected = "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com:80\r\n\
                    Origin: https://example.com:8443\r\nCookie: a=b\r\nCookie2: $Version=1\r\n\r\n";
    assert_eq!(request(other), expected);

    // The scheme's own port is not named, the other's is.
    for (url, host) in [
        ("ws://a:80/x?y=z", "a"),
        ("ws://a:443/x?y=z", "a:443"),
        ("wss://a:443/x?y=z", "a"),
        ("ws://[::1]:81/x?y=z", "[::1]:81"),
    ] {
        let mut offer = offer(url, None);
        offer.origin = None;
        let expected = format!(
            "GET /x?y=z HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: {host}\r\nOrigin: null\r\n\r\n"
        );
        assert_eq!(request(offer), expected);
    }
}

#[test]
fn one_subprotocol_can_be_asked_for_and_no_more() {
    for format in [Format::Hixie75, Format::Hixie76] {
        let mut offer = offer("ws://example.com/", Some("a"));
        offer.format = format;
        offer.protocols.push("b".into());
        let refused = Connection::client(START, offer, ProtocolLimits::default(), fixed);
        assert_eq!(refused.err(), Some(Misuse::Subprotocols(2)));
    }
}

#[test]
fn an_offer_cannot_break_the_request_apart() {
    let mut offer = offer("ws://example.com/", None);
    offer.headers.push(("Cookie".into(), "a\r\nb".into()));
    let refused = Connection::client(START, offer, ProtocolLimits::default(), fixed);
    assert_eq!(refused.err(), Some(Misuse::Header));
}

// §1.3, the response, check by check.

#[test]
fn right_responses() {
    let vector = String::from_utf8(hex(&vectors().hixie75_server)).unwrap();
    assert_eq!(vector, RIGHT);
    opens(asking, RIGHT, "sample");
    // Names in any case, fields in any order, others beside them; an empty value.
    let other = change("WebSocket-Origin", "X-Empty:\r\nwebsocket-ORIGIN")
        .replace("WebSocket-Protocol: sample\r\n", "Set-Cookie: a=b\r\n")
        .replace(
            "Upgrade\r\nX",
            "Upgrade\r\nWEBSOCKET-PROTOCOL:sample\r\nSet-Cookie: c=d\r\nX",
        );
    opens(asking, &other, "sample");
}

#[test]
fn a_subprotocol_that_was_not_requested_is_ignored() {
    let asking = || asking_for(offer("ws://example.com/demo", None));
    opens(asking, RIGHT, "");
    opens(asking, &change("WebSocket-Protocol: sample\r\n", ""), "");
    opens(
        asking,
        &change("sample\r\n", "a\r\nWebSocket-Protocol: b\r\n"),
        "",
    );
}

#[test]
fn the_location_names_a_port_only_if_it_is_not_the_schemes_own() {
    for (url, location) in [
        ("ws://example.com:80", "ws://example.com/"),
        ("ws://example.com:443/", "ws://example.com:443/"),
        ("wss://example.com:443/a?b", "wss://example.com/a?b"),
        ("wss://example.com:80/a?b", "wss://example.com:80/a?b"),
    ] {
        let response = change("ws://example.com/demo", location);
        opens(
            || asking_for(offer(url, Some("sample"))),
            &response,
            "sample",
        );
    }
}

#[test]
fn the_status_line() {
    for line in [
        // hixie-76's, one blank less.
        "HTTP/1.1 101 WebSocket Protocol Handshake",
        "HTTP/1.0 101 Web Socket Protocol Handshake",
        "HTTP/1.1 101 Web Socket Protocol Handshake ",
        "HTTP/1.1 101 Switching Protocols",
    ] {
        let response = change("HTTP/1.1 101 Web Socket Protocol Handshake", line);
        fails_with(asking, &response, StatusLine);
    }
    for status in [100, 200, 302, 401, 403, 404, 407, 500] {
        let response = format!("HTTP/1.1 {status} Whatever\r\n");
        fails_with(asking, &response, Cause::Status(status));
    }
    for (line, at) in [
        ("\n", (1, 1)),
        ("\r\n", (1, 1)),
        ("HTTP/1.1\r\n", (1, 9)),
        ("HTTP/1.1 101\r\n", (1, 13)),
        ("HTTP/1.1 1x1 A\r\n", (1, 10)),
        ("HTTP/1.1 1010 A\r\n", (1, 10)),
        ("HTTP/1.1  101 A\r\n", (1, 10)),
        ("HTTP/1.1 101 Web Socket Protocol Handshake\n", (1, 43)),
    ] {
        fails_with(asking, line, syntax(at));
    }
}

#[test]
fn the_fixed_lines() {
    for lines in [
        "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        "upgrade: WebSocket\r\nConnection: Upgrade\r\n",
        "Upgrade:WebSocket\r\nConnection: Upgrade\r\n",
        "Connection: Upgrade\r\nUpgrade: WebSocket\r\n",
        "Server: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n",
    ] {
        let response = change("Upgrade: WebSocket\r\nConnection: Upgrade\r\n", lines);
        fails_with(asking, &response, Upgrade);
    }
    for line in [
        "Connection: upgrade",
        "Connection: keep-alive, Upgrade",
        "Server: x",
    ] {
        fails_with(asking, &change("Connection: Upgrade", line), Connection_);
    }
}

/// The name stands for the connection itself here.
#[allow(non_upper_case_globals)]
const Connection_: Violation = Violation::Connection;

#[test]
fn invalid_fields() {
    for (line, at) in [
        ("no colon\r\n", (4, 9)),
        ("a\rb: c\r\n", (4, 3)),
        ("a\nb: c\r\n", (4, 2)),
        ("a: b\nc\r\n", (4, 5)),
        ("a: b\rc\r\n", (4, 6)),
        ("\n", (4, 1)),
    ] {
        let response = change("WebSocket-Origin", &format!("{line}WebSocket-Origin"));
        fails_with(asking, &response, syntax(at));
    }
    // Found when everything is read.
    fails_with(
        asking,
        &change("WebSocket-Origin", "a: b\r\n: x\r\nWebSocket-Origin"),
        syntax((5, 1)),
    );
}

#[test]
fn each_field_once_and_to_the_byte() {
    for (name, value, violation) in [
        ("WebSocket-Origin", "http://example.com", Origin),
        ("WebSocket-Location", "ws://example.com/demo", Location),
        ("WebSocket-Protocol", "sample", Subprotocol),
    ] {
        let line = format!("{name}: {value}\r\n");
        fails_with(asking, &change(&line, ""), violation);
        fails_with(asking, &change(&line, &line.repeat(2)), violation);
        for other in [
            "",
            "x",
            &value.to_uppercase(),
            &format!("{value}/"),
            &format!("{value} "),
        ] {
            let response = change(&line, &format!("{name}: {other}\r\n"));
            fails_with(asking, &response, violation);
        }
        // Not the name of this format.
        let response = change(&line, &format!("Sec-{line}"));
        fails_with(asking, &response, violation);
    }
    for location in [
        "wss://example.com/demo",
        "ws://example.com:80/demo",
        "ws://example.com/",
    ] {
        fails_with(asking, &change("ws://example.com/demo", location), Location);
    }
}

#[test]
fn the_first_check_that_fails_is_reported() {
    let fields = &RIGHT[RIGHT.find("WebSocket-Origin").unwrap()..];
    let wrong = |lines: &str| RIGHT.replace(fields, &format!("{lines}\r\n"));
    fails_with(asking, &wrong(""), Origin);
    let origin = "WebSocket-Origin: wrong\r\n";
    fails_with(asking, &wrong(origin), Location);
    let both = format!("{origin}WebSocket-Location: wrong\r\n");
    fails_with(asking, &wrong(&both), Subprotocol);
    let all = format!("{both}WebSocket-Protocol: wrong\r\n");
    fails_with(asking, &wrong(&format!("{all}: x\r\n")), syntax((7, 1)));
    fails_with(asking, &wrong(&all), Origin);
    let all = all.replacen("wrong", "http://example.com", 1);
    fails_with(asking, &wrong(&all), Location);
    let all = all.replacen("wrong", "ws://example.com/demo", 1);
    fails_with(asking, &wrong(&all), Subprotocol);
}

#[test]
fn a_head_has_limits() {
    let make = |max_head, max_header_lines| {
        move || {
            let mut limits = ProtocolLimits::default();
            limits.max_head = max_head;
            limits.max_header_lines = max_header_lines;
            let offer = offer("ws://example.com/demo", Some("sample"));
            let mut client = Connection::client(START, offer, limits, fixed).unwrap();
            take(&mut client);
            client
        }
    };
    opens(make(RIGHT.len(), 3), RIGHT, "sample");
    fails_with(make(RIGHT.len() - 1, 3), RIGHT, HeadTooLong);
    fails_with(make(RIGHT.len(), 2), RIGHT, TooManyHeaders);
    fails_with(make(100, 9), &"H".repeat(101), HeadTooLong);
    fails_with(make(50, 9), RIGHT, HeadTooLong);
}

#[test]
fn the_stream_ends_inside_the_handshake() {
    for at in 0..RIGHT.len() {
        let mut client = asking();
        client.handle_bytes(START, &RIGHT.as_bytes()[..at]);
        client.handle_eof(START);
        let events = events(&mut client);
        assert!(
            matches!(events[..], [ConnectionEvent::Failed(Cause::Transport(_))]),
            "after {at}"
        );
    }
}

// §1.5, framing.

#[test]
fn text_frames() {
    receives("00 48 69 ff", &["Hi"]);
    receives("00 ff", &[""]);
    receives("00 61 ff 00 ff 00 c3 a9 00 ff", &["a", "", "é\0"]);
    for text in ["", "Hi", "é€😀", "\0\u{7f}\u{80}"] {
        for role in [Role::Client, Role::Server] {
            let mut connection = open(role);
            connection.send(text.into()).unwrap();
            let frame = [&[0][..], text.as_bytes(), &[0xFF]].concat();
            assert_eq!(take(&mut connection), frame);
        }
    }
}

#[test]
fn frames_of_unknown_types_are_dropped() {
    for kind in [0x01, 0x02, 0x7f] {
        receives(&format!("{kind:02x} ff"), &[]);
        receives(
            &format!("00 61 ff {kind:02x} 00 80 c3 ff 00 62 ff"),
            &["a", "b"],
        );
    }
    for kind in [0x80, 0x81, 0xfe, 0xff] {
        receives(&format!("{kind:02x} 00"), &[]);
        receives(&format!("{kind:02x} 03 00 ff 00 00 61 ff"), &["a"]);
    }
    // Slide 10, `Hello, WebSocket`.
    receives(
        "80 10 48 65 6c 6c 6f 2c 20 57 65 62 53 6f 63 6b 65 74 00 48 69 ff",
        &["Hi"],
    );
    // Lengths that are not minimal.
    receives("80 80 80 00 00 61 ff", &["a"]);
    receives(
        "80 80 80 80 80 80 80 80 80 80 80 80 02 ff 00 00 61 ff",
        &["a"],
    );
}

#[test]
fn lengths_of_the_vectors() {
    for (len, bytes) in vectors().hixie_len {
        let len: u64 = len.parse().unwrap();
        // The length is right if it meets its limit and is over the one below.
        let judge = |max_frame: u64| {
            let mut limits = ProtocolLimits::default();
            limits.max_frame = max_frame.try_into().unwrap();
            let mut client = open_with(Role::Client, limits);
            client.handle_bytes(START, &hex(&format!("80 {bytes}")));
            client.violation()
        };
        assert_eq!(judge(len), None, "{len}");
        if len > 0 {
            assert_eq!(judge(len - 1), Some(FrameTooLong), "{len}");
        }
        // And so many bytes are dropped, no more and no less.
        if len <= 16384 {
            let mut frames = hex(&format!("80 {bytes}"));
            frames.extend(vec![0xFF; len as usize]);
            frames.extend(hex("00 61 ff"));
            let mut client = open(Role::Client);
            client.handle_bytes(START, &frames);
            assert_eq!(
                events(&mut client),
                [ConnectionEvent::Message("a".into())],
                "{len}"
            );
        }
    }
}

#[test]
fn a_length_that_overflows_is_too_long() {
    let mut limits = ProtocolLimits::default();
    limits.max_frame = usize::MAX;
    // 2^64, and something that would be small again behind it.
    for length in [
        "82 80 80 80 80 80 80 80 80 00",
        "ff ff ff ff ff ff ff ff ff ff ff 01",
    ] {
        for role in [Role::Client, Role::Server] {
            let mut connection = open_with(role, limits.clone());
            connection.handle_bytes(START, &hex(&format!("80 {length}")));
            assert_eq!(connection.violation(), Some(FrameTooLong));
            assert!(connection.outgoing().is_empty(), "there is nothing to say");
            assert!(connection.wants_shutdown());
            connection.handle_eof(START);
            assert_eq!(
                events(&mut connection),
                [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
            );
        }
    }
}

#[test]
fn frames_have_limits() {
    let verdict = |max_frame, max_message, role, frames: &str| {
        let mut limits = ProtocolLimits::default();
        limits.max_frame = max_frame;
        limits.max_message = max_message;
        let frames = hex(frames);
        let run = |piece| {
            let mut connection = open_with(role, limits.clone());
            frames
                .chunks(piece)
                .for_each(|bytes| connection.handle_bytes(START, bytes));
            connection.violation()
        };
        let whole = run(frames.len());
        assert_eq!(run(1), whole);
        whole
    };
    for role in [Role::Client, Role::Server] {
        assert_eq!(verdict(3, 9, role, "00 61 61 61 ff"), None);
        // Before the frame's end comes.
        assert_eq!(verdict(3, 9, role, "00 61 61 61 61"), Some(FrameTooLong));
        assert_eq!(verdict(9, 3, role, "00 61 61 61 ff"), None);
        assert_eq!(verdict(9, 3, role, "00 61 61 61 61"), Some(MessageTooLong));
        assert_eq!(verdict(3, 9, role, "01 61 61 61 ff"), None);
        assert_eq!(verdict(3, 9, role, "01 61 61 61 61"), Some(FrameTooLong));
        assert_eq!(verdict(3, 9, role, "80 03 61 61 61"), None);
        assert_eq!(verdict(3, 9, role, "80 04"), Some(FrameTooLong));
    }
    // The first byte that is wrong decides, wherever the stream is cut.
    let long = format!("00 {}", "61".repeat(12));
    for role in [Role::Client, Role::Server] {
        assert_eq!(verdict(9, 3, role, &long), Some(MessageTooLong));
    }
    assert_eq!(verdict(3, 9, Role::Server, "00 61 80 61 61"), Some(Utf8));
    // A replacement has three bytes.
    assert_eq!(verdict(9, 3, Role::Client, "00 80 ff"), None);
    assert_eq!(
        verdict(9, 3, Role::Client, "00 80 61 ff"),
        Some(MessageTooLong)
    );
}

#[test]
fn a_client_replaces_invalid_utf_8() {
    for (payload, text) in [
        ("80", "\u{FFFD}"),
        ("61 c3 62", "a\u{FFFD}b"),
        ("e2 82", "\u{FFFD}"),
        ("f0 9f 98 61", "\u{FFFD}a"),
        ("ed a0 80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ("c0 80", "\u{FFFD}\u{FFFD}"),
        ("fe c3 a9", "\u{FFFD}é"),
    ] {
        let bytes = hex(&format!("00 {payload} ff 00 61 ff"));
        cut(
            || open(Role::Client),
            &bytes,
            |how, client| {
                let expected = [
                    ConnectionEvent::Message(text.into()),
                    ConnectionEvent::Message("a".into()),
                ];
                assert_eq!(events(client), expected, "{payload} {how}");
                assert!(client.is_open());
            },
        );
    }
}

#[test]
fn a_server_fails_for_invalid_utf_8() {
    for frames in ["00 80", "00 61 c3 62", "00 e2 82 ff", "00 ed a0", "00 fe"] {
        for behind in ["", "00 61 ff"] {
            let bytes = hex(&format!("{frames} {behind}"));
            cut(
                || open(Role::Server),
                &bytes,
                |how, server| {
                    assert_eq!(server.violation(), Some(Utf8), "{frames} {how}");
                    assert!(server.outgoing().is_empty() && server.wants_shutdown());
                    server.handle_eof(START);
                    assert_eq!(
                        events(server),
                        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
                    );
                },
            );
        }
    }
}

#[test]
fn messages_that_the_format_cannot_carry_are_returned() {
    for role in [Role::Client, Role::Server] {
        let mut connection = open(role);
        let binary = Message::from(&b"\x00\xff"[..]);
        assert_eq!(connection.send(binary.clone()), Err(binary));
        assert_eq!(connection.ping(b""), Err(Misuse::NoPing));
        assert_eq!(connection.ping(&[0; 126]), Err(Misuse::PingTooLong(126)));
        assert!(connection.outgoing().is_empty() && connection.is_open());
        connection.send("a".into()).unwrap();
        assert_eq!(take(&mut connection), hex("00 61 ff"));
    }
}

// Closing: by the stream alone.

#[test]
fn the_peer_ends_the_stream() {
    for role in [Role::Client, Role::Server] {
        // Between frames or inside one: nothing tells a close from a loss.
        for inside in ["", "00 61", "80 05 61"] {
            let mut connection = open(role);
            connection.handle_bytes(START, &hex(&format!("00 61 ff {inside}")));
            connection.handle_eof(START);
            let expected = [
                ConnectionEvent::Message("a".into()),
                ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Error)),
            ];
            assert_eq!(events(&mut connection), expected);
            // "on noticing server close it must close at once"
            assert!(connection.wants_shutdown() && connection.is_finished());
        }
    }
}

#[test]
fn we_end_the_stream() {
    for role in [Role::Client, Role::Server] {
        let mut connection = open(role);
        connection.send("last".into()).unwrap();
        connection.close(START, None).unwrap();
        assert!(!connection.wants_shutdown(), "not everything is written");
        assert_eq!(take(&mut connection), hex("00 6c 61 73 74 ff"));
        assert!(connection.wants_shutdown() && !connection.is_finished());
        assert_eq!(connection.send("a".into()), Err("a".into()));
        assert_eq!(connection.close(START, None), Err(Misuse::NotOpen));
        // -54: "drops all later data".
        connection.handle_bytes(START, &hex("00 61 ff"));
        assert!(events(&mut connection).is_empty());
        connection.handle_eof(START);
        assert_eq!(
            events(&mut connection),
            [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
        );
    }
}

#[test]
fn a_peer_that_does_not_end_its_half_times_out() {
    let mut client = open(Role::Client);
    client.close(START, None).unwrap();
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, START + ProtocolLimits::default().close_timeout);
    client.handle_timeout(due);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
    assert!(client.is_finished());
}

#[test]
fn ff_00_is_a_dropped_frame_like_any_other() {
    receives("ff 00 00 61 ff", &["a"]);
}
