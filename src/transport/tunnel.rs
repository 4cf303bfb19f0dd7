//! The tunnel through an HTTP proxy, over any stream of bytes.

use super::rewound::Rewound;
use crate::error::Cause;
use crate::proto::{Credentials, Limits, Tunnel};
use core::future::poll_fn;
use core::pin::Pin;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Read at a time: an answer's head is far smaller.
const READ: usize = 1 << 10;

/// Asks the proxy at the other end of `io` for a tunnel to this host (RFC 9110 §9.3.6), and gives the stream as it leads there: TLS may come
/// next, or the handshake. There is no time limit here.
///
/// # Errors
/// [`Cause::ProxyAuthentication`] and [`Cause::Proxy`] for refusals, [`Cause::Violation`] for an answer that is no HTTP,
/// [`Cause::Transport`] when the stream fails. Dropping the future drops the stream.
pub async fn open<Io: AsyncRead + AsyncWrite + Unpin>(
    mut io: Io,
    host: &str,
    port: u16,
    credentials: Option<&Credentials>,
) -> Result<Rewound<Io>, Cause> {
    let mut tunnel = Tunnel::new(host, port, credentials, &Limits::default())
        .map_err(|misuse| Cause::Transport(misuse.to_string()))?;
    while !tunnel.outgoing().is_empty() {
        let n = poll_fn(|cx| Pin::new(&mut io).poll_write(cx, tunnel.outgoing()))
            .await
            .map_err(lost)?;
        if n == 0 {
            return Err(lost(io::ErrorKind::WriteZero.into()));
        }
        tunnel.handle_transmitted(n);
    }
    poll_fn(|cx| Pin::new(&mut io).poll_flush(cx))
        .await
        .map_err(lost)?;
    let mut buffer = [0; READ];
    loop {
        let mut buffer = ReadBuf::new(&mut buffer);
        poll_fn(|cx| Pin::new(&mut io).poll_read(cx, &mut buffer))
            .await
            .map_err(lost)?;
        let mut input = buffer.filled();
        if input.is_empty() {
            return Err(lost(io::ErrorKind::UnexpectedEof.into()));
        }
        if tunnel.handle_bytes(&mut input)? {
            return Ok(Rewound::new(input.to_vec(), io));
        }
    }
}

fn lost(error: io::Error) -> Cause {
    Cause::Transport(format!("the proxy was lost before it answered: {error}"))
}
