//! RFC 6455 §3 and WHATWG WebSockets §3.1: WebSocket URLs.

use websocket_channel::error::ConnectErrorKind;
use websocket_channel::proto::Address;

#[test]
fn parts() {
    for (url, secure, authority, port, resource) in [
        ("ws://example.com", false, "example.com", 80, "/"),
        ("ws://example.com:80/", false, "example.com", 80, "/"),
        (
            "WS://EXAMPLE.com/Chat?a=B",
            false,
            "example.com",
            80,
            "/Chat?a=B",
        ),
        (
            "ws://example.com:443/x",
            false,
            "example.com:443",
            443,
            "/x",
        ),
        ("wss://example.com", true, "example.com", 443, "/"),
        ("wss://example.com:80/", true, "example.com:80", 80, "/"),
        ("http://example.com/", false, "example.com", 80, "/"),
        ("https://example.com/", true, "example.com", 443, "/"),
        ("ws://[::1]:8080/x", false, "[::1]:8080", 8080, "/x"),
        ("ws://127.0.0.1:1/?", false, "127.0.0.1:1", 1, "/?"),
        (
            "ws://bücher.example/ü",
            false,
            "xn--bcher-kva.example",
            80,
            "/%C3%BC",
        ),
        (
            "ws://user:password@example.com/",
            false,
            "example.com",
            80,
            "/",
        ),
    ] {
        let address = Address::parse(url).unwrap();
        assert_eq!((address.secure, address.port), (secure, port), "{url}");
        assert_eq!(
            (address.authority().as_str(), address.resource.as_str()),
            (authority, resource),
            "{url}"
        );
    }
    assert_eq!(
        Address::parse("ws://[::1]/")
            .unwrap()
            .host_without_brackets(),
        "::1"
    );
    assert_eq!(
        Address::parse("ws://a/").unwrap().host_without_brackets(),
        "a"
    );
}

#[test]
fn bad_urls() {
    for url in [
        "",
        "/echo",
        "example.com",
        "ws:",
        "ws://",
        "ws://a b/",
        "ftp://example.com/",
        "ws://example.com:99999/",
        "wss//x",
    ] {
        assert_eq!(Address::parse(url), Err(ConnectErrorKind::BadUrl), "{url}");
    }
    for url in [
        "ws://example.com/#",
        "ws://example.com/#x",
        "wss://example.com/?a#b",
    ] {
        assert_eq!(
            Address::parse(url),
            Err(ConnectErrorKind::UrlFragment),
            "{url}"
        );
    }
}
