//! The server: echoes, with bounds for small messages.

use crate::Failure;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::socket::ConnectionOptions;
use websocket_channel::{Bytes, Channel, Socket};

/// The largest message.
pub(crate) const MAX_MESSAGE: usize = 64 << 10;

/// Prints its port and serves until it is ended.
pub(crate) async fn run() -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    for accepted in 0_u64.. {
        // Too many open files, or a client that is gone: the next one is none of its business.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        if accepted.is_multiple_of(2) {
            tokio::spawn(socket(stream));
        } else {
            tokio::spawn(channel(stream));
        }
    }
    Ok(())
}

/// What is stated in the test: with these a connection holds a few messages each way.
fn options() -> ConnectionOptions {
    let mut options = ConnectionOptions::default().connect_timeout(Duration::from_secs(5));
    options.limits.max_message = MAX_MESSAGE;
    options.limits.receive_buffer = MAX_MESSAGE;
    options.limits.send_high_water_mark = MAX_MESSAGE;
    options.limits.close_timeout = Duration::from_secs(5);
    options
}

/// How a connection ends is not asked: that is the clients' part.
async fn socket(stream: TcpStream) {
    let Ok(mut socket) = Socket::accept(stream, options()).await else {
        return;
    };
    while let Some(message) = socket.next().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn channel(stream: TcpStream) {
    let Ok(socket) = Socket::accept(stream, options()).await else {
        return;
    };
    let mut channel = Channel::<Vec<u8>, Vec<u8>>::from_socket(socket, Bytes);
    while let Some(Ok(message)) = channel.next().await {
        if channel.send(message).await.is_err() {
            return;
        }
    }
}
