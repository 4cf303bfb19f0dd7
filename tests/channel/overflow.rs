//! Past the receive buffer where the transport cannot push back: a browser's `WebSocket`.

use crate::connect;
use crate::server::server;
use futures::StreamExt;
use websocket_channel::{Bytes, ClosedBy, Overflow, Status, TryRecvError};

const FLOOD: usize = 200;
const SIZE: usize = 10_000;

/// A bound that holds about ten of the flood's messages.
const BOUND: usize = 10 * SIZE + 1000;

/// Has the whole flood echoed and reads none of it, where the transport cannot push back.
async fn flooded(
    overflow: Overflow,
) -> (
    websocket_channel::Control,
    websocket_channel::Receiver<Vec<u8>>,
) {
    let server = server().await;
    let channel = connect(server.url("/echo"))
        .codec(Bytes)
        .receive_buffer(BOUND, overflow)
        .await
        .unwrap();
    let (tx, mut rx) = channel.split();
    let control = tx.control();
    let (arrived, mut arrivals) = futures::channel::mpsc::unbounded();
    rx.on_readable(move || drop(arrived.unbounded_send(())));
    for _ in 0..FLOOD {
        if tx.send(vec![7; SIZE]).await.is_err() {
            // Only the policy `Close` ends it.
            assert_ne!(control.status(), Status::Open);
            break;
        }
    }
    while control.status() == Status::Open && control.stats().received_messages < FLOOD as u64 {
        arrivals.next().await.unwrap();
        assert!(control.stats().queued_bytes <= BOUND);
    }
    (control, rx)
}

#[crate::test]
async fn the_close_policy_closes_past_the_bound_and_earlier_messages_can_be_read() {
    let (control, mut rx) = flooded(Overflow::Close).await;
    let closed = control.closed().await;
    assert_eq!((closed.code, closed.by), (3013, ClosedBy::Local));
    for _ in 0..10 {
        assert_eq!(rx.next().await.unwrap().unwrap().len(), SIZE);
    }
    let error = rx.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.code(), error.close_info()),
        ("RECEIVE_BUFFER_FULL", Some(&closed))
    );
    assert!(rx.next().await.is_none());
}

#[crate::test]
async fn past_the_bound_the_policies_drop_and_count() {
    for (overflow, kept) in [
        (Overflow::DropOldest, 10),
        (Overflow::DropNewest, 10),
        (Overflow::Latest, 1),
    ] {
        let (control, mut rx) = flooded(overflow).await;
        assert_eq!(
            control.stats().dropped_messages,
            (FLOOD - kept) as u64,
            "{overflow:?}"
        );
        for _ in 0..kept {
            assert_eq!(rx.next().await.unwrap().unwrap().len(), SIZE);
        }
        assert_eq!(
            rx.try_recv().map(drop),
            Err(TryRecvError::Empty),
            "{overflow:?}"
        );
    }
}
