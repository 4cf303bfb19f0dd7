//! Messages both ways, one write for everything, and two tasks at one connection.

use crate::support::{flush, limits, next, pair, piped, soon, upgraded};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::proto::Role;
use websocket_channel::transport::{Limits, Transport};
use websocket_channel::{Event, Message};

#[tokio::test]
async fn messages_of_every_size_are_echoed() {
    let (mut client, mut server) = pair(&Limits::default()).await;
    let echo = tokio::spawn(async move {
        while let Event::Message(message) = next(&mut server).await {
            server.send(message).unwrap();
        }
    });
    for size in [0, 1, 125, 126, 65_535, 65_536, 16 << 20] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        for message in [Message::Binary(bytes), Message::Text("é".repeat(size / 2))] {
            client.send(message.clone()).unwrap();
            let echoed = soon("the echo", next(&mut client)).await;
            assert!(echoed == Event::Message(message), "{size} bytes");
        }
    }
    client.close(1000, "");
    assert!(
        matches!(soon("the end", next(&mut client)).await, Event::Closed(closed) if closed.was_clean)
    );
    soon("the server's end", echo).await.unwrap();
}

#[tokio::test]
async fn answers_to_one_read_share_one_write() {
    let (mut server, mut peer) = piped(Role::Server, &Limits::default(), 1 << 20);
    // 16 messages and a ping in one segment.
    let frame = b"\x81\x81\0\0\0\0a";
    peer.write_all(&[frame.repeat(16), b"\x89\x80\0\0\0\0".to_vec()].concat())
        .await
        .unwrap();
    for _ in 0..16 {
        let Event::Message(message) = soon("a message", next(&mut server)).await else {
            panic!("no message");
        };
        server.send(message).unwrap();
        let nothing = poll_fn(|cx| {
            let mut byte = [0];
            let mut buffer = tokio::io::ReadBuf::new(&mut byte);
            Poll::Ready(
                tokio::io::AsyncRead::poll_read(std::pin::Pin::new(&mut peer), cx, &mut buffer)
                    .is_pending(),
            )
        });
        assert!(nothing.await, "nothing is written while read messages wait");
    }
    flush(&mut server).await;
    let mut bytes = [0; 100];
    let read = peer.read(&mut bytes).await.unwrap();
    assert_eq!(
        bytes[..read],
        [b"\x81\x01a".repeat(16), b"\x8a\x00".to_vec()].concat()
    );
}

#[tokio::test]
async fn a_message_sent_while_a_reader_waits_is_written_without_a_flush() {
    let (client, mut peer) = piped(Role::Client, &Limits::default(), 1 << 20);
    let client = Arc::new(Mutex::new(client));
    let reader = tokio::spawn({
        let client = client.clone();
        async move { poll_fn(|cx| client.lock().unwrap().poll_event(cx)).await }
    });
    tokio::task::yield_now().await;
    client.lock().unwrap().send(Message::from("hello")).unwrap();
    let mut frame = [0; 11];
    soon("the frame", peer.read_exact(&mut frame))
        .await
        .unwrap();
    assert_eq!(frame[..2], [0x81, 0x85]);

    client.lock().unwrap().close(4000, "");
    let mut frame = [0; 8];
    soon("the close", peer.read_exact(&mut frame))
        .await
        .unwrap();
    assert_eq!(frame[..2], [0x88, 0x82]);
    reader.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_task_reads_and_another_writes_and_neither_is_forgotten() {
    let small = limits(|limits| limits.send_high_water_mark = 1000);
    let (client, mut server) = pair(&small).await;
    let echo = tokio::spawn(async move {
        while let Event::Message(message) = next(&mut server).await {
            server.send(message).unwrap();
            poll_fn(|cx| server.poll_ready(cx)).await;
        }
    });
    let client = Arc::new(Mutex::new(client));
    const COUNT: usize = 20_000;
    let writer = tokio::spawn({
        let client = client.clone();
        async move {
            for n in 0..COUNT {
                poll_fn(|cx| client.lock().unwrap().poll_ready(cx)).await;
                client
                    .lock()
                    .unwrap()
                    .send(Message::Text(format!("{n}")))
                    .unwrap();
            }
            let flushed = poll_fn(|cx| client.lock().unwrap().poll_flush(cx)).await;
            assert_eq!(flushed, Ok(()));
        }
    });
    let reader = tokio::spawn({
        let client = client.clone();
        async move {
            for n in 0..COUNT {
                let event = poll_fn(|cx| client.lock().unwrap().poll_event(cx)).await;
                assert_eq!(event, Event::Message(Message::Text(format!("{n}"))));
            }
        }
    });
    soon("the writer's end", writer).await.unwrap();
    soon("the reader's end", reader).await.unwrap();
    client.lock().unwrap().close(1000, "");
    soon(
        "the end",
        poll_fn(|cx| client.lock().unwrap().poll_event(cx)),
    )
    .await;
    soon("the server's end", echo).await.unwrap();
}

/// A peer that begins to read when much is unsent, and asks before: how many bytes of the message come before the answer.
async fn before_the_pong<Io, Peer>(io: Io, mut peer: Peer, len: usize) -> usize
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Peer: AsyncRead + AsyncWrite + Unpin,
{
    let mut server = upgraded(io, Role::Server, &Limits::default());
    server.send(Message::Binary(vec![7; len])).unwrap();
    peer.write_all(b"\x89\x81\0\0\0\0p").await.unwrap();
    let served = tokio::spawn(async move {
        flush(&mut server).await;
        server
    });
    let (mut read, mut before) = (0, None);
    while read < len {
        let first = peer.read_u8().await.unwrap();
        let len = match peer.read_u8().await.unwrap() {
            126 => u64::from(peer.read_u16().await.unwrap()),
            127 => peer.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut payload = Vec::new();
        (&mut peer)
            .take(len)
            .read_to_end(&mut payload)
            .await
            .unwrap();
        if first == 0x8a {
            assert_eq!(payload, b"p");
            before = Some(read);
        } else {
            assert!(payload.iter().all(|byte| *byte == 7));
            read += payload.len();
        }
    }
    let _ = served.await.unwrap();
    before.expect("the pong goes between")
}

#[tokio::test]
async fn a_ping_is_answered_while_a_large_message_is_unsent() {
    const PIPE: usize = 64 << 10;
    let (near, far) = tokio::io::duplex(PIPE);
    let before = soon("a pong", before_the_pong(near, far, 16 << 20)).await;
    // What the pipe held when the ping came, and then the frame at hand and another one.
    assert!(before <= PIPE + 2 * (32 << 10), "{before}");

    // TCP has buffers of some megabytes, and takes several runs in one write.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (near, far) = (near.unwrap(), far.unwrap().0);
    let before = soon("a pong", before_the_pong(near, far, 60 << 20)).await;
    assert!(before < 30 << 20, "{before}");
}
