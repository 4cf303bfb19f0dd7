//! `/flood?count=&size=&then=`: as many messages as fast as the client takes them.

use super::{Socket, number, parameter, sink};
use std::future::poll_fn;
use websocket_channel::Message;
use websocket_channel::proto::{CloseFrame, Request};
use websocket_channel::transport::Transport as _;

/// How many, how large, and what comes then.
pub(super) struct Parameters {
    count: usize,
    size: usize,
    stay: bool,
}

impl Parameters {
    pub(super) fn read(request: &Request) -> Result<Self, String> {
        let stay = match parameter(request, "then").as_deref() {
            None | Some("close") => false,
            Some("stay") => true,
            Some(other) => return Err(format!("then is \"close\" or \"stay\", not {other:?}")),
        };
        Ok(Self {
            count: number(request, "count", 100, 1_000_000_000)?,
            size: number(request, "size", 1024, 64 << 20)?,
            stay,
        })
    }
}

/// Message `n` consists of the byte `n mod 256`, so that a client can tell a missing one.
pub(super) async fn run(mut socket: Socket, parameters: Parameters) {
    for index in 0..parameters.count {
        poll_fn(|cx| socket.poll_ready(cx)).await;
        let payload = vec![(index % 256) as u8; parameters.size];
        if socket.send(Message::Binary(payload)).is_err() {
            break;
        }
    }
    if !parameters.stay {
        socket.close_with(CloseFrame::new(1000, "").ok().as_ref());
    }
    sink(socket, 0).await;
}
