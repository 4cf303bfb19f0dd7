//! Misbehaving clients: each does one thing of the table after another, each on a connection of its own.

use crate::Failure;
use crate::deeds::{Deed, Step, deeds};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// Between two bytes that are sent, or read, slowly.
const SLOWLY: Duration = Duration::from_millis(50);

/// A connection is held for so many seconds, whatever is done on it.
pub(crate) async fn run(
    port: u16,
    connections: usize,
    seconds: u64,
    held: u64,
    part: &str,
) -> Result<(), Failure> {
    let held = Duration::from_secs(held);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut deeds = deeds();
    deeds.retain(|deed| deed.name.contains(part));
    if deeds.is_empty() {
        return Err(format!("nothing has {part:?} in its name").into());
    }
    let deeds: &'static [Deed] = Vec::leak(deeds);
    let done: &'static [AtomicUsize] =
        Vec::leak(deeds.iter().map(|_| AtomicUsize::new(0)).collect());
    let mut clients = JoinSet::new();
    for client in 0..connections {
        clients.spawn(async move {
            // Not all at once.
            tokio::time::sleep(held * (client as u32) / (connections as u32)).await;
            for turn in client.. {
                if Instant::now() >= end {
                    return;
                }
                let at = turn % deeds.len();
                // Whoever is refused or cut got what it asked for.
                if let Some(deed) = deeds.get(at)
                    && commit(port, held, client, turn, deed).await.is_ok()
                    && let Some(count) = done.get(at)
                {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    while clients.join_next().await.is_some() {}
    let counts: BTreeMap<&str, usize> = deeds
        .iter()
        .zip(done)
        .map(|(deed, count)| (deed.name.as_str(), count.load(Ordering::Relaxed)))
        .collect();
    println!("{}", serde_json::json!(counts));
    Ok(())
}

/// Does it. The error is that there was no connection to do it on.
async fn commit(
    port: u16,
    held: Duration,
    client: usize,
    turn: usize,
    deed: &Deed,
) -> io::Result<()> {
    let end = Instant::now() + held;
    let mut stream = match timeout(held, connect(port, client)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tokio::time::sleep_until(end).await;
            return Err(error);
        }
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    };
    // That the server ends it in the middle is what it is for.
    let work = async {
        for step in &deed.steps {
            take(&mut stream, step).await?;
        }
        io::Result::Ok(())
    };
    let _ = timeout_at(end, work).await;
    if deed.holds {
        tokio::time::sleep_until(end).await;
    }
    // Every other one is reset.
    if turn.is_multiple_of(2) || deed.resets {
        let _ = stream.set_zero_linger();
    }
    drop(stream);
    tokio::time::sleep_until(end).await;
    Ok(())
}

/// From one of many addresses of this machine: each has ports of its own, and a port rests for a minute.
async fn connect(port: u16, client: usize) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let source = Ipv4Addr::new(127, 0, 1, 1 + (client % 250) as u8);
    socket.bind(SocketAddr::from((source, 0)))?;
    // Whoever reads slowly has little room.
    socket.set_recv_buffer_size(16 << 10)?;
    socket
        .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await
}

async fn take(stream: &mut TcpStream, step: &Step) -> io::Result<()> {
    match step {
        Step::Write(bytes) => stream.write_all(bytes).await,
        Step::Flood(bytes, times) => {
            let lot = bytes.repeat((16_usize << 10).div_ceil(bytes.len()));
            let mut left = bytes.len() * times;
            while left > 0 {
                let part = lot.get(..left).unwrap_or(&lot);
                stream.write_all(part).await?;
                left -= part.len();
            }
            Ok(())
        }
        Step::FloodAndRead(bytes, times) => {
            let (mut reading, mut writing) = stream.split();
            let write = async {
                for _ in 0..*times {
                    writing.write_all(bytes).await?;
                }
                io::Result::Ok(())
            };
            tokio::try_join!(write, read(&mut reading))?;
            Ok(())
        }
        Step::WriteSlowly(bytes) => {
            for byte in bytes {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(SLOWLY).await;
            }
            Ok(())
        }
        Step::Head => {
            let mut tail = [0; 4];
            while tail != *b"\r\n\r\n" {
                tail.rotate_left(1);
                tail[3] = stream.read_u8().await?;
            }
            Ok(())
        }
        Step::Read => read(stream).await,
        Step::ReadSlowly => loop {
            stream.read_u8().await?;
            tokio::time::sleep(SLOWLY).await;
        },
        Step::End => stream.shutdown().await,
    }
}

async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<()> {
    let mut dropped = [0; 4096];
    while stream.read(&mut dropped).await? > 0 {}
    Ok(())
}
