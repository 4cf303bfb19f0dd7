//! Why a channel's stream has no value.

use super::DecodeError;
#[cfg(feature = "session")]
use super::{Lost, Undelivered};
use crate::message::CloseInfo;
use core::fmt;

/// What a channel's stream yields instead of a value.
///
/// After [`DecodeFailed`](Self::DecodeFailed) and `Gap` the stream continues. Any other error is the last item, and messages may be missing. Without an
/// error a stream ends only after a clean close with 1000 or 1005 (RFC 6455 §7.4.1: purpose fulfilled, or no code), or after a close by this side.
///
/// ```
/// use websocket_channel::{Channel, RecvError, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let mut channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// # peer.send("one".into()).await?;
/// # tokio::spawn(async move { peer.control().close(1011, "disk full").await });
/// let mut lines = Vec::new();
/// let whole = loop {
///     match channel.next().await {
///         Some(Ok(line)) => lines.push(line),
///         // One bad message: skip it.
///         Some(Err(RecvError::DecodeFailed(_))) => {}
///         Some(Err(error)) => {
///             println!("{}: {error}", error.code());
///             break false;
///         }
///         None => break true,
///     }
/// };
/// assert_eq!(lines, ["one"]);
/// assert!(!whole);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// A message that the codec could not decode. The stream continues.
    DecodeFailed(DecodeError),
    /// The connection was lost here, and the channel [connected again](crate::Connect::reconnect). Messages may be missing between the value before and the
    /// one after. The stream continues.
    #[cfg(feature = "reconnect")]
    Gap {
        /// The attempt that succeeded, from 1.
        attempt: u32,
    },
    /// The [session](crate::Connect::session) could not continue. The messages that the peer has not committed come back with it. If it is
    /// [renewed](Lost::renewed), the stream continues with a new session. Otherwise it is the last item.
    #[cfg(feature = "session")]
    SessionLost(Box<Lost>),
    /// A message that was sent in a session, and that the peer has not got and will not get: it ended every connection that carried it, or is larger
    /// than the peer accepts. The stream continues.
    #[cfg(feature = "session")]
    Undelivered(Box<Undelivered>),
    /// Here the peer of a session had sent a message that it could not deliver. The stream continues.
    #[cfg(feature = "session")]
    Missing,
    /// The connection was lost, or the peer closed it, but not cleanly with 1000 or 1005.
    ChannelClosed(CloseInfo),
    /// A message exceeded [`Limits::max_message`](crate::transport::Limits::max_message) and was dropped. This side closed the connection.
    MessageTooBig(CloseInfo),
    /// Unread messages exceeded [`Limits::receive_buffer`](crate::transport::Limits::receive_buffer), and one was dropped. Without receive
    /// backpressure this side closed the connection. Natively this happens only while [`Receiver::closed`](crate::Receiver::closed) is awaited.
    ReceiveBufferFull(CloseInfo),
}

impl RecvError {
    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self {
            RecvError::DecodeFailed(error) => error.code(),
            #[cfg(feature = "reconnect")]
            RecvError::Gap { .. } => "GAP",
            #[cfg(feature = "session")]
            RecvError::SessionLost(_) => "SESSION_LOST",
            #[cfg(feature = "session")]
            RecvError::Undelivered(_) => "UNDELIVERED",
            #[cfg(feature = "session")]
            RecvError::Missing => "MISSING",
            RecvError::ChannelClosed(_) => "CHANNEL_CLOSED",
            RecvError::MessageTooBig(_) => "MESSAGE_TOO_BIG",
            RecvError::ReceiveBufferFull(_) => "RECEIVE_BUFFER_FULL",
        }
    }

    /// How the connection ended. `None` for [`RecvError::DecodeFailed`] and `Gap`, after which it continues.
    pub fn close_info(&self) -> Option<&CloseInfo> {
        match self {
            RecvError::DecodeFailed(_) => None,
            #[cfg(feature = "reconnect")]
            RecvError::Gap { .. } => None,
            #[cfg(feature = "session")]
            RecvError::SessionLost(_) | RecvError::Undelivered(_) | RecvError::Missing => None,
            RecvError::ChannelClosed(closed)
            | RecvError::MessageTooBig(closed)
            | RecvError::ReceiveBufferFull(closed) => Some(closed),
        }
    }
}

impl From<DecodeError> for RecvError {
    fn from(error: DecodeError) -> Self {
        RecvError::DecodeFailed(error)
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = match self {
            RecvError::DecodeFailed(error) => return error.fmt(f),
            #[cfg(feature = "reconnect")]
            RecvError::Gap { .. } => {
                return f.write_str(
                    "the connection was lost and another made: messages may be missing",
                );
            }
            #[cfg(feature = "session")]
            RecvError::SessionLost(lost) => {
                f.write_str("the session is lost: ")?;
                return lost.reason.fmt(f);
            }
            #[cfg(feature = "session")]
            RecvError::Undelivered(undelivered) => {
                let len = undelivered.message.len();
                return write!(f, "a message of {len} bytes could not be delivered");
            }
            #[cfg(feature = "session")]
            RecvError::Missing => {
                return f.write_str("the peer could not deliver a message");
            }
            RecvError::ChannelClosed(closed) => closed,
            RecvError::MessageTooBig(closed) => {
                f.write_str("a message exceeded `max_message` and was dropped: ")?;
                closed
            }
            RecvError::ReceiveBufferFull(closed) => {
                f.write_str("unread messages exceeded `receive_buffer`, and one was dropped: ")?;
                closed
            }
        };
        let code = usize::from(closed.code);
        write!(f, "the channel closed with code {code}")?;
        match &*closed.reason {
            "" => Ok(()),
            reason => write!(f, ": {reason}"),
        }
    }
}

impl core::error::Error for RecvError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            RecvError::DecodeFailed(error) => Some(error),
            _ => None,
        }
    }
}

/// Why `try_recv` has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryRecvError {
    /// Nothing has arrived.
    Empty,
    /// Everything was read and the connection has ended.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "nothing has arrived",
            TryRecvError::Closed => "the connection has ended",
        })
    }
}

impl core::error::Error for TryRecvError {}
