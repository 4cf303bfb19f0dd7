//! What a codec could not encode or decode.

use core::fmt;

/// A value that the codec could not encode. The caller's mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeError {
    /// The codec's text.
    pub detail: String,
}

impl EncodeError {
    /// An error with the codec's text.
    pub fn new(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value cannot be encoded: {}", self.detail)
    }
}

impl core::error::Error for EncodeError {}

/// A message that the codec could not decode. It is an item of the stream, which continues. The peer's mistake.
///
/// ```
/// use websocket_channel::{Channel, Json, RecvError, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let mut channel: Channel<u32, u32> = Channel::from_socket(ours, Json);
/// # let peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// # for text in ["1", "one", "2"] { peer.send(text.into()).await?; }
/// # drop(peer);
/// let mut sum = 0;
/// while let Some(number) = channel.next().await {
///     match number {
///         Ok(number) => sum += number,
///         Err(RecvError::DecodeFailed(error)) => assert_eq!(error.raw.as_bytes(), b"one"),
///         Err(error) => return Err(error.into()),
///     }
/// }
/// assert_eq!(sum, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The message as it arrived.
    pub raw: crate::message::Message,
    /// The codec's text.
    pub detail: String,
}

impl DecodeError {
    /// An error with the codec's text and the message as it arrived.
    pub fn new(raw: crate::message::Message, detail: impl Into<String>) -> Self {
        Self {
            raw,
            detail: detail.into(),
        }
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        "DECODE_FAILED"
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a message of {} bytes cannot be decoded: {}",
            self.raw.len(),
            self.detail
        )
    }
}

impl core::error::Error for DecodeError {}
