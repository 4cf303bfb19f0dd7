//! `/echo`: every message back.

use super::{Socket, next};
use std::future::poll_fn;
use websocket_channel::Event;
use websocket_channel::transport::Transport as _;

pub(super) async fn run(mut socket: Socket) {
    while let Event::Message(message) = next(&mut socket).await {
        // Not sent when the connection is closing; the next event says so.
        let _ = socket.send(message);
        // A client that does not read holds itself up, and nobody else.
        poll_fn(|cx| socket.poll_ready(cx)).await;
    }
}
