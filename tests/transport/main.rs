//! The transports over real streams: TLS, proxies, streams of bytes, over the loopback interface and over memory.
#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod accept;
mod bytes;
mod http;
mod pipe;
mod proxy;
mod runtime;
mod secrets;
mod support;
#[cfg(feature = "tls")]
mod tls;
