//! `/cut`: at the first thing the client sends, it sends the text `last words` and is gone without a Close frame. A fault, so its bytes are
//! written by hand.

use crate::line::Line;
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use websocket_channel::proto::Request;
use websocket_channel::proto::handshake::accept_key;
use websocket_channel::transport::framed::PendingRequest;

/// FIN, text, 10 bytes, unmasked.
const LAST_WORDS: &[u8] = b"\x81\x0alast words";

pub(super) async fn run(accepting: PendingRequest<Line>, request: &Request) -> io::Result<()> {
    let key = request.headers.get("Sec-WebSocket-Key").unwrap_or_default();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        accept_key(key)
    );
    let Some((mut io, leftover)) = accepting.into_io() else {
        return Ok(());
    };
    io.write_all(head.as_bytes()).await?;
    // Not sooner: a browser may not show what comes in one piece with the handshake's answer and the end.
    if leftover.is_empty() {
        io.read_u8().await?;
    }
    io.write_all(LAST_WORDS).await?;
    io.shutdown().await
}
