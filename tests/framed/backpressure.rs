//! Bounds in both directions: nothing grows because the other side is slow.

use crate::support::{limits, next, pair, piped, ready, soon};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use websocket_channel::proto::Role;
use websocket_channel::transport::Transport;
use websocket_channel::transport::framed::IoTransport;
use websocket_channel::{Event, Message};

async fn is_ready(socket: &mut impl Transport) -> bool {
    poll_fn(|cx| Poll::Ready(socket.poll_ready(cx).is_ready())).await
}

#[tokio::test]
async fn ready_waits_at_the_watermark() {
    let bounds = limits(|limits| limits.send_high_water_mark = 1000);
    let (mut server, mut peer) = piped(Role::Server, &bounds, 64);
    assert!(is_ready(&mut server).await);
    server.send(Message::Binary(vec![0; 2000])).unwrap();
    assert!(!is_ready(&mut server).await);
    assert!(
        (1900..=2000).contains(&server.buffered_amount()),
        "{}",
        server.buffered_amount()
    );
    // The peer reads: room again.
    let reading = tokio::spawn(async move {
        let mut bytes = vec![0; 2004];
        peer.read_exact(&mut bytes).await.unwrap();
        peer
    });
    soon("room", ready(&mut server)).await;
    assert!(server.buffered_amount() < 1000);
    let flushed = soon("flushed", poll_fn(|cx| server.poll_flush(cx))).await;
    assert_eq!(flushed, Ok(()));
    assert_eq!(server.buffered_amount(), 0);
    reading.await.unwrap();
}

#[tokio::test]
async fn reading_stops_while_messages_are_unread() {
    let bounds = limits(|limits| {
        limits.receive_buffer = 10_000;
        limits.send_high_water_mark = 1;
    });
    // The pipe never takes our bytes, so that `poll_ready` keeps waiting, and reads meanwhile.
    let (mut server, mut peer) = piped(Role::Server, &bounds, 4096);
    server.send(Message::Binary(vec![0; 100_000])).unwrap();
    let mut sent = 0;
    let frame = [&[0x82, 0x80 | 100, 0, 0, 0, 0][..], &[7; 100]].concat();
    // As long as the server reads, there is room for one more.
    while tokio::time::timeout(Duration::from_millis(100), async {
        tokio::select! {
            biased;
            written = peer.write_all(&frame) => written.unwrap(),
            () = ready(&mut server) => panic!("there is no room to write"),
        }
    })
    .await
    .is_ok()
    {
        sent += 1;
        // One poll of the server for each message.
        assert!(!is_ready(&mut server).await);
        assert!(sent < 1000, "the server reads without bound");
    }
    assert!(
        server.connection().undelivered() < 20_000,
        "{}",
        server.connection().undelivered()
    );
    // Nothing is lost: every message comes once it is asked for.
    drop(peer);
    let mut received = 0;
    while let Event::Message(message) = soon("an event", next(&mut server)).await {
        assert_eq!(message, Message::Binary(vec![7; 100]));
        received += 1;
    }
    assert!(received >= sent, "{received} of {sent}");
}

#[tokio::test]
async fn two_sides_that_only_write_do_not_hold_each_other_up() {
    let bounds = limits(|limits| limits.send_high_water_mark = 1000);
    let (client, server) = pair(&bounds).await;
    // All is written before the first message is asked for: 20 MB each way, more than the platform's buffers take.
    let write_then_read = |mut socket: IoTransport<TcpStream>| async move {
        for _ in 0..200 {
            ready(&mut socket).await;
            socket.send(Message::Binary(vec![1; 100_000])).unwrap();
        }
        for _ in 0..200 {
            assert!(next(&mut socket).await == Event::Message(Message::Binary(vec![1; 100_000])));
        }
        // Ours may still be on their way.
        assert_eq!(poll_fn(|cx| socket.poll_flush(cx)).await, Ok(()));
    };
    soon("both", async {
        tokio::join!(write_then_read(client), write_then_read(server))
    })
    .await;
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let small = limits(|limits| limits.max_message = 1000);
    let (mut server, mut peer) = piped(Role::Server, &small, 4096);
    peer.write_all(&[0x82, 0xfe, 0x03, 0xe9]).await.unwrap();
    let mut answer = Vec::new();
    let reading = tokio::spawn(async move {
        peer.read_to_end(&mut answer).await.unwrap();
        answer
    });
    let event = soon("the end", next(&mut server)).await;
    assert!(matches!(event, Event::Closed(closed) if closed.code == 1009 && !closed.was_clean));
    assert_eq!(reading.await.unwrap(), [0x88, 0x02, 0x03, 0xf1]);
}

