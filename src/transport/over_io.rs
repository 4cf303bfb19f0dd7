//! WebSockets over any byte stream, in either role: TCP, TLS, a tunnel, memory; in a page, another WebSocket that carries bytes.

use super::framed::{self, IoTransport, PendingRequest};
use super::{ConnectRequest, Limits, MaybeSend, Transport};
use crate::error::{Cause, ConnectErrorKind, HandshakeError, Violation};
use crate::http::LEGACY;
use crate::message::{CloseInfo, ClosedBy, OpenInfo};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use crate::net::tcp;
use crate::proto::{
    Address, ClientRequest, Connection, Deflate, Format, ProtocolLimits, Response, Role,
};
use crate::random;
use core::fmt;
use core::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Options of the core's own handshake. A browser's handshake has none of them.
#[derive(Clone)]
#[non_exhaustive]
pub struct Handshake {
    /// The wire format. Default: RFC 6455.
    pub format: Format,
    /// The `Origin` header. Default none (RFC 6455 §4.1 item 8).
    pub origin: Option<String>,
    /// More headers, name and value, such as cookies or an authorization (RFC 6455 §4.1 item 12). Default none.
    ///
    /// A `Host` replaces that of the URL, an `Authorization` replaces the user and password of the URL. Refused with [`ConnectErrorKind::BadHeader`],
    /// before anything is sent: headers that the handshake writes itself (`Upgrade`, `Connection`, `Sec-WebSocket-*`), headers of a body, and invalid
    /// bytes.
    pub headers: Vec<(String, String)>,
    /// The compression (RFC 7692) to offer, or to accept if offered; `None` for none. Default: [`Deflate::default`], as in browsers. It costs about
    /// 300 KiB for a connection whose peer wants it too.
    pub deflate: Option<Deflate>,
    /// For [`Socket::accept`](crate::Socket::accept): whether clients of the formats of 2009, hixie-75 and hixie-76, are accepted. Default false:
    /// they are answered 426, with the supported versions. Today's browsers do not use these formats, and they protect a server less.
    pub legacy: bool,
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            format: Format::default(),
            origin: None,
            headers: Vec::new(),
            deflate: Some(Deflate::default()),
            legacy: false,
        }
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be cookies or credentials: not for logs.
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Handshake")
            .field("format", &self.format)
            .field("origin", &self.origin)
            .field("headers", &names)
            .field("deflate", &self.deflate)
            .field("legacy", &self.legacy)
            .finish()
    }
}

/// Performs a client's handshake (RFC 6455 §4.1) over `io`, which leads to the host of the URL. Whether it is secure is `io`'s own affair: `wss`
/// changes the default port in `Host` and nothing else. There is no time limit here but the core's, 60 s.
///
/// # Errors
/// Why it did not open. Dropping the future drops the stream.
pub(crate) async fn connect<Io>(
    io: Io,
    request: ConnectRequest,
) -> Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind>
where
    Io: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static,
{
    let offer = offer(&request)?;
    let legacy = offer.format != Format::Rfc6455;
    let mut limits = ProtocolLimits::from(&request.limits);
    // The caller's connect timeout is the one that is met; without one the core's own.
    limits.handshake_timeout = ProtocolLimits::default().handshake_timeout;
    set_up(&io);
    let core = Connection::client(Duration::ZERO, offer, limits, random::fill)
        .map_err(|misuse| failed(Cause::Transport(misuse.to_string())))?;
    let (framed, opened) = framed::open_in_place(io, core, &request.limits)
        .await
        .map_err(|error| failed(explained(error, legacy)))?;
    request.protocols.check(Some(&opened))?;
    Ok((framed, opened))
}

/// What is asked for, checked.
///
/// # Errors
/// [`ConnectErrorKind::BadUrl`], [`ConnectErrorKind::UrlFragment`], [`ConnectErrorKind::BadHeader`].
pub(super) fn offer(request: &ConnectRequest) -> Result<ClientRequest, ConnectErrorKind> {
    let mut offer = ClientRequest::new(Address::parse(&request.url)?);
    offer.protocols = request.protocols.to_vec();
    offer.format = request.handshake.format;
    offer.origin.clone_from(&request.handshake.origin);
    offer.headers.clone_from(&request.handshake.headers);
    offer.deflate.clone_from(&request.handshake.deflate);
    if let Some((name, misuse)) = offer.bad_header() {
        return Err(ConnectErrorKind::BadHeader {
            name: name.to_owned(),
            misuse,
        });
    }
    Ok(offer)
}

