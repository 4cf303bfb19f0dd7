//! What a handler and a client send: how it shares WebSocket messages, and that the end of a session comes behind it.

use crate::hand::{Hand, PATIENCE};
use crate::raw::{Raw, hello};
use crate::serve;
use futures::SinkExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;
use websocket_channel::server::{Arrived, Carrier, Options, Sessions};
use websocket_channel::session::wire::Frame;
use websocket_channel::session::{ClientEvent as Event, ClientPhase as Phase, Session};
use websocket_channel::socket::Accepting;
use websocket_channel::transport::Limits;
use websocket_channel::{Channel, ConnectionOptions, Socket, Text, connect};

/// A connection that tells of each binary message: 0 for one that arrived, 1 for one that was sent.
struct Tapped<F> {
    socket: Socket,
    tap: F,
}

impl<F: Fn(usize) + Send> Carrier for Tapped<F> {
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Arrived> {
        let arrived = self.socket.poll_arrived(cx);
        if let Poll::Ready(Arrived::Batch(_)) = arrived {
            (self.tap)(0);
        }
        arrived
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Carrier::poll_room(&mut self.socket, cx)
    }

    fn send(&mut self, batch: Vec<u8>) {
        (self.tap)(1);
        Carrier::send(&mut self.socket, batch);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Carrier::poll_flush(&mut self.socket, cx)
    }

    fn close(&mut self, code: u16, reason: &str) {
        Carrier::close(&mut self.socket, code, reason);
    }
}

/// A busy session fills WebSocket messages, though each value is sent by itself: 1000 values in far fewer of them, both ways.
#[tokio::test]
async fn values_that_are_sent_one_by_one_share_batches() {
    const VALUES: usize = 1000;
    let sessions = Sessions::new(Options::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let counts = Arc::new([const { AtomicUsize::new(0) }; 2]);
    let counting = counts.clone();
    let serving = tokio::spawn(async move {
        let (io, _) = listener.accept().await.unwrap();
        let mut accepting = Accepting::read(io, ConnectionOptions::default())
            .await
            .unwrap();
        accepting.compress(None);
        let socket = accepting.accept(None).await.unwrap();
        let carrier = Tapped {
            socket,
            tap: move |way: usize| {
                counting[way].fetch_add(1, Ordering::Relaxed);
            },
        };
        let echo = async |mut channel: Channel<String, String>, _| {
            while let Some(Ok(line)) = channel.next().await {
                channel.send(line).await.unwrap();
            }
        };
        sessions.serve(carrier, "", Text, echo).await;
    });
    let channel: Channel<String, String> = connect(url)
        .codec(Text)
        .session(Session::default())
        .await
        .unwrap();
    let (sender, mut receiver) = channel.split();
    for value in 0..VALUES {
        sender.send(value.to_string()).await.unwrap();
    }
    for value in 0..VALUES {
        let next = timeout(PATIENCE, receiver.next()).await.unwrap();
        assert_eq!(next.unwrap().unwrap(), value.to_string());
    }
    for (way, count) in ["arrived", "sent"].iter().zip(&*counts) {
        let count = count.load(Ordering::Relaxed);
        assert!(count < VALUES / 20, "{way}: {count}");
    }
    serving.abort();
}

/// Its code and reason become those of a `BYE`, whatever was given, so the sessions always end.
#[tokio::test]
async fn a_shutdown_comes_behind_what_was_sent() {
    for (code, reason, told) in [
        (3000, "bye", (3000, "bye")),
        (1001, "bye", (3001, "bye")),
        (7, "bye", (1000, "bye")),
        (1000, &*"é".repeat(100), (1000, &*"é".repeat(61))),
    ] {
        let all = Arc::new(OnceLock::<Sessions>::new());
        let (handlers, reason) = (all.clone(), reason.to_owned());
        let server = serve(Options::default(), move |channel, _| {
            let (handlers, reason) = (handlers.clone(), reason.clone());
            async move {
                channel.send("before".into()).await.unwrap();
                // Nothing else has run since.
                handlers.get().unwrap().shutdown(code, &reason).await;
            }
        })
        .await;
        let _ = all.set(server.sessions.clone());
        let mut client = Hand::new(&server.url, 1);
        client.connect().await;
        client
            .until(|client| client.client.phase() == Phase::Ended)
            .await;
        assert_eq!(client.read, ["before".into()], "{code}");
        let (code, reason) = told;
        let ended = Event::Ended {
            code,
            reason: reason.into(),
            ours: false,
            clean: true,
        };
        assert!(client.events.contains(&ended), "{:?}", client.events);
    }
}

/// What arrives before a handler returns, and is not read, is not committed: its client learns that nobody had it.
#[tokio::test]
async fn what_a_handler_leaves_unread_is_not_committed() {
    let sessions = Sessions::new(Options::default());
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let (arrived, waits) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let tap = arrived.clone();
    let carrier = Tapped {
        socket: ours,
        tap: move |_| tap.notify_waiters(),
    };
    let waiting = waits.clone();
    let handler = async move |_channel: Channel<String, String>, _| {
        let arrived = arrived.notified();
        waiting.notify_one();
        // Woken before the channel is, so that the channel reads nothing ahead.
        arrived.await;
    };
    let serving = tokio::spawn(async move {
        sessions.serve(carrier, "", Text, handler).await;
    });
    let mut client = Hand::new("", 1);
    client.carry(theirs);
    client
        .until(|client| client.client.phase() == Phase::Open)
        .await;
    client.turn().await;
    timeout(PATIENCE, waits.notified()).await.unwrap();
    client.send("left");
    client
        .until(|client| client.client.phase() == Phase::Ended)
        .await;
    let (in_doubt, never_sent) = client.client.take_uncommitted();
    assert_eq!((in_doubt.len(), never_sent.len()), (1, 0));
    serving.abort();
}

/// The server asks by `FLUSH`, and an `ACK` of the client that comes alone completes it.
#[tokio::test]
async fn a_flush_completes_when_the_client_has_committed_and_says_nothing_else() {
    let (tell, mut flushed) = unbounded_channel();
    let server = serve(Options::default(), move |channel, _| {
        let tell = tell.clone();
        async move {
            // There is nothing to wait for.
            channel.flush().await.unwrap();
            channel.send("one".into()).await.unwrap();
            channel.send("two".into()).await.unwrap();
            tell.send(channel.flush().await).unwrap();
            std::future::pending::<()>().await;
        }
    })
    .await;
    let (mut raw, _) = Raw::open(&server.url, hello(1, 1)).await;
    raw.hear(Frame::Flush).await;
    raw.say(&[Frame::Ack(1)]);
    // It answers in the same place: the first `ACK` was handled.
    raw.say(&[Frame::Ping(1)]);
    raw.hear(Frame::Pong(1)).await;
    assert!(flushed.try_recv().is_err());
    raw.say(&[Frame::Ack(2)]);
    raw.socket.flush().await.unwrap();
    let flushed = timeout(PATIENCE, flushed.recv()).await.unwrap();
    assert_eq!(flushed, Some(Ok(())));
}
