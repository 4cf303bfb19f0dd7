//! `/probe?protocol=&extensions=`: what did the client ask for, and what does it do with this answer?

use super::hand::{Answer, Hand};
use super::parameter;
use crate::line::Line;
use serde_json::json;
use std::io;
use websocket_channel::Message;
use websocket_channel::proto::handshake::head::is_value;
use websocket_channel::proto::{ConnectionEvent, Request};
use websocket_channel::transport::framed::PendingRequest;

/// The answer.
pub(super) struct Parameters {
    protocol: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    pub(super) fn read(request: &Request) -> Result<Self, String> {
        let value = |name| match parameter(request, name) {
            Some(value) if !is_value(&value) => Err(format!("{name} cannot be in a header")),
            value => Ok(value),
        };
        Ok(Self {
            protocol: value("protocol")?,
            extensions: value("extensions")?,
        })
    }
}

pub(super) async fn run(
    accepting: PendingRequest<Line>,
    request: &Request,
    parameters: Parameters,
) -> io::Result<()> {
    let answer = Answer {
        protocol: parameters.protocol.as_deref(),
        extensions: parameters.extensions.as_deref(),
    };
    let mut hand = Hand::open(accepting, request, answer).await?;
    let asked = json!({
        "target": request.target,
        "version": request.version,
        "protocols": request.protocols,
        "extensions": request.headers.get_all("Sec-WebSocket-Extensions").collect::<Vec<_>>(),
        "origin": request.origin(),
        "headers": request.headers.iter().collect::<Vec<_>>(),
    });
    let mut reply = Message::Text(asked.to_string());
    loop {
        // Not sent when the client closes; the next event says so.
        let _ = hand.core.send(reply);
        reply = loop {
            match hand.next().await? {
                ConnectionEvent::Message(message) => break message,
                ConnectionEvent::Closed(_) => return Ok(()),
                _ => {}
            }
        };
    }
}