/// Reads a client's request (RFC 6455 §4.2.1) from a stream that was accepted, and gives it to be answered. The client has
/// [`Limits::handshake_timeout`] for it. A `TcpStream`, alone or inside TLS, is set to send small messages at once.
///
/// # Errors
/// Why there is none. A wrong request was answered with its HTTP status before this returns. Dropping the future drops the stream.
pub(crate) async fn accept<Io: AsyncRead + AsyncWrite + Unpin + 'static>(
    io: Io,
    handshake: &Handshake,
    limits: &Limits,
) -> Result<PendingRequest<Io>, Cause> {
    set_up(&io);
    let mut core = Connection::server(Duration::ZERO, limits.into(), random::fill);
    if !handshake.legacy {
        core = core.without_legacy();
    }
    core.compress(handshake.deflate.clone());
    framed::accept(io, core, limits).await
}

/// No delay and keepalive, where the stream is TCP's.
fn set_up<Io: 'static>(io: &Io) {
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    if let Some(tcp) = tcp::beneath(io) {
        tcp::set_up(tcp);
    }
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    let _ = io;
}

/// Accepts a client's request for a WebSocket, whatever it is for and whatever page it comes from, with the first of `protocols` that the client
/// offered, or none.
///
/// # Errors
/// Why there is no connection; what was not a right request for a WebSocket was answered with its HTTP status. Dropping the future drops the stream.
pub(crate) async fn accept_any<Io: AsyncRead + AsyncWrite + Unpin + 'static>(
    io: Io,
    protocols: &[String],
    handshake: &Handshake,
    limits: &Limits,
) -> Result<(Box<IoTransport<Io>>, OpenInfo), ConnectErrorKind> {
    let accepting = accept(io, handshake, limits).await.map_err(failed)?;
    let request = accepting.request();
    if !request.is_websocket() {
        let response = Response::upgrade_required("this is a WebSocket service\n");
        // A response that is well-formed.
        let _ = accepting.reject(&response).await;
        return Err(failed(Violation::Upgrade));
    }
    let chosen = protocols
        .iter()
        .find(|known| request.protocols.contains(known))
        .map(String::as_str);
    accepting.accept_in_place(chosen).await.map_err(failed)
}

/// A connection whose handshake was done elsewhere, such as by an HTTP server's upgrade, without extensions. `leftover` are bytes that were read
/// after the handshake.
pub(crate) fn from_upgraded<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    leftover: &[u8],
    role: Role,
    limits: &Limits,
) -> IoTransport<Io> {
    let mut core = Connection::upgraded(role, limits.into(), random::fill);
    core.handle_bytes(Duration::ZERO, leftover);
    IoTransport::new(io, core, limits)
}

/// A stream that ended in a handshake of 2009 was most likely ended by an HTTP proxy.
fn explained(mut error: HandshakeError, legacy: bool) -> HandshakeError {
    if let Cause::Transport(words) = &mut error.cause
        && legacy
    {
        words.push_str(LEGACY);
    }
    error
}

/// The core's limits that follow from a transport's; the others are the core's defaults.
impl From<&Limits> for ProtocolLimits {
    fn from(limits: &Limits) -> Self {
        let defaults = Self::default();
        Self {
            max_frame: limits.max_message,
            max_message: limits.max_message,
            close_timeout: limits.close_timeout,
            receive_buffer: limits.receive_buffer,
            ping_interval: limits.ping_interval,
            ping_timeout: limits.ping_timeout,
            max_head: limits.max_head,
            max_header_lines: limits.max_header_lines,
            max_fragments: limits.max_fragments,
            max_send_frame: limits.max_send_frame,
            handshake_timeout: limits.handshake_timeout,
            // Everything below the high-water mark must be accepted, so that a waiting sender can continue.
            max_unsent: defaults.max_unsent.max(limits.send_high_water_mark),
            ..defaults
        }
    }
}

pub(crate) fn failed(error: impl Into<HandshakeError>) -> ConnectErrorKind {
    let error = error.into();
    // RFC 6455 §7.1.5: without a Close frame, 1006.
    ConnectErrorKind::ConnectFailed {
        closed: CloseInfo::lost(ClosedBy::Error),
        cause: error.cause,
        response: error.response,
    }
}
