//! Why a request has no answer.

use super::{DecodeError, SendErrorKind};
use core::fmt;

/// A request without an answer: [`Sender::request`](crate::Sender::request).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestError<T> {
    /// The value, if the peer cannot have received it and it can be given back.
    pub value: Option<T>,
    /// Why there is no answer.
    pub kind: RequestErrorKind,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestErrorKind {
    /// The channel has no [session](crate::Connect::session): only a session has requests. Nothing was sent.
    NoSession,
    /// The answer was asked for as another type than the channel receives. Nothing was sent.
    WrongType,
    /// 1,000 requests of this side wait for an answer. Nothing was sent.
    TooMany,
    /// It was not sent, as a value of [`send`](crate::Sender::send) would not be.
    NotSent(SendErrorKind),
    /// No connection could carry the request, or it is larger than the peer takes. The peer does not have it.
    Undelivered,
    /// The time limit of the caller passed. The peer may have acted on it, and was told that no answer is needed.
    TimedOut,
    /// The peer answered with an error.
    Failed {
        /// The error code: 1 from a peer of this crate.
        code: u64,
        /// The peer's text.
        text: String,
    },
    /// The peer answered, and its response could not be delivered.
    ResponseLost,
    /// The response cannot be decoded. The error has the message.
    DecodeFailed(DecodeError),
    /// The session was lost or ended before the answer came.
    SessionLost {
        /// The peer may have received the request, and acted on it. If false, it can be repeated.
        in_doubt: bool,
    },
}

impl<T> RequestError<T> {
    pub(crate) fn new(value: Option<T>, kind: RequestErrorKind) -> Self {
        Self { value, kind }
    }

    /// A stable name.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            RequestErrorKind::NoSession => "NO_SESSION",
            RequestErrorKind::WrongType => "WRONG_TYPE",
            RequestErrorKind::TooMany => "TOO_MANY",
            RequestErrorKind::NotSent(_) => "NOT_SENT",
            RequestErrorKind::Undelivered => "UNDELIVERED",
            RequestErrorKind::TimedOut => "TIMED_OUT",
            RequestErrorKind::Failed { .. } => "FAILED",
            RequestErrorKind::ResponseLost => "RESPONSE_LOST",
            RequestErrorKind::DecodeFailed(error) => error.code(),
            RequestErrorKind::SessionLost { .. } => "SESSION_LOST",
        }
    }
}

// By hand: it needs no `T: Debug`, and a payload never gets into a log.
impl<T> fmt::Debug for RequestError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestError")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for RequestError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for RequestErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RequestErrorKind::NoSession => "a channel without a session has no requests",
            RequestErrorKind::WrongType => "the channel receives values of another type",
            RequestErrorKind::TooMany => "too many requests wait for an answer",
            RequestErrorKind::NotSent(error) => return error.fmt(f),
            RequestErrorKind::Undelivered => "the request could not be delivered",
            RequestErrorKind::TimedOut => "the request was not answered in time",
            RequestErrorKind::Failed { text, .. } => {
                return write!(f, "the peer answered with an error: {text}");
            }
            RequestErrorKind::ResponseLost => "the response could not be delivered",
            RequestErrorKind::DecodeFailed(error) => return error.fmt(f),
            RequestErrorKind::SessionLost { in_doubt: true } => {
                "the session ended before the answer came, and the peer may have the request"
            }
            RequestErrorKind::SessionLost { in_doubt: false } => {
                "the session ended before the request was sent"
            }
        })
    }
}

impl core::error::Error for RequestErrorKind {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            RequestErrorKind::NotSent(error) => error.source(),
            RequestErrorKind::DecodeFailed(error) => Some(error),
            _ => None,
        }
    }
}

impl<T> core::error::Error for RequestError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.kind.source()
    }
}
