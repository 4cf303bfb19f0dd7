//! A connection whose frames are written by hand, where the core's own would not do. What the client sends is read by the core.

use crate::catalogue;
use crate::line::Line;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};
use websocket_channel::proto::{Connection, ConnectionEvent, ProtocolLimits, Request, Role};
use websocket_channel::transport::framed::PendingRequest;

/// The largest message: what is sent of it by hand is made whole first.
const MAX_MESSAGE: usize = 1 << 20;

/// An open connection.
pub(super) struct Hand {
    line: Line,
    /// Reads, and answers pings and Close frames.
    pub(super) core: Connection,
    started: Instant,
}

/// What a handshake answers, offered or not.
#[derive(Default)]
pub(super) struct Answer<'a> {
    pub(super) protocol: Option<&'a str>,
    pub(super) extensions: Option<&'a str>,
}

impl Hand {
    /// Answers the handshake by hand. The caller has checked the values.
    pub(super) async fn open(
        accepting: PendingRequest<Line>,
        request: &Request,
        answer: Answer<'_>,
    ) -> io::Result<Self> {
        let key = request.headers.get("Sec-WebSocket-Key");
        let mut head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
            catalogue::accept(key.unwrap_or_default())
        );
        if let Some(protocol) = answer.protocol {
            head.extend(["Sec-WebSocket-Protocol: ", protocol, "\r\n"]);
        }
        if let Some(extensions) = answer.extensions {
            head.extend(["Sec-WebSocket-Extensions: ", extensions, "\r\n"]);
        }
        head.push_str("\r\n");
        let (line, leftover) = accepting.into_io().ok_or(io::ErrorKind::NotConnected)?;
        let mut limits = ProtocolLimits::default();
        limits.max_message = MAX_MESSAGE;
        let mut core = Connection::upgraded(Role::Server, limits, rand::fill);
        core.handle_bytes(Duration::ZERO, &leftover);
        let mut hand = Self {
            line,
            core,
            started: Instant::now(),
        };
        hand.write(head.as_bytes()).await?;
        Ok(hand)
    }

    /// The stream beneath.
    pub(super) fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Since the core was made.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sends bytes as they are, behind everything that the core has to say.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_core().await?;
        self.line.write_all(bytes).await?;
        self.line.flush().await
    }

    async fn write_core(&mut self) -> io::Result<()> {
        while self.core.unsent() > 0 {
            let run = self.core.outgoing().len();
            self.line.write_all(self.core.outgoing()).await?;
            let now = self.now();
            self.core.handle_transmitted(|| now, run);
        }
        self.line.flush().await
    }

    /// The next thing that happens; the last one is [`ConnectionEvent::Closed`].
    pub(super) async fn next(&mut self) -> io::Result<ConnectionEvent> {
        let mut bytes = vec![0; 16 << 10];
        loop {
            self.write_core().await?;
            if self.core.wants_shutdown() {
                self.line.shutdown().await?;
            }
            if let Some(event) = self.core.poll_event() {
                return Ok(event);
            }
            let reading = self.line.read(&mut bytes);
            let read = match self.core.poll_timeout() {
                None => Ok(reading.await?),
                Some(due) => match timeout_at(self.started + due, reading).await {
                    Ok(read) => Ok(read?),
                    Err(elapsed) => Err(elapsed),
                },
            };
            let now = self.now();
            match read {
                Err(_) => self.core.handle_timeout(now),
                Ok(0) => self.core.handle_eof(now),
                Ok(read) => self
                    .core
                    .handle_bytes(now, bytes.get(..read).unwrap_or_default()),
            }
        }
    }
}

/// One unmasked frame (RFC 6455 §5.2).
pub(super) fn frame(out: &mut Vec<u8>, opcode: u8, fin: bool, payload: &[u8]) {
    out.push(if fin { 0x80 | opcode } else { opcode });
    match payload.len() {
        len @ 0..=125 => out.push(len as u8),
        len @ 126..=0xFFFF => {
            out.push(126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}
