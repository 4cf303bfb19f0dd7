//! What the server does, by path.
//!
//! | path | what it does |
//! |---|---|
//! | `/echo` | sends every message back, text as text and bytes as bytes |
//! | `/close?code=&reason=` | closes at once; without a code the Close frame is empty (the client sees 1005) |
//! | `/chat` | `{"Say":"hello"}` is answered by `{"Said":{"who":"server","text":"hello"}}`, anything else by `{"Error":"…"}` |
//! | `/flood?count=&size=&then=` | sends `count` (100) binary messages of `size` (1024) bytes, then closes with 1000, or with `then=stay` stays |
//! | `/cut` | at the client's first frame, sends the text `last words` and is gone without a Close frame |
//! | `/sink` | reads everything, sends nothing |
//! | `/silent` | reads the request and never answers it |
//! | `/status/CODE` | answers the handshake with this HTTP status |
//!
//! Every service that opens takes the first of the server's subprotocols that the client offered, or with `?protocol=` that
//! one if it was offered. Any other path is a file of the served folder, or 404.

mod chat;
mod close;
mod cut;
mod echo;
mod flood;

use crate::Shared;
use std::future::poll_fn;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use websocket_channel::Event;
use websocket_channel::proto::{Request, Response};
use websocket_channel::transport::framed::{Accepting, Framed};
use websocket_channel::transport::{Limits, Transport as _, tcp};

/// The type of an open connection.
type Socket = Framed<TcpStream>;

/// Serves one connection to its end. What the client does wrong ends this connection and nothing else.
pub(crate) async fn serve(io: TcpStream, shared: Arc<Shared>) {
    let Ok(accepting) = tcp::accept(io, &limits()).await else {
        return;
    };
    let request = accepting.request().clone();
    if let Some(code) = request.path().strip_prefix("/status/") {
        let status = code
            .parse()
            .ok()
            .filter(|status| (200..=599).contains(status));
        let response = match status {
            Some(status) => Response::new(status, format!("{status} as you asked\n")),
            None => Response::new(400, "the path wants a status from 200 to 599\n"),
        };
        return reject(accepting, response).await;
    }
    match request.path() {
        "/silent" => silent(accepting).await,
        path if !is_service(path) => {
            let page = if request.is_websocket() {
                None
            } else {
                shared.files.response(path)
            };
            let response = page
                .unwrap_or_else(|| Response::new(404, format!("nothing is served at {path}\n")));
            reject(accepting, response).await;
        }
        _ if !request.is_websocket() => {
            let response =
                Response::new(426, "this is a WebSocket service\n").header("Upgrade", "websocket");
            reject(accepting, response).await;
        }
        "/cut" => {
            // The client may be gone first.
            let _ = cut::run(accepting, &request).await;
        }
        path => open(accepting, &request, path, &shared).await,
    }
}

fn is_service(path: &str) -> bool {
    matches!(
        path,
        "/echo" | "/close" | "/cut" | "/chat" | "/flood" | "/sink"
    )
}

async fn open(accepting: Accepting<TcpStream>, request: &Request, path: &str, shared: &Shared) {
    let close = close::Parameters::read(request);
    let flood = flood::Parameters::read(request);
    let wrong = match path {
        "/close" => close.as_ref().err(),
        "/flood" => flood.as_ref().err(),
        _ => None,
    };
    if let Some(wrong) = wrong {
        return reject(accepting, Response::new(400, format!("{wrong}\n"))).await;
    }
    let protocol = choose_protocol(request, &shared.protocols);
    let Ok((socket, _)) = accepting.accept(protocol.as_deref()).await else {
        return;
    };
    match (path, close, flood) {
        ("/echo", ..) => echo::run(socket).await,
        ("/chat", ..) => chat::run(socket).await,
        ("/close", Ok(close), _) => close::run(socket, close).await,
        ("/flood", _, Ok(flood)) => flood::run(socket, flood).await,
        _ => sink(socket).await,
    }
}

/// What one connection may cost. Little waits here: thousands of them share the machine.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.receive_bound = 1 << 20;
    limits
}

/// RFC 6455 §4.2.2 item 4: the server picks one of the client's, by its own preference.
fn choose_protocol(request: &Request, known: &[String]) -> Option<String> {
    let wanted = parameter(request, "protocol").map(|wanted| vec![wanted]);
    let known = wanted.as_deref().unwrap_or(known);
    known
        .iter()
        .find(|protocol| request.protocols.contains(protocol))
        .cloned()
}

/// The first value of this name in the request's query.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.query().as_bytes());
    pairs
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.into_owned())
}

/// A number in the request's query.
fn number(request: &Request, name: &str, default: usize, max: usize) -> Result<usize, String> {
    match parameter(request, name) {
        None => Ok(default),
        Some(value) => match value.parse() {
            Ok(number) if number <= max => Ok(number),
            _ => Err(format!("{name} is a number up to {max}, not {value:?}")),
        },
    }
}

/// Answers a plain request, readable by pages of any origin and never from a cache.
async fn reject(accepting: Accepting<TcpStream>, response: Response) {
    let mut response = response
        .header("Access-Control-Allow-Origin", "*")
        .header("Cache-Control", "no-store");
    if !response
        .headers
        .iter()
        .any(|(name, _)| name == "Content-Type")
    {
        response = response.header("Content-Type", "text/plain; charset=utf-8");
    }
    // Only a response that breaks its own head is refused, and ours do not.
    let _ = accepting.reject(&response).await;
}

/// Reads on until the client gives up.
async fn silent(accepting: Accepting<TcpStream>) {
    let Some(mut io) = accepting.into_io() else {
        return;
    };
    let mut dropped = [0; 1024];
    while matches!(io.read(&mut dropped).await, Ok(read) if read > 0) {}
}

async fn sink(mut socket: Socket) {
    while !matches!(next(&mut socket).await, Event::Closed(_)) {}
}

/// The next thing that happens on the connection.
async fn next(socket: &mut Socket) -> Event {
    poll_fn(|cx| socket.poll_event(cx)).await
}
