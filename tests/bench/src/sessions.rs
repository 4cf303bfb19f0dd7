//! Sessions beside plain channels: our own client and server on both sides.

use crate::Failure;
use std::io::BufRead as _;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use websocket_channel::server::{Options, Sessions};
use websocket_channel::session::Session;
use websocket_channel::socket::Accepting;
use websocket_channel::{Bytes, Channel, ConnectionOptions, Receiver, connect};

type Payloads = Channel<Vec<u8>, Vec<u8>>;

/// All sessions of the server.
pub(crate) fn sessions() -> Sessions {
    Sessions::new(Options::default().max_sessions(1_000_000))
}

/// How values are sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// By `send` and `next`.
    Singly,
    /// By `send_all` and `batches`.
    Batches,
}

/// Serves a connection of a session.
pub(crate) async fn serve(stream: TcpStream, sessions: Sessions, how: How) -> Result<(), Failure> {
    let mut options = ConnectionOptions::default();
    // The session has its own heartbeat.
    options.limits.ping_interval = None;
    let mut accepting = Accepting::read(stream, options).await?;
    accepting.compress(None);
    let socket = accepting
        .accept(None)
        .await
        .map_err(|cause| format!("{cause:?}"))?;
    // How a session ends is not asked: the load has what it counted.
    match how {
        How::Singly => {
            let handler = async |mut channel: Payloads, _| {
                while let Some(Ok(message)) = channel.next().await {
                    if channel.send(message).await.is_err() {
                        return;
                    }
                }
            };
            sessions.serve(socket, "", Bytes, handler).await
        }
        How::Batches => {
            let handler = async |channel: Payloads, _| drop(batches(channel).await);
            sessions.serve(socket, "", Bytes, handler).await
        }
    };
    Ok(())
}

/// Sends back what comes, as much at once as has arrived.
pub(crate) async fn batches(channel: Payloads) -> Result<(), Failure> {
    let (sender, mut receiver) = channel.split();
    let mut batches = receiver.batches();
    while let Some(batch) = batches.next().await {
        sender.send_all(batch?).await?;
    }
    Ok(())
}

async fn open(port: u16, session: bool) -> Result<Payloads, Failure> {
    let mut builder = connect(format!("ws://127.0.0.1:{port}/")).codec(Bytes);
    if session {
        builder = builder.session(Session::default());
    }
    Ok(builder.await?)
}

/// As `hold`, with channels.
pub(crate) async fn hold(port: u16, session: bool, count: usize) -> Result<(), Failure> {
    let mut channels = Vec::with_capacity(count);
    for _ in 0..count {
        channels.push(open(port, session).await?);
    }
    println!("open");
    // The channels' tasks go on meanwhile: heartbeats are answered.
    let (tell, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let size: usize = line.trim().parse()?;
        for channel in &mut channels {
            channel.send(vec![7; size]).await?;
            if channel.next().await.transpose()?.map(|it| it.len()) != Some(size) {
                return Err("what came back is not what was sent".into());
            }
        }
        println!("{size}");
    }
    Ok(())
}

/// Channels that each send so many messages, wait for all of them to come back, and do so again. Messages a second, all together.
pub(crate) async fn load(session: bool, how: How, load: crate::load::Load) -> Result<f64, Failure> {
    let mut channels = Vec::new();
    for _ in 0..load.connections {
        channels.push(open(load.port, session).await?);
    }
    let began = Instant::now();
    let end = began + Duration::from_millis(load.milliseconds);
    let mut tasks = JoinSet::new();
    for channel in channels {
        let load = load.clone();
        tasks.spawn(exchange(channel, how, load, end));
    }
    let mut messages = 0;
    while let Some(done) = tasks.join_next().await {
        messages += done??;
    }
    Ok(messages as f64 / began.elapsed().as_secs_f64())
}

async fn exchange(
    channel: Payloads,
    how: How,
    load: crate::load::Load,
    end: Instant,
) -> Result<usize, Failure> {
    let (sender, mut receiver) = channel.split();
    let mut messages = 0;
    while Instant::now() < end {
        if how == How::Batches {
            let sending = sender.send_all((0..load.pipelined).map(|_| vec![7; load.size]));
            let receiving = receive(&mut receiver, load.pipelined, load.size);
            tokio::try_join!(async { Ok(sending.await?) }, receiving)?;
            messages += load.pipelined;
            continue;
        }
        for _ in 0..load.pipelined {
            sender.send(vec![7; load.size]).await?;
        }
        for _ in 0..load.pipelined {
            match receiver.next().await.transpose()? {
                Some(message) if message.len() == load.size => {}
                _ => return Err("what came back is not what was sent".into()),
            }
        }
        messages += load.pipelined;
    }
    Ok(messages)
}

/// Receives so many messages of this size, in batches.
async fn receive(
    receiver: &mut Receiver<Vec<u8>>,
    count: usize,
    size: usize,
) -> Result<(), Failure> {
    let mut batches = receiver.batches();
    let mut left = count;
    while left > 0 {
        let batch = batches.next().await.transpose()?.unwrap_or_default();
        if batch.is_empty() || batch.len() > left || batch.iter().any(|it| it.len() != size) {
            return Err("what came back is not what was sent".into());
        }
        left -= batch.len();
    }
    Ok(())
}
