//! Promise 1: sends tell the truth. `Ok` is what was handed over; everything else comes back with its value.

use crate::line::{TRANSPORTS, Transport, fill, open, stays_full, still, turn};
use futures::future::join_all;
use std::cell::Cell;
use websocket_channel::{SendErrorKind, Status};

#[crate::test]
async fn every_ok_was_handed_over_and_every_error_has_its_value() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "truth", 64 << 10).await;
        let (tx, mut rx) = channel.split();
        let control = tx.control();
        let mut ok = 0u32;
        let echoed = Cell::new(0u32);
        // The peer goes in the middle of it.
        let sending = async {
            loop {
                // What came back has left the browser, and of the rest nothing waits.
                while crate::STREAM_IS_LIMITED
                    && ok - echoed.get() >= 16
                    && control.status() == Status::Open
                {
                    turn().await;
                }
                let value = [ok.to_be_bytes().as_slice(), &[7; 1000]].concat();
                match tx.send(value.clone()).await {
                    Ok(()) => ok += 1,
                    Err(error) => {
                        assert_eq!(error.kind, SendErrorKind::NotOpen);
                        assert_eq!(error.value, value, "{transport:?}: another value");
                        return;
                    }
                }
            }
        };
        let reading = async {
            let mut read = 0u32;
            while let Some(Ok(message)) = rx.next().await {
                let number = u32::from_be_bytes(message[..4].try_into().unwrap());
                assert_eq!(number, read, "{transport:?}: order");
                read += 1;
                echoed.set(read);
                if read == 100 {
                    peer.cut().await;
                }
            }
            read
        };
        let ((), read) = futures::join!(sending, reading);
        assert_eq!(
            control.stats().sent_messages,
            u64::from(ok),
            "{transport:?}"
        );
        assert!(ok >= read, "{transport:?}: {read} of {ok} came back");
        assert!(matches!(control.status(), Status::Closed(_)));
    }
}

#[crate::test]
async fn every_pending_send_returns_its_value_when_the_connection_ends() {
    if crate::STREAM_IS_LIMITED {
        return;
    }
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "waiting", 1).await;
        peer.freeze().await;
        let filled = fill(&channel).await;
        let (tx, mut rx) = channel.split();
        let waiting = join_all((0..10u8).map(|number| tx.send(vec![number])));
        let ends = async {
            // Every one of them has had its turn to be sent.
            still().await;
            if transport == Transport::Memory || stays_full() {
                peer.cut().await;
            } else {
                // Before a word of the server's comes there would be room: the end is ours.
                tx.control().close(1000, "").await.unwrap();
            }
        };
        let (outcomes, ()) = futures::join!(waiting, ends);
        for (number, outcome) in (0u8..).zip(outcomes) {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.kind, error.value),
                (SendErrorKind::NotOpen, vec![number]),
                "{transport:?}"
            );
        }
        assert_eq!(
            tx.control().stats().sent_messages,
            filled as u64,
            "{transport:?}"
        );
        let error = tx.reserve().await.map(drop).unwrap_err();
        assert_eq!(error, SendErrorKind::NotOpen);
        // The sends that came back are not counted. Natively what was queued before them is, as far as the stream did not take it.
        let closed = rx.closed().await;
        let unsent = tx.control().stats().unsent_bytes;
        assert_eq!(unsent, 0, "{transport:?}: {closed:?}");
    }
}

/// What is taken without waiting is the one thing that an end can prevent behind an `Ok`; the end counts it.
#[crate::test]
async fn an_accepted_message_that_an_end_prevents_is_counted() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "taken", 1).await;
        let (tx, mut rx) = channel.split();
        let control = tx.control();
        let mut taken = 0u64;
        let mut bytes = 0usize;
        let mut cut = false;
        // Until the end is seen, without ever giving the driver a turn in between.
        loop {
            match tx.try_send(vec![1; 10]) {
                Ok(()) => {
                    taken += 1;
                    bytes += 10;
                }
                Err(error) => {
                    assert_eq!(error.value, [1; 10], "{transport:?}");
                    if error.kind == websocket_channel::TrySendErrorKind::NotOpen {
                        break;
                    }
                    if !cut && taken > 5 {
                        peer.cut().await;
                        cut = true;
                    }
                    turn().await;
                }
            }
        }
        let closed = rx.closed().await;
        let sent = control.stats();
        assert_eq!(
            (sent.sent_bytes as usize) + closed.unsent_bytes,
            bytes,
            "{transport:?}: {closed:?}, {sent:?}"
        );
    }
}

#[crate::test]
async fn the_order_is_that_in_which_sends_began() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "order", 1).await;
        peer.freeze().await;
        let filled = fill(&channel).await;
        let (tx, mut rx) = channel.split();
        let other = tx.clone();
        let sends = (0..20u8).map(|number| {
            let sender = if number % 2 == 0 { &tx } else { &other };
            sender.send(vec![number])
        });
        let reading = async {
            peer.thaw().await;
            for _ in 0..filled {
                let echoed = rx.next().await.unwrap().unwrap();
                assert_eq!(echoed.len(), crate::line::LARGE, "{transport:?}");
            }
            for number in 0..20 {
                assert_eq!(rx.next().await.unwrap().unwrap(), [number], "{transport:?}");
            }
        };
        let (outcomes, ()) = futures::join!(join_all(sends), reading);
        assert!(outcomes.iter().all(Result::is_ok));
    }
}
