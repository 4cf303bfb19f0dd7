//! What the server does, by path.
//!
//! | path | what it does |
//! |---|---|
//! | `/echo` | sends every message back, text as text and bytes as bytes |
//! | `/close?code=&reason=` | closes at once; without a code the Close frame is empty (the client sees 1005) |
//! | `/chat` | `{"Say":"hello"}` is answered by `{"Said":{"who":"server","text":"hello"}}`, anything else by `{"Error":"…"}` |
//! | `/flood?count=&size=&then=` | sends `count` (100) binary messages of `size` (1024) bytes, then closes with 1000, or with `then=stay` stays |
//! | `/fragment?size=&pings=` | sends every message back in fragments of `size` (1) bytes, with `pings=yes` a ping between any two |
//! | `/ping?count=&size=&every=` | pings `count` (3) times with `size` (4) bytes, `every` (0) milliseconds; tells each pong as text, then closes with 1000 |
//! | `/probe?protocol=&extensions=` | answers with this subprotocol and these extensions, offered or not; its first message is the request as JSON; then echo |
//! | `/slow?rate=` | reads `rate` (1024) bytes a second and sends nothing |
//! | `/pipe?to=HOST:PORT` | relays the bytes of binary messages to this TCP port and back: a port of the server's own, or one that was allowed |
//! | `/cut` | at the client's first frame, sends the text `last words` and is gone without a Close frame |
//! | `/repeat?count=` | the client's first message, `count` (100) times |
//! | `/sink?tell=` | reads everything; after every `tell` (never) messages it sends the text `taken` |
//! | `/silent` | reads the request and never answers it |
//! | `/status/CODE` | answers the handshake with this HTTP status |
//! | `/session/NAME` | echo, burst, sink and rpc in the session protocol, and faults of it: see [`sessions`](crate::sessions) |
//! | `/faults`, `/fault/NAME?every=&after=` | the fault catalogue |
//! | `/control/TOKEN` | the control channel; any service takes `?tag=` |
//!
//! Every page of the web may use these services, and finds in them what it sent itself. `/pipe` and `/probe` give more: they are for programs, for
//! pages of this server's own, and with `?token=TOKEN` for others; their `Host` has to name this machine, and so has that of a file. Only the rest
//! carries CORS headers. `TOKEN` is the control channel's.
//!
//! Every service that opens takes the first of the server's subprotocols that the client offered, or with `?protocol=` that
//! one if it was offered; and with `?deflate=yes` it agrees to permessage-deflate if that was offered, but for those that write their
//! frames by hand (`/fragment`, `/ping`, `/probe`, `/slow`, `/cut`). Any other path is a file of the served folder, or 404.
//!
//! Virtual hosts: under the host `NAME.localhost` the path `/…` means `/NAME/…`, where `NAME` is one of these services, so that
//! `ws://echo.localhost:PORT/` is `/echo` and `ws://fault.localhost:PORT/silence` is `/fault/silence`.

mod chat;
mod close;
mod cut;
mod echo;
mod flood;
mod fragment;
mod guard;
mod hand;
mod hosts;
mod ping;
mod pipe;
mod probe;
mod query;
mod repeat;
mod slow;

pub(crate) use hosts::{is_loopback_name, loopback, names as host_names};
use query::flag;
pub(crate) use query::{number, parameter};

use crate::control::{self, Failure, Wanted};
use crate::line::{Cut, Line, Tcp, Wire};
use crate::{Shared, catalogue, sessions};
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use websocket_channel::Event;
use websocket_channel::proto::{Connection, Deflate, Request, Response};
use websocket_channel::transport::framed::{self, IoTransport, PendingRequest};
use websocket_channel::transport::{Limits, Transport as _};

/// The type of an open connection.
pub(crate) type Socket = IoTransport<Line>;

/// The services that want a WebSocket.
const SERVICES: [&str; 12] = [
    "/echo",
    "/close",
    "/chat",
    "/flood",
    "/cut",
    "/sink",
    "/fragment",
    "/ping",
    "/probe",
    "/repeat",
    "/slow",
    "/pipe",
];

