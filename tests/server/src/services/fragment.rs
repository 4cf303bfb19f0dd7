//! `/fragment?size=&pings=`: every message back in pieces. Text is cut inside of characters, too.

use super::hand::{Answer, Hand, frame};
use super::{flag, number};
use crate::line::Line;
use std::io;
use websocket_channel::Message;
use websocket_channel::proto::{ConnectionEvent, Request};
use websocket_channel::transport::framed::PendingRequest;

/// How it is cut.
pub(super) struct Parameters {
    size: usize,
    pings: bool,
}

impl Parameters {
    pub(super) fn read(request: &Request) -> Result<Self, String> {
        let pings = flag(request, "pings")?;
        let size = number(request, "size", 1, 1 << 20)?.max(1);
        Ok(Self { size, pings })
    }
}

pub(super) async fn run(
    accepting: PendingRequest<Line>,
    request: &Request,
    protocol: Option<&str>,
    parameters: Parameters,
) -> io::Result<()> {
    let answer = Answer {
        protocol,
        ..Answer::default()
    };
    let mut hand = Hand::open(accepting, request, answer).await?;
    loop {
        match hand.next().await? {
            ConnectionEvent::Message(message) => hand.write(&cut(&message, &parameters)).await?,
            ConnectionEvent::Closed(_) => return Ok(()),
            _ => {}
        }
    }
}

fn cut(message: &Message, parameters: &Parameters) -> Vec<u8> {
    let mut opcode = match message {
        Message::Text(_) => 1,
        Message::Binary(_) => 2,
    };
    let mut out = Vec::new();
    let mut rest = message.as_bytes();
    loop {
        let (piece, later) = rest.split_at(parameters.size.min(rest.len()));
        frame(&mut out, opcode, later.is_empty(), piece);
        if later.is_empty() {
            return out;
        }
        if parameters.pings {
            frame(&mut out, 9, true, b"between");
        }
        rest = later;
        opcode = 0;
    }
}
