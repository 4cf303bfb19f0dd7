//! The server's half of sessions: channels that outlive the connections which carry them.
//!
//! [`Sessions`] holds all sessions of a server, in memory. Give it every connection. It starts a handler for every *session*: a task with an ordinary
//! [`Channel`]. When a connection is lost the channel stays. When the client has reconnected, the channel continues, and no message is lost, repeated or
//! reordered, in either direction. The wire contract is in [`session`](crate::session).
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
mod serving;
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
use pump::Pump;
use serving::Serving;
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
    /// Whether the session continues from a stored state. Always false in memory.
    pub resumed: bool,
}

/// Counts of all sessions of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Totals {
    /// Sessions, including those that are only offered and those whose client has no connection.
    pub sessions: usize,
    /// Connections, including those that have not sent `HELLO`.
    pub connections: usize,
    /// Messages of this side that ended every connection, or were larger than their client accepts. The session continued without them.
    pub undelivered: u64,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(options: Options) -> Self {
        Self {
            owner: Arc::new(Owner(Shared::new(options))),
        }
    }

    /// Serves a connection to its end, and returns how it ended. It needs a tokio runtime.
    ///
    /// `socket` is our [`Socket`](crate::Socket), or another library's by [`Foreign`]. `identity` names the connection's user, as the application knows
    /// it: a session can be resumed only with the identity that it began with. Leave it empty where nobody logs in.
    ///
    /// `handler` runs once per *session*, in its own task, which outlives this connection. It starts when the client confirms a new session. When it
    /// returns, the session is closed with 1000. When it panics, the session is closed with 3011, and nothing else is affected. When the session ends
    /// otherwise, its channel ends, and the handler should return.
    ///
    /// A plain client, whose first message is something else, is closed with the violation's code and name.
    ///
    /// Cancellation: dropping the future ends the connection. The session stays, and waits for its client.
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
        let pump = Pump::new(self.owner.0.clone(), socket, identity.into());
        Serving::new(pump, codec, handler)
    }

    /// Prepares this node to be taken down. New clients are asked to try again later. Connected clients are asked to reconnect after `after` at the
    /// earliest. Sessions and handlers continue.
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

    /// Also ends every session with this code, after everything that was sent. Ready when all have ended, or when the close timeout has passed. Handlers
    /// should return when their channel ends; this does not wait for them.
    ///
    /// The code is 1000 or 3000 to 4999. 1001 to 1014 are sent as 3001 to 3014, any other as 1000. A reason is cut to 123 bytes.
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

    /// The current counts.
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