/// Serves one connection to its end. What the client does wrong ends this connection and nothing else.
pub(crate) async fn serve(io: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let tcp = Tcp::new(io);
    let entered = shared.registry.enter();
    let handle = entered.handle.clone();
    let work = async {
        let wire = match tls {
            None => Wire::Plain(tcp.clone()),
            Some(tls) => match tokio::time::timeout(TLS_TIMEOUT, tls.accept(tcp.clone())).await {
                Ok(Ok(tls)) => Wire::Tls(Box::new(tls)),
                _ => return,
            },
        };
        let core = Connection::server(Duration::ZERO, (&limits()).into(), rand::fill);
        let line = Line::new(wire, handle.clone());
        if let Ok(accepting) = framed::accept(line, core, &limits()).await {
            answer(accepting, &handle, &shared).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = handle.to_be_cut() => {}
    }
    if let Some(how) = handle.how() {
        tcp.end(how).await;
    }
}

/// As long as for the WebSocket's own handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(60);

async fn answer(accepting: PendingRequest<Line>, handle: &Arc<control::Handle>, shared: &Shared) {
    let request = accepting.request().clone();
    let tag = parameter(&request, "tag").filter(|tag| !tag.is_empty());
    let handshake = request.is_websocket();
    match control::wanted(&request, shared) {
        Some(Wanted::Answer(response)) => return reject(accepting, response).await,
        Some(Wanted::Channel) => {
            // Not with a tag: it must be able to thaw itself.
            if let Ok((socket, _)) = accepting.accept(None).await {
                control::run(socket, shared).await;
            }
            return;
        }
        None => {}
    }
    match shared
        .registry
        .name(handle, tag, &request.target, handshake)
    {
        None => route(accepting, &request, handle, shared).await,
        Some(Failure::Silence) => silent(accepting).await,
        Some(Failure::Status(status)) => {
            let response = Response::new(status, "this handshake was to fail\n");
            reject(accepting, response).await;
        }
        Some(Failure::Rst) => {
            handle.cut(Cut::Rst);
            pending().await
        }
        Some(Failure::Fin) => {
            handle.cut(Cut::Fin);
            pending().await
        }
    }
}

async fn route(
    accepting: PendingRequest<Line>,
    request: &Request,
    handle: &Arc<control::Handle>,
    shared: &Shared,
) {
    let path = hosts::path(request);
    if let Some(code) = path.strip_prefix("/status/") {
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
    if let Some(name) = path.strip_prefix("/fault/") {
        return fault(accepting, request, name).await;
    }
    if let Some(name) = path.strip_prefix("/session/") {
        return sessions::serve(accepting, request, name, handle, shared).await;
    }
    match &*path {
        "/silent" => silent(accepting).await,
        "/faults" => reject(accepting, catalogue::list(request, shared.refused_port)).await,
        path if !is_service(path) => {
            let page = match request.is_websocket() {
                true => None,
                false => shared.files.response(path),
            };
            match page {
                Some(page) => refuse(accepting, guard::host(request).err().unwrap_or(page)).await,
                None => {
                    let response = Response::new(404, format!("nothing is served at {path}\n"));
                    reject(accepting, response).await;
                }
            }
        }
        _ if !request.is_websocket() => {
            reject(accepting, upgrade()).await;
        }
        path => open(accepting, request, path, shared).await,
    }
}

fn is_service(path: &str) -> bool {
    SERVICES.contains(&path)
}

/// Whether a service gives more than what its client has sent.
fn is_guarded(path: &str) -> bool {
    matches!(path, "/pipe" | "/probe")
}

async fn fault(accepting: PendingRequest<Line>, request: &Request, name: &str) {
    let wrong = match (catalogue::fault(name), catalogue::Parameters::read(request)) {
        (Some(fault), Ok(parameters)) => {
            if let Some((line, _)) = accepting.into_io() {
                catalogue::serve(line, request, &fault, &parameters).await;
            }
            return;
        }
        (None, _) => Response::new(
            404,
            format!("no fault is called {name:?}; GET /faults lists them\n"),
        ),
        (_, Err(wrong)) => Response::new(400, format!("{wrong}\n")),
    };
    reject(accepting, wrong).await;
}

/// The answer to who wants no WebSocket.
pub(crate) fn upgrade() -> Response {
    Response::new(426, "this is a WebSocket service\n").header("Upgrade", "websocket")
}

async fn open(mut accepting: PendingRequest<Line>, request: &Request, path: &str, shared: &Shared) {
    if is_guarded(path)
        && let Err(response) = guard::check(request, shared)
    {
        return refuse(accepting, response).await;
    }
    // What is wrong with the query is told before anything opens.
    let deflate = match flag(request, "deflate") {
        Ok(deflate) => deflate,
        Err(sentence) => return reject(accepting, wrong(sentence)).await,
    };
    let service = match Service::read(path, request, shared).await {
        Ok(service) => service,
        Err(response) => return reject(accepting, response).await,
    };
    accepting.compress(deflate.then(Deflate::default));
    let protocol = choose_protocol(request, &shared.protocols);
    let protocol = protocol.as_deref();
    // The client may be gone first, in any of them.
    let _ = match service {
        Service::Cut => cut::run(accepting, request).await,
        Service::Fragment(parameters) => {
            fragment::run(accepting, request, protocol, parameters).await
        }
        Service::Ping(parameters) => ping::run(accepting, request, protocol, parameters).await,
        Service::Probe(parameters) => probe::run(accepting, request, parameters).await,
        Service::Slow(rate) => slow::run(accepting, request, protocol, rate).await,
        service => {
            let Ok((socket, _)) = accepting.accept(protocol).await else {
                return;
            };
            match service {
                Service::Echo => echo::run(socket).await,
                Service::Chat => chat::run(socket).await,
                Service::Close(close) => close::run(socket, close).await,
                Service::Flood(flood) => flood::run(socket, flood).await,
                Service::Pipe(target) => pipe::run(socket, target).await,
                Service::Repeat(count) => repeat::run(socket, count).await,
                Service::Sink(tell) => sink(socket, tell).await,
                // Served above.
                Service::Cut
                | Service::Fragment(_)
                | Service::Ping(_)
                | Service::Probe(_)
                | Service::Slow(_) => {}
            }
            Ok(())
        }
    };
}

/// A service with what the query says of it.
enum Service {
    Echo,
    Chat,
    /// After how many messages it tells.
    Sink(usize),
    /// How many times.
    Repeat(usize),
    Cut,
    Close(close::Parameters),
    Flood(flood::Parameters),
    Fragment(fragment::Parameters),
    Ping(ping::Parameters),
    Probe(probe::Parameters),
    Slow(u64),
    Pipe(TcpStream),
}

impl Service {
    async fn read(path: &str, request: &Request, shared: &Shared) -> Result<Self, Response> {
        Ok(match path {
            "/echo" => Service::Echo,
            "/chat" => Service::Chat,
            "/cut" => Service::Cut,
            "/close" => Service::Close(close::Parameters::read(request).map_err(wrong)?),
            "/flood" => Service::Flood(flood::Parameters::read(request).map_err(wrong)?),
            "/fragment" => Service::Fragment(fragment::Parameters::read(request).map_err(wrong)?),
            "/ping" => Service::Ping(ping::Parameters::read(request).map_err(wrong)?),
            "/probe" => Service::Probe(probe::Parameters::read(request).map_err(wrong)?),
            "/slow" => Service::Slow(slow::rate(request).map_err(wrong)?),
            "/pipe" => Service::Pipe(pipe::connect(request, &shared.reachable).await?),
            "/repeat" => {
                Service::Repeat(number(request, "count", 100, 1_000_000_000).map_err(wrong)?)
            }
            _ => Service::Sink(number(request, "tell", 0, 1_000_000_000).map_err(wrong)?),
        })
    }
}

/// The answer to a query that is wrong.
pub(crate) fn wrong(sentence: String) -> Response {
    Response::new(400, format!("{sentence}\n"))
}

/// What one connection may cost. Little waits here: thousands of them share the machine.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.receive_buffer = 1 << 20;
    limits
}

/// By the server's preference, or the one that the query names.
pub(crate) fn choose_protocol(request: &Request, known: &[String]) -> Option<String> {
    let wanted = parameter(request, "protocol").map(|wanted| vec![wanted]);
    let known = wanted.as_deref().unwrap_or(known);
    request.choose_protocol(known).map(str::to_owned)
}

/// Answers a plain request, readable by pages of any origin.
pub(crate) async fn reject(accepting: PendingRequest<Line>, response: Response) {
    let response = response.header("Access-Control-Allow-Origin", "*");
    refuse(accepting, response).await;
}

/// Answers a plain request, readable by pages of this origin alone, and never from a cache.
async fn refuse(accepting: PendingRequest<Line>, response: Response) {
    let mut response = response
        .header("Cache-Control", "no-store")
        .header("X-Content-Type-Options", "nosniff");
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
async fn silent(accepting: PendingRequest<Line>) {
    let Some((mut io, _)) = accepting.into_io() else {
        return;
    };
    let mut dropped = [0; 1024];
    while matches!(io.read(&mut dropped).await, Ok(read) if read > 0) {}
    let _ = io.shutdown().await;
}

/// Reads to the end, and tells of every `tell` messages; never, if that is 0.
async fn sink(mut socket: Socket, tell: usize) {
    let mut taken = 0_usize;
    while let Event::Message(_) = next(&mut socket).await {
        taken += 1;
        if tell > 0 && taken.is_multiple_of(tell) {
            // The client may be gone meanwhile; the next event says so.
            let _ = socket.send("taken".into());
        }
    }
}

/// The next thing that happens on the connection.
pub(crate) async fn next(socket: &mut Socket) -> Event {
    poll_fn(|cx| socket.poll_event(cx)).await
}
