//! The tunnel through an HTTP proxy, over any stream of bytes.

use super::rewound::Rewound;
use crate::error::{Cause, HandshakeError};
use crate::proto::{Credentials, ProtocolLimits, Tunnel};
use crate::time::sleep;
use core::future::{Future as _, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Read at a time: an answer's head is far smaller.
const READ: usize = 1 << 10;
/// How long the body of a refusal is waited for.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

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
) -> Result<Rewound<Io>, HandshakeError> {
    let mut tunnel = Tunnel::new(host, port, credentials, &ProtocolLimits::default())
        .map_err(|misuse| Cause::Transport(misuse.to_string()))?;
    while !tunnel.outgoing().is_empty() {
        let n = poll_fn(|cx| Pin::new(&mut io).poll_write(cx, tunnel.outgoing()))
            .await
            .map_err(lost)?;
        if n == 0 {
            return Err(lost(io::ErrorKind::WriteZero.into()).into());
        }
        tunnel.handle_transmitted(n);
    }
    poll_fn(|cx| Pin::new(&mut io).poll_flush(cx))
        .await
        .map_err(lost)?;
    let mut buffer = [0; READ];
    let mut patience = None;
    loop {
        let mut buffer = ReadBuf::new(&mut buffer);
        let read = poll_fn(|cx| {
            if let Poll::Ready(read) = Pin::new(&mut io).poll_read(cx, &mut buffer) {
                return Poll::Ready(read.map(|()| true));
            }
            // The body of a refusal is worth only a short wait.
            if !tunnel.is_refused() {
                return Poll::Pending;
            }
            let timer = patience.get_or_insert_with(|| sleep(REFUSAL_TIMEOUT));
            Pin::new(timer).poll(cx).map(|()| Ok(false))
        })
        .await;
        let mut input = buffer.filled();
        let outcome = match read {
            Ok(true) if !input.is_empty() => tunnel.handle_bytes(&mut input),
            Err(error) if !tunnel.is_refused() => return Err(lost(error).into()),
            Ok(true) if !tunnel.is_refused() => {
                return Err(lost(io::ErrorKind::UnexpectedEof.into()).into());
            }
            _ => tunnel.handle_eof(),
        };
        match outcome {
            Ok(true) => return Ok(Rewound::new(input.to_vec(), io)),
            Ok(false) => {}
            Err(cause) => {
                return Err(HandshakeError::new(
                    cause,
                    tunnel.response().cloned().map(Box::new),
                ));
            }
        }
    }
}

fn lost(error: io::Error) -> Cause {
    Cause::Transport(format!("the proxy was lost before it answered: {error}"))
}
