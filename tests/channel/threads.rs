//! Handles of one channel on several threads at once.

use futures::executor::block_on;
use std::thread;
use std::time::Duration;
use websocket_channel::transport::Limits;
use websocket_channel::{
    Bytes, Channel, OpenInfo, SendErrorKind, Socket, Status, TrySendErrorKind,
};

type Ours = Channel<Vec<u8>, Vec<u8>>;

fn pair() -> (Ours, Ours) {
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    (
        Channel::from_socket(ours, Bytes),
        Channel::from_socket(theirs, Bytes),
    )
}

/// A close that comes while the driver looks for room for those who wait: it must not go on looking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_send_fails_when_another_thread_closes() {
    for round in 0..60 {
        let (channel, mut peer) = pair();
        let reading = tokio::spawn(async move { while peer.next().await.is_some() {} });
        let control = channel.control();
        let (sender, mut receiver) = channel.split();
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let sender = sender.clone();
                thread::spawn(move || {
                    loop {
                        if let Err(error) = block_on(sender.send(vec![7; 100])) {
                            return (error.kind, error.value.len());
                        }
                    }
                })
            })
            .collect();
        drop(sender);
        // Rounds differ in where they meet the senders.
        while control.stats().sent_messages < round * 7 {
            tokio::task::yield_now().await;
        }
        control.start_close(1000, "").unwrap();
        let all = tokio::task::spawn_blocking(|| {
            let each = senders.into_iter().map(|sender| sender.join().unwrap());
            each.collect::<Vec<_>>()
        });
        let all = tokio::time::timeout(Duration::from_secs(20), all).await;
        let all = all.expect("a sender hangs").unwrap();
        assert_eq!(all, vec![(SendErrorKind::NotOpen, 100); 4]);
        let closed = tokio::time::timeout(Duration::from_secs(20), receiver.closed()).await;
        assert!(closed.expect("the end does not come").was_clean);
        reading.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_after_abort() {
    for _ in 0..100 {
        let (channel, mut peer) = pair();
        channel.send(b"before".to_vec()).await.unwrap();
        let control = channel.control();
        let (sender, _receiver) = channel.split();
        control.abort();
        assert_ne!(control.status(), Status::Open);
        let refused = sender.try_send(b"behind".to_vec()).unwrap_err();
        assert_eq!(refused.kind, TrySendErrorKind::NotOpen);
        let refused = sender.send(b"behind".to_vec()).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.value),
            (SendErrorKind::NotOpen, b"behind".to_vec())
        );
        let mut arrived = Vec::new();
        while let Some(Ok(value)) = peer.next().await {
            arrived.push(value);
        }
        assert_eq!(arrived, [b"before"]);
    }
}

/// What was handed over and is not written yet never will be.
#[tokio::test]
async fn abort_counts_what_is_not_written() {
    let (io, peer) = tokio::io::duplex(1 << 16);
    let limits = Limits::default();
    let role = websocket_channel::transport::Role::Server;
    let socket = Socket::from_upgraded(io, b"", role, OpenInfo::default(), &limits);
    let channel: Ours = Channel::from_socket(socket, Bytes);
    channel.send(vec![7; 1 << 20]).await.unwrap();
    let control = channel.control();
    control.abort();
    let closed = control.closed().await;
    assert!(closed.unsent_bytes > 900_000, "{}", closed.unsent_bytes);
    assert_eq!(channel.flush().await, Err(SendErrorKind::NotOpen));
    drop(peer);
}

/// A panic costs the channel, and not the process.
#[tokio::test]
async fn a_hook_that_panics_ends_its_channel() {
    let (channel, peer) = pair();
    let control = channel.control();
    let (_sender, mut receiver) = channel.split();
    receiver.on_readable(|| panic!("of the test"));
    peer.send(b"news".to_vec()).await.unwrap();
    assert!(!control.closed().await.was_clean);
    assert_eq!(receiver.next().await.unwrap().unwrap(), b"news");
    assert!(receiver.next().await.unwrap().is_err());
}
