//! What a session could not deliver.

use crate::message::{CloseInfo, Message};
use core::fmt;

/// Why a session cannot resume. Final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// A number that this version does not know.
    Unknown = 0,
    /// No session has this id, or the token is not valid.
    Expired = 1,
    /// The same, and the store is not the one of the last `WELCOME`.
    ServerRestarted = 2,
    /// One side needs a message that the other does not retain any more.
    Behind = 3,
    /// One side is before a position that it had reached earlier: it has lost its latest state.
    Rewound = 4,
    /// The connection's user is not the session's.
    Identity = 5,
    /// Another instance took over the session.
    Fenced = 6,
    /// The store has lost a part of the session.
    Damaged = 7,
    /// The client and the server have no version in common.
    Version = 8,
    /// A resume with another `max_message` or `max_batch` than the session's.
    Changed = 9,
    /// Several connections in a row ended with a violation, and no message got through.
    Broken = 10,
}

impl Refusal {
    /// Its name in `WIRE.md`, a stable one.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Unknown => "Unknown",
            Refusal::Expired => "Expired",
            Refusal::ServerRestarted => "ServerRestarted",
            Refusal::Behind => "Behind",
            Refusal::Rewound => "Rewound",
            Refusal::Identity => "Identity",
            Refusal::Fenced => "Fenced",
            Refusal::Damaged => "Damaged",
            Refusal::Version => "Version",
            Refusal::Changed => "Changed",
            Refusal::Broken => "Broken",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Unknown => "the server refused it for a reason that is not known here",
            Refusal::Expired => "the server does not know it, or no longer",
            Refusal::ServerRestarted => "the server has restarted and does not know it",
            Refusal::Behind => "a side no longer has what the other one wants",
            Refusal::Rewound => "a side has lost its latest state",
            Refusal::Identity => "it belongs to somebody else",
            Refusal::Fenced => "another instance has taken it over",
            Refusal::Damaged => "the server has lost a part of it",
            Refusal::Version => "there is no version in common",
            Refusal::Changed => "its limits have changed",
            Refusal::Broken => "connection after connection broke the protocol",
        })
    }
}

/// A session that could not continue, and the messages that its peer has not committed: [`RecvError::SessionLost`](super::RecvError::SessionLost).
///
/// They are messages, as the codec made them: a receiver cannot decode what the sender encodes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// Why.
    pub reason: LostReason,
    /// Whether the channel continues with a new session: see `OnLost`.
    pub renewed: bool,
    /// Messages that the peer cannot have received: they may be sent again. In the order in which they were sent.
    pub never_sent: Vec<Message>,
    /// Messages before them that the peer may have received, and may have acted on.
    pub in_doubt: Vec<Message>,
}

/// Why a session was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostReason {
    /// One of the two sides refused to continue.
    Refused(Refusal),
    /// This side connects no more: a limit of the policy was reached, or the server closed with a final code. It is how the last connection ended.
    GaveUp(CloseInfo),
    /// The peer ended the session before it had taken everything.
    Ended(CloseInfo),
}

impl Lost {
    pub(crate) fn new(
        reason: LostReason,
        in_doubt: Vec<Message>,
        never_sent: Vec<Message>,
    ) -> Self {
        Self {
            reason,
            renewed: false,
            never_sent,
            in_doubt,
        }
    }

    /// How many there are.
    pub(crate) fn messages(&self) -> usize {
        self.never_sent.len() + self.in_doubt.len()
    }

    /// The bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        let all = self.never_sent.iter().chain(&self.in_doubt);
        all.map(Message::len).sum()
    }
}

impl fmt::Display for LostReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LostReason::Refused(refusal) => refusal.fmt(f),
            LostReason::Ended(_) => f.write_str("the peer ended it before it had taken everything"),
            LostReason::GaveUp(closed) => {
                let code = usize::from(closed.code);
                write!(f, "no more attempts to connect after code {code}")
            }
        }
    }
}

/// A payload never gets into a log.
impl fmt::Debug for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lost")
            .field("reason", &self.reason)
            .field("renewed", &self.renewed)
            .field("never_sent", &self.never_sent.len())
            .field("in_doubt", &self.in_doubt.len())
            .finish()
    }
}

/// A message that ended every connection it was sent on, or was larger than the peer takes:
/// [`RecvError::Undelivered`](super::RecvError::Undelivered).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undelivered {
    /// The message.
    pub message: Message,
}

impl Undelivered {
    pub(crate) fn new(message: Message) -> Self {
        Self { message }
    }
}

/// A payload never gets into a log.
impl fmt::Debug for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.message.len();
        f.debug_struct("Undelivered").field("len", &len).finish()
    }
}
