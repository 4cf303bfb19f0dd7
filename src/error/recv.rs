//! Why a channel's stream yields no value.

use super::DecodeError;
use crate::message::CloseInfo;
use core::fmt;

/// What a channel's stream yields in the place of a value.
///
/// After [`DecodeFailed`](Self::DecodeFailed) the stream goes on. Every other one is the last item: messages may be missing. A stream ends without an error
/// only after a clean end with 1000 or 1005 (RFC 6455 §7.4.1: purpose fulfilled, or no code), or after our own close.
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
///         // One message that is not for us.
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
    /// A message that the codec could not read. The stream goes on.
    DecodeFailed(DecodeError),
    /// The connection was lost, or the peer ended it otherwise than with a clean 1000 or 1005.
    ChannelClosed(CloseInfo),
    /// A message was larger than [`Limits::max_message`](crate::transport::Limits::max_message), and was dropped. We closed the connection.
    MessageTooBig(CloseInfo),
    /// Unread messages passed [`Limits::receive_buffer`](crate::transport::Limits::receive_buffer), and one was dropped: where the transport cannot push
    /// back, and we closed the connection; or natively while [`Receiver::closed`](crate::Receiver::closed) was awaited.
    ReceiveBufferFull(CloseInfo),
}

impl RecvError {
    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self {
            RecvError::DecodeFailed(error) => error.code(),
            RecvError::ChannelClosed(_) => "CHANNEL_CLOSED",
            RecvError::MessageTooBig(_) => "MESSAGE_TOO_BIG",
            RecvError::ReceiveBufferFull(_) => "RECEIVE_BUFFER_FULL",
        }
    }

    /// How the connection ended. `None` where it goes on: [`RecvError::DecodeFailed`].
    pub fn close_info(&self) -> Option<&CloseInfo> {
        match self {
            RecvError::DecodeFailed(_) => None,
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
            RecvError::ChannelClosed(closed) => closed,
            RecvError::MessageTooBig(closed) => {
                f.write_str("a message is larger than `max_message`, and was dropped: ")?;
                closed
            }
            RecvError::ReceiveBufferFull(closed) => {
                f.write_str("unread messages exceed `receive_buffer`, and one was dropped: ")?;
                closed
            }
        };
        let code = usize::from(closed.code);
        write!(f, "the channel ended with code {code}")?;
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

/// Why there is no value to be had without waiting.
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
