//! Errors. Those that JavaScript has too have a stable [`code`](ConnectError::code), the same string in both languages.

mod misuse;
mod recv;
mod violation;

pub use misuse::Misuse;
pub use recv::{RecvError, TryRecvError};
pub use violation::Violation;

use crate::http::{self, HttpResponse, MaybeResponse};
use crate::message::CloseInfo;
use core::fmt;
use core::time::Duration;

/// Why `connect` did not open a connection, and how long it took.
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::{ConnectErrorKind, connect};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr()?);
/// // `url` is that of a server which never answers.
/// let error = connect(url).connect_timeout(Duration::from_millis(50)).await.unwrap_err();
/// match &error.kind {
///     ConnectErrorKind::TimedOut { limit } => assert_eq!(*limit, Duration::from_millis(50)),
///     ConnectErrorKind::BadUrl | ConnectErrorKind::UrlFragment => println!("a mistake of ours"),
///     // In a browser `hint` guesses at what it hides.
///     _ => println!("{error} {:?}", error.hint()),
/// }
/// assert_eq!(error.code(), "TIMED_OUT");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// What happened.
    pub kind: ConnectErrorKind,
    /// The time from the first poll to this error.
    pub elapsed: Duration,
}

/// Why a connection did not open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The URL cannot be parsed, or its scheme is not `ws`, `wss`, `http` or `https` (WHATWG WebSockets §3.1). The caller's mistake.
    BadUrl,
    /// The application's URL provider returned an error.
    ProviderFailed {
        /// That error as text.
        detail: String,
    },
    /// The URL has a fragment, even an empty one (WHATWG WebSockets §3.1). The caller's mistake.
    UrlFragment,
    /// A subprotocol is not a token (RFC 6455 §4.1, item 10). The caller's mistake.
    BadProtocol {
        /// That subprotocol.
        protocol: String,
    },
    /// A subprotocol is listed twice (RFC 6455 §4.1, item 10). The caller's mistake.
    DuplicateProtocol {
        /// That subprotocol.
        protocol: String,
    },
    /// A header cannot be sent. It belongs to the handshake (`Upgrade`, `Connection`, `Sec-WebSocket-*`, those of a body), or appears twice but may
    /// appear once (`Host`, `Origin`), or contains an invalid byte. The caller's mistake; nothing was sent.
    BadHeader {
        /// Its name.
        name: String,
        /// What is wrong with it: [`Misuse::ReservedHeader`] or [`Misuse::Header`].
        misuse: Misuse,
    },
    /// The server chose none of the subprotocols that were offered, or another than the codec's. The connection was closed again. Chromium, Node and
    /// Bun fail a connection without a subprotocol themselves: there it is [`ConnectFailed`](Self::ConnectFailed).
    Subprotocol {
        /// The codec's subprotocol; without one those offered, separated by commas.
        expected: String,
        /// What the server chose, empty for none.
        chosen: String,
    },
    /// The platform did not try: its constructor threw, or returned a closed socket. Likely causes are mixed content and a Content Security Policy;
    /// [`ConnectError::hint`] guesses. Natively: the proxy's URL is not valid (`SyntaxError`), or something is not supported (`NotSupportedError`),
    /// such as a SOCKS proxy, or `wss` without the feature `tls`.
    Refused {
        /// The exception's name, such as `SecurityError`; empty if there was none.
        name: String,
        /// The exception's message from the platform; empty if there was none.
        message: String,
    },
    /// This browser does not have the requested transport. Another one may work.
    Unsupported,
    /// The connection did not open within the connect timeout.
    TimedOut {
        /// The timeout.
        limit: Duration,
    },
    /// Connecting failed.
    ConnectFailed {
        /// What the platform reports; in browsers always 1006.
        closed: CloseInfo,
        /// The cause, if the transport knows it. Browsers hide it from scripts (WHATWG WebSockets, "fail the WebSocket connection").
        cause: Cause,
        /// The response of a server or proxy that refused: [`ConnectError::response`].
        response: MaybeResponse,
    },
}

/// Why a handshake failed, and the response, if one refused it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandshakeError {
    /// The cause.
    pub cause: Cause,
    /// The response of the server or proxy that refused.
    pub response: MaybeResponse,
}

impl HandshakeError {
    /// A failure with this response.
    pub fn new(cause: Cause, response: MaybeResponse) -> Self {
        Self { cause, response }
    }
}

impl<C: Into<Cause>> From<C> for HandshakeError {
    fn from(cause: C) -> Self {
        Self::new(cause.into(), None)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.tell(http::refused(&self.response), f)
    }
}

impl core::error::Error for HandshakeError {}

