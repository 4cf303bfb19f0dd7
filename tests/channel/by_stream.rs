//! The browser's `WebSocketStream`. The names are those of `by_default.rs`.

#![allow(dead_code)]

use websocket_channel::{Connect, ConnectionOptions, Message, transport::TransportKind};

/// The largest message that is sent over `WebSocketStream`.
pub(crate) const LARGEST: usize = 64 << 10;

pub(crate) const PUSHES_BACK: bool = true;

/// In Chromium 156: `src/transport/web_stream` says what is limited.
pub(crate) const STREAM_IS_LIMITED: bool = true;

pub(crate) fn connect(url: impl Into<String>) -> Connect<Message, Message> {
    websocket_channel::connect(url).transport(TransportKind::WebSocketStream)
}

pub(crate) fn options() -> ConnectionOptions {
    ConnectionOptions::default().transport(TransportKind::WebSocketStream)
}
