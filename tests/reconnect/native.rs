//! What only the native client can do.

use crate::server::{server, unique};
use crate::{at_once, echo, is_waiting, said, until};
use core::time::Duration;
use websocket_channel::{ReconnectReason, RecvError, Status};

/// A half-open connection: nothing comes any more, and nobody says so.
#[crate::test]
async fn keepalive_finds_a_connection_that_is_dead() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("half-open");
    let short = Duration::from_millis(100);
    let mut channel = echo(&server, &tag, at_once())
        .keepalive(short, short)
        .await
        .unwrap();
    assert_eq!(said(&mut channel, "one").await, "one");
    let mut statuses = channel.control().status_changes();
    steering.tell("freeze", &tag).await;
    until(&mut statuses, |status| {
        matches!(status, Status::Reconnecting { reason, .. } if matches!(&**reason, ReconnectReason::Closed(closed) if closed.reason == "keepalive timeout"))
    })
    .await;
    steering.tell("thaw", &tag).await;
    assert!(matches!(
        channel.next().await,
        Some(Err(RecvError::Gap { .. }))
    ));
    assert_eq!(said(&mut channel, "two").await, "two");
}

/// A hundred cuts, with values under way in both directions: what comes back is a part of what was sent, in order, and nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_neither_repeated_nor_reordered() {
    const CUTS: usize = 100;
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("many");
    let channel = echo(&server, &tag, at_once().stable_after(Duration::ZERO))
        .await
        .unwrap();
    let (sender, mut receiver) = channel.split();
    let sending = tokio::spawn(async move {
        let mut number = 0_u64;
        while sender.send(number.to_string()).await.is_ok() {
            number += 1;
            if number.is_multiple_of(16) {
                tokio::task::yield_now().await;
            }
        }
        number
    });
    let (mut gaps, mut values, mut last) = (0, 0_u64, None);
    let cut = format!(r#"{{"do":"cut","tag":"{tag}","how":"rst"}}"#);
    while let Some(item) = receiver.next().await {
        match item {
            Ok(line) => {
                let number: u64 = line.parse().unwrap();
                assert!(last < Some(number), "{number} after {last:?}");
                last = Some(number);
                values += 1;
                if values.is_multiple_of(50) {
                    steering.command(&cut).await;
                }
            }
            Err(RecvError::Gap { .. }) => {
                gaps += 1;
                if gaps >= CUTS {
                    receiver.control().abort();
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    let sent = sending.await.unwrap();
    assert!(gaps >= CUTS);
    println!("{CUTS} cuts, {sent} values sent, {values} came back");
}

#[crate::test]
async fn a_server_that_says_when_to_come_back_is_obeyed() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use websocket_channel::{ConnectionOptions, Socket, connect};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (io, _) = listener.accept().await.unwrap();
        drop(
            Socket::accept(io, ConnectionOptions::default())
                .await
                .unwrap(),
        );
        let (mut io, _) = listener.accept().await.unwrap();
        let _ = io.read(&mut [0; 4096]).await;
        let busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 1000\r\nContent-Length: 0\r\n\r\n";
        io.write_all(busy).await.unwrap();
    });
    let channel = connect(url).reconnect(at_once()).await.unwrap();
    let mut statuses = channel.control().status_changes();
    let status = until(&mut statuses, |status| {
        is_waiting(status) && matches!(status, Status::Reconnecting { attempt: 2, .. })
    });
    let Status::Reconnecting {
        reason,
        next_retry_at: Some(at),
        ..
    } = status.await
    else {
        panic!("not waiting");
    };
    let ReconnectReason::Failed(error) = &*reason else {
        panic!("{reason:?}");
    };
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1000)));
    let wait = at.remaining().as_secs();
    assert!((990..=1000).contains(&wait), "{wait} s");
}
