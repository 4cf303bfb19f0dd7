//! Accepting over TCP.

use super::framed::Accepting;
use super::{Limits, over_io};
use crate::error::Cause;
use tokio::net::TcpStream;

pub use super::over_io::core_limits;

/// Reads a client's request from a connection that was accepted, and gives it to be answered. The defaults are those of
/// [`Socket::accept`](crate::Socket::accept): compression is agreed to where it is offered; but the formats of 2009 are accepted, too.
///
/// # Errors
/// Why there is none. A wrong request was answered with its HTTP status before this returns. Dropping the future drops the stream.
pub async fn accept(io: TcpStream, limits: &Limits) -> Result<Accepting<TcpStream>, Cause> {
    over_io::accept(io, limits, over_io::Handshake::default().deflate).await
}
