//! The channel in memory: what an application's own tests stand on.

use crate::test;
use futures::FutureExt;
use websocket_channel::transport::Limits;
use websocket_channel::{By, Bytes, Channel, SendErrorKind, Socket, Status, Text};

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
    assert_eq!((closed.code, closed.by), (4000, By::Us));
    assert_eq!(server.next().await.unwrap().unwrap(), "last words");
    assert!(server.next().await.is_none());
    let closed = server.closed().await;
    assert_eq!(
        (closed.code, closed.reason.as_str(), closed.by),
        (4000, "bye", By::Peer)
    );
    let error = server.send("too late".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value.as_str()),
        (SendErrorKind::NotOpen, "too late")
    );
}

#[test]
async fn a_reader_who_does_not_read_holds_the_writer_back() {
    let mut limits = Limits::default();
    limits.send_watermark = 1000;
    limits.receive_bound = 1000;
    let (client, server) = Socket::pair(&limits, "");
    let client: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(client, Bytes);
    let mut server: Channel<Vec<u8>, Vec<u8>> = Channel::from_socket(server, Bytes);
    // The window of the reader's driver, and the watermark, and one message: then the writer waits.
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

#[test]
async fn dropping_one_end_ends_the_other() {
    let (client, mut server) = pair();
    let control = client.control();
    drop(client);
    assert_eq!(control.closed().await.by, By::Us);
    assert!(server.next().await.is_none());
    assert_eq!(server.closed().await.by, By::Peer);
    assert!(matches!(server.control().status(), Status::Closed(_)));
}
