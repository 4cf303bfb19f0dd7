//! What a connection carries and reports: [`Message`], [`OpenInfo`], [`CloseInfo`], and the [`Event`]s of its life.

/// One whole WebSocket message (RFC 6455 §5.6): UTF-8 text or bytes. Create one from either with `into`.
///
/// ```
/// use websocket_channel::Message;
///
/// let text = Message::from("grüezi");
/// assert_eq!(text.len(), 7); // bytes, not characters
/// assert_eq!(Message::from(vec![1, 2]), Message::Binary(vec![1, 2]));
/// match text {
///     Message::Text(text) => assert_eq!(text, "grüezi"),
///     Message::Binary(bytes) => println!("{} bytes", bytes.len()),
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Message {
    /// The payload's length in bytes (UTF-8 bytes for text), without any framing.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the message counts against a bound: its payload, and itself, or a peer could send empty ones without end.
    pub(crate) fn cost(&self) -> usize {
        self.len() + size_of::<Self>()
    }

    /// The payload's bytes, whichever kind the message is.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Message::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Message::Text(text.into())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Message::Binary(bytes)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Message::Binary(bytes.into())
    }
}

/// The result of the handshake. Two are equal if subprotocol and extensions are, whatever else the server said.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OpenInfo {
    /// The subprotocol the server chose, empty if none (RFC 6455 §4.2.2).
    pub protocol: String,
    /// The extensions in use, as the platform reports them, empty if none (RFC 6455 §9.1).
    pub extensions: String,
    /// The header lines of the server's 101, such as `Set-Cookie`; `Debug` shows their names alone. Empty on the accepting side, for a socket
    /// that was open already, and in browsers, which hide them.
    pub headers: crate::http::Headers,
}

impl PartialEq for OpenInfo {
    fn eq(&self, other: &Self) -> bool {
        self.protocol == other.protocol && self.extensions == other.extensions
    }
}

impl Eq for OpenInfo {}

impl OpenInfo {
    /// Nothing was settled.
    pub(crate) const NONE: &Self = &Self {
        protocol: String::new(),
        extensions: String::new(),
        headers: crate::http::Headers::NONE,
    };

    /// In a box, unless there is nothing to be said.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        let said =
            !self.protocol.is_empty() || !self.extensions.is_empty() || !self.headers.is_empty();
        said.then(|| Box::new(self))
    }

    /// Both values, as the handshake gave them.
    pub fn new(protocol: impl Into<String>, extensions: impl Into<String>) -> Self {
        Self {
            protocol: protocol.into(),
            extensions: extensions.into(),
            headers: Default::default(),
        }
    }
}

/// How a connection ended. It comes after every message that arrived before.
///
/// ```
/// use websocket_channel::{ClosedBy, Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let mut channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// # tokio::spawn(async move { peer.control().close(4000, "full").await });
/// let closed = channel.closed().await;
/// match closed.by {
///     ClosedBy::Remote if closed.was_clean => println!("{}: {}", closed.code, closed.reason),
///     ClosedBy::Local => println!("done"),
///     _ => println!("lost"),
/// }
/// assert_eq!((closed.code, &*closed.reason, closed.was_clean), (4000, "full", true));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseInfo {
    /// The close code (RFC 6455 §7.4): the peer's, 1005 if it sent none, or 1006 if the connection was lost. Natively, if this side failed the
    /// connection: the code it sent.
    pub code: u16,
    /// The peer's reason, at most 123 bytes of UTF-8, empty if it sent none. Natively, if this side failed the connection: what the peer did wrong.
    pub reason: String,
    /// Whether the closing handshake finished (RFC 6455 §7.1.4).
    pub was_clean: bool,
    /// Which side began to close.
    pub by: ClosedBy,
    /// Payload bytes that were accepted but could not be handed over. A channel accepts without waiting in `try_send` and `Permit`; then the platform
    /// refused the message or the connection ended. Natively also bytes that were queued when the stream stopped accepting. Frame headers may be
    /// included.
    pub unsent_bytes: usize,
}

impl CloseInfo {
    /// A connection that ended with these values.
    pub fn new(code: u16, reason: impl Into<String>, was_clean: bool, by: ClosedBy) -> Self {
        Self {
            code,
            reason: reason.into(),
            was_clean,
            by,
            unsent_bytes: 0,
        }
    }

    /// A connection that was lost without a closing handshake (RFC 6455 §7.1.5: 1006).
    pub fn lost(by: ClosedBy) -> Self {
        Self::new(1006, "", false, by)
    }
}

/// Which side began to close a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosedBy {
    /// This side: `close()`, a dropped handle, or a limit of this side that the peer exceeded.
    Local,
    /// The peer sent the first Close frame.
    Remote,
    /// The peer or the browser. Only in a page, for a clean 1001 without a reason. Firefox closes a page's sockets with it when the user follows a
    /// download link or calls `window.stop()`, and the page stays.
    Unknown,
    /// Neither side: the connection was lost.
    Error,
}

/// What a transport reports to the socket above it, in order.
///
/// In the 2009 paper: `WebSocketChannelClient`, with opened, message and closed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message arrived.
    Message(Message),
    /// The connection ended. Nothing comes after it.
    Closed(CloseInfo),
}
