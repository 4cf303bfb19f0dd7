//! How connections end: cleanly, by a lost stream, by a peer that never answers, by being dropped.

use crate::support::{limits, next, pair, piped, soon, upgraded};
use futures::{FutureExt as _, SinkExt as _};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::proto::{CloseFrame, Role};
use websocket_channel::transport::{ConnectionLost, Limits, Transport};
use websocket_channel::{
    Bytes, Channel, CloseInfo, ClosedBy, Event, Message, OpenInfo, SendErrorKind, Socket,
};

#[tokio::test]
async fn both_ends_tell_the_same_and_messages_come_first() {
    let (mut client, mut server) = pair(&Limits::default()).await;
    server.send(Message::from("last")).unwrap();
    server.close_with(CloseFrame::new(1011, "broken").ok().as_ref());
    assert!(!server.is_open());
    let (of_server, of_client) = soon("both ends", async {
        tokio::join!(next(&mut server), async {
            [next(&mut client).await, next(&mut client).await]
        })
    })
    .await;
    let closed = CloseInfo::new(1011, "broken", true, ClosedBy::Remote);
    assert_eq!(
        of_client,
        [Event::Message(Message::from("last")), Event::Closed(closed)]
    );
    assert_eq!(
        of_server,
        Event::Closed(CloseInfo::new(1011, "broken", true, ClosedBy::Local))
    );
}

#[tokio::test]
async fn a_lost_stream_is_1006_and_pending_writers_fail() {
    let bounds = limits(|limits| limits.send_high_water_mark = 10);
    let (mut client, peer) = piped(Role::Client, &bounds, 64);
    client.send(Message::Binary(vec![0; 1000])).unwrap();
    drop(peer);
    soon("ready", poll_fn(|cx| client.poll_ready(cx))).await;
    // What is left never goes: neither wait may say that it did.
    let flushed = soon("flushed", poll_fn(|cx| client.poll_flush(cx))).await;
    assert_eq!(flushed, Err(ConnectionLost));
    let drained = soon("drained", poll_fn(|cx| client.poll_drained(cx))).await;
    assert_eq!(drained, Err(ConnectionLost));
    assert!(!client.is_open());
    assert_eq!(client.send(Message::from("a")), Err(Message::from("a")));
    let Event::Closed(closed) = soon("the end", next(&mut client)).await else {
        panic!("a message instead of the end");
    };
    assert!(
        (900..=1000).contains(&closed.unsent_bytes),
        "{}",
        closed.unsent_bytes
    );
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Error)
    );
}

/// The same over TCP, and what the handles above say of it.
#[tokio::test]
async fn flush_and_drained_fail_after_a_reset_with_megabytes_queued() {
    for by_channel in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (near, far) = (near.unwrap(), far.unwrap().0);
        let limits = limits(|limits| limits.send_high_water_mark = 64 << 20);
        let mut socket =
            Socket::from_upgraded(near, b"", Role::Server, OpenInfo::default(), &limits);
        let megabyte = || vec![1; 1 << 20];
        // Unread bytes make the end of the stream a reset.
        if by_channel {
            let channel = Channel::<Vec<u8>, Vec<u8>>::from_socket(socket, Bytes);
            let (sender, _receiver) = channel.split();
            for _ in 0..16 {
                sender.send(megabyte()).await.unwrap();
            }
            far.readable().await.unwrap();
            drop(far);
            let drained = soon("drained", sender.drained()).await;
            assert_eq!(drained, Err(SendErrorKind::NotOpen));
            assert_eq!(sender.flush().await, Err(SendErrorKind::NotOpen));
        } else {
            for _ in 0..16 {
                socket.send_now(Message::Binary(megabyte())).unwrap();
            }
            assert!(socket.flush().now_or_never().is_none());
            far.readable().await.unwrap();
            drop(far);
            let drained = soon("drained", socket.drained()).await;
            assert_eq!(drained, Err(SendErrorKind::NotOpen));
            let closed = soon("the end", socket.closed()).await;
            assert!(closed.unsent_bytes > 1 << 20 && !closed.was_clean);
            assert_eq!(socket.drained().await, Err(SendErrorKind::NotOpen));
        }
    }
}

