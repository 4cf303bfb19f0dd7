//! WebSockets over TCP, natively.

use super::framed::{self, Accepting};
use super::{Limits, Request, Transport};
use crate::error::{Cause, ConnectErrorKind};
use crate::message::{By, Closed, Opened};
use crate::proto::{self, Address, Connection, Offer};
use crate::random;
use core::time::Duration;
use std::io;
use tokio::net::{TcpStream, lookup_host};

/// Opens a connection over TCP: finds the host, tries each of its addresses, performs the handshake. Needs a tokio runtime.
///
/// # Errors
/// Why it did not open. `wss` is refused with the name `NotSupportedError`: TLS is not built in yet.
pub async fn connect(request: Request) -> Result<(Box<dyn Transport>, Opened), ConnectErrorKind> {
    connect_with(request, |_| {}).await
}

/// As [`connect`], with a last word about what is asked for: the wire format, the origin, header lines.
///
/// ```no_run
/// # async fn example(request: websocket_channel::transport::Request) -> Result<(), websocket_channel::ConnectErrorKind> {
/// use websocket_channel::{Socket, proto::Format, transport::tcp};
///
/// let (transport, opened) = tcp::connect_with(request, |offer| offer.format = Format::Hixie75).await?;
/// let socket = Socket::over(transport, opened);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`connect`]'s; an offer that cannot be sent says so in the cause.
pub async fn connect_with(
    request: Request,
    change: impl FnOnce(&mut Offer),
) -> Result<(Box<dyn Transport>, Opened), ConnectErrorKind> {
    let address = Address::parse(&request.url)?;
    if address.secure {
        return Err(ConnectErrorKind::Refused {
            name: "NotSupportedError".into(),
            message: "wss needs TLS, which is not built in natively yet".into(),
        });
    }
    let io = connect_any(&address)
        .await
        .map_err(|error| failed(Cause::Transport(error.to_string())))?;

    let mut offer = Offer::new(address);
    offer.protocols = request.protocols;
    change(&mut offer);
    let core = Connection::client(
        Duration::ZERO,
        offer,
        core_limits(&request.limits),
        random::fill,
    )
    .map_err(|misuse| failed(Cause::Transport(misuse.to_string())))?;
    let (framed, opened) = framed::open(io, core, &request.limits)
        .await
        .map_err(failed)?;
    Ok((Box::new(framed), opened))
}

/// Reads a client's request from a stream that was accepted, and gives it to be answered.
///
/// # Errors
/// Why there is none. A wrong request was answered with its HTTP status before this returns.
pub async fn accept(io: TcpStream, limits: &Limits) -> Result<Accepting<TcpStream>, Cause> {
    // Small messages go out at once; everything that can share a write does so already.
    let _ = io.set_nodelay(true);
    let core = Connection::server(Duration::ZERO, core_limits(limits), random::fill);
    framed::accept(io, core, limits).await
}

/// The core's limits that follow from a transport's; the others are the core's defaults.
pub fn core_limits(limits: &Limits) -> proto::Limits {
    proto::Limits {
        max_frame: limits.max_message,
        max_message: limits.max_message,
        close_timeout: limits.close_timeout,
        ..proto::Limits::default()
    }
}

/// Each address in the resolver's order, until one answers. The last failure is the one that is told.
async fn connect_any(address: &Address) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for candidate in lookup_host((address.host_without_brackets(), address.port)).await? {
        match TcpStream::connect(candidate).await {
            Ok(io) => {
                // As in `accept`.
                let _ = io.set_nodelay(true);
                return Ok(io);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn failed(cause: Cause) -> ConnectErrorKind {
    // RFC 6455 §7.1.5: without a Close frame, 1006.
    ConnectErrorKind::Failed {
        closed: Closed::lost(By::Failure),
        cause,
    }
}
