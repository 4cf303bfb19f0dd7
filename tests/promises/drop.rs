//! Promise 5, dropping: it closes when the receiver and all senders are gone, and nothing of ours survives.

use crate::line::{TRANSPORTS, fill, open};
use std::sync::Arc;
use websocket_channel::{ClosedBy, Status};

#[crate::test]
async fn a_connection_closes_with_its_last_handle_and_the_peer_sees_it() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "last-handle", 1 << 20).await;
        let control = channel.control();
        let (tx, rx) = channel.split();
        let clones: Vec<_> = (0..3).map(|_| tx.clone()).collect();
        drop(tx);
        drop(rx);
        for clone in clones {
            clone.send(vec![1]).await.unwrap();
            assert_eq!(control.status(), Status::Open, "{transport:?}");
        }
        // A `Control` is a weak handle: it watches, and keeps nothing open.
        assert_eq!(control.closed().await.by, ClosedBy::Local, "{transport:?}");
        peer.none_left().await;
    }
}

#[crate::test]
async fn dropping_does_not_wait_for_a_peer_that_does_not_read() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "drop-frozen", 1).await;
        peer.freeze().await;
        fill(&channel).await;
        let control = channel.control();
        drop(channel);
        assert_eq!(control.closed().await.by, ClosedBy::Local, "{transport:?}");
        // The server's socket ends when it reads again, at the latest.
        peer.thaw().await;
        peer.none_left().await;
    }
}

#[crate::test]
async fn callbacks_of_the_application_are_dropped_with_the_channel() {
    for transport in TRANSPORTS {
        let (channel, _peer) = open(transport, "let-go", 1 << 20).await;
        let (tx, mut rx) = channel.split();
        let control = tx.control();
        let given = Arc::new(());
        let captured = given.clone();
        rx.on_readable(move || {
            let _ = &captured;
        });
        assert_eq!(Arc::strong_count(&given), 2);
        drop((tx, rx));
        control.closed().await;
        assert_eq!(Arc::strong_count(&given), 1, "{transport:?}");
    }
}
