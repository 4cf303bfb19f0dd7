//! Promise 5, cancelling: every await of the channel is dropped at each point at which it can wait, and nothing is left behind.

use crate::connect;
use crate::line::{TRANSPORTS, Transport, asked, fill, open, turn};
use crate::server::{server, unique};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use websocket_channel::Status;

/// Polls `future` at most `polls` times, each time when it asked for it, and drops it. `None` if it was not done by then. Whatever it was
/// waiting for must have let go of its waker.
async fn cancelled_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let waker = Arc::new(Forward::default());
    let output = {
        let mut future = Box::pin(future);
        let mut polled = 0;
        poll_fn(|cx| {
            if polled == polls {
                return Poll::Ready(None);
            }
            *waker.0.lock().unwrap() = Some(cx.waker().clone());
            polled += 1;
            let ours = Waker::from(waker.clone());
            let output = future.as_mut().poll(&mut Context::from_waker(&ours));
            match output {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if polled == polls => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    };
    if output.is_none() {
        assert_eq!(
            Arc::strong_count(&waker),
            1,
            "a waker is left behind after {polls} polls"
        );
    }
    output
}

/// Wakes the test in whose turn the future was polled.
#[derive(Default)]
struct Forward(Mutex<Option<Waker>>);

impl Wake for Forward {
    fn wake(self: Arc<Self>) {
        if let Some(waker) = self.0.lock().unwrap().take() {
            waker.wake();
        }
    }
}

/// Live JavaScript references; what is not JavaScript has none.
fn references() -> u32 {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return wasm_bindgen::externref_heap_live_count();
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    0
}

/// Turns after which what was scheduled is over. Nothing that is to go needs a timer of more than zero.
const TURNS: usize = 200;

/// Nothing is left in JavaScript's world of what came after `before`.
async fn settled(before: u32) {
    for _ in 0..TURNS {
        if references() <= before {
            return;
        }
        turn().await;
    }
    assert_eq!(references(), before, "references are left behind");
}

#[crate::test]
async fn connect_leaves_nothing_behind_wherever_it_is_dropped() {
    let server = server().await;
    let mut steering = server.steering().await;
    // What the page's first connection brings once is not of interest.
    drop(asked(&server, &unique("first")).await.unwrap());
    turn().await;
    let mut polls = 0;
    loop {
        let tag = unique("cancel-connect");
        let before = references();
        let connected = cancelled_after(polls, asked(&server, &tag).into_future()).await;
        let done = connected.is_some();
        drop(connected);
        settled(before).await;
        steering.none_left(&tag).await;
        if done {
            break;
        }
        polls += 1;
    }
    assert!(polls > 1, "it never had to wait");
}

#[crate::test]
async fn connect_to_a_peer_that_never_answers_leaves_nothing_behind() {
    // It did not end in Firefox, and why is not known yet: `table.md` says so.
    if crate::faults::column() == crate::faults::Column::Firefox {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("cancel-silent");
    let before = references();
    for path in ["silent", "fault/half-head", "fault/drip"] {
        let url = server.url(format_args!("/{path}?tag={tag}"));
        let mut connecting = Box::pin(connect(url).into_future());
        // Dropped when the request has arrived, and not sooner.
        while steering.live(&tag).await.is_empty() {
            assert!(futures::poll!(connecting.as_mut()).is_pending());
        }
        drop(connecting);
        steering.none_left(&tag).await;
    }
    settled(before).await;
}

#[crate::test]
async fn send_and_reserve_send_nothing_wherever_they_are_dropped() {
    for transport in TRANSPORTS {
        let (channel, _peer) = open(transport, "cancel-send", 1).await;
        let mut expected = Vec::new();
        for polls in 0.. {
            let number = vec![polls as u8];
            if let Some(outcome) = cancelled_after(polls, channel.send(number.clone())).await {
                outcome.unwrap();
                expected.push(number);
                break;
            }
        }
        let (tx, mut rx) = channel.split();
        for polls in 0.. {
            if let Some(permit) = cancelled_after(polls, tx.reserve()).await {
                permit.unwrap().send(vec![100]).unwrap();
                expected.push(vec![100]);
                break;
            }
        }
        // The line goes on, and what was dropped is not in it.
        tx.send(vec![200]).await.unwrap();
        expected.push(vec![200]);
        for message in expected {
            assert_eq!(rx.next().await.unwrap().unwrap(), message, "{transport:?}");
        }
    }
}

#[crate::test]
async fn a_dropped_pending_send_sends_nothing() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "cancel-full", 1).await;
        peer.freeze().await;
        let filled = fill(&channel).await;
        let (tx, mut rx) = channel.split();
        for polls in [0, 1] {
            let waiting = cancelled_after(polls, tx.send(b"never".to_vec())).await;
            assert!(waiting.is_none(), "{transport:?}: there was room");
            assert!(cancelled_after(polls, tx.reserve()).await.is_none());
        }
        // And one that waits until the line moves, and is dropped in that moment.
        let mut waiting = Box::pin(tx.send(b"never".to_vec()));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        drop(waiting);
        peer.thaw().await;
        let after = tx.send(b"after".to_vec());
        let reading = async {
            for _ in 0..filled {
                let echoed = rx.next().await.unwrap().unwrap();
                assert_eq!(echoed.len(), crate::line::LARGE, "{transport:?}");
            }
            assert_eq!(rx.next().await.unwrap().unwrap(), b"after");
        };
        let (sent, ()) = futures::join!(after, reading);
        sent.unwrap();
        assert_eq!(tx.control().stats().sent_messages, filled as u64 + 1);
    }
}