/// Why connecting failed. Browsers never say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The platform does not say.
    Hidden,
    /// No connection to the host: name not found, refused, unreachable, or lost; the text is the operating system's. Or the request could not be
    /// written, for example because of a line break in a header; the text is a [`Misuse`].
    Transport(String),
    /// TLS failed: no common version, or a certificate that is not trusted or does not match the host. The text is the TLS library's.
    Tls(String),
    /// The proxy requires credentials, or other ones (407, RFC 9110 §15.5.8). The text is its `Proxy-Authenticate`, which names the schemes; empty if
    /// it sent none.
    ProxyAuthentication(String),
    /// The proxy did not open a tunnel. It answered with this HTTP status (RFC 9110 §9.3.6).
    Proxy(u16),
    /// The server answered the handshake with an HTTP status other than 101 (RFC 6455 §4.1).
    Status(u16),
    /// The peer violated the protocol.
    Violation(Violation),
}

impl From<Violation> for Cause {
    fn from(violation: Violation) -> Self {
        Cause::Violation(violation)
    }
}

impl ConnectError {
    /// An error of this kind, after `elapsed`.
    pub fn new(kind: ConnectErrorKind, elapsed: Duration) -> Self {
        Self { kind, elapsed }
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The response of the server or proxy that refused the handshake: status, headers and the beginning of the body. `None` if there was none, and
    /// in browsers, which hide it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # tokio::spawn(async move {
    /// #     let (mut io, _) = listener.accept().await.ok()?;
    /// #     io.read(&mut [0; 4096]).await.ok()?;
    /// #     io.write_all(b"HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate").await.ok()
    /// # });
    /// // `url` is that of a server which is too busy.
    /// let error = websocket_channel::connect(url).await.unwrap_err();
    /// let response = error.response().expect("the server answered");
    /// assert_eq!(response.status, 503);
    /// assert_eq!(response.headers.first("Retry-After"), Some("7"));
    /// assert_eq!(response.body, b"late");
    /// # Ok(())
    /// # }
    /// ```
    pub fn response(&self) -> Option<&HttpResponse> {
        match &self.kind {
            ConnectErrorKind::ConnectFailed { response, .. } => http::refused(response),
            _ => None,
        }
    }
}

#[cfg(feature = "reconnect")]
impl ConnectError {
    /// How long the server wants to be left alone: the seconds of a `Retry-After` (RFC 9110 §10.2.3) in the response that refused. `None` where there
    /// was none, where it is a date, and in browsers, which hide it.
    pub fn retry_after(&self) -> Option<Duration> {
        self.response().and_then(http::retry_after)
    }
}

impl ConnectErrorKind {
    /// Connecting failed, without a response.
    pub fn failed(closed: CloseInfo, cause: Cause) -> Self {
        Self::ConnectFailed {
            closed,
            cause,
            response: None,
        }
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self {
            ConnectErrorKind::BadUrl => "BAD_URL",
            ConnectErrorKind::ProviderFailed { .. } => "PROVIDER_FAILED",
            ConnectErrorKind::UrlFragment => "URL_FRAGMENT",
            ConnectErrorKind::BadProtocol { .. } => "BAD_PROTOCOL",
            ConnectErrorKind::DuplicateProtocol { .. } => "DUPLICATE_PROTOCOL",
            ConnectErrorKind::BadHeader { .. } => "BAD_HEADER",
            ConnectErrorKind::Subprotocol { .. } => "SUBPROTOCOL",
            ConnectErrorKind::Refused { .. } => "REFUSED",
            ConnectErrorKind::Unsupported => "UNSUPPORTED",
            ConnectErrorKind::TimedOut { .. } => "TIMED_OUT",
            ConnectErrorKind::ConnectFailed { .. } => "CONNECT_FAILED",
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl core::error::Error for ConnectErrorKind {}

impl fmt::Display for ConnectErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectErrorKind::BadUrl => f.write_str("the URL is not a WebSocket URL"),
            ConnectErrorKind::ProviderFailed { detail } => {
                write!(f, "the URL provider failed: {detail}")
            }
            ConnectErrorKind::UrlFragment => {
                f.write_str("a WebSocket URL must not have a fragment")
            }
            ConnectErrorKind::BadProtocol { protocol } => {
                write!(f, "`{protocol}` is not a subprotocol token")
            }
            ConnectErrorKind::DuplicateProtocol { protocol } => {
                write!(f, "the subprotocol `{protocol}` is named twice")
            }
            ConnectErrorKind::Subprotocol { expected, .. } => {
                write!(f, "the server did not choose `{expected}`")
            }
            ConnectErrorKind::Refused { name, .. } if name.is_empty() => {
                f.write_str("the platform refused to connect, without a reason")
            }
            ConnectErrorKind::Refused { name, message } => {
                write!(f, "the platform refused to connect: {name}: {message}")
            }
            ConnectErrorKind::Unsupported => f.write_str("this browser has no WebSocketStream"),
            ConnectErrorKind::TimedOut { limit } => {
                write!(f, "not open within {} ms", millis(*limit))
            }
            ConnectErrorKind::BadHeader { name, misuse } => {
                write!(f, "the header {name:?} cannot be sent: {misuse}")
            }
            ConnectErrorKind::ConnectFailed {
                closed,
                cause: Cause::Hidden,
                ..
            } => write!(
                f,
                "connecting failed (close code {}; browsers hide the cause)",
                usize::from(closed.code)
            ),
            ConnectErrorKind::ConnectFailed {
                cause, response, ..
            } => cause.tell(http::refused(response), f),
        }
    }
}

impl core::error::Error for Cause {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(None, f)
    }
}