#[tokio::test]
async fn a_peer_that_never_answers_a_close_times_out() {
    let bounds = limits(|limits| limits.close_timeout = Duration::from_millis(50));
    let (mut client, mut peer) = piped(Role::Client, &bounds, 4096);
    client.close(4000, "bye");
    client.close(4001, "twice does nothing");
    let began = Instant::now();
    assert_eq!(
        soon("the end", next(&mut client)).await,
        Event::Closed(CloseInfo::lost(ClosedBy::Local))
    );
    assert!(began.elapsed() >= Duration::from_millis(45));
    drop(client);
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).await.unwrap();
    assert_eq!((bytes.len(), bytes[0]), (2 + 4 + 5, 0x88));
}

#[tokio::test]
async fn a_peer_that_reads_nothing_times_out() {
    let bounds = limits(|limits| limits.close_timeout = Duration::from_millis(50));
    let (mut server, mut peer) = piped(Role::Server, &bounds, 64);
    server.send(Message::Binary(vec![0; 100_000])).unwrap();
    // A Close frame comes, and ours can never go.
    peer.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    let event = soon("the end", next(&mut server)).await;
    assert!(
        matches!(event, Event::Closed(closed) if closed.code == 1000 && closed.by == ClosedBy::Remote)
    );
}

#[tokio::test]
async fn a_failed_connection_sends_its_close_frame_even_if_bytes_are_unread() {
    let (mut client, mut server) = pair(&limits(|limits| limits.max_message = 10)).await;
    // 8 MiB behind the frame that is too long: closing over them would reset the connection and lose our Close frame.
    client.send(Message::Binary(vec![0; 8 << 20])).unwrap();
    let (of_server, of_client) = soon("both ends", async {
        tokio::join!(next(&mut server), next(&mut client))
    })
    .await;
    assert_eq!(
        of_client,
        Event::Closed(CloseInfo::new(1009, "", true, ClosedBy::Remote))
    );
    assert!(
        matches!(of_server, Event::Closed(closed) if closed == CloseInfo::new(1009, "a frame is too long", false, ClosedBy::Local))
    );
}

#[tokio::test]
async fn dropping_sends_a_close_frame_and_ends_the_stream() {
    let (client, mut peer) = piped(Role::Client, &Limits::default(), 4096);
    drop(client);
    let mut bytes = Vec::new();
    soon("the end", peer.read_to_end(&mut bytes)).await.unwrap();
    assert_eq!((bytes.len(), &bytes[..2]), (6, &[0x88, 0x80][..]));

    let (mut client, server) = pair(&Limits::default()).await;
    drop(server);
    assert_eq!(
        soon("the end", next(&mut client)).await,
        Event::Closed(CloseInfo::new(1005, "", true, ClosedBy::Remote))
    );
}

#[tokio::test]
async fn a_client_that_half_closes_after_its_close_still_gets_the_answer() {
    let (mut server, mut peer) = piped(Role::Server, &Limits::default(), 4096);
    peer.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    peer.shutdown().await.unwrap();
    let event = soon("the end", next(&mut server)).await;
    assert_eq!(
        event,
        Event::Closed(CloseInfo::new(1000, "", true, ClosedBy::Remote))
    );
    let mut bytes = [0; 4];
    peer.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, [0x88, 0x02, 0x03, 0xe8]);
}

#[tokio::test]
async fn a_client_that_half_closes_still_gets_everything_that_was_queued() {
    let (mut server, mut peer) = piped(Role::Server, &Limits::default(), 64);
    server.send(Message::Binary(vec![7; 1000])).unwrap();
    peer.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    peer.shutdown().await.unwrap();
    let reading = tokio::spawn(async move {
        let mut bytes = Vec::new();
        while let Ok(byte) = peer.read_u8().await {
            bytes.push(byte);
            tokio::task::yield_now().await;
        }
        bytes
    });
    let event = soon("the end", next(&mut server)).await;
    assert_eq!(
        event,
        Event::Closed(CloseInfo::new(1000, "", true, ClosedBy::Remote))
    );
    drop(server);
    let bytes = reading.await.unwrap();
    assert_eq!(bytes.len(), 4 + 1000 + 4);
    assert!(bytes.ends_with(&[0x88, 0x02, 0x03, 0xe8]));
}

