//! Why a connection did not open.

use super::{Cause, Misuse};
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
    /// The connection opened, and the server does not speak the [session protocol](crate::session): it did not send `WELCOME` within the connect timeout,
    /// sent something else, or closed.
    #[cfg(feature = "session")]
    NoSession {
        /// How the connection ended; `None` if the server did not end it.
        closed: Option<CloseInfo>,
    },
    /// The server asks to begin a session later: it is full, or being taken down.
    #[cfg(feature = "session")]
    SessionLater {
        /// The shortest time to wait.
        after: Duration,
    },
    /// The server refused to begin a session.
    #[cfg(feature = "session")]
    SessionRefused(super::Refusal),
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
    /// assert_eq!(response.headers.get("Retry-After"), Some("7"));
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
            #[cfg(feature = "session")]
            ConnectErrorKind::NoSession { .. } => "NO_SESSION",
            #[cfg(feature = "session")]
            ConnectErrorKind::SessionLater { .. } => "SESSION_LATER",
            #[cfg(feature = "session")]
            ConnectErrorKind::SessionRefused(_) => "SESSION_REFUSED",
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
            #[cfg(feature = "session")]
            ConnectErrorKind::NoSession { .. } => {
                f.write_str("the server does not speak the session protocol")
            }
            #[cfg(feature = "session")]
            ConnectErrorKind::SessionLater { after } => {
                write!(f, "the server asks to come back in {} ms", millis(*after))
            }
            #[cfg(feature = "session")]
            ConnectErrorKind::SessionRefused(refusal) => {
                write!(f, "the server refused a session: {refusal}")
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
