//! The channel in memory: what an application's own tests stand on.

use crate::test;
use futures::FutureExt;
use websocket_channel::transport::Limits;
use websocket_channel::{Bytes, Channel, ClosedBy, SendErrorKind, Socket, Status, Text};

fn pair() -> (Channel<String, String>, Channel<String, String>) {
    let (client, server) = Socket::pair(&Limits::default(), "chat.v1");
    (
        Channel::from_socket(client, Text),
        Channel::from_socket(server, Text),
    )
}

#[test]
async fn messages_go_both_ways_in_order() {
    let (mut client, mut server) = pair();
    assert_eq!(server.opened().protocol, "chat.v1");
    for n in 0..300 {
        client.send(n.to_string()).await.unwrap();
    }
    for n in 0..300 {
        assert_eq!(server.next().await.unwrap().unwrap(), n.to_string());
    }
    server.send("back".into()).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), "back");
}

#[test]
async fn the_end_comes_after_every_message() {
    let (client, mut server) = pair();
    client.send("last words".into()).await.unwrap();
    let closed = client.control().close(4000, "bye").await.unwrap();
    assert_eq!((closed.code, closed.by), (4000, ClosedBy::Local));
    assert_eq!(server.next().await.unwrap().unwrap(), "last words");
    let error = server.next().await.unwrap().unwrap_err();
    assert!(server.next().await.is_none());
    let closed = server.closed().await;
    assert_eq!(
        (error.code(), error.close_info()),
        ("CHANNEL_CLOSED", Some(&closed))
    );
    assert_eq!(
        (closed.code, closed.reason.as_str(), closed.by),
        (4000, "bye", ClosedBy::Remote)
    );
    let error = server.send("too late".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value.as_str()),
        (SendErrorKind::NotOpen, "too late")
    );
}

#[test]
async fn a_writer_waits_for_a_slow_reader() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 1000;
    limits.receive_buffer = 1000;
    let (client, server) = Socket::pair(&limits, "");
    let client: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(client, Bytes);
    let mut server: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(server, Bytes);
    // The window of the reader's driver, and the high-water mark, and one message: then the writer waits.
    let mut sent = 0;
    while let Ok(outcome) = tokio_or_browser_turns(client.send(vec![0; 1000])).await {
        outcome.unwrap();
        sent += 1;
        assert!(sent < 200, "nothing holds the writer back");
    }
    assert!(sent >= 1);
    for _ in 0..sent {
        assert_eq!(server.next().await.unwrap().unwrap().len(), 1000);
    }
    client.send(vec![0; 1000]).await.unwrap();
}

/// The outcome if it comes within some turns of the executor, otherwise `Err`: then the future is dropped, and nothing was sent.
async fn tokio_or_browser_turns<F: Future>(future: F) -> Result<F::Output, ()> {
    let mut future = std::pin::pin!(future.fuse());
    for _ in 0..100 {
        if let Some(output) = future.as_mut().now_or_never() {
            return Ok(output);
        }
        turn().await;
    }
    Err(())
}

/// Lets every other task have a turn.
async fn turn() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if yielded {
            return std::task::Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// What is sent as it is lies at one place in memory, from the caller's value to the platform's hands or back.
#[test]
async fn values_that_are_messages_are_not_copied() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 1;
    let (client, server) = Socket::pair(&limits, "");
    let client: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(client, Bytes);
    let mut server: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(server, Bytes);
    let value = vec![7; 1000];
    let place = value.as_ptr();
    client.send(value).await.unwrap();
    let value = server.next().await.unwrap().unwrap();
    assert_eq!(value.as_ptr(), place);

    let (sender, receiver) = client.split();
    let permit = sender.reserve().await.unwrap();
    receiver.control().close(1000, "").await.unwrap();
    let value = sender.send(value).await.unwrap_err().value;
    assert_eq!(value.as_ptr(), place);
    let value = sender.try_send(value).unwrap_err().value;
    assert_eq!(value.as_ptr(), place);
    let value = permit.send(value).unwrap_err().value;
    assert_eq!((value.as_ptr(), value), (place, vec![7; 1000]));
}

/// Whether it waits in line or is with the platform when the end comes.
#[test]
async fn a_pending_send_returns_its_value_at_the_end() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 1000;
    limits.receive_buffer = 1000;
    let (client, server) = Socket::pair(&limits, "");
    let client: Channel<String, String> = Channel::from_socket(client, Text);
    let server: Channel<String, String> = Channel::from_socket(server, Text);
    // The line is full, and nobody reads: the rest waits.
    let mut sends = (0..200).map(|n| Box::pin(client.send(format!("{n:01000}"))));
    let mut waiting = std::collections::VecDeque::new();
    for (n, mut send) in sends.by_ref().enumerate() {
        if tokio_or_browser_turns(send.as_mut()).await.is_err() {
            waiting.push_back((n, send));
        }
    }
    assert!(!waiting.is_empty());
    drop(server);
    for (n, send) in waiting {
        let error = send.await.unwrap_err();
        assert_eq!(
            (error.kind, error.value),
            (SendErrorKind::NotOpen, format!("{n:01000}"))
        );
    }
}

#[test]
async fn dropping_one_end_ends_the_other() {
    let (client, mut server) = pair();
    let control = client.control();
    drop(client);
    assert_eq!(control.closed().await.by, ClosedBy::Local);
    assert!(server.next().await.is_none());
    assert_eq!(server.closed().await.by, ClosedBy::Remote);
    assert!(matches!(server.control().status(), Status::Closed(_)));
}
