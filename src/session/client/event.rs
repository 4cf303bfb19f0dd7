//! What a client's session tells, and what it needs to resume.

use crate::session::hello::{LaterReason, Refusal};
use crate::session::poison::Blame;
use crate::session::violation::CLOSE;
use crate::session::{Secret, SessionMessage, SessionViolation};
use core::time::Duration;

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ClientPhase {
    /// No connection.
    Down,
    /// Connected, and waiting for `WELCOME`.
    Greeting,
    /// Connected, and messages can flow.
    Open,
    /// The session has ended.
    Ended,
}

/// What a client needs to resume. Whoever has the token can take over the session, so do not log it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeTicket {
    /// The session's id.
    pub id: Secret,
    /// The newest token.
    pub token: Secret,
    /// The incarnation of the server's store.
    pub incarnation: u64,
    /// The attempt that opened it. After a reload: this page's first attempt.
    pub attempt: u64,
    /// Nothing but `WELCOME` has arrived in this session.
    pub(crate) fresh: bool,
    /// The page was reloaded and has nothing else of the session.
    pub(crate) forgot: bool,
}

impl ResumeTicket {
    /// What an earlier page of the same tab stored.
    pub fn new(id: Secret, token: Secret, incarnation: u64, attempt: u64) -> Self {
        Self {
            id,
            token,
            incarnation,
            attempt,
            fresh: false,
            forgot: true,
        }
    }
}

/// What happened in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// `WELCOME` arrived: the session begins or resumes.
    Opened {
        /// It resumes.
        resumed: bool,
        /// What to store, if the session is to survive a reload.
        ticket: ResumeTicket,
        /// After the next drop, the delay of the first retry is chosen at random up to this.
        spread: Duration,
        /// After a reload: the indices at which this page continues.
        restored: Option<RestoredIndices>,
    },
    /// The server asks to retry later. Close the connection.
    Later {
        /// The shortest delay.
        after: Duration,
        /// Why.
        reason: LaterReason,
    },
    /// The server asks to reconnect. The session continues on this connection until then.
    Move {
        /// The shortest delay.
        after: Duration,
    },
    /// The connection cannot be used any more. Close it. The session can resume.
    Dropped(DropReason),
    /// A message of ours was replaced: it ended every connection, or was larger than the peer accepts. The peer committed its index without receiving
    /// it. If it was a response, the session has sent an error to the
    /// same request ([`UNDELIVERED`](crate::session::wire::UNDELIVERED)), because the requester still waits.
    Undelivered(SessionMessage),
    /// The session cannot resume. Final. Close the connection, if there is one.
    Lost(Refusal),
    /// One of the sides ended the session. Final. Close the connection, if there is one.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// Its reason.
        reason: String,
        /// This side sent it.
        ours: bool,
        /// `BYE` and every message before it in its direction were delivered. Unread messages can still be read. `take_uncommitted` returns the
        /// messages of this side that were not committed.
        clean: bool,
    },
}

/// Where a reloaded page continues a session of which it has only a stored [`ResumeTicket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoredIndices {
    /// The index of this page's first message. Messages of the earlier page from this index on are lost. Of those below it, the server has committed
    /// some; the rest may still be lost if its handler restarts.
    pub send_from: u64,
    /// The index of the first message to arrive. The earlier page had committed all messages below it, and may have read some from it on.
    pub receive_from: u64,
}

/// Why this side gives up a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// The peer violated the protocol.
    Violation(SessionViolation),
    /// `WELCOME` did not arrive in time. If it never arrives, the server may not speak the session protocol.
    NoWelcome,
    /// The peer did not answer a `PING`.
    Silent,
    /// The server does not know the session any more. No message was sent or received in it, so the next connection begins a new one.
    Renewed,
}

impl DropReason {
    /// Whether a message of ours may be the cause.
    pub(crate) fn blame(self) -> Blame {
        match self {
            Self::Silent => Blame::Silent,
            Self::Violation(_) | Self::NoWelcome | Self::Renewed => Blame::Innocent,
        }
    }

    /// The code and reason for closing the connection.
    pub fn close(self) -> (u16, &'static str) {
        match self {
            Self::Violation(violation) => (violation.close_code(), violation.name()),
            Self::NoWelcome => (CLOSE, "no-welcome"),
            Self::Silent => (CLOSE, "silent"),
            Self::Renewed => (1000, ""),
        }
    }
}
