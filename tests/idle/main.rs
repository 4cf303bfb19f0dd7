//! What an idle connection costs a server in allocated memory, held against a ceiling. `npm run bench -- idle` measures resident memory beside other
//! libraries.
//!
//! The clients are sockets of the standard library, which allocate nothing while they are idle: what is counted is the server's. This program has one
//! test, since the allocator counts for all of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]

use futures::StreamExt as _;
use peak_alloc::PeakAlloc;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use tokio::net::TcpListener;
use websocket_channel::socket::ConnectionOptions;
use websocket_channel::{Bytes, Channel, Socket};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Enough that what is allocated once for all of them does not count.
const CONNECTIONS: usize = 400;

/// Bytes per connection: when it is open, after a message of 1 KiB, after one of 64 KiB.
type Cost = [usize; 3];

/// The ceilings, with the features `reconnect` and `session`. A change that lowers what is measured lowers them, too.
const SOCKET: Cost = [1_650, 1_650, 1_650];
const CHANNEL: Cost = [2_690, 2_820, 2_820];

#[test]
fn an_idle_connection_costs_no_more_than_is_stated() {
    for (name, serve, ceiling) in [
        ("Socket", serve_socket as fn(Accepted), SOCKET),
        ("Channel", serve_channel, CHANNEL),
    ] {
        let cost = measure(serve);
        println!("{name}: {cost:?} bytes per connection, at most {ceiling:?}");
        for (cost, ceiling) in cost.iter().zip(ceiling) {
            assert!(*cost <= ceiling, "{name}: {cost} of at most {ceiling}");
        }
    }
}

/// What a listener gives.
type Accepted = tokio::net::TcpStream;

fn serve_socket(stream: Accepted) {
    tokio::spawn(async move {
        let mut socket = Socket::accept(stream, ConnectionOptions::default())
            .await
            .unwrap();
        while let Some(message) = socket.next().await {
            socket.send(message).await.unwrap();
        }
    });
}

fn serve_channel(stream: Accepted) {
    tokio::spawn(async move {
        let socket = Socket::accept(stream, ConnectionOptions::default())
            .await
            .unwrap();
        let mut channel = Channel::<Vec<u8>, Vec<u8>>::from_socket(socket, Bytes);
        while let Some(message) = channel.next().await {
            channel.send(message.unwrap()).await.unwrap();
        }
    });
}

fn measure(serve: fn(Accepted)) -> Cost {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        loop {
            serve(listener.accept().await.unwrap().0);
        }
    });
    let small = Exchange::new(1 << 10);
    let large = Exchange::new(64 << 10);
    // What the first connection brings for all.
    let mut first = open(address);
    small.run(&mut first);
    large.run(&mut first);

    let mut clients = Vec::with_capacity(CONNECTIONS);
    let before = settled();
    for _ in 0..CONNECTIONS {
        clients.push(open(address));
    }
    let mut cost = [0; 3];
    let mut note = |at: usize| cost[at] = settled().saturating_sub(before) / CONNECTIONS;
    note(0);
    for (at, exchange) in [&small, &large].into_iter().enumerate() {
        clients.iter_mut().for_each(|client| exchange.run(client));
        note(at + 1);
    }
    drop(clients);
    cost
}

/// Allocated bytes, when the server's task is back to waiting: it answered before it let go of what it answered with.
fn settled() -> usize {
    let mut last = ALLOCATOR.current_usage();
    loop {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let now = ALLOCATOR.current_usage();
        if now == last {
            return now;
        }
        last = now;
    }
}

/// A handshake, read to the end of its answer, and nothing allocated at the end.
fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .unwrap();
    let mut tail = [0; 4];
    while tail != *b"\r\n\r\n" {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        tail.rotate_left(1);
        tail[3] = byte[0];
    }
    stream
}

/// A binary message and its echo.
struct Exchange {
    sent: Vec<u8>,
}

impl Exchange {
    fn new(size: usize) -> Self {
        let length = match size {
            126..=0xFFFF => [&[126][..], &(size as u16).to_be_bytes()].concat(),
            _ => [&[127][..], &(size as u64).to_be_bytes()].concat(),
        };
        // The key is zero: what is masked by it stays as it is.
        let mut sent = [&[0x82, 0x80 | length[0]], &length[1..], &[0; 4]].concat();
        sent.resize(sent.len() + size, b'x');
        Self { sent }
    }

    /// The echo comes in as many frames as the server likes.
    fn run(&self, stream: &mut TcpStream) {
        stream.write_all(&self.sent).unwrap();
        let mut last = false;
        while !last {
            let [first, short] = read(stream);
            let len = match short {
                126 => u64::from(u16::from_be_bytes(read(stream))),
                127 => u64::from_be_bytes(read(stream)),
                short => u64::from(short),
            };
            let payload = std::io::copy(&mut stream.take(len), &mut std::io::sink());
            assert_eq!(payload.unwrap(), len, "the server ended");
            last = first & 0x80 != 0;
        }
    }
}

fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}
