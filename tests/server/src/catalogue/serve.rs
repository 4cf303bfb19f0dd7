//! Plays a fault to a client.

use super::{Fault, Then};
use crate::line::{Cut, Line};
use crate::services::parameter;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use websocket_channel::proto::Request;

/// How a request changes a fault.
pub(crate) struct Parameters {
    /// `every`: milliseconds between two bytes.
    every: Option<Duration>,
    /// `after=client`: everything behind the response's head waits until the client says something, and so is sure to
    /// have seen that it is open. Without it a client may meet head, frames and end in one piece.
    after_client: bool,
}

impl Parameters {
    pub(crate) fn read(request: &Request) -> Result<Self, String> {
        let every = match parameter(request, "every").map(|value| value.parse()) {
            None => None,
            Some(Ok(ms)) => Some(Duration::from_millis(ms)),
            Some(Err(_)) => return Err("every is a number of milliseconds".into()),
        };
        let after_client = match parameter(request, "after").as_deref() {
            None => false,
            Some("client") => true,
            Some(other) => return Err(format!("after is \"client\", not {other:?}")),
        };
        Ok(Self {
            every,
            after_client,
        })
    }
}

/// Plays it to the end. That the client goes first is no fault of anybody's.
pub(crate) async fn serve(
    mut line: Line,
    request: &Request,
    fault: &Fault,
    parameters: &Parameters,
) {
    let key = request.headers.get("Sec-WebSocket-Key");
    let bytes = fault.bytes(key.unwrap_or_default());
    let _ = play(&mut line, &bytes, fault, parameters).await;
}

async fn play(
    line: &mut Line,
    bytes: &[u8],
    fault: &Fault,
    parameters: &Parameters,
) -> io::Result<()> {
    let every = fault.every.map(|every| parameters.every.unwrap_or(every));
    let frames = bytes.windows(4).position(|end| end == b"\r\n\r\n");
    let (head, frames) = match frames {
        Some(end) if parameters.after_client => bytes.split_at(end + 4),
        _ => (bytes, &[][..]),
    };
    write(line, head, every).await?;
    if parameters.after_client && head.ends_with(b"\r\n\r\n") {
        hear(line).await?;
    }
    write(line, frames, every).await?;
    match fault.then {
        Then::Hold => drain(line).await,
        Then::Answer | Then::Fin => {
            if fault.then == Then::Answer {
                hear(line).await?;
            }
            line.shutdown().await?;
            drain(line).await
        }
        Then::Rst => {
            line.handle().cut(Cut::Rst);
            pending().await
        }
        Then::Stall => {
            line.hung_up().await;
            Ok(())
        }
    }
}

/// Waits until the client says something, whatever it is, or ends.
async fn hear(line: &mut Line) -> io::Result<()> {
    let _any = line.read(&mut [0; 4096]).await?;
    Ok(())
}

/// All at once, or byte by byte.
async fn write(line: &mut Line, bytes: &[u8], every: Option<Duration>) -> io::Result<()> {
    let Some(every) = every else {
        line.write_all(bytes).await?;
        return line.flush().await;
    };
    for byte in bytes {
        line.write_all(&[*byte]).await?;
        line.flush().await?;
        tokio::time::sleep(every).await;
    }
    Ok(())
}

/// Reads on until the client gives up.
async fn drain(line: &mut Line) -> io::Result<()> {
    let mut dropped = [0; 4096];
    while line.read(&mut dropped).await? > 0 {}
    Ok(())
}
