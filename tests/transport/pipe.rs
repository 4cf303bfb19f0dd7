//! The byte pipe: a WebSocket to a relay carries the bytes of another connection, as it does inside a page.

use crate::support::{cause, echo, echoes, listen, options, proxy};
use std::net::SocketAddr;
use tokio::net::TcpStream;
use websocket_channel::error::Cause;
use websocket_channel::proto::{Credentials, ProtocolLimits};
use websocket_channel::transport::{Limits, tunnel};
use websocket_channel::{ByteStream, ConnectionOptions, Socket};

/// Accepts a WebSocket, opens TCP to the target, and copies bytes both ways.
async fn relay(target: SocketAddr) -> SocketAddr {
    listen(move |io| async move {
        let mut near = Socket::accept(io, ConnectionOptions::default())
            .await
            .unwrap()
            .into_byte_stream();
        let mut far = TcpStream::connect(target).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    })
    .await
}

async fn piped(relay: SocketAddr) -> ByteStream {
    let socket = Socket::connect(format!("ws://{relay}/pipe"), options())
        .await
        .unwrap();
    socket.into_byte_stream()
}

#[tokio::test]
async fn a_connection_inside_a_connection() {
    let target = listen(echo).await;
    let io = piped(relay(target).await).await;
    echoes(
        Socket::connect_over(io, format!("ws://{target}/"), options())
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test]
async fn through_a_tunnel_with_credentials() {
    let target = listen(echo).await;
    let (address, asked) = proxy(target, "HTTP/1.1 200 OK\r\n\r\n").await;
    let io = piped(relay(address).await).await;
    let credentials = Credentials::new("ednamode", "nocapes!").unwrap();
    let io = tunnel::open(io, "example.com", 80, Some(&credentials))
        .await
        .unwrap();
    echoes(
        Socket::connect_over(io, "ws://example.com/demo", options())
            .await
            .unwrap(),
    )
    .await;
    let expected = "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\
                    Proxy-Authorization: Basic ZWRuYW1vZGU6bm9jYXBlcyE=\r\n\r\n";
    assert_eq!(*asked.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn a_refusal_passes_through_the_pipe() {
    let (address, _) = proxy("127.0.0.1:1".parse().unwrap(), "HTTP/1.1 407 x\r\n\r\n").await;
    let io = piped(relay(address).await).await;
    let refused = tunnel::open(io, "example.com", 80, None).await.err();
    assert_eq!(
        refused.map(|error| error.cause),
        Some(Cause::ProxyAuthentication(String::new()))
    );
}

#[tokio::test]
async fn a_relay_that_ends_ends_the_connection_inside() {
    // The target accepts and hangs up.
    let target = listen(|io| async move { drop(io) }).await;
    let io = piped(relay(target).await).await;
    let error = Socket::connect_over(io, "ws://h/", options())
        .await
        .unwrap_err();
    assert!(matches!(cause(error), Cause::Transport(_)));
}

/// Who waits at a high-water mark of his own is never refused for want of room beneath it.
#[test]
fn the_core_accepts_messages_below_the_high_water_mark() {
    let mut limits = Limits::default();
    assert!(ProtocolLimits::from(&limits).max_unsent >= 64 << 20);
    limits.send_high_water_mark = 1 << 30;
    assert!(ProtocolLimits::from(&limits).max_unsent >= 1 << 30);
}