/// How much memory a task that waits to write takes for what a peer floods it with.
async fn flooded(receive_buffer: usize, flood: Vec<u8>, times: usize) -> usize {
    let bounds = limits(|limits| {
        limits.receive_buffer = receive_buffer;
        limits.send_high_water_mark = 1;
    });
    let (mut server, mut peer) = piped(Role::Server, &bounds, 1 << 16);
    server.send(Message::Binary(vec![0; 200_000])).unwrap();
    let mut most = 0;
    for _ in 0..times {
        // All of it is taken, or no more is ever.
        let taken = tokio::time::timeout(Duration::from_millis(200), async {
            tokio::select! {
                biased;
                written = peer.write_all(&flood) => written.unwrap(),
                () = ready(&mut server) => panic!("there is no room to write"),
            }
        });
        let taken = taken.await;
        assert!(!is_ready(&mut server).await);
        most = most.max(server.connection().undelivered());
        if taken.is_err() {
            break;
        }
    }
    most
}

#[tokio::test]
async fn control_frames_cost_nothing_while_a_writer_waits() {
    // 12 MB of pongs, empty and of the longest.
    assert!(flooded(64 << 20, b"\x8a\x80\0\0\0\0".repeat(10_000), 200).await < 1000);
    let long = [&b"\x8a\xfd\0\0\0\0"[..], &[7; 125]].concat();
    assert!(flooded(64 << 20, long.repeat(500), 200).await < 1000);
    // Among empty messages they count as those do.
    let mixed = b"\x8a\x80\0\0\0\0\x81\x80\0\0\0\0".repeat(1000);
    let most = flooded(10_000, mixed, 100).await;
    assert!((10_000..10_100).contains(&most), "{most}");
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn the_inflated_messages_of_one_read_are_bounded() {
    use websocket_channel::proto::{Address, ClientRequest, Connection};
    use websocket_channel::transport::framed;
    let bounds = limits(|limits| {
        limits.receive_buffer = 64 << 10;
        limits.send_high_water_mark = 1;
    });
    let (near, far) = tokio::io::duplex(64 << 10);
    let wide = limits(|limits| limits.send_high_water_mark = 1 << 30);
    let mut asked = ClientRequest::new(Address::parse("ws://example.com/").unwrap());
    asked.deflate = Some(Default::default());
    let client = Connection::client(Duration::ZERO, asked, (&wide).into(), rand::fill).unwrap();
    let mut server = Connection::server(Duration::ZERO, (&bounds).into(), rand::fill);
    server.compress(Some(Default::default()));
    let (client, server) = tokio::join!(framed::open(near, client, &wide), async {
        let accepting = framed::accept(far, server, &bounds).await.unwrap();
        accepting.accept(None).await
    });
    let (mut client, mut server) = (client.unwrap().0, server.unwrap().0);
    let mut noise = vec![0; 200_000];
    rand::fill(&mut noise[..]);
    server.send(Message::Binary(noise)).unwrap();
    // Each is about a hundred bytes on the wire: one read has hundreds of them.
    const COUNT: usize = 400;
    for _ in 0..COUNT {
        client.send(Message::Binary(vec![0; 100_000])).unwrap();
    }
    let flushed = poll_fn(|cx| {
        let _ = client.poll_flush(cx);
        server.poll_ready(cx).map(drop)
    });
    let waited = tokio::time::timeout(Duration::from_millis(300), flushed).await;
    assert!(waited.is_err(), "there is no room to write");
    let undelivered = server.connection().undelivered();
    assert!(
        ((64 << 10)..(64 << 10) + 100_100).contains(&undelivered),
        "{undelivered}"
    );
    // Nothing is lost.
    for _ in 0..COUNT {
        let event = soon("a message", async {
            tokio::select! {
                event = next(&mut server) => event,
                _ = poll_fn(|cx| { let _ = client.poll_flush(cx); Poll::<()>::Pending }) => unreachable!(),
            }
        })
        .await;
        assert!(event == Event::Message(Message::Binary(vec![0; 100_000])));
    }
}