/// A stream that takes no bytes and never says that it ended.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_stream_that_accepts_nothing_and_never_ends_times_out() {
    let bounds = limits(|limits| limits.close_timeout = Duration::from_millis(50));
    let mut client = upgraded(Broken, Role::Client, &bounds);
    client.send(Message::from("a")).unwrap();
    let mut lost = CloseInfo::lost(ClosedBy::Error);
    lost.unsent_bytes = 1;
    assert_eq!(
        soon("the end", next(&mut client)).await,
        Event::Closed(lost)
    );
}

/// One timeout for a peer that takes nothing and says nothing, though megabytes and our Close frame are queued.
#[tokio::test(start_paused = true)]
async fn a_dead_peer_costs_one_timeout() {
    let (mut client, _peer) = piped(Role::Client, &Limits::default(), 64);
    client.send(Message::Binary(vec![0; 1 << 20])).unwrap();
    client.close(1000, "");
    let began = tokio::time::Instant::now();
    let Event::Closed(closed) = next(&mut client).await else {
        panic!("a message instead of the end");
    };
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert!(!closed.was_clean && closed.unsent_bytes > 1_000_000);
    assert_eq!(
        poll_fn(|cx| client.poll_flush(cx)).await,
        Err(ConnectionLost)
    );
}

/// The timeout starts when the Close frame has left.
#[tokio::test(start_paused = true)]
async fn a_slow_upload_is_not_cut_by_the_close() {
    let (mut client, mut peer) = piped(Role::Client, &Limits::default(), 64);
    client.send(Message::Binary(vec![0; 1000])).unwrap();
    client.close(1000, "");
    let reading = tokio::spawn(async move {
        let mut all: Vec<u8> = Vec::new();
        // 100 bytes in 5 s.
        while all.len() < 8 + 1000 + 8 {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let mut bytes = [0; 100];
            let read = peer.read(&mut bytes).await.unwrap();
            all.extend(&bytes[..read]);
        }
        peer.write_all(b"\x88\x02\x03\xe8").await.unwrap();
    });
    let event = next(&mut client).await;
    assert_eq!(
        event,
        Event::Closed(CloseInfo::new(1000, "", true, ClosedBy::Local))
    );
    reading.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_noticed_by_both_sides() {
    for role in [Role::Client, Role::Server] {
        let (mut socket, _peer) = piped(role, &Limits::default(), 4096);
        let began = tokio::time::Instant::now();
        let Event::Closed(closed) = next(&mut socket).await else {
            panic!("a message instead of the end");
        };
        assert_eq!(began.elapsed(), Duration::from_secs(40));
        assert_eq!(
            (closed.code, &*closed.reason, closed.by),
            (1006, "keepalive timeout", ClosedBy::Error)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn two_living_ends_stay_open_and_know_their_round_trip() {
    let (io, peer) = tokio::io::duplex(4096);
    let mut client = upgraded(io, Role::Client, &Limits::default());
    let off = limits(|limits| limits.ping_interval = None);
    let mut server = upgraded(peer, Role::Server, &off);
    let both = async { tokio::join!(next(&mut client), next(&mut server)) };
    let day = Duration::from_secs(24 * 60 * 60);
    assert!(tokio::time::timeout(day, both).await.is_err());
    let pongs = client.pongs();
    assert_eq!(pongs.count, 24 * 60 * 3 - 1);
    assert!(
        pongs
            .since_last
            .is_some_and(|since| since <= Duration::from_secs(20))
    );
    assert_eq!(server.connection().pongs(), 0);
    assert!(client.round_trip().is_some() && server.round_trip().is_none());
}

/// A task that does something else for an hour finds its peer alive.
#[tokio::test(start_paused = true)]
async fn keepalive_does_not_end_a_connection_that_is_not_polled() {
    let (io, peer) = tokio::io::duplex(1 << 20);
    let mut busy = upgraded(io, Role::Client, &Limits::default());
    let mut other = upgraded(peer, Role::Server, &Limits::default());
    let other = tokio::spawn(async move { next(&mut other).await });
    for _ in 0..5 {
        let hour = tokio::time::timeout(Duration::from_secs(19), next(&mut busy));
        assert!(hour.await.is_err());
        // Short of what makes the other end give up.
        tokio::time::sleep(Duration::from_secs(19)).await;
    }
    assert!(busy.is_open() && !other.is_finished());
}
