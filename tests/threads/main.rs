//! The channel where wasm has shared memory: all its tests, and its handles in other workers. Built by the suite `threads`, with atomics and a
//! standard library of its own.

// Without atomics there is nothing to see here.
#![cfg(all(target_family = "wasm", target_os = "unknown", target_feature = "atomics"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../channel/by_default.rs"]
mod by_default;
#[path = "../channel/close.rs"]
mod close;
#[path = "../channel/connect.rs"]
mod connect;
#[path = "../channel/exchange.rs"]
mod exchange;
#[path = "../channel/flow.rs"]
mod flow;
#[path = "../channel/server.rs"]
mod server;
#[path = "../channel/typed.rs"]
mod typed;
mod worker;

pub(crate) use by_default::{LARGEST, connect};
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

use websocket_channel::{Bytes, Channel, ClosedBy, SendErrorKind};
use worker::{assert_shared, in_worker};

#[test]
async fn a_sender_sends_from_another_worker() {
    assert_shared();
    let server = server::server().await;
    let channel = connect(server.url("/echo")).codec(Bytes).await.unwrap();
    let (tx, mut rx) = channel.split();
    let sending = in_worker(move || async move {
        for number in 0..200u8 {
            tx.send(vec![number; 100]).await.unwrap();
        }
        tx
    });
    for number in 0..200 {
        assert_eq!(rx.next().await.unwrap().unwrap(), [number; 100]);
    }
    let tx = sending.await;
    assert_eq!(tx.control().stats().sent_messages, 200);
}

#[test]
async fn a_receiver_reads_in_another_worker() {
    assert_shared();
    let server = server::server().await;
    let url = server.url("/flood?count=500&size=1000");
    let channel: Channel<Vec<u8>, Vec<u8>> = connect(url).codec(Bytes).await.unwrap();
    let (_tx, mut rx) = channel.split();
    let (read, closed) = in_worker(move || async move {
        let mut read = 0u32;
        while let Some(message) = rx.next().await {
            let message = message.unwrap();
            assert_eq!((message.len(), message[0]), (1000, read as u8));
            read += 1;
        }
        (read, rx.closed().await)
    })
    .await;
    assert_eq!(
        (read, closed.code, closed.by),
        (500, 1000, ClosedBy::Remote)
    );
}

/// The high-water mark holds a worker back as well, and an end gives the value back to it.
#[test]
async fn a_pending_send_in_another_worker_completes_there() {
    assert_shared();
    let server = server::server().await;
    let mut steering = server.steering().await;
    let tag = format!("thread-{}", (js_sys::Math::random() * 1e15) as u64);
    let url = server.url(format_args!("/echo?tag={tag}"));
    let (tx, mut rx) = connect(url)
        .codec(Bytes)
        .send_high_water_mark(1)
        .await
        .unwrap()
        .split();
    steering.tell("freeze", &tag).await;
    tx.send(vec![0; 16 << 20]).await.unwrap();
    let control = tx.control();
    let (began, waits) = futures::channel::oneshot::channel();
    let waiting = in_worker(move || async move {
        let mut sending = Box::pin(tx.send(b"back".to_vec()));
        assert!(futures::poll!(sending.as_mut()).is_pending());
        began.send(()).unwrap();
        sending.await
    });
    waits.await.unwrap();
    steering.tell("cut", &tag).await;
    let error = waiting.await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (SendErrorKind::NotOpen, b"back".to_vec())
    );
    assert!(!rx.closed().await.was_clean);
    assert_eq!(control.stats().sent_messages, 1);
}

#[test]
async fn the_last_handle_closes_from_another_worker() {
    assert_shared();
    let server = server::server().await;
    let channel = connect(server.url("/echo")).codec(Bytes).await.unwrap();
    let control = channel.control();
    in_worker(move || async move { drop(channel) }).await;
    assert_eq!(control.closed().await.by, ClosedBy::Local);
}

/// Locks that are contended: the page's own thread may not wait for one, and every message is there in the end.
#[test]
async fn several_workers_and_the_page_send_at_once() {
    assert_shared();
    let server = server::server().await;
    let channel = connect(server.url("/echo")).codec(Bytes).await.unwrap();
    let (tx, mut rx) = channel.split();
    const EACH: u32 = 1000;
    let send = |who: u8| {
        let tx = tx.clone();
        move || async move {
            for number in 0..EACH {
                let message = [[who].as_slice(), &number.to_be_bytes()].concat();
                tx.send(message).await.unwrap();
            }
        }
    };
    let workers = futures::future::join_all((0..3u8).map(|who| in_worker(send(who))));
    let reading = async {
        let mut next = [0u32; 4];
        for _ in 0..4 * EACH {
            let message = rx.next().await.unwrap().unwrap();
            let number = u32::from_be_bytes(message[1..].try_into().unwrap());
            let who = usize::from(message[0]);
            assert_eq!(number, next[who], "of {who}");
            next[who] += 1;
        }
        next
    };
    let (_, (), next) = futures::join!(workers, send(3)(), reading);
    assert_eq!(next, [EACH; 4]);
}
