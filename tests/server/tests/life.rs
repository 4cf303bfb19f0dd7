//! Many connections, slow ones, and the end of the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::{ask, connect, next, open, server, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::{Event, Message};
use websocket_channel_server::{Options, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_connections_beside_slow_ones() {
    let server = server().await;
    // Some never finish their request, some never read what they are sent.
    let mut slow = Vec::new();
    for _ in 0..30 {
        let mut io = TcpStream::connect(server.address()).await.unwrap();
        io.write_all(b"GET /ec").await.unwrap();
        slow.push(io);
    }
    let mut stuck = Vec::new();
    for _ in 0..20 {
        stuck.push(open(&server, "/flood?count=1000000&size=100000").await);
    }
    let mut sockets = Vec::new();
    for _ in 0..250 {
        sockets.push(open(&server, "/echo").await);
    }
    for round in 0..3 {
        for (index, socket) in sockets.iter_mut().enumerate() {
            socket
                .send(Message::Text(format!("{index}.{round}")))
                .unwrap();
        }
        for (index, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(
                next(socket).await,
                Event::Message(Message::Text(format!("{index}.{round}")))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_live_connections_among_two_thousand() {
    let server = server().await;
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
    };
    // Each of these is slow or dead in a way of its own, and all of them stay.
    let kinds = [
        String::new(),
        "GET /ec".into(),
        "\x16\x03\x01".into(),
        request("/echo"),
        request("/flood?count=1000000&size=100000"),
        request("/fault/silence"),
        request("/fault/drip?every=50"),
        request("/fault/half-open"),
        request("/slow?rate=1"),
        request("/echo?tag=frozen"),
    ];
    let mut dead = Vec::new();
    support::control(&server, "freeze?tag=frozen").await;
    for index in 0..1900 {
        let mut io = TcpStream::connect(server.address()).await.unwrap();
        io.write_all(kinds[index % kinds.len()].as_bytes())
            .await
            .unwrap();
        dead.push(io);
    }
    let mut live = Vec::new();
    for _ in 0..100 {
        live.push(open(&server, "/echo").await);
    }
    for round in 0..5 {
        let message = Message::Text(format!("round {round}"));
        for socket in &mut live {
            socket.send(message.clone()).unwrap();
        }
        for socket in &mut live {
            assert_eq!(next(socket).await, Event::Message(message.clone()));
        }
    }
    let list = support::control(&server, "list").await;
    let there = list["connections"].as_array().unwrap().len();
    // All but those that broke the protocol, and the drips that came to their end.
    assert!(there > 1500, "{there} of them are still there");
}

#[tokio::test]
async fn connections_over_the_bound_wait() {
    let mut options = Options::new();
    options.max_connections = 2;
    let server = TestServer::start(options).await.unwrap();
    let mut first = open(&server, "/echo").await;
    let _second = open(&server, "/echo").await;
    let waiting = TcpStream::connect(server.address()).await.unwrap();
    drop(waiting);
    let third = connect(&server, "/echo", &[]);
    tokio::pin!(third);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut third).await;
    assert!(early.is_err(), "there is no room yet");
    first.close(1000, "");
    assert!(matches!(next(&mut first).await, Event::Closed(_)));
    drop(first);
    let (mut third, _) = soon(third).await.unwrap();
    assert_eq!(
        ask(&mut third, "in").await,
        Event::Message(Message::from("in"))
    );
}

#[tokio::test]
async fn shutdown_ends_every_connection_and_frees_the_port() {
    let server = server().await;
    let address = server.address();
    let mut socket = open(&server, "/echo").await;
    assert_eq!(
        ask(&mut socket, "a").await,
        Event::Message(Message::from("a"))
    );
    let mut plain = TcpStream::connect(address).await.unwrap();
    server.shutdown().await;
    assert!(matches!(next(&mut socket).await, Event::Closed(_)));
    // A reset is an end as well.
    let _ = soon(plain.read_to_end(&mut Vec::new())).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn dropping_the_server_ends_it_too() {
    let server = server().await;
    let mut socket = open(&server, "/echo").await;
    drop(server);
    assert!(matches!(next(&mut socket).await, Event::Closed(_)));
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = Options::new();
    options.port = taken.local_addr().unwrap().port();
    let error = TestServer::start(options).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
