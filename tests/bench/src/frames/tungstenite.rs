//! tungstenite, the core of tokio-tungstenite. Its messages share one buffer with each other.

use super::{Memory, Work};
use crate::Failure;
use std::hint::black_box;
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Bytes, Message};

fn socket<'a>(memory: Memory<'a>, work: &Work) -> WebSocket<Memory<'a>> {
    let role = if work.is_client() {
        Role::Client
    } else {
        Role::Server
    };
    WebSocket::from_raw_socket(memory, role, None)
}

pub(super) fn decode(memory: Memory<'_>, work: &Work) -> Result<usize, Failure> {
    let mut socket = socket(memory, work);
    let mut bytes = 0;
    for _ in 0..work.count {
        bytes += black_box(socket.read()?).len();
    }
    Ok(bytes)
}

pub(super) fn encode(memory: Memory<'_>, work: &Work) -> Result<usize, Failure> {
    let mut socket = socket(memory, work);
    let payload = work.payload();
    let text = String::from_utf8(payload.clone())?;
    for _ in 0..work.count {
        socket.send(if work.text {
            Message::text(text.clone())
        } else {
            Message::Binary(Bytes::from(payload.clone()))
        })?;
    }
    Ok(socket.get_ref().written)
}
