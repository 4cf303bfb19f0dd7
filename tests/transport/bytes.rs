//! A socket as a stream of bytes, by the traits of tokio and of futures.

use crate::support::options;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use websocket_channel::socket::UNSUPPORTED_DATA;
use websocket_channel::{ClosedBy, ConnectionOptions, Message, Socket};

/// Both ends of one connection.
async fn pair() -> (Socket, Socket) {
    let (ours, theirs) = tokio::io::duplex(1 << 10);
    let (client, server) = tokio::join!(
        Socket::connect_over::<DuplexStream>(ours, "ws://h/", options()),
        Socket::accept(theirs, ConnectionOptions::default())
    );
    (client.unwrap(), server.unwrap())
}

#[tokio::test]
async fn bytes_go_both_ways_whatever_the_messages_are() {
    let (client, server) = pair().await;
    let (mut client, mut server) = (client.into_byte_stream(), server.into_byte_stream());
    let sent: Vec<u8> = (0..300_000u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    let expected = sent.clone();
    let writing = tokio::spawn(async move {
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        // It began to close, and the connection was told so before.
        assert_eq!(
            client.write(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        client.socket().close_info().cloned()
    });
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.unwrap();
    assert!(got == expected);
    let closed = writing.await.unwrap().unwrap();
    assert!(closed.was_clean && closed.code == 1000 && closed.by == ClosedBy::Local);
}

#[tokio::test]
async fn borders_of_messages_cannot_be_seen() {
    let (client, mut server) = pair().await;
    let mut client = client.into_byte_stream();
    for piece in [&b"ab"[..], b"", b"cdef"] {
        server.send_now(Message::from(piece)).unwrap();
    }
    let mut three = [0; 3];
    let driving = tokio::spawn(async move { server.closed().await });
    client.read_exact(&mut three).await.unwrap();
    assert_eq!(&three, b"abc");
    client.read_exact(&mut three).await.unwrap();
    assert_eq!(&three, b"def");
    drop(client);
    driving.await.unwrap();
}

#[tokio::test]
async fn a_write_is_64_kib_at_most() {
    use futures::StreamExt as _;
    let (client, mut server) = pair().await;
    let mut client = client.into_byte_stream();
    let reading = tokio::spawn(async move { server.next().await });
    assert_eq!(client.write(&vec![7; 100_000]).await.unwrap(), 64 << 10);
    client.flush().await.unwrap();
    assert_eq!(
        reading.await.unwrap(),
        Some(Message::from(vec![7; 64 << 10]))
    );
}

#[tokio::test]
async fn an_end_that_is_none_is_an_error() {
    for (code, expected) in [(1000, Ok(0)), (3000, Err(ErrorKind::ConnectionAborted))] {
        let (client, mut server) = pair().await;
        let mut client = client.into_byte_stream();
        server.close(code, "why").unwrap();
        let driving = tokio::spawn(async move { server.closed().await });
        let end = client.read(&mut [0]).await;
        assert_eq!(end.map_err(|error| error.kind()), expected, "{code}");
        // And it stays so.
        assert_eq!(
            client.read(&mut [0]).await.map_err(|error| error.kind()),
            expected,
            "{code}"
        );
        driving.await.unwrap();
    }
    // The line is cut.
    let (ours, mut theirs) = tokio::io::duplex(100);
    let socket = Socket::from_upgraded(
        ours,
        b"\x82\x01x",
        websocket_channel::transport::Role::Client,
        Default::default(),
        &Default::default(),
    );
    theirs.shutdown().await.unwrap();
    drop(theirs);
    let mut all = Vec::new();
    let error = socket
        .into_byte_stream()
        .read_to_end(&mut all)
        .await
        .unwrap_err();
    assert_eq!(
        (all, error.kind()),
        (b"x".to_vec(), ErrorKind::ConnectionAborted)
    );
}

#[tokio::test]
async fn text_among_bytes_is_refused() {
    let (client, mut server) = pair().await;
    let mut client = client.into_byte_stream();
    server.send_now(Message::from(&b"a"[..])).unwrap();
    server.send_now(Message::from("text")).unwrap();
    let driving = tokio::spawn(async move { server.closed().await });
    assert_eq!(client.read_u8().await.unwrap(), b'a');
    for _ in 0..2 {
        let error = client.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
    drop(client);
    let closed = driving.await.unwrap();
    assert_eq!(
        (closed.code, closed.by),
        (UNSUPPORTED_DATA, ClosedBy::Remote)
    );
}

#[tokio::test]
async fn the_traits_of_futures() {
    use futures::io::{AsyncReadExt, AsyncWriteExt};
    let (client, server) = pair().await;
    let (mut client, mut server) = (client.into_byte_stream(), server.into_byte_stream());
    let echoing = tokio::spawn(async move {
        let mut all = Vec::new();
        AsyncReadExt::read_to_end(&mut server, &mut all)
            .await
            .unwrap();
        all
    });
    AsyncWriteExt::write_all(&mut client, b"abc").await.unwrap();
    AsyncWriteExt::flush(&mut client).await.unwrap();
    AsyncWriteExt::close(&mut client).await.unwrap();
    assert_eq!(
        AsyncReadExt::read(&mut client, &mut [0; 4]).await.unwrap(),
        0
    );
    assert_eq!(echoing.await.unwrap(), b"abc");
}
