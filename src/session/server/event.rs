//! What a server's session tells.

use crate::session::SessionMessage;
use crate::session::hello::Refusal;
use crate::session::registry::ConnectionId;

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ServerPhase {
    /// Offered. The client has not confirmed it.
    Pending,
    /// It has a connection.
    Attached,
    /// It has no connection, and waits for its client.
    Detached,
    /// It has ended.
    Ended,
}

/// What happened in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client confirmed the session. Start its handler.
    Started,
    /// The client resumed.
    Resumed {
        /// The client's page was reloaded, and has nothing of the session but its id and token.
        forgot: bool,
    },
    /// Its connection ended.
    Detached,
    /// A message of the server was replaced. The client committed its index without receiving it. If it was a response, the session has sent an error to
    /// the same request.
    Undelivered(SessionMessage),
    /// Close this connection, after sending the batch if there is one.
    Close {
        /// The connection.
        connection: ConnectionId,
        /// The last batch to send on it.
        batch: Option<Vec<u8>>,
        /// The close code.
        code: u16,
        /// The close reason.
        reason: &'static str,
    },
    /// The session cannot resume, or its client did not come back. Final.
    Lost(Refusal),
    /// One of the sides ended the session. Final.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// Its reason.
        reason: String,
        /// This side sent it.
        ours: bool,
        /// `BYE` and every message before it in its direction were delivered. `take_uncommitted` returns the messages of this side that were not
        /// committed.
        clean: bool,
    },
}
