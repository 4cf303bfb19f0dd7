//! The server's half of sessions: channels that outlive the connections which carry them.
//!
//! [`Sessions`] has all sessions of a server, in memory. It is given every connection, and starts a handler for every *session*: a task of its own that has
//! an ordinary [`Channel`]. When a connection is lost the channel stands; when the client is back it goes on, without a message lost, repeated or
//! reordered in either direction. The wire contract is in [`session`](crate::session).
//!
//! ```
//! use tokio::net::TcpListener;
//! use websocket_channel::server::{Options, Sessions};
//! use websocket_channel::{Channel, ConnectionOptions, Socket, Text};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let sessions = Sessions::new(Options::default());
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! loop {
//!     let (io, _) = listener.accept().await?;
//!     let sessions = sessions.clone();
//!     tokio::spawn(async move {
//!         let socket = Socket::accept(io, ConnectionOptions::default()).await.ok()?;
//!         let handler = async |mut channel: Channel<String, String>, _info| {
//!             while let Some(Ok(line)) = channel.next().await {
//!                 // `Err` if the session has ended meanwhile; the next line says so.
//!                 let _ = channel.send(line.to_uppercase()).await;
//!             }
//!         };
//!         sessions.serve(socket, b"", Text, handler).await;
//!         Some(())
//!     });
//! }
//! # }
//! ```
//!
//! In memory the next read commits: a message counts as delivered when its handler takes it from the channel.

mod carrier;
mod clock;
mod end;
mod handler;
mod options;
mod pump;
mod shared;
mod state;

pub use carrier::{Arrived, Carrier, Foreign};
pub use options::{Away, Options};

use crate::channel::Channel;
use crate::codec::Codec;
use crate::message::CloseInfo;
use crate::session::Secret;
use core::fmt;
use core::future::poll_fn;
use core::time::Duration;
use handler::Handler;
use pump::{Pump, Turn};
use shared::Shared;
use std::sync::Arc;

/// All sessions of a server. A clone is the same sessions; when the last one is dropped they all end, with their connections, handlers and tasks.
#[derive(Clone)]
pub struct Sessions {
    owner: Arc<Owner>,
}

struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Whose session a handler has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The session's id. Together with its token, which is not here, it is what a client comes back with.
    pub id: Secret,
    /// The identity that [`Sessions::serve`] was given.
    pub identity: Vec<u8>,
    /// Whether the session goes on from a state that was stored. Never, in memory.
    pub resumed: bool,
}

/// Counts of all sessions of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Totals {
    /// Sessions that stand, those too that are only offered or whose client is away.
    pub sessions: usize,
    /// Connections, those too that have not said `HELLO`.
    pub connections: usize,
    /// Messages of this side that no connection could carry, or that were larger than their client takes. The session went on without them.
    pub undelivered: u64,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(options: Options) -> Self {
        Self {
            owner: Arc::new(Owner(Shared::new(options))),
        }
    }

    /// Serves a connection to its end, and tells how that came about. It needs a tokio runtime.
    ///
    /// `socket` is our [`Socket`](crate::Socket), or another library's by [`Foreign`]. `identity` says whose connection it is, as far as the application
    /// knows: a session can be resumed only with the identity that it began with. Empty where nobody logs in.
    ///
    /// `handler` runs once a *session*, in a task of its own that outlives this connection: on the connection whose client confirms a new session. When
    /// it returns the session is closed with 1000; when it panics, with 3011, and nothing else is hurt. When the session ends otherwise its channel does,
    /// and the handler is to return.
    ///
    /// A plain client, which says something else first, is closed with the violation's code and name.
    ///
    /// Cancellation: dropping the future ends the connection. The session stands, and waits for its client.
    pub fn serve<S, I, C, Tx, Rx, H, F>(
        &self,
        socket: S,
        identity: I,
        codec: C,
        handler: H,
    ) -> impl Future<Output = CloseInfo> + use<S, I, C, Tx, Rx, H, F>
    where
        S: Carrier,
        I: Into<Vec<u8>>,
        C: Codec<Tx, Rx> + 'static,
        Tx: 'static,
        Rx: 'static,
        H: FnOnce(Channel<Tx, Rx>, Info) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let shared = self.owner.0.clone();
        let identity = identity.into();
        async move {
            let mut start = Some((codec, handler));
            shared.start_clock();
            let mut pump = Pump::new(shared.clone(), socket, identity);
            loop {
                match poll_fn(|cx| pump.poll(cx)).await {
                    Turn::Over(closed) => return closed,
                    Turn::Started(id) => {
                        // A session begins once.
                        if let Some((codec, handler)) = start.take() {
                            let info = Info {
                                id,
                                identity: pump.identity.clone(),
                                resumed: false,
                            };
                            let channel = handler::channel(&shared, id, codec);
                            let open = channel.keep_open();
                            Handler::spawn(&shared, id, open, handler(channel, info));
                        }
                    }
                }
            }
        }
    }

    /// From now on every client that comes is told to come later, and each one that is connected is asked to connect anew, `after` at the earliest:
    /// this node is being taken down. Sessions and handlers go on.
    pub fn drain(&self, after: Duration) {
        self.owner.0.with(|state, now, wakes| {
            state.registry.drain();
            let ids: Vec<Secret> = state.registry.ids().collect();
            for id in ids {
                if let Some(server) = state.registry.session(id) {
                    server.ask_to_move(after);
                }
                state.tell_connection(id, wakes);
                state.settle(now, id, wakes);
            }
        });
    }

    /// The same, and ends every session: with this code, behind everything that was sent. Ready when all have ended, at the latest when the close timeout
    /// has passed. Handlers are to return when their channel ends; they are not waited for.
    ///
    /// Cancellation: dropping the future stops nothing.
    pub async fn shutdown(&self, code: u16, reason: &str) {
        let shared = &self.owner.0;
        let ids = shared.with(|state, now, wakes| state.stop_offering(now, wakes));
        for id in ids {
            shared.close(id, code, reason);
        }
        poll_fn(|cx| shared.with(|state, _, _| state.poll_empty(cx.waker()))).await;
    }

    /// How many there are.
    pub fn totals(&self) -> Totals {
        self.owner.0.with(|state, _, _| Totals {
            sessions: state.sessions(),
            connections: state.connections(),
            undelivered: state.undelivered,
        })
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
