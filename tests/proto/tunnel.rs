//! RFC 6455 §4.1 item 3 and RFC 9110 §9.3.6: the tunnel through a proxy.

use crate::support::{START, events, fixed, syntax, take};
use websocket_channel::error::{Cause, Misuse, Violation};
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Credentials, ProtocolLimits, Tunnel,
};
use websocket_channel::{Message, OpenInfo};

fn request(host: &str, port: u16, credentials: Option<&Credentials>) -> String {
    let mut tunnel = Tunnel::new(host, port, credentials, &ProtocolLimits::default()).unwrap();
    let bytes = tunnel.outgoing().to_vec();
    tunnel.handle_transmitted(3);
    assert_eq!(tunnel.outgoing(), &bytes[3..]);
    tunnel.handle_transmitted(bytes.len() - 3);
    assert!(tunnel.outgoing().is_empty());
    String::from_utf8(bytes).unwrap()
}

/// What becomes of these bytes of a proxy, in every two pieces and byte by byte, and what is left of them.
fn outcome(answer: &str, limits: &ProtocolLimits) -> Result<Option<String>, Cause> {
    let bytes = answer.as_bytes();
    let run = |pieces: &[&[u8]]| {
        let mut tunnel = Tunnel::new("h", 80, None, limits).unwrap();
        let mut left = Vec::new();
        let mut open = false;
        for mut piece in pieces.iter().copied() {
            if !open {
                open = tunnel.handle_bytes(&mut piece)?;
            }
            left.extend(piece);
        }
        if tunnel.is_refused() {
            tunnel.handle_eof()?;
        }
        Ok(open.then(|| String::from_utf8(left).unwrap()))
    };
    let whole = run(&[bytes]);
    assert_eq!(
        run(&bytes.chunks(1).collect::<Vec<_>>()),
        whole,
        "{answer:?}"
    );
    for at in 0..bytes.len().min(200) {
        assert_eq!(
            run(&[&bytes[..at], &bytes[at..]]),
            whole,
            "{answer:?} cut at {at}"
        );
    }
    whole
}

fn opens(answer: &str, left: &str) {
    assert_eq!(
        outcome(answer, &ProtocolLimits::default()),
        Ok(Some(left.into())),
        "{answer:?}"
    );
}

fn fails(answer: &str, cause: impl Into<Cause>) {
    assert_eq!(
        outcome(answer, &ProtocolLimits::default()),
        Err(cause.into()),
        "{answer:?}"
    );
}

#[test]
fn the_request() {
    // The port is always named, and Host is the same.
    assert_eq!(
        request("example.com", 80, None),
        "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n"
    );
    // The credentials of RFC 6455 §4.1.
    let credentials = Credentials::new("ednamode", "nocapes!").unwrap();
    assert_eq!(
        request("example.com", 443, Some(&credentials)),
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\
         Proxy-Authorization: Basic ZWRuYW1vZGU6bm9jYXBlcyE=\r\n\r\n"
    );
    for host in ["::1", "[::1]"] {
        assert_eq!(
            request(host, 80, None),
            "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"
        );
    }
}

#[test]
fn requests_that_cannot_be_made() {
    for host in ["", "a b", "a\r\nb", "a/b", "a@b", "a?b", "a\u{7f}"] {
        let refused = Tunnel::new(host, 80, None, &ProtocolLimits::default());
        assert_eq!(refused.err(), Some(Misuse::Header), "{host:?}");
    }
    // RFC 7617 §2: a password may have a colon, a name may not, and neither a control character.
    assert_eq!(Credentials::new("a:b", "c"), Err(Misuse::Credentials));
    assert_eq!(Credentials::new("a", "c\n"), Err(Misuse::Credentials));
    assert_eq!(Credentials::new("a\u{85}", "c"), Err(Misuse::Credentials));
    let credentials = Credentials::new("test", "1:23£").unwrap();
    // UTF-8, as the example of RFC 7617 §2.1 with another name would be.
    assert!(request("h", 1, Some(&credentials)).contains("Basic dGVzdDoxOjIzwqM=\r\n"));
    assert!(!format!("{credentials:?}").contains("dGVz"));
}

