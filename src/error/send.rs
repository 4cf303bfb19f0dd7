//! Why a message was not sent.

use super::EncodeError;
use core::fmt;

/// A message that was not sent, with the caller's value. [`Sender`](crate::Sender) has an example.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendError<T> {
    /// The value, unsent.
    pub value: T,
    /// Why it was not sent.
    pub kind: SendErrorKind,
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// The connection is closing or closed.
    NotOpen,
    /// The codec could not encode the value. The connection stays open.
    EncodeFailed(EncodeError),
    /// The platform's own send threw, or the transport does not accept such a message. The connection may still be open. A transport does not accept:
    ///
    /// - `WebSocketStream`: a message over 64 KiB.
    /// - The formats of 2009: a binary message.
    /// - Natively: any message while 64 MiB, or the send high-water mark if that is larger, are unsent.
    SendRefused,
}

impl<T> SendError<T> {
    /// An error of this kind that returns `value`.
    pub fn new(value: T, kind: SendErrorKind) -> Self {
        Self { value, kind }
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self.kind {
            SendErrorKind::NotOpen => "NOT_OPEN",
            SendErrorKind::EncodeFailed(_) => "ENCODE_FAILED",
            SendErrorKind::SendRefused => "SEND_REFUSED",
        }
    }

    /// The same error with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> SendError<U> {
        SendError {
            value: f(self.value),
            kind: self.kind,
        }
    }
}

// By hand: it needs no `T: Debug`, and a payload never gets into a log.
impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// The error of a channel's sink, `flush`, `drained` and `reserve`, which have no value to return.
impl fmt::Display for SendErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendErrorKind::NotOpen => f.write_str("not sent: the connection is closing or closed"),
            SendErrorKind::EncodeFailed(error) => write!(f, "not sent: {error}"),
            SendErrorKind::SendRefused => f.write_str("not sent: the platform refused the message"),
        }
    }
}

impl core::error::Error for SendErrorKind {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            SendErrorKind::EncodeFailed(error) => Some(error),
            _ => None,
        }
    }
}

impl<T> core::error::Error for SendError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.kind.source()
    }
}

/// A message that `try_send` did not accept, with the caller's value.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, TrySendErrorKind, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut limits = Limits::default();
/// # limits.send_high_water_mark = 16;
/// # let (ours, _theirs) = Socket::pair(&limits, "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// let (sender, _receiver) = channel.split();
/// // A game's positions: when the send buffer is full, this one is skipped.
/// let mut left_out = 0;
/// for frame in 0..100 {
///     match sender.try_send(format!("position {frame}")) {
///         Ok(()) => {}
///         Err(error) if error.kind == TrySendErrorKind::Full => left_out += 1,
///         Err(error) => return Err(error.into()),
///     }
/// }
/// assert!(left_out > 0); // here nobody reads
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrySendError<T> {
    /// The value, unsent.
    pub value: T,
    /// Why it was not sent.
    pub kind: TrySendErrorKind,
}

/// Why `try_send` did not accept a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySendErrorKind {
    /// The send buffer is at the high-water mark, or other senders are waiting. `send` and `reserve` wait.
    Full,
    /// The connection is closing or closed.
    NotOpen,
    /// The codec could not encode the value. The connection stays open.
    EncodeFailed(EncodeError),
}

impl<T> TrySendError<T> {
    /// An error of this kind that returns `value`.
    pub fn new(value: T, kind: TrySendErrorKind) -> Self {
        Self { value, kind }
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self.kind {
            TrySendErrorKind::Full => "FULL",
            TrySendErrorKind::NotOpen => "NOT_OPEN",
            TrySendErrorKind::EncodeFailed(_) => "ENCODE_FAILED",
        }
    }
}

// By hand, as for `SendError`.
impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrySendError")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl core::error::Error for TrySendErrorKind {}

impl fmt::Display for TrySendErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrySendErrorKind::Full => f.write_str("not sent: the send buffer is full"),
            TrySendErrorKind::NotOpen => {
                f.write_str("not sent: the connection is closing or closed")
            }
            TrySendErrorKind::EncodeFailed(error) => write!(f, "not sent: {error}"),
        }
    }
}

impl<T> core::error::Error for TrySendError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.kind {
            TrySendErrorKind::EncodeFailed(error) => Some(error),
            _ => None,
        }
    }
}
