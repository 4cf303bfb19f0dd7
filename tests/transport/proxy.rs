//! Through an HTTP proxy with CONNECT.

use crate::support::{cause, echo, echoes, listen, options, proxy, through};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use websocket_channel::Socket;
use websocket_channel::error::{Cause, Violation};

const ESTABLISHED: &str = "HTTP/1.0 200 Connection established\r\n\r\n";

#[tokio::test]
async fn ws_goes_through_the_proxy() {
    let target = listen(echo).await;
    let (address, asked) = proxy(target, ESTABLISHED).await;
    // The proxy looks the name up, not this side.
    let options = through(&format!("http://{address}"));
    echoes(
        Socket::connect("ws://nowhere.invalid/x", options)
            .await
            .unwrap(),
    )
    .await;
    let expected = "CONNECT nowhere.invalid:80 HTTP/1.1\r\nHost: nowhere.invalid:80\r\n\r\n";
    assert_eq!(*asked.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn credentials_are_sent_at_once() {
    let target = listen(echo).await;
    let (address, asked) = proxy(target, ESTABLISHED).await;
    let options = through(&format!("http://ednamode:nocapes%21@{address}"));
    echoes(Socket::connect("ws://[::2]:81/", options).await.unwrap()).await;
    let expected = "CONNECT [::2]:81 HTTP/1.1\r\nHost: [::2]:81\r\n\
                    Proxy-Authorization: Basic ZWRuYW1vZGU6bm9jYXBlcyE=\r\n\r\n";
    assert_eq!(*asked.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn refusals_are_typed() {
    for (answer, expected) in [
        (
            "HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"p\"\r\n\r\n",
            Cause::ProxyAuthentication("Basic realm=\"p\"".into()),
        ),
        (
            "HTTP/1.1 403 x\r\nContent-Length: 2\r\n\r\nno",
            Cause::Proxy(403),
        ),
        ("HTTP/1.1 502 x\r\n\r\n", Cause::Proxy(502)),
        (
            "nonsense\r\n\r\n",
            Cause::Violation(Violation::HeadSyntax { line: 1, byte: 9 }),
        ),
    ] {
        let (address, _) = proxy("127.0.0.1:1".parse().unwrap(), answer).await;
        let error = Socket::connect("ws://h/", through(&address.to_string()))
            .await
            .unwrap_err();
        assert_eq!(cause(error), expected, "{answer:?}");
    }
    let (address, _) = proxy("127.0.0.1:1".parse().unwrap(), "HTTP/1.1 2").await;
    let error = Socket::connect("ws://h/", through(&address.to_string()))
        .await
        .unwrap_err();
    assert!(matches!(cause(error), Cause::Transport(words) if words.contains("proxy")));
}

#[tokio::test]
async fn the_connect_timeout_covers_the_proxy() {
    let silent = listen(|mut io| async move {
        let mut dropped = Vec::new();
        let _ = io.read_to_end(&mut dropped).await;
    })
    .await;
    let mut options = through(&silent.to_string());
    options.connect_timeout = Duration::from_millis(100);
    let began = Instant::now();
    let error = Socket::connect("ws://h/", options).await.unwrap_err();
    assert_eq!(error.code(), "TIMED_OUT");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn bytes_after_the_proxys_answer_belong_to_the_tunnel() {
    // The proxy's head and the server's come in one piece.
    let address = listen(|mut io| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(io.read_u8().await.unwrap());
        }
        io.write_all(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 418 x\r\n\r\n")
            .await
            .unwrap();
        let _ = io.read_to_end(&mut head).await;
    })
    .await;
    let error = Socket::connect("ws://h/", through(&address.to_string()))
        .await
        .unwrap_err();
    assert_eq!(cause(error), Cause::Status(418));
}

#[tokio::test]
async fn loopback_goes_direct_whatever_the_environment_says() {
    let target = listen(echo).await;
    let mut options = options();
    options.network.proxy = Default::default();
    echoes(
        Socket::connect(format!("ws://{target}/"), options)
            .await
            .unwrap(),
    )
    .await;
}

/// Each text says that it is about the proxy, and what to do.
#[tokio::test]
async fn a_proxy_error_names_the_proxy() {
    let asks = "HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n";
    let (address, _) = proxy("127.0.0.1:1".parse().unwrap(), asks).await;
    let options = through(&format!("http://{address}"));
    let error = Socket::connect("ws://h.example/", options)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the proxy requires credentials"), "{text}");

    // It takes TLS for a bad request, as Squid does.
    let plain = listen(|mut io| async move {
        let _ = io.read(&mut [0; 1024]).await;
        let _ = io.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let options = through(&format!("https://{plain}"));
    let error = Socket::connect("ws://h.example/", options)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the proxy does not speak TLS"), "{text}");
    assert!(!text.contains("server"), "{text}");
}