#[test]
fn any_2xx_opens_the_tunnel_and_later_bytes_belong_to_it() {
    opens("HTTP/1.1 200 Connection Established\r\n\r\n", "");
    opens(
        "HTTP/1.0 200 OK\r\nVia: x\r\n\r\nHTTP/1.1 101",
        "HTTP/1.1 101",
    );
    opens("HTTP/1.1 204\r\n\r\n\0\u{1}", "\0\u{1}");
    // RFC 9110 §9.3.6: "A client MUST ignore any Content-Length or Transfer-Encoding header fields received in a successful response".
    opens(
        "HTTP/1.1 299 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello!",
        "hello!",
    );
    // Interim answers come before the real one.
    opens(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx",
        "x",
    );
}

#[test]
fn each_refusal_has_its_own_error() {
    fails(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\
         Proxy-Authenticate: Digest realm=\"a\"\r\nContent-Length: 1\r\n\r\nx",
        Cause::ProxyAuthentication("Basic realm=\"a\", Digest realm=\"a\"".into()),
    );
    fails(
        "HTTP/1.0 407 x\r\n\r\n",
        Cause::ProxyAuthentication(String::new()),
    );
    for status in [101, 301, 400, 403, 404, 405, 500, 502, 503, 504] {
        fails(
            &format!("HTTP/1.1 {status} x\r\n\r\nbody"),
            Cause::Proxy(status),
        );
    }
}

#[test]
fn a_refusal_is_kept_with_its_headers_and_body() {
    let mut tunnel = Tunnel::new("h", 80, None, &ProtocolLimits::default()).unwrap();
    let mut input =
        &b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nwh"[..];
    assert_eq!(tunnel.handle_bytes(&mut input), Ok(false));
    assert!(tunnel.is_refused() && tunnel.response().is_none());
    let cause = Cause::ProxyAuthentication("Basic".into());
    assert_eq!(tunnel.handle_bytes(&mut &b"o?!"[..]), Err(cause));
    let response = tunnel.response().unwrap();
    assert_eq!((response.status, &*response.body), (407, &b"who?!"[..]));
    // RFC 9112 §5.2, as everywhere in a response.
    opens("HTTP/1.1 200 OK\r\nVia: a,\r\n b\r\n\r\nx", "x");
}

#[test]
fn responses_that_are_invalid() {
    for (answer, at) in [
        ("\r\n", (1, 1)),
        ("SSH-2.0-x\r\n\r\n", (1, 10)),
        ("HTTP/x.1 200 OK\r\n\r\n", (1, 1)),
        ("HTTP/1.1 20 x\r\n\r\n", (1, 10)),
        ("HTTP/1.1 200 OK\n\n", (1, 16)),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", (2, 9)),
        ("\u{5}\u{0}", (1, 1)),
    ] {
        fails(answer, syntax(at));
    }
    assert_eq!(
        outcome("HTTP/1.1 200 OK\r\na: b\r\n", &ProtocolLimits::default()),
        Ok(None)
    );
    fails(
        &"HTTP/1.1 100 Continue\r\n\r\n".repeat(9),
        Violation::TooManyInterim,
    );
    let mut limits = ProtocolLimits::default();
    limits.max_head = 20;
    assert_eq!(
        outcome("HTTP/1.1 200 0123456789", &limits),
        Err(Violation::HeadTooLong.into())
    );
    limits.max_head = 1000;
    limits.max_header_lines = 1;
    assert_eq!(
        outcome("HTTP/1.1 200 OK\r\na: b\r\nc: d\r\n\r\n", &limits),
        Err(Violation::TooManyHeaders.into())
    );
}

#[test]
fn a_handshake_through_it() {
    let answer = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\u{1}\u{0}";
    let mut tunnel = Tunnel::new("example.com", 80, None, &ProtocolLimits::default()).unwrap();
    let mut input = answer.as_bytes();
    assert_eq!(tunnel.handle_bytes(&mut input), Ok(true));
    let offer = ClientRequest::new(Address::parse("ws://example.com/").unwrap());
    let mut client = Connection::client(START, offer, ProtocolLimits::default(), fixed).unwrap();
    take(&mut client);
    client.handle_bytes(START, input);
    client.handle_bytes(START, &[0x80, 0x00]);
    let expected = [
        ConnectionEvent::Opened(OpenInfo::default()),
        ConnectionEvent::Message(Message::from("")),
    ];
    assert_eq!(events(&mut client), expected);
}
