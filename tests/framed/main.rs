//! The core over real streams: backpressure, coalescing, wakeups, timeouts, the end. Over loopback TCP where the platform
//! matters, over an in-memory pipe where the test wants to see single writes.
#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backpressure;
mod channel;
mod connect;
mod counting;
mod deferred;
mod end;
mod exchange;
mod fair;
mod finish;
mod formats;
mod long;
mod pieces;
mod support;
mod wakers;
