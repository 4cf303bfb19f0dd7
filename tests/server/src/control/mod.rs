//! The control channel: a test steers the connections of its server, by tag.
//!
//! A connection has the tag that its URL gives it with `?tag=`. Commands come over plain HTTP, as `/control/TOKEN/COMMAND?…`,
//! or over a WebSocket to `/control/TOKEN`, as `{"do":"COMMAND",…}`, one answer for each, in order. See the README beside
//! this crate for an example of each.
//!
//! The token is random and new in every run, and `Host` has to name this machine, so that no other web page drives the server.

mod command;
mod cutters;
mod handle;
mod recording;
mod registry;

pub(crate) use cutters::Cutters;
pub(crate) use handle::Handle;
pub(crate) use registry::{Failure, Registry};

use crate::Shared;
use crate::services::{self, Socket};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::poll_fn;
use websocket_channel::proto::{Request, Response};
use websocket_channel::transport::Transport as _;
use websocket_channel::{Event, Message};

/// Where the control channel begins.
const PATH: &str = "/control/";

/// The names and values of a command.
type Parameters = HashMap<String, String>;

/// A token that cannot be guessed.
pub(crate) fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// What a request wants of the control channel.
pub(crate) enum Wanted {
    /// A WebSocket that carries commands.
    Channel,
    /// An answer.
    Answer(Response),
}

/// Looks whether a request is for the control channel, and carries its command out.
pub(crate) fn wanted(request: &Request, shared: &Shared) -> Option<Wanted> {
    let rest = request.path().strip_prefix(PATH)?;
    let (given, name) = rest.split_once('/').unwrap_or((rest, ""));
    // Whoever guesses learns nothing from the time this takes that 128 random bits would not survive.
    if given != shared.token
        || !services::is_loopback_name(request.headers.get("Host").unwrap_or_default())
    {
        let body = "the control channel wants the token of this run, and a Host of this machine\n";
        return Some(Wanted::Answer(Response::new(403, body)));
    }
    if request.is_websocket() {
        return Some(Wanted::Channel);
    }
    if request.method == "OPTIONS" {
        let response = Response::new(204, "")
            .header("Access-Control-Allow-Methods", "GET, POST")
            .header("Access-Control-Allow-Headers", "*");
        return Some(Wanted::Answer(response));
    }
    let parameters = url::form_urlencoded::parse(request.query().as_bytes())
        .into_owned()
        .collect();
    let (status, answer) = match command::run(shared, name, &parameters) {
        Ok(answer) => (200, answer),
        Err(sentence) => (400, json!({ "error": sentence })),
    };
    let response = Response::new(status, format!("{answer}\n"));
    Some(Wanted::Answer(
        response.header("Content-Type", "application/json"),
    ))
}

/// Carries out the commands of a WebSocket until it closes.
pub(crate) async fn run(mut socket: Socket, shared: &Shared) {
    while let Event::Message(message) = services::next(&mut socket).await {
        let answer = match read(&message) {
            Ok((name, parameters)) => command::run(shared, &name, &parameters),
            Err(sentence) => Err(sentence),
        };
        let answer = answer.unwrap_or_else(|sentence| json!({ "error": sentence }));
        // Not sent when the connection is closing; the next event says so.
        let _ = socket.send(Message::Text(answer.to_string()));
        poll_fn(|cx| socket.poll_ready(cx)).await;
    }
}

fn read(message: &Message) -> Result<(String, Parameters), String> {
    let object: HashMap<String, Value> = serde_json::from_slice(message.as_bytes())
        .map_err(|error| format!("a command is a JSON object: {error}"))?;
    let mut parameters: Parameters = object
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect();
    let name = parameters.remove("do").unwrap_or_default();
    Ok((name, parameters))
}
