//! Runtimes that lack something: a sentence or a way around, and no panic.

use crate::support::{echoes, options};
use futures::StreamExt as _;
use std::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use websocket_channel::transport::Limits;
use websocket_channel::{
    Bytes, CloseInfo, ConnectError, ConnectionOptions, Message, RecvError, Socket, Stats, Status,
    connect,
};

/// A tokio runtime with I/O and without timers.
fn without_timers() -> Runtime {
    Builder::new_current_thread().enable_io().build().unwrap()
}

#[test]
fn a_runtime_without_timers_is_enough() {
    let error: ConnectError = without_timers()
        .block_on(async { connect("ws://127.0.0.1:1/").await })
        .unwrap_err();
    assert_eq!(error.code(), "CONNECT_FAILED");

    // The whole life of a connection, both ends.
    without_timers().block_on(async {
        let (ours, theirs) = tokio::io::duplex(1000);
        tokio::spawn(crate::support::echo(theirs));
        echoes(
            Socket::connect_over(ours, "ws://h/", options())
                .await
                .unwrap(),
        )
        .await;
    });
}

#[test]
fn timeouts_come_without_the_runtimes_timers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", silent.local_addr().unwrap());
    let mut options = options();
    options.connect_timeout = std::time::Duration::from_millis(50);
    let error = without_timers().block_on(Socket::connect(url, options));
    assert_eq!(error.unwrap_err().code(), "TIMED_OUT");
}

#[test]
fn a_runtime_without_io_is_an_error() {
    let timers = Builder::new_current_thread().enable_time().build().unwrap();
    let error = timers
        .block_on(Socket::connect("ws://127.0.0.1:1/", options()))
        .unwrap_err();
    assert!(error.to_string().contains("enable_io"), "{error}");
}

#[test]
fn a_missing_runtime_is_an_error() {
    let error = futures::executor::block_on(Socket::connect("ws://127.0.0.1:1/", options()));
    let error = error.unwrap_err();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}

/// Over a stream of bytes there is nothing of tokio's to miss.
#[test]
fn over_a_stream_no_runtime_is_needed() {
    futures::executor::block_on(async {
        let (ours, theirs) = tokio::io::duplex(1000);
        let (client, server) = futures::future::join(
            Socket::connect_over(ours, "ws://h/", options()),
            Socket::accept(theirs, ConnectionOptions::default()),
        )
        .await;
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.close(4000, "x").unwrap();
        let (ours, theirs) = futures::future::join(client.closed(), server.closed()).await;
        assert_eq!((ours.code, theirs.code), (4000, 4000));
    });
}

/// A peer on threads of its own: gives its URL, and what arrived until the end.
fn peer(limits: &Limits) -> (String, std::thread::JoinHandle<Vec<Message>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let mut options = options();
    options.limits = limits.clone();
    let peer = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (io, _) = listener.accept().await.unwrap();
            Socket::accept(io, options).await.unwrap().collect().await
        })
    });
    (url, peer)
}

/// Connects, takes these messages without waiting, and ends the runtime before the driver has had a turn.
fn take_and_end(
    runtime: Runtime,
    url: String,
    messages: &[Vec<u8>],
) -> (CloseInfo, Stats, RecvError) {
    let (mut receiver, control) = runtime.block_on(async {
        let connecting = connect(url).codec(Bytes).send_high_water_mark(usize::MAX);
        let (sender, receiver) = connecting.await.unwrap().split();
        for message in messages {
            sender.try_send(message.clone()).unwrap();
        }
        let control = sender.control();
        (receiver, control)
    });
    drop(runtime);
    let Status::Closed(closed) = control.status() else {
        panic!("the driver is gone, and the end was not told");
    };
    let error = receiver.try_recv().unwrap().unwrap_err();
    (closed, control.stats(), error)
}

#[test]
fn accepted_messages_are_sent_at_the_end_of_the_runtime() {
    let limits = Limits::default();
    for threads in [0, 2] {
        let runtime = match threads {
            0 => Builder::new_current_thread().enable_all().build(),
            threads => Builder::new_multi_thread()
                .worker_threads(threads)
                .enable_all()
                .build(),
        };
        let (url, peer) = peer(&limits);
        let messages: Vec<Vec<u8>> = (0..100).map(|number| vec![number; 10]).collect();
        let (closed, stats, error) = take_and_end(runtime.unwrap(), url, &messages);
        assert_eq!((closed.code, closed.unsent_bytes), (1006, 0));
        assert_eq!((stats.sent_messages, stats.unsent_messages), (100, 0));
        assert_eq!(error, RecvError::ChannelClosed(closed));
        let arrived: Vec<Message> = messages.into_iter().map(Message::Binary).collect();
        assert!(peer.join().unwrap() == arrived, "{threads} threads");
    }
}

/// More than the operating system takes at once: what is lost is counted.
#[test]
fn messages_unsent_at_the_end_of_the_runtime_are_counted() {
    const MIB: usize = 1 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    // It answers the handshake and reads nothing more.
    let mut options = options();
    options.handshake.deflate = None;
    let peer = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (io, _) = listener.accept().await.unwrap();
            Socket::accept(io, options).await.unwrap()
        })
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (closed, stats, _) = take_and_end(runtime, url, &vec![vec![7; MIB]; 100]);
    assert_eq!(stats.sent_messages + stats.unsent_messages, 100);
    assert!(closed.unsent_bytes > 20 * MIB, "{closed:?}, {stats:?}");
    drop(peer.join().unwrap());
}
