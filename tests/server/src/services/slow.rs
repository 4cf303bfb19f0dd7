//! `/slow?rate=`: a peer that takes its time to read.

use super::hand::{Answer, Hand};
use super::number;
use crate::line::Line;
use std::io;
use websocket_channel::proto::{ConnectionEvent, Request};
use websocket_channel::transport::framed::PendingRequest;

/// Bytes a second.
pub(super) fn rate(request: &Request) -> Result<u64, String> {
    Ok(number(request, "rate", 1024, 1 << 30)?.max(1) as u64)
}

pub(super) async fn run(
    accepting: PendingRequest<Line>,
    request: &Request,
    protocol: Option<&str>,
    rate: u64,
) -> io::Result<()> {
    let answer = Answer {
        protocol,
        ..Answer::default()
    };
    let mut hand = Hand::open(accepting, request, answer).await?;
    hand.line().read_slowly(rate);
    while !matches!(hand.next().await?, ConnectionEvent::Closed(_)) {}
    Ok(())
}
