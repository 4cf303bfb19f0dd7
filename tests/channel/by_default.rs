//! What carries a connection unless another transport is asked for: natively TCP, in a page the browser's `WebSocket`.

// Several suites share this file, and each uses a part of it.
#![allow(dead_code)]

pub(crate) use websocket_channel::{ConnectionOptions, connect};

/// The largest message that is sent, here because the server takes no larger one.
pub(crate) const LARGEST: usize = 64 << 20;

/// Whether the peer is held back while nobody reads.
pub(crate) const PUSHES_BACK: bool = cfg!(not(all(target_family = "wasm", target_os = "unknown")));

/// Whether tests are left out, or send less, because of what `WebSocketStream` is not used for in Chromium 156.
pub(crate) const STREAM_IS_LIMITED: bool = false;

pub(crate) fn options() -> ConnectionOptions {
    ConnectionOptions::default()
}
