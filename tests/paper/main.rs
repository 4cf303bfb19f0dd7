//! The system of the 2009 paper, run from end to end by our own code: its handshake, its framing and its CONNECT tunnel.
//!
//! In a browser our WebAssembly speaks them inside the page. A page cannot open TCP, so the bytes travel in a WebSocket of the browser's own to the
//! test server's relay, which does; natively the same lines run over the same relay.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]

#[path = "../channel/server.rs"]
mod server;

use server::{PROXY_USER, Server, server};
use websocket_channel::error::Cause;
use websocket_channel::proto::{Credentials, Format};
use websocket_channel::transport::tunnel;
use websocket_channel::{Channel, ClosedBy, ConnectErrorKind, ConnectionOptions, Socket, Text};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A stream of bytes to a TCP port, carried by a WebSocket of the platform's.
async fn bytes_to(server: &Server, authority: &str) -> websocket_channel::socket::ByteStream {
    let url = server.trusted_url(format_args!("/pipe?to={authority}"));
    Socket::connect(url, ConnectionOptions::default())
        .await
        .unwrap()
        .into_byte_stream()
}

/// What the paper's client asks for.
fn asked(format: Format) -> ConnectionOptions {
    let mut options = ConnectionOptions::default();
    options.handshake.format = format;
    options.handshake.origin = Some("http://example.com".into());
    options
}

/// Slides 4, 9 and 11: says "Hello, WebSocket", hears it, and closes.
async fn hello(socket: Socket) -> websocket_channel::CloseInfo {
    let mut channel: Channel<String, String> = Channel::from_socket(socket, Text);
    for text in ["Hello, WebSocket", "", "Grüße, 世界"] {
        channel.send(text.into()).await.unwrap();
        assert_eq!(channel.next().await.unwrap().unwrap(), text);
    }
    channel.control().close(1000, "bye").await.unwrap()
}

#[test]
async fn the_paper_runs_in_the_page() {
    let server = server().await;
    let io = bytes_to(&server, server.authority()).await;
    let socket = Socket::connect_over(io, server.url("/echo"), asked(Format::Hixie75))
        .await
        .unwrap();
    // hixie-75 has no closing handshake: the end is told by TCP alone.
    let closed = hello(socket).await;
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Local)
    );
}

#[test]
async fn the_paper_runs_through_a_tunnel_with_credentials() {
    let server = server().await;
    let io = bytes_to(&server, server.proxy()).await;
    let (user, password) = PROXY_USER.split_once(':').unwrap();
    let credentials = Credentials::new(user, password).unwrap();
    let (host, port) = server.authority().split_once(':').unwrap();
    let io = tunnel::open(io, host, port.parse().unwrap(), Some(&credentials))
        .await
        .unwrap();
    let socket = Socket::connect_over(io, server.url("/echo"), asked(Format::Hixie75))
        .await
        .unwrap();
    assert_eq!(hello(socket).await.by, ClosedBy::Local);
}

#[test]
async fn a_tunnel_without_credentials_is_refused() {
    let server = server().await;
    let io = bytes_to(&server, server.proxy()).await;
    let (host, port) = server.authority().split_once(':').unwrap();
    let refused = tunnel::open(io, host, port.parse().unwrap(), None).await;
    assert!(matches!(
        refused.map(drop),
        Err(error) if matches!(error.cause, Cause::ProxyAuthentication(_))
    ));
}

#[test]
async fn its_successors_run_in_the_page_too() {
    let server = server().await;
    for (format, code) in [(Format::Hixie76, 1005), (Format::Rfc6455, 1000)] {
        let io = bytes_to(&server, server.authority()).await;
        let socket = Socket::connect_over(io, server.url("/echo"), asked(format))
            .await
            .unwrap();
        let closed = hello(socket).await;
        assert_eq!((closed.code, closed.was_clean), (code, true), "{format}");
    }
}

#[test]
async fn a_refusal_has_its_status_in_a_page_too() {
    let server = server().await;
    let io = bytes_to(&server, server.authority()).await;
    let url = server.url("/status/404");
    let error = Socket::connect_over(io, url, asked(Format::Hixie75))
        .await
        .unwrap_err();
    // The platform's own WebSocket could not tell.
    assert!(
        matches!(&error.kind, ConnectErrorKind::ConnectFailed { cause, .. } if *cause == Cause::Status(404)),
        "{error:?}"
    );
}