#[crate::test]
async fn next_loses_nothing_wherever_it_is_dropped() {
    for transport in TRANSPORTS {
        let (mut channel, _peer) = open(transport, "cancel-next", 1 << 20).await;
        for polls in 0..4u8 {
            // In flight while it waits.
            channel.send(vec![polls]).await.unwrap();
            let received = match cancelled_after(polls.into(), channel.next()).await {
                Some(received) => received,
                None => channel.next().await,
            };
            assert_eq!(received.unwrap().unwrap(), [polls], "{transport:?}");
        }
    }
}

#[crate::test]
async fn close_starts_at_its_first_poll_and_continues_when_dropped() {
    for transport in TRANSPORTS {
        for polls in 0.. {
            let (channel, mut peer) = open(transport, "cancel-close", 1 << 20).await;
            let control = channel.control();
            let closed = cancelled_after(polls, control.close(4000, "bye")).await;
            if polls == 0 {
                assert_eq!(control.status(), Status::Open);
                continue;
            }
            let done = closed.is_some();
            // Without the future, and without anybody who reads.
            let closed = control.closed().await;
            assert_eq!(
                (closed.code, closed.was_clean),
                (4000, true),
                "{transport:?}"
            );
            peer.none_left().await;
            if done {
                break;
            }
        }
    }
}

#[crate::test]
async fn closed_leaves_nothing_behind_wherever_it_is_dropped() {
    for transport in TRANSPORTS {
        let (mut channel, mut peer) = open(transport, "cancel-closed", 1 << 20).await;
        let control = channel.control();
        for polls in 0..3 {
            // Pending: nothing ends it. A third poll would never be asked for.
            let polls = polls.min(1);
            assert!(cancelled_after(polls, control.closed()).await.is_none());
            assert!(cancelled_after(polls, channel.closed()).await.is_none());
        }
        assert_eq!(control.status(), Status::Open, "{transport:?}");
        channel.send(b"still open".to_vec()).await.unwrap();
        assert_eq!(channel.next().await.unwrap().unwrap(), b"still open");
        peer.cut().await;
        let mut polls = 1;
        while cancelled_after(polls, channel.closed()).await.is_none() {
            polls += 1;
        }
        assert_eq!(control.closed().await, channel.closed().await);
    }
}

/// A watched status is an await as well.
#[crate::test]
async fn changes_leave_nothing_behind_when_they_are_dropped() {
    let (channel, _peer) = open(Transport::Platform, "cancel-changes", 1 << 20).await;
    let control = channel.control();
    assert_eq!(
        cancelled_after(1, next_change(&control, 1)).await,
        Some(Some(Status::Open))
    );
    assert_eq!(cancelled_after(1, next_change(&control, 2)).await, None);
}

/// The `number`th change of status.
async fn next_change(control: &websocket_channel::Control, number: usize) -> Option<Status> {
    use futures::StreamExt;
    control.status_changes().skip(number - 1).next().await
}
