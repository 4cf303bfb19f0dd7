//! The load: raw bytes, the same for every server, with as little of its own as possible.

use crate::Failure;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Connections that each send so many messages in one write, wait for all of them to come back, and do so again.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) port: u16,
    pub(crate) connections: usize,
    /// Payload bytes of a message.
    pub(crate) size: usize,
    pub(crate) pipelined: usize,
    pub(crate) milliseconds: u64,
}

pub(crate) const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

impl Load {
    /// Messages a second, all connections together.
    pub(crate) async fn run(self) -> Result<f64, Failure> {
        let mut opened = Vec::new();
        for _ in 0..self.connections {
            opened.push(open(self.port).await?);
        }
        let began = Instant::now();
        let end = began + Duration::from_millis(self.milliseconds);
        let mut tasks = JoinSet::new();
        for stream in opened {
            let load = self.clone();
            tasks.spawn(async move { load.exchange(stream, end).await });
        }
        let mut messages = 0;
        while let Some(done) = tasks.join_next().await {
            messages += done??;
        }
        Ok(messages as f64 / began.elapsed().as_secs_f64())
    }

    async fn exchange(&self, mut stream: TcpStream, end: Instant) -> Result<usize, Failure> {
        let payload: Vec<u8> = (0..self.size).map(|at| at as u8).collect();
        let one = frame(Some(KEY), &payload);
        // Once is enough to know that it is an echo, and how many bytes it has: each server cuts messages in its own way.
        let echoed = echo(&mut stream, &one, &payload).await?;
        let sent = one.repeat(self.pipelined);
        let mut received = vec![0; echoed * self.pipelined];
        let mut messages = 0;
        while Instant::now() < end {
            // At once: two large buffers may both be full.
            let (mut reading, mut writing) = stream.split();
            tokio::try_join!(reading.read_exact(&mut received), writing.write_all(&sent))?;
            messages += self.pipelined;
        }
        Ok(messages)
    }
}

/// Sends a frame, and reads the message that comes back, in however many frames. Says how many bytes they were.
pub(crate) async fn echo(
    stream: &mut TcpStream,
    sent: &[u8],
    payload: &[u8],
) -> Result<usize, Failure> {
    // At once: two large buffers may both be full.
    let (mut reading, mut writing) = stream.split();
    let write = async { Ok(writing.write_all(sent).await?) };
    let ((received, bytes), ()) = tokio::try_join!(read(&mut reading), write)?;
    if received != payload {
        return Err("what came back is not what was sent".into());
    }
    Ok(bytes)
}

/// A binary message without masks (RFC 6455 §5.2), and how many bytes its frames were.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(Vec<u8>, usize), Failure> {
    let (mut payload, mut bytes) = (Vec::new(), 0);
    loop {
        let first = stream.read_u8().await?;
        let opcode = if bytes == 0 { 2 } else { 0 };
        if first & 0x7F != opcode {
            return Err("what came back is no binary message".into());
        }
        let (field, len) = match stream.read_u8().await? {
            126 => (2, usize::from(stream.read_u16().await?)),
            127 => (8, stream.read_u64().await? as usize),
            short => (0, usize::from(short)),
        };
        let begin = payload.len();
        payload.resize(begin + len, 0);
        stream.read_exact(&mut payload[begin..]).await?;
        bytes += 2 + field + len;
        if first & 0x80 != 0 {
            return Ok((payload, bytes));
        }
    }
}

/// A binary message in one frame (RFC 6455 §5.2).
pub(crate) fn frame(key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    let bit = if key.is_some() { 0x80 } else { 0 };
    match payload.len() {
        len @ 0..=125 => frame.push(bit | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(bit | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(bit | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(key.iter().flatten());
    let key = key.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

/// Shakes hands; what comes back is read to the end of its head.
pub(crate) async fn open(port: u16) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(String::from_utf8_lossy(&head).into());
    }
    Ok(stream)
}
