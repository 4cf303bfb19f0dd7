//! A peer that always has something to be read does not keep the thread from other tasks.

use crate::support::{next, piped, soon};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use tokio::io::AsyncWriteExt as _;
use tokio::task::{LocalSet, spawn_local, yield_now};
use websocket_channel::Event;
use websocket_channel::proto::Role;
use websocket_channel::transport::{Limits, Transport as _};

/// How often another task gets its turn while `work` is done.
async fn turns_beside(work: impl Future<Output = ()>) -> usize {
    let local = LocalSet::new();
    let turns = Rc::new(Cell::new(0));
    let counted = turns.clone();
    local
        .run_until(async {
            let other = spawn_local(async move {
                loop {
                    counted.set(counted.get() + 1);
                    yield_now().await;
                }
            });
            work.await;
            other.abort();
        })
        .await;
    turns.get()
}

#[tokio::test]
async fn ten_thousand_messages_of_one_read_let_other_tasks_run() {
    let frames = b"\x81\x81\0\0\0\0a".repeat(10_000);
    let (mut socket, mut peer) = piped(Role::Server, &Limits::default(), frames.len());
    peer.write_all(&frames).await.unwrap();
    let turns = turns_beside(soon("reading them all", async {
        for _ in 0..10_000 {
            assert!(matches!(next(&mut socket).await, Event::Message(_)));
        }
    }))
    .await;
    assert!(turns >= 10_000 / 256, "{turns} turns");
}

/// Empty fragments tell nothing, so that one poll could go on as long as there are any.
#[tokio::test]
async fn empty_fragments_let_other_tasks_run() {
    let mut frames = b"\x01\x80\0\0\0\0".to_vec();
    frames.extend(b"\0\x80\0\0\0\0".repeat(100_000));
    frames.extend(b"\x80\x80\0\0\0\0");
    let (mut socket, mut peer) = piped(Role::Server, &Limits::default(), frames.len());
    peer.write_all(&frames).await.unwrap();
    // 600 KB in reads of 64 KiB at most.
    let turns = turns_beside(soon("reading them all", async {
        poll_fn(|cx| socket.poll_event(cx)).await;
    }))
    .await;
    assert!(turns >= 2, "{turns} turns");
}
