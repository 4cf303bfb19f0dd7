//! One port: the head of the request decides the wire format. And what a server may ask of the request before it accepts.

use crate::support::{START, cut, events, fixed, hex, syntax, take};
use websocket_channel::error::Violation::{self, *};
use websocket_channel::proto::{
    Connection, ConnectionEvent, Format, Origins, ProtocolLimits, Request,
};
use websocket_channel::{Message, OpenInfo};

const HIXIE75: &str = "GET /demo?a=b HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\n\
                       Origin: http://example.com\r\n\r\n";
const HIXIE76: &str = "GET /demo?a=b HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n\
                       Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n^n:ds[4U";
const RFC6455: &str = "GET /demo?a=b HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\n\
                       Origin: http://example.com\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                       Sec-WebSocket-Version: 13\r\n\r\n";

fn server() -> Connection {
    Connection::server(START, ProtocolLimits::default(), fixed)
}

fn asked(server: &mut Connection) -> Request {
    match server.poll_event() {
        Some(ConnectionEvent::Request(request)) => *request,
        other => panic!("no request but {other:?}"),
    }
}

fn request(bytes: &str) -> Request {
    let mut server = server();
    server.handle_bytes(START, bytes.as_bytes());
    asked(&mut server)
}

/// What is answered to a request of hixie-75, and how it reads the frame behind it.
fn hixie75_opens(bytes: &str, protocol: Option<&str>, response: &str) {
    let bytes = [bytes.as_bytes(), &hex("00 48 69 ff")].concat();
    cut(server, &bytes, |how, server| {
        let request = asked(server);
        assert_eq!(request.format, Some(Format::Hixie75), "{how}");
        assert_eq!((request.version, request.is_websocket()), (None, true));
        server.accept(START, protocol, &[]).unwrap();
        assert_eq!(String::from_utf8(take(server)).unwrap(), response, "{how}");
        let expected = [
            ConnectionEvent::Opened(OpenInfo::new(protocol.unwrap_or_default(), "")),
            ConnectionEvent::Message(Message::from("Hi")),
        ];
        assert_eq!(events(server), expected, "{how}");
    });
}

fn refused(request: &str, violation: Violation) {
    cut(server, request.as_bytes(), |how, server| {
        assert_eq!(
            events(server),
            [ConnectionEvent::Failed(violation.into())],
            "{request:?} {how}"
        );
        let status = format!("HTTP/1.1 {} ", violation.http_status());
        assert!(take(server).starts_with(status.as_bytes()));
    });
}

#[test]
fn the_head_decides_the_format() {
    for (bytes, format, version) in [
        (HIXIE75, Some(Format::Hixie75), None),
        (HIXIE76, Some(Format::Hixie76), None),
        (RFC6455, Some(Format::Rfc6455), Some(13)),
        (
            &RFC6455
                .replace("13", "8")
                .replace("Origin", "Sec-WebSocket-Origin"),
            Some(Format::Rfc6455),
            Some(8),
        ),
        (
            &RFC6455
                .replace("13", "7")
                .replace("Origin", "Sec-WebSocket-Origin"),
            Some(Format::Rfc6455),
            Some(7),
        ),
        (
            "GET /demo?a=b HTTP/1.1\r\nHost: example.com\r\nOrigin: http://example.com\r\n\r\n",
            None,
            None,
        ),
    ] {
        let request = request(bytes);
        assert_eq!(
            (request.format, request.version),
            (format, version),
            "{bytes}"
        );
        assert_eq!(request.is_websocket(), format.is_some());
        assert_eq!(request.origin(), Some("http://example.com"), "{bytes}");
        assert_eq!((request.path(), request.query()), ("/demo", "a=b"));
        assert_eq!(request.host(), Some("example.com"));
    }
}

#[test]
fn an_unknown_format_is_answered_with_the_supported_versions() {
    for (from, to) in [
        // Today's spelling, another order, another case: no client of 2009.
        ("Upgrade: WebSocket", "Upgrade: websocket"),
        (
            "Upgrade: WebSocket\r\nConnection: Upgrade",
            "Connection: Upgrade\r\nUpgrade: WebSocket",
        ),
        ("HTTP/1.1\r\n", "HTTP/1.1\r\nCookie: a=b\r\n"),
        // A field of a later format.
        ("Host:", "Sec-WebSocket-Protocol: a\r\nHost:"),
        ("Host:", "sec-websocket-draft: 3\r\nHost:"),
    ] {
        refused(&HIXIE75.replace(from, to), Version);
    }
    assert_eq!(Version.http_status(), 426);
}

