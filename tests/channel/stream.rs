//! What only `WebSocketStream` does.

use crate::connect;
use crate::server::server;
use futures::StreamExt;
use websocket_channel::{By, Bytes, Overflow, Text};

#[crate::test]
async fn what_was_written_before_a_close_arrives_before_it() {
    let server = server().await;
    let (tx, mut rx) = connect(server.url("/echo"))
        .codec(Bytes)
        .send_watermark(64 << 20)
        .await
        .unwrap()
        .split();
    // More than the browser takes at once: some of it waits when the close comes.
    for _ in 0..20 {
        tx.try_send(vec![7; 1 << 20]).unwrap();
    }
    let closed = tx.control().close(4000, "behind").await.unwrap();
    assert_eq!(
        (closed.code, closed.reason.as_str(), closed.clean, closed.by),
        (4000, "behind", true, By::Us)
    );
    assert!(rx.next().await.is_none() || rx.closed().await == closed);
}

/// What nobody read must not hold the end back.
#[crate::test]
async fn a_close_over_unread_messages_is_answered() {
    let server = server().await;
    let channel = connect(server.url("/flood?count=1000&size=65536"))
        .codec(Bytes)
        .receive_bound(1, Overflow::Close)
        .await
        .unwrap();
    let control = channel.control();
    let (_tx, mut rx) = channel.split();
    let (arrived, mut arrivals) = futures::channel::mpsc::unbounded();
    rx.set_wake(move || drop(arrived.unbounded_send(())));
    arrivals.next().await.unwrap();
    let closed = control.close(4000, "enough").await.unwrap();
    assert_eq!((closed.code, closed.clean), (4000, true));
}

#[crate::test]
async fn everything_small_arrives_although_the_peer_closed_before_it_was_read() {
    let server = server().await;
    let mut channel = connect(server.url("/flood?count=50&size=10"))
        .codec(Bytes)
        .await
        .unwrap();
    // The end is known to the driver before the first message is read.
    channel.control().closed().await;
    for n in 0..50 {
        assert_eq!(channel.next().await.unwrap().unwrap(), vec![n; 10]);
    }
    assert!(channel.next().await.is_none());
    assert!(channel.closed().await.clean);
}

#[crate::test]
async fn text_is_text_and_a_lost_connection_is_1006() {
    let server = server().await;
    let mut channel = connect(server.url("/cut")).codec(Text).await.unwrap();
    channel.send("x".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "last words");
    let closed = channel.closed().await;
    assert_eq!(
        (closed.code, closed.clean, closed.by),
        (1006, false, By::Failure)
    );
}
