//! Echo servers, each as its library's own example writes one. One thread; small messages go out at once.

use crate::sessions::How;
use crate::{Failure, Library};
use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use std::future::poll_fn;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use websocket_channel::proto::Connection;
use websocket_channel::transport::{Limits, Transport as _, framed};
use websocket_channel::{Bytes, Channel, Event, Socket, socket};
use websocket_channel_server::{Options, TestServer};

/// Prints its port and serves until it is ended.
pub(crate) async fn run(library: Library) -> Result<(), Failure> {
    if library == Library::TestServer {
        let server = TestServer::start(Options::default()).await?;
        println!("{}", server.address().port());
        return std::future::pending().await;
    }
    let sessions = crate::sessions::sessions();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // How a connection ends is not asked: the load has what it counted.
        match library {
            Library::Tungstenite => drop(tokio::spawn(tungstenite(stream))),
            Library::Fastwebsockets => {
                // As in its example.
                drop(tokio::spawn(tokio::task::unconstrained(fast(stream))));
            }
            Library::Socket => drop(tokio::spawn(socket(stream))),
            Library::Session(how) => {
                let serving = crate::sessions::serve(stream, sessions.clone(), how);
                drop(tokio::spawn(serving));
            }
            Library::Channel(how) => drop(tokio::spawn(channel(stream, how))),
            _ => drop(tokio::spawn(ours(stream))),
        }
    }
}

async fn ours(stream: TcpStream) -> Result<(), Failure> {
    let limits = Limits::default();
    let core = Connection::server(Duration::ZERO, (&limits).into(), crate::random);
    let accepting = framed::accept(stream, core, &limits)
        .await
        .map_err(|cause| format!("{cause:?}"))?;
    let (mut socket, _) = accepting
        .accept(None)
        .await
        .map_err(|cause| format!("{cause:?}"))?;
    while let Event::Message(message) = poll_fn(|cx| socket.poll_event(cx)).await {
        let _ = socket.send(message);
        poll_fn(|cx| socket.poll_ready(cx)).await;
    }
    Ok(())
}

async fn socket(stream: TcpStream) -> Result<(), Failure> {
    let mut socket = Socket::accept(stream, socket::ConnectionOptions::default()).await?;
    while let Some(message) = socket.next().await {
        socket.send(message).await?;
    }
    Ok(())
}

async fn channel(stream: TcpStream, how: How) -> Result<(), Failure> {
    let socket = Socket::accept(stream, socket::ConnectionOptions::default()).await?;
    let mut channel = Channel::from_socket(socket, Bytes);
    if how == How::Batches {
        return crate::sessions::batches(channel).await;
    }
    while let Some(message) = channel.next().await {
        channel.send(message?).await?;
    }
    Ok(())
}

async fn tungstenite(stream: TcpStream) -> Result<(), Failure> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// The handshake is tungstenite's: that of fastwebsockets comes with an HTTP server around it.
async fn fast(stream: TcpStream) -> Result<(), Failure> {
    let stream = accept_async(stream).await?.into_inner();
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(stream, Role::Server));
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
