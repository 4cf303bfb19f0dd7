//! What was sent arrives, though whoever sent it has dropped the connection.

use crate::support::{limits, soon};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::proto::Role;
use websocket_channel::transport::Limits;
use websocket_channel::{Bytes, Channel, OpenInfo, Socket};

async fn socket(limits: &Limits) -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    let socket = Socket::from_upgraded(
        near.unwrap(),
        b"",
        Role::Server,
        OpenInfo::default(),
        limits,
    );
    (socket, far.unwrap().0)
}

/// Reads everything at 10 MB a second and says how much it was, until a Close frame comes, which it answers.
async fn read_slowly(mut peer: TcpStream, expected: usize) -> usize {
    let mut bytes = vec![0; 100_000];
    let mut read = 0;
    while read < expected {
        match peer.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(n) => read += n,
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let _ = peer.write_all(b"\x88\x80\0\0\0\0").await;
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).await.unwrap();
    read + rest.len()
}

const MEGABYTES: usize = 16;
/// Each in 32 frames with a header of four bytes. A Close frame comes behind them.
const ALL: usize = MEGABYTES * ((1 << 20) + 32 * 4);

#[tokio::test]
async fn messages_of_a_dropped_channel_arrive() {
    let bounds = limits(|limits| limits.send_high_water_mark = 64 << 20);
    let (socket, mut peer) = socket(&bounds).await;
    let channel: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(socket, Bytes);
    for _ in 0..MEGABYTES {
        channel.send(vec![7; 1 << 20]).await.unwrap();
    }
    // Input that nobody will read turns the end of a stream into a reset.
    let unread = b"\x82\xfe\x03\xe8\0\0\0\0".iter().copied().chain([0; 1000]);
    peer.write_all(&unread.collect::<Vec<u8>>().repeat(200))
        .await
        .unwrap();
    drop(channel);
    let read = soon("all of it", read_slowly(peer, ALL + 4)).await;
    assert_eq!(read, ALL + 4);
}

#[tokio::test]
async fn messages_of_a_dropped_socket_arrive() {
    let bounds = limits(|limits| limits.send_high_water_mark = 64 << 20);
    let (mut socket, mut peer) = socket(&bounds).await;
    for _ in 0..MEGABYTES {
        socket.send_now(vec![7; 1 << 20].into()).unwrap();
    }
    peer.write_all(&b"\x81\x80\0\0\0\0".repeat(1000))
        .await
        .unwrap();
    drop(socket);
    // An empty Close frame.
    let read = soon("all of it", read_slowly(peer, ALL + 2)).await;
    assert_eq!(read, ALL + 2);
}

#[tokio::test]
async fn a_peer_that_never_ends_holds_nothing_for_longer_than_the_timeout() {
    let bounds = limits(|limits| limits.close_timeout = Duration::from_millis(300));
    let (socket, mut peer) = socket(&bounds).await;
    drop(socket);
    let began = Instant::now();
    // It goes on sending, and never answers.
    let flood = async {
        loop {
            if peer
                .write_all(&b"\x81\x80\0\0\0\0".repeat(1000))
                .await
                .is_err()
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the end", flood).await;
    let took = began.elapsed();
    assert!((300..3000).contains(&took.as_millis()), "{took:?}");
}