#[test]
fn hixie_75_is_answered_as_the_vectors_say() {
    let vectors = crate::support::vectors();
    let request = String::from_utf8(hex(&vectors.hixie75_client)).unwrap();
    let response = String::from_utf8(hex(&vectors.hixie75_server)).unwrap();
    hixie75_opens(&request, Some("sample"), &response);
}

#[test]
fn hixie_75_repeats_origin_and_location() {
    let response = |origin: &str, location: &str| {
        format!(
            "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
             WebSocket-Origin: {origin}\r\nWebSocket-Location: {location}\r\n\r\n"
        )
    };
    hixie75_opens(
        HIXIE75,
        None,
        &response("http://example.com", "ws://example.com/demo?a=b"),
    );
    for (host, location) in [
        ("EXAMPLE.com:81", "ws://example.com:81/demo?a=b"),
        ("example.com:80", "ws://example.com/demo?a=b"),
        ("example.com:443", "ws://example.com:443/demo?a=b"),
        ("[::1]:8080", "ws://[::1]:8080/demo?a=b"),
    ] {
        let request = HIXIE75
            .replace("Host: example.com", &format!("Host: {host}"))
            .replace("http://example.com", "null");
        hixie75_opens(&request, None, &response("null", location));
    }

    // Behind TLS.
    for (host, location) in [
        ("example.com", "wss://example.com/demo?a=b"),
        ("example.com:443", "wss://example.com/demo?a=b"),
        ("example.com:80", "wss://example.com:80/demo?a=b"),
    ] {
        let mut server = server().secure();
        let request = HIXIE75.replace("Host: example.com", &format!("Host: {host}"));
        server.handle_bytes(START, request.as_bytes());
        server
            .accept(START, None, &[("Set-Cookie", "a=b")])
            .unwrap();
        let expected = response("http://example.com", location)
            .replace("\r\n\r\n", "\r\nSet-Cookie: a=b\r\n\r\n");
        assert_eq!(String::from_utf8(take(&mut server)).unwrap(), expected);
    }
}

#[test]
fn wrong_requests_of_hixie_75() {
    for (from, to, violation) in [
        ("GET", "POST", Method),
        ("HTTP/1.1", "HTTP/1.0", HttpVersion),
        ("GET /demo", "GET http://example.com/demo", Target),
        ("GET /demo", "GET demo", Target),
        ("Host: example.com\r\n", "", Host),
        ("Host: example.com", "Host:", Host),
        ("Host: example.com", "Host: a\r\nHost: a", Host),
        ("Host: example.com", "Host: a b", Host),
        ("Host: example.com", "Host: a/b", Host),
        ("Origin: http://example.com\r\n", "", Origin),
        ("Origin: http", "Origin: x\r\nOrigin: http", Origin),
        ("Origin", "WebSocket-Protocol:\r\nOrigin", ProtocolList),
        (
            "Origin",
            "WebSocket-Protocol: a\r\nWebSocket-Protocol: a\r\nOrigin",
            ProtocolList,
        ),
        ("Origin", "Content-Length: 3\r\nOrigin", Body),
        ("Origin", "Transfer-Encoding: chunked\r\nOrigin", Body),
        ("Origin", "no colon\r\nOrigin", syntax((5, 9))),
    ] {
        assert!(HIXIE75.contains(from));
        refused(&HIXIE75.replace(from, to), violation);
    }
    // A subprotocol of 2009 is any text of ASCII.
    let blank = HIXIE75.replace("Origin", "WebSocket-Protocol: a, b\r\nOrigin");
    assert_eq!(request(&blank).protocols, ["a, b"]);
}

// Where the paper and the drafts differ, by the numbers of `proto`'s own page.

/// Slide 4, as it stands there.
const SLIDE_4: &str = "GET /text HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\n\
                       WebSocket-Origin: http://example.com\r\n\r\n";

#[test]
fn difference_1_a_client_that_says_websocket_origin_is_served() {
    assert_eq!(request(SLIDE_4).origin(), Some("http://example.com"));
    hixie75_opens(
        SLIDE_4,
        None,
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         WebSocket-Origin: http://example.com\r\nWebSocket-Location: ws://example.com/text\r\n\r\n",
    );
    // It cannot be used to talk over what a browser says.
    let both = SLIDE_4.replace(
        "WebSocket-Origin",
        "Origin: http://evil.example\r\nWebSocket-Origin",
    );
    assert_eq!(request(&both).origin(), Some("http://evil.example"));
    // Nor is it anything in another format.
    let today = RFC6455.replace("Origin", "WebSocket-Origin");
    assert_eq!(request(&today).origin(), None);
}

