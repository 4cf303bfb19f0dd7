//! Cycles that must leave nothing behind: no JavaScript reference, no memory, no socket on the server, no file natively.
//!
//! 500 of each; 10,000 by `npm test -- --long`, which also prints what was measured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
// The lock is between tests, each on a thread and a runtime of its own: nobody else waits on this one's.
#![allow(clippy::await_holding_lock)]
// In a page there is one thread, and the lock is nothing.
#![cfg_attr(all(target_family = "wasm", target_os = "unknown"), allow(clippy::let_unit_value))]

mod measure;
#[path = "../channel/server.rs"]
mod server;

use measure::{Measure, alone, print, seconds, turn};
use server::{Server, server, unique};
use std::future::IntoFuture;
use std::pin::pin;
use websocket_channel::{Bytes, Connect, connect};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const LONG: bool = option_env!("WEBSOCKET_CHANNEL_LONG").is_some();
const CYCLES: usize = if LONG { 10_000 } else { 500 };
/// After these, what the page, the allocator and the runtime bring once is there, and the server's list is as long as it gets.
const WARM_UP: usize = 200;
/// Cycles between two looks at the server, so that what it still has to close does not pile up.
const LOOK: usize = 50;

type Connecting = Connect<Vec<u8>, Vec<u8>>;

fn to(server: &Server, tag: &str) -> Connecting {
    connect(server.url(format_args!("/echo?tag={tag}"))).codec(Bytes)
}

/// Connect, use, drop: as a whole, or one half after the other, or by a close.
async fn used(connecting: Connecting, cycle: usize) {
    let mut channel = connecting.await.unwrap();
    let message = vec![cycle as u8; 1000];
    channel.send(message.clone()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), message);
    match cycle % 3 {
        0 => drop(channel),
        1 => {
            let (tx, rx) = channel.split();
            drop(tx);
            drop(rx);
        }
        _ => {
            channel.control().close(1000, "").await.unwrap();
        }
    }
}

/// Connect and cancel: before the first turn, after some of them, or when the server has the request.
async fn cancelled(connecting: Connecting, cycle: usize) {
    let mut connecting = pin!(connecting.into_future());
    for _ in 0..cycle % 4 {
        if futures::poll!(connecting.as_mut()).is_ready() {
            return;
        }
        turn().await;
    }
}

/// Connect, lose, connect again, and end: as a whole, while the next attempt is under way, or suspended.
#[cfg(feature = "reconnect")]
async fn reconnected(connecting: Connecting, cycle: usize) {
    use core::time::Duration;
    use websocket_channel::{Reconnect, RecvError};
    let policy = Reconnect::default().base_delay(Duration::ZERO);
    let mut channel = connecting.reconnect(policy).await.unwrap();
    let control = channel.control();
    let message = vec![cycle as u8; 1000];
    channel.send(message.clone()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), message);
    control.reconnect_now();
    assert!(matches!(
        channel.next().await,
        Some(Err(RecvError::Gap { .. }))
    ));
    channel.send(message.clone()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), message);
    match cycle % 3 {
        0 => drop(channel),
        1 => {
            control.reconnect_now();
            turn().await;
            drop(channel);
        }
        _ => {
            control.suspend();
            control.close(1000, "").await.unwrap();
        }
    }
}

/// Plays a cycle again and again: once warm, nothing grows.
async fn leaves_nothing_behind(
    what: &str,
    to: fn(&Server, &str) -> Connecting,
    play: impl AsyncFn(Connecting, usize),
) {
    let _alone = alone();
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("cycle");
    let (mut warm, mut began) = (Measure::default(), 0.0);
    let mut sockets = 0;
    for cycle in 0..WARM_UP + CYCLES {
        play(to(&server, &tag), cycle).await;
        if cycle % LOOK == LOOK - 1 {
            steering.none_left(&tag).await;
        }
        if cycle == WARM_UP - 1 {
            warm = Measure::settled(None).await;
            sockets = steering.open().await;
            began = seconds();
        }
    }
    steering.none_left(&tag).await;
    // Those too that were given up before they asked for anything, and have no tag.
    let mut left = steering.open().await;
    while left > sockets {
        left = steering.open().await;
    }
    let end = Measure::settled(Some(&warm)).await;
    if LONG {
        let took = seconds() - began;
        print(&format!(
            "{what}, {CYCLES} times in {took:.0} s: {warm:?} and {sockets} sockets after warm-up, {end:?} and {left} at the end"
        ));
    }
    assert!(end.is_flat(&warm), "{warm:?} became {end:?}");
}

#[crate::test]
async fn cycles_leave_nothing_behind() {
    leaves_nothing_behind("connect, use, drop", to, used).await;
}

#[cfg(feature = "reconnect")]
#[crate::test]
async fn cycles_that_reconnect_leave_nothing_behind() {
    leaves_nothing_behind("connect, lose, reconnect, drop", to, reconnected).await;
}

#[crate::test]
async fn cancelled_cycles_leave_nothing_behind() {
    leaves_nothing_behind("connect, cancel", to, cancelled).await;
}

#[cfg(all(feature = "websocket-stream", target_family = "wasm", target_os = "unknown"))]
mod over_stream {
    use super::*;
    use websocket_channel::transport::TransportKind;

    fn to(server: &Server, tag: &str) -> Connecting {
        super::to(server, tag).transport(TransportKind::WebSocketStream)
    }

    /// Elsewhere than in Chromium there is nothing to see.
    fn is_there() -> bool {
        js_sys::Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap()
    }

    #[crate::test]
    async fn cycles_over_a_stream_leave_nothing_behind() {
        if is_there() {
            leaves_nothing_behind("by stream: connect, use, drop", to, used).await;
        }
    }

    #[crate::test]
    async fn cancelled_cycles_over_a_stream_leave_nothing_behind() {
        if is_there() {
            leaves_nothing_behind("by stream: connect, cancel", to, cancelled).await;
        }
    }
}
