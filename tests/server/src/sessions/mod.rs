//! Services that speak the session protocol, with the crate's own server half.
//!
//! | path | what its handler does |
//! |---|---|
//! | `/session/echo` | sends every message back |
//! | `/session/burst?count=&size=&then=` | sends `count` (100) texts, their numbers from 0, filled with spaces to `size` (0) bytes; then closes with 1000, or with `then=stay` stays |
//! | `/session/sink?tell=` | reads everything; after every `tell` (never) messages it sends the text `taken` |
//! | `/session/rpc` | answers requests: a number is doubled, `fail` fails, `never` is never answered, `ask TEXT` asks the client for TEXT and answers what it answers; values are sent back |
//! | `/session/fault/NAME` | an echo behind a fault of the protocol: see [`faults`](self::faults) |
//!
//! Each takes `heartbeat` and `keep` in milliseconds, how long a session without a connection is kept, and `window` and `retention` in bytes. A client comes
//! back with the same query.

mod faults;
mod rpc;
mod tampered;

pub use faults::{SessionFault, session_fault, session_faults};

use crate::control::Handle;
use crate::line::Line;
use crate::services::{number, parameter};
use crate::{Shared, services};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tampered::Tampered;
use websocket_channel::proto::{Request, Response};
use websocket_channel::server::{Options, Sessions};
use websocket_channel::transport::framed::PendingRequest;
use websocket_channel::{Channel, Message, Raw, Socket};

/// So many different sets of options at most.
const MAX_SETS: usize = 64;

/// The sessions of a server, by their options.
#[derive(Debug, Default)]
pub(crate) struct Services(Mutex<BTreeMap<[usize; 4], Sessions>>);

/// A service with what the query says of it.
#[derive(Clone)]
enum Handler {
    Echo,
    /// Count, size, and whether it stays.
    Burst(usize, usize, bool),
    /// After how many messages it tells.
    Sink(usize),
    Rpc,
}

/// What a request asks for.
struct Wanted {
    sessions: Sessions,
    handler: Handler,
    fault: Option<&'static SessionFault>,
}

impl Services {
    /// What the request asks for; `name` is the path behind `/session/`. `None`: there is no such service.
    ///
    /// # Errors
    /// A sentence about the query.
    fn read(&self, name: &str, request: &Request) -> Option<Result<Wanted, String>> {
        let fault = match name.strip_prefix("fault/") {
            Some(name) => Some(session_fault(name)?),
            None => None,
        };
        let handler = match name {
            _ if fault.is_some() => Ok(Handler::Echo),
            "echo" => Ok(Handler::Echo),
            "rpc" => Ok(Handler::Rpc),
            "burst" => burst(request),
            "sink" => number(request, "tell", 0, 1_000_000_000).map(Handler::Sink),
            _ => return None,
        };
        let sessions = self.sessions(request);
        Some(handler.and_then(|handler| {
            Ok(Wanted {
                sessions: sessions?,
                handler,
                fault,
            })
        }))
    }

    fn sessions(&self, request: &Request) -> Result<Sessions, String> {
        let read = |name, default| number(request, name, default, 1_000_000_000);
        let set = [
            read("heartbeat", 20_000)?,
            read("keep", 120_000)?,
            read("window", 256 << 10)?,
            read("retention", 4 << 20)?,
        ];
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sessions) = all.get(&set) {
            return Ok(sessions.clone());
        }
        if all.len() >= MAX_SETS {
            return Err("there are too many different options of sessions".into());
        }
        let [heartbeat, keep, window, retention] = set.map(|number| number as u64);
        let options = Options::default()
            .heartbeat(Duration::from_millis(heartbeat))
            .retention_time(Duration::from_millis(keep))
            .window(window)
            .retention(retention);
        let sessions = Sessions::new(options);
        all.insert(set, sessions.clone());
        Ok(sessions)
    }
}

fn burst(request: &Request) -> Result<Handler, String> {
    let stays = match parameter(request, "then").as_deref() {
        None => false,
        Some("stay") => true,
        Some(other) => return Err(format!("then is \"stay\", not {other:?}")),
    };
    Ok(Handler::Burst(
        number(request, "count", 100, 1_000_000_000)?,
        number(request, "size", 0, 1 << 20)?,
        stays,
    ))
}

/// Serves a request for a service of sessions, to the end of its connection; `name` is the path behind `/session/`.
pub(crate) async fn serve(
    mut accepting: PendingRequest<Line>,
    request: &Request,
    name: &str,
    handle: &Arc<Handle>,
    shared: &Shared,
) {
    let wanted = match shared.sessions.read(name, request) {
        None => {
            let sentence = format!("no service of sessions is called {name:?}\n");
            return services::reject(accepting, Response::new(404, sentence)).await;
        }
        Some(Err(sentence)) => {
            return services::reject(accepting, services::wrong(sentence)).await;
        }
        Some(Ok(wanted)) => wanted,
    };
    if !request.is_websocket() {
        return services::reject(accepting, services::upgrade()).await;
    }
    // A secret beside what others choose: no compression.
    accepting.compress(None);
    let protocol = services::choose_protocol(request, &shared.protocols);
    if let Ok((socket, opened)) = accepting.accept(protocol.as_deref()).await {
        let socket = Socket::from_transport(Box::new(socket), opened);
        wanted.serve(socket, handle).await;
    }
}

impl Wanted {
    async fn serve(self, socket: Socket, handle: &Arc<Handle>) {
        let Self {
            sessions,
            handler,
            fault,
        } = self;
        let handle_session = move |channel, _| handler.run(channel);
        match fault {
            None => {
                let serving = sessions.serve(socket, "", Raw, handle_session);
                drop(sessions);
                serving.await;
            }
            Some(fault) => {
                let socket = Tampered::new(socket, handle.clone(), fault);
                let serving = sessions.serve(socket, "", Raw, handle_session);
                drop(sessions);
                serving.await;
            }
        }
    }
}

impl Handler {
    async fn run(self, mut channel: Channel<Message, Message>) {
        match self {
            Handler::Echo => {
                while let Some(item) = channel.next().await {
                    // A message that its sender had to replace is missing, and the next one comes.
                    let Ok(message) = item else { continue };
                    if channel.send(message).await.is_err() {
                        return;
                    }
                }
            }
            Handler::Rpc => rpc::answer(channel).await,
            Handler::Burst(count, size, stays) => {
                for number in 0..count {
                    let text = format!("{number:<size$}");
                    if channel.send(text.into()).await.is_err() {
                        return;
                    }
                }
                while stays && channel.next().await.is_some() {}
            }
            Handler::Sink(tell) => {
                let mut taken = 0_usize;
                while let Some(Ok(_)) = channel.next().await {
                    taken += 1;
                    if tell > 0
                        && taken.is_multiple_of(tell)
                        && channel.send("taken".into()).await.is_err()
                    {
                        return;
                    }
                }
            }
        }
    }
}
