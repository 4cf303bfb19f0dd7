//! `/repeat?count=`: the client's first message, as often as it is asked for and as fast as the client takes it.

use super::{Socket, next, sink};
use std::future::poll_fn;
use websocket_channel::Event;
use websocket_channel::transport::Transport as _;

pub(super) async fn run(mut socket: Socket, count: usize) {
    if let Event::Message(message) = next(&mut socket).await {
        for _ in 0..count {
            poll_fn(|cx| socket.poll_ready(cx)).await;
            if socket.send(message.clone()).is_err() {
                break;
            }
        }
        sink(socket, 0).await;
    }
}
