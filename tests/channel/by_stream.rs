//! The browser's `WebSocketStream`. The names are those of `by_default.rs`.

#![allow(dead_code)]

use websocket_channel::{Connect, ConnectionOptions, Message, transport::TransportKind};

pub(crate) const LARGEST: usize = websocket_channel::transport::web_stream::LARGEST;

pub(crate) const PUSHES_BACK: bool = true;

/// In Chromium 156: `src/transport/web_stream` says what is limited.
pub(crate) const STREAM_IS_LIMITED: bool = true;

pub(crate) fn connect(url: impl Into<String>) -> Connect<Message, Message> {
    websocket_channel::connect(url).transport(TransportKind::WebSocketStream)
}

pub(crate) fn options() -> ConnectionOptions {
    ConnectionOptions {
        transport: TransportKind::WebSocketStream,
        ..ConnectionOptions::default()
    }
}