impl Cause {
    /// The error text, with what the response adds to it.
    fn tell(&self, response: Option<&HttpResponse>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In browsers no other cause can be known, so their texts are not linked.
        if !http::IS_KNOWN {
            return f.write_str("connecting failed");
        }
        match self {
            Cause::Hidden => f.write_str("connecting failed"),
            Cause::Transport(words) => write!(f, "connecting failed: {words}"),
            Cause::Tls(words) => write!(f, "TLS failed: {words}"),
            Cause::ProxyAuthentication(_) => {
                f.write_str("the proxy requires credentials, or other ones (407)")
            }
            Cause::Proxy(status) => {
                let status = usize::from(*status);
                write!(f, "the proxy refused the tunnel with status {status}")
            }
            Cause::Status(status) => {
                let status = usize::from(*status);
                write!(f, "the server answered the handshake with status {status}")?;
                match response {
                    Some(response) => http::explain(response, f),
                    None => Ok(()),
                }
            }
            Cause::Violation(violation) => write!(f, "the handshake failed: {violation}"),
        }
    }
}

/// Every number is formatted as `usize`: each further width costs a kilobyte of wasm.
fn millis(limit: Duration) -> usize {
    usize::try_from(limit.as_secs())
        .unwrap_or(usize::MAX)
        .saturating_mul(1000)
        .saturating_add(limit.subsec_millis() as usize)
}

impl core::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.kind {
            ConnectErrorKind::ConnectFailed {
                cause: Cause::Violation(violation),
                ..
            } => Some(violation),
            _ => None,
        }
    }
}

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

/// A message that the codec could not decode. It is an item of the stream, which goes on. The peer's mistake.
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

/// Arguments that `close` does not accept. The caller's mistake. A page may send 1000 and 3000-4999 (WHATWG WebSockets §3.1, `close(code, reason)`).
/// Natively every code is allowed that an endpoint may send by RFC 6455 §7.4 and its registry: 1000-1003, 1007-1014 and 3000-4999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseError {
    /// A code that may not be sent here.
    BadCloseCode(u16),
    /// The reason is longer than 123 bytes of UTF-8. The value is its length.
    LongCloseReason(usize),
}

impl CloseError {
    /// Checks what a page may send. What passes can be sent anywhere.
    ///
    /// # Errors
    /// A code other than 1000 and 3000-4999, or a reason of more than 123 bytes.
    pub fn check(code: u16, reason: &str) -> Result<(), CloseError> {
        Self::check_length(code, reason.len())
    }

    /// Checks what an endpoint may send (RFC 6455 §7.4), as natively.
    ///
    /// # Errors
    /// A code other than 1000-1003, 1007-1014 and 3000-4999, or a reason of more than 123 bytes. 1004 has no meaning; 1005, 1006 and 1015 stand for
    /// codes that were not sent, so none of them may be sent.
    pub fn check_endpoint(code: u16, reason: &str) -> Result<(), CloseError> {
        match code {
            1001..=1003 | 1007..=1014 => Self::check_length(1000, reason.len()),
            _ => Self::check_length(code, reason.len()),
        }
    }

    /// Like [`check`](Self::check), for a reason of this many bytes.
    pub(crate) fn check_length(code: u16, reason: usize) -> Result<(), CloseError> {
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(CloseError::BadCloseCode(code));
        }
        if reason > 123 {
            return Err(CloseError::LongCloseReason(reason));
        }
        Ok(())
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self {
            CloseError::BadCloseCode(_) => "BAD_CLOSE_CODE",
            CloseError::LongCloseReason(_) => "LONG_CLOSE_REASON",
        }
    }
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseError::BadCloseCode(code) => {
                let code = usize::from(*code);
                write!(f, "close code {code} is not allowed here")
            }
            CloseError::LongCloseReason(len) => {
                write!(f, "the close reason has {len} bytes, more than 123")
            }
        }
    }
}

impl core::error::Error for CloseError {}
