//! `/chat`: the demo's typed channel, a `serde` enum over JSON.

use super::{Socket, next};
use serde::{Deserialize, Serialize};
use std::future::poll_fn;
use websocket_channel::transport::Transport as _;
use websocket_channel::{Event, Message};

/// What a client may say.
#[derive(Debug, Deserialize)]
enum ToServer {
    Say(String),
}

/// What the server answers.
#[derive(Debug, Serialize)]
enum ToClient {
    Said { who: &'static str, text: String },
    Error(String),
}

pub(super) async fn run(mut socket: Socket) {
    while let Event::Message(message) = next(&mut socket).await {
        if let Ok(text) = serde_json::to_string(&answer(&message)) {
            // Not sent when the connection is closing; the next event says so.
            let _ = socket.send(Message::Text(text));
        }
        poll_fn(|cx| socket.poll_ready(cx)).await;
    }
}

fn answer(message: &Message) -> ToClient {
    match serde_json::from_slice(message.as_bytes()) {
        Ok(ToServer::Say(text)) => ToClient::Said {
            who: "server",
            text,
        },
        Err(error) => ToClient::Error(error.to_string()),
    }
}
