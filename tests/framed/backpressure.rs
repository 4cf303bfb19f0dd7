//! Bounds in both directions: nothing grows because the other side is slow.

use crate::support::{limits, next, pair, piped, ready, soon};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use websocket_channel::proto::Role;
use websocket_channel::transport::Transport;
use websocket_channel::transport::framed::Framed;
use websocket_channel::{Event, Message};

async fn is_ready(socket: &mut impl Transport) -> bool {
    poll_fn(|cx| Poll::Ready(socket.poll_ready(cx).is_ready())).await
}

#[tokio::test]
async fn ready_waits_at_the_watermark() {
    let bounds = limits(|limits| limits.send_watermark = 1000);
    let (mut server, mut peer) = piped(Role::Server, &bounds, 64);
    assert!(is_ready(&mut server).await);
    server.send(Message::Binary(vec![0; 2000])).unwrap();
    assert!(!is_ready(&mut server).await);
    assert!(
        (1900..=2000).contains(&server.buffered_amount()),
        "{}",
        server.buffered_amount()
    );
    // The peer reads: room again.
    let reading = tokio::spawn(async move {
        let mut bytes = vec![0; 2004];
        peer.read_exact(&mut bytes).await.unwrap();
        peer
    });
    soon("room", ready(&mut server)).await;
    assert!(server.buffered_amount() < 1000);
    let flushed = soon("flushed", poll_fn(|cx| server.poll_flush(cx))).await;
    assert_eq!(flushed, Ok(()));
    assert_eq!(server.buffered_amount(), 0);
    reading.await.unwrap();
}

#[tokio::test]
async fn reading_stops_while_nobody_takes_the_messages() {
    let bounds = limits(|limits| {
        limits.receive_bound = 10_000;
        limits.send_watermark = 1;
    });
    // The pipe never takes our bytes, so that `poll_ready` keeps waiting, and reads meanwhile.
    let (mut server, mut peer) = piped(Role::Server, &bounds, 4096);
    server.send(Message::Binary(vec![0; 100_000])).unwrap();
    let mut sent = 0;
    let frame = [&[0x82, 0x80 | 100, 0, 0, 0, 0][..], &[7; 100]].concat();
    // As long as the server reads, there is room for one more.
    while tokio::time::timeout(Duration::from_millis(100), async {
        tokio::select! {
            biased;
            written = peer.write_all(&frame) => written.unwrap(),
            () = ready(&mut server) => panic!("there is no room to write"),
        }
    })
    .await
    .is_ok()
    {
        sent += 1;
        // One poll of the server for each message.
        assert!(!is_ready(&mut server).await);
        assert!(sent < 1000, "the server reads without bound");
    }
    assert!(
        server.connection().undelivered() < 20_000,
        "{}",
        server.connection().undelivered()
    );
    // Nothing is lost: every message comes once it is asked for.
    drop(peer);
    let mut received = 0;
    while let Event::Message(message) = soon("an event", next(&mut server)).await {
        assert_eq!(message, Message::Binary(vec![7; 100]));
        received += 1;
    }
    assert!(received >= sent, "{received} of {sent}");
}

#[tokio::test]
async fn two_sides_that_only_write_do_not_hold_each_other_up() {
    let bounds = limits(|limits| limits.send_watermark = 1000);
    let (client, server) = pair(&bounds).await;
    // All is written before the first message is asked for: 20 MB each way, more than the platform's buffers take.
    let write_then_read = |mut socket: Framed<TcpStream>| async move {
        for _ in 0..200 {
            ready(&mut socket).await;
            socket.send(Message::Binary(vec![1; 100_000])).unwrap();
        }
        for _ in 0..200 {
            assert!(next(&mut socket).await == Event::Message(Message::Binary(vec![1; 100_000])));
        }
        // Ours may still be on their way.
        assert_eq!(poll_fn(|cx| socket.poll_flush(cx)).await, Ok(()));
    };
    soon("both", async {
        tokio::join!(write_then_read(client), write_then_read(server))
    })
    .await;
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let small = limits(|limits| limits.max_message = 1000);
    let (mut server, mut peer) = piped(Role::Server, &small, 4096);
    peer.write_all(&[0x82, 0xfe, 0x03, 0xe9]).await.unwrap();
    let mut answer = Vec::new();
    let reading = tokio::spawn(async move {
        peer.read_to_end(&mut answer).await.unwrap();
        answer
    });
    let event = soon("the end", next(&mut server)).await;
    assert!(matches!(event, Event::Closed(closed) if closed.code == 1009 && !closed.clean));
    assert_eq!(reading.await.unwrap(), [0x88, 0x02, 0x03, 0xf1]);
}