#[test]
fn difference_2_the_location_of_another_resource_fails_a_client() {
    use websocket_channel::proto::{Address, ClientRequest};
    let mut offer = ClientRequest::new(Address::parse("ws://example.com/text").unwrap());
    offer.format = Format::Hixie75;
    offer.origin = Some("http://example.com".into());
    let mut client = Connection::client(START, offer, ProtocolLimits::default(), fixed).unwrap();
    let slide = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
                 WebSocket-Origin: http://example.com\r\nWebSocket-Location: ws://example.com/demo\r\n\r\n";
    client.handle_bytes(START, slide.as_bytes());
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Failed(Location.into())]
    );
}

#[test]
fn difference_3_fields_come_in_any_order_and_case() {
    let shuffled = "GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nCookie: a=b\r\n\
                    websocket-protocol: sample\r\nORIGIN: http://example.com\r\nhost: example.com\r\n\r\n";
    let response = String::from_utf8(hex(&crate::support::vectors().hixie75_server)).unwrap();
    hixie75_opens(shuffled, Some("sample"), &response);
}

// Number 4 is the tunnel's. Number 5 is in `hixie75`: frames of unknown types are dropped, and what the format cannot carry
// comes back. Number 6 is JavaScript's.

// Who may connect, and to what.

#[test]
fn an_allow_list_of_origins() {
    let origins = Origins::listed(["https://example.com", "http://localhost:8080"]);
    for (origin, allowed) in [
        ("https://example.com", true),
        ("HTTPS://EXAMPLE.COM", true),
        ("http://localhost:8080", true),
        ("http://example.com", false),
        ("https://example.com:8443", false),
        ("https://example.com/", false),
        ("https://example.com.evil.example", false),
        ("https://evil.example/https://example.com", false),
        ("null", false),
        ("", false),
    ] {
        assert_eq!(origins.allow(Some(origin)), allowed, "{origin}");
        assert!(Origins::any().allow(Some(origin)));
    }
    assert!(!origins.allow(None));
    assert!(origins.or_none().allow(None));
    assert!(Origins::any().allow(None));
    assert!(Origins::listed(["null"]).allow(Some("null")));
}

#[test]
fn pages_of_other_origins_get_a_403_in_every_format() {
    let origins = Origins::listed(["http://example.com"]);
    for bytes in [HIXIE75, HIXIE76, RFC6455, SLIDE_4] {
        assert_eq!(origins.check(&request(bytes)), Ok(()));
        let evil = bytes.replace("http://example.com", "http://evil.example");
        let mut server = server();
        server.handle_bytes(START, evil.as_bytes());
        let refusal = origins.check(&asked(&mut server)).unwrap_err();
        server.reject(START, &refusal).unwrap();
        assert!(take(&mut server).starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
        assert!(server.wants_shutdown());
    }
    // Two origins are none that could be looked up.
    refused(&RFC6455.replace("Origin:", "Origin: x\r\nOrigin:"), Origin);
    let eight = RFC6455.replace("13", "8").replace(
        "Origin:",
        "Sec-WebSocket-Origin: x\r\nSec-WebSocket-Origin:",
    );
    refused(&eight, Origin);
}

#[test]
fn several_services_by_host_and_path() {
    for (host, name) in [
        ("chat.example", "chat.example"),
        ("chat.example:8080", "chat.example"),
        ("[::1]", "[::1]"),
        ("[::1]:80", "[::1]"),
        ("127.0.0.1:1", "127.0.0.1"),
    ] {
        for bytes in [HIXIE75, HIXIE76, RFC6455] {
            let bytes = bytes.replace("Host: example.com", &format!("Host: {host}"));
            assert_eq!(request(&bytes).host(), Some(name));
        }
    }
    assert_eq!(request("GET / HTTP/1.0\r\n\r\n").host(), None);
}

#[test]
fn the_server_prefers_its_own_first_subprotocol() {
    let offered = RFC6455.replace("Host:", "Sec-WebSocket-Protocol: b, a\r\nHost:");
    let request = request(&offered);
    assert_eq!(request.choose_protocol(&["a", "b"]), Some("a"));
    assert_eq!(request.choose_protocol(&["c", "b"]), Some("b"));
    assert_eq!(request.choose_protocol(&["A", "c"]), None);
    assert_eq!(request.choose_protocol::<&str>(&[]), None);
    let one = HIXIE75.replace("Host:", "WebSocket-Protocol: b\r\nHost:");
    assert_eq!(self::request(&one).choose_protocol(&["a", "b"]), Some("b"));
}
