//! Runtimes that lack something: a sentence or a way around, and no panic.

use crate::support::{echoes, options};
use std::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use websocket_channel::{ConnectError, ConnectionOptions, Socket, connect};

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
fn a_runtime_without_io_is_told() {
    let timers = Builder::new_current_thread().enable_time().build().unwrap();
    let error = timers
        .block_on(Socket::connect("ws://127.0.0.1:1/", options()))
        .unwrap_err();
    assert!(error.to_string().contains("enable_io"), "{error}");
}

#[test]
fn no_runtime_at_all_is_told() {
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
