//! Why a channel connects again.

use super::RetryCause;
use super::policy::millis;
use crate::error::ConnectError;
use crate::message::CloseInfo;
use core::fmt;
#[cfg(feature = "session")]
use core::time::Duration;

/// Why a channel connects again. [`Status::Reconnecting`](crate::Status::Reconnecting) has it, and so has the attempt that a
/// [`url_provider`](crate::Connect::url_provider) receives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReconnectReason {
    /// The connection ended.
    Closed(CloseInfo),
    /// The previous attempt failed.
    Failed(Box<ConnectError>),
    /// The page was frozen, or in the back/forward cache. Browsers cut its sockets for that.
    Restored,
    /// [`Control::reconnect_now`](crate::Control::reconnect_now) on an open connection.
    Requested,
    /// [`Control::suspend`](crate::Control::suspend).
    Suspended,
    /// The server of a session asked to come back later.
    #[cfg(feature = "session")]
    Later {
        /// The shortest time to wait.
        after: Duration,
    },
    /// The server of a session asked for another connection, while this one still served.
    #[cfg(feature = "session")]
    Moved {
        /// The shortest time to wait.
        after: Duration,
    },
    /// The connection of a session was given up on this side.
    #[cfg(feature = "session")]
    Session {
        /// Why, as the reason of the close says it: `silent`, `no-welcome`, `lost`, or the name of a violation.
        why: &'static str,
    },
}

impl ReconnectReason {
    /// The cause for the policy, and the delay in milliseconds that the server asked for.
    pub(crate) fn cause(&self) -> (RetryCause, u64) {
        let cause = match self {
            Self::Closed(closed) => RetryCause::closed(closed.by, closed.code),
            Self::Failed(error) => {
                let asked = error.retry_after().map_or(0, millis);
                return (RetryCause::Failed(None), asked);
            }
            #[cfg(feature = "session")]
            Self::Later { after } => return (RetryCause::Failed(None), millis(*after)),
            #[cfg(feature = "session")]
            Self::Moved { after } => return (RetryCause::Moved(*after), millis(*after)),
            #[cfg(feature = "session")]
            Self::Session { .. } => RetryCause::Closed(1006),
            Self::Restored | Self::Requested | Self::Suspended => RetryCause::Local,
        };
        (cause, 0)
    }
}

impl fmt::Display for ReconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(closed) => {
                write!(
                    f,
                    "the connection ended with code {}",
                    usize::from(closed.code)
                )
            }
            Self::Failed(error) => fmt::Display::fmt(error, f),
            Self::Restored => f.write_str("the page was frozen or in the back/forward cache"),
            Self::Requested => f.write_str("the application asked for another connection"),
            #[cfg(feature = "session")]
            Self::Later { .. } => f.write_str("the server asked to come back later"),
            #[cfg(feature = "session")]
            Self::Moved { .. } => f.write_str("the server asked for another connection"),
            #[cfg(feature = "session")]
            Self::Session { why } => write!(f, "the connection was given up: {why}"),
            Self::Suspended => f.write_str("the application suspended the connection"),
        }
    }
}
