//! `/ping?count=&size=&every=`: pings, and tells of the pongs, which a page cannot see.

use super::hand::{Answer, Hand};
use super::number;
use crate::line::Line;
use std::io;
use std::time::Duration;
use websocket_channel::Message;
use websocket_channel::proto::{CloseFrame, ConnectionEvent, Request};
use websocket_channel::transport::framed::PendingRequest;

/// How often, how much, how fast.
pub(super) struct Parameters {
    count: usize,
    size: usize,
    every: Duration,
}

impl Parameters {
    pub(super) fn read(request: &Request) -> Result<Self, String> {
        Ok(Self {
            count: number(request, "count", 3, 1_000_000)?,
            // RFC 6455 §5.5: a control frame has up to 125 bytes.
            size: number(request, "size", 4, 125)?,
            every: Duration::from_millis(number(request, "every", 0, 1_000_000)? as u64),
        })
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
    for index in 0..parameters.count {
        let payload = vec![b'a' + (index % 26) as u8; parameters.size];
        if hand.core.ping(&payload).is_err() {
            break;
        }
        let told = loop {
            match hand.next().await? {
                ConnectionEvent::Pong(pong) if pong == payload => break format!("pong {index}"),
                ConnectionEvent::Closed(_) => return Ok(()),
                // A pong that nobody asked for is allowed (RFC 6455 §5.5.3).
                _ => {}
            }
        };
        // Not sent when the client closes; the next event says so.
        let _ = hand.core.send(Message::Text(told));
        tokio::time::sleep(parameters.every).await;
    }
    let now = hand.now();
    // The client may have begun to close.
    let _ = hand
        .core
        .close(now, CloseFrame::new(1000, "").ok().as_ref());
    while !matches!(hand.next().await?, ConnectionEvent::Closed(_)) {}
    Ok(())
}
