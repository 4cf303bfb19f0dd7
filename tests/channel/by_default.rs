//! What carries a connection unless another carrier is asked for: natively TCP, in a page the browser's `WebSocket`.

// Several suites share this file, and each uses a part of it.
#![allow(dead_code)]

pub(crate) use websocket_channel::{Options, connect};

/// The largest message that is sent, here because the server takes no larger one.
pub(crate) const LARGEST: usize = 64 << 20;

/// Whether the peer is held back while nobody reads.
pub(crate) const PUSHES_BACK: bool = cfg!(not(target_family = "wasm"));

/// Whether a connection that is cut while a write waits takes the page with it.
pub(crate) const CUT_ENDS_THE_PAGE: bool = false;

pub(crate) fn options() -> Options {
    Options::default()
}
