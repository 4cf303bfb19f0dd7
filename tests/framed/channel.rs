//! `Channel::send` hands a message over within the task that sends: how many writes that makes, that none is stuck, and that all keep their order.

use crate::counting::{Opcode, counted, expect_answers};
use crate::support::soon;
use futures::FutureExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use websocket_channel::proto::Role;
use websocket_channel::transport::Limits;
use websocket_channel::{
    Bytes, Channel, OpenInfo, SendErrorKind, Socket, Status, TrySendErrorKind,
};

struct Scene {
    channel: Channel<Vec<u8>, Vec<u8>>,
    peer: DuplexStream,
    writes: Arc<AtomicUsize>,
}

/// A server's channel, for which so many messages are there in one read.
async fn scene(messages: usize, capacity: usize) -> Scene {
    let (socket, peer, writes) = counted(Opcode::Binary, messages, capacity).await;
    Scene {
        channel: Channel::from_socket(socket, Bytes),
        peer,
        writes,
    }
}

async fn expect(peer: &mut DuplexStream, messages: usize) {
    expect_answers(peer, Opcode::Binary, messages).await;
}

#[tokio::test]
async fn the_obvious_loop_answers_one_read_with_one_write() {
    for messages in [1, 2, 16, 500] {
        let Scene {
            mut channel,
            mut peer,
            writes,
        } = scene(messages, 1 << 16).await;
        let echo = tokio::spawn(async move {
            // The end without a Close frame is an error.
            while let Some(Ok(message)) = channel.next().await {
                channel.send(message).await.unwrap();
            }
        });
        expect(&mut peer, messages).await;
        // The driver fetches so many at a time.
        let (writes, most) = (writes.load(Ordering::Relaxed), messages.div_ceil(64));
        assert!(writes <= 2 * most, "{writes} for {messages} messages");
        drop(peer);
        soon("the end", echo).await.unwrap();
    }
}

#[tokio::test]
async fn a_send_needs_no_turn_of_the_driver() {
    let Scene {
        mut channel,
        mut peer,
        writes,
    } = scene(1, 1 << 16).await;
    channel.next().await.unwrap().unwrap();
    for sent in 1..=3 {
        // It is with the stream when the first poll returns, and nobody else has run.
        channel.send(b"a".to_vec()).now_or_never().unwrap().unwrap();
        assert_eq!(writes.load(Ordering::Relaxed), sent);
    }
    assert_eq!(channel.control().stats().sent_messages, 3);
    expect(&mut peer, 3).await;
    drop(channel.send(b"never polled".to_vec()));
    channel.send(b"a".to_vec()).await.unwrap();
    expect(&mut peer, 1).await;
}

/// The answer to the first of two messages that were read at once does not wait for what becomes of the second.
#[tokio::test]
async fn an_answer_does_not_wait_for_the_next_messages_work() {
    let Scene {
        mut channel,
        mut peer,
        ..
    } = scene(2, 1 << 16).await;
    let first = channel.next().await.unwrap().unwrap();
    channel.send(first).await.unwrap();
    let second = channel.next().await.unwrap().unwrap();
    // The work on the second one: it waits for what the peer does on the first answer.
    expect(&mut peer, 1).await;
    channel.send(second).await.unwrap();
    expect(&mut peer, 1).await;
}

/// Also when the stream takes them in pieces.
#[tokio::test]
async fn nothing_is_stuck_when_the_stream_is_full() {
    let Scene {
        mut channel,
        mut peer,
        ..
    } = scene(5, 64).await;
    channel.next().await.unwrap().unwrap();
    for message in [vec![7; 10_000], b"behind".to_vec()] {
        channel.send(message).now_or_never().unwrap().unwrap();
    }
    let mut bytes = vec![0; 4 + 10_000 + 8];
    soon("both", peer.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(bytes[10_004..], *b"\x82\x06behind");
    drop(channel);
}

/// What waits for room goes first, and so does what was taken before.
#[tokio::test]
async fn nothing_overtakes_what_was_sent_before() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 100;
    let (io, mut peer) = tokio::io::duplex(64);
    let socket = Socket::from_upgraded(io, b"", Role::Server, OpenInfo::default(), &limits);
    let channel = Channel::<Vec<u8>, Vec<u8>>::from_socket(socket, Bytes);
    let mut expected = Vec::new();
    let mut sending = Vec::new();
    let frame = |payload: &[u8]| [&[0x82, payload.len() as u8][..], payload].concat();
    // The first two fill the buffer, so that the third waits; the others find room again, and a line.
    for round in 0..6 {
        let payload = vec![round; 60];
        expected.extend(frame(&payload));
        let mut send = Box::pin(channel.send(payload));
        if send.as_mut().now_or_never().is_none() {
            sending.push(send);
        }
    }
    assert!(sending.len() >= 3, "{} wait", sending.len());
    let mut bytes = vec![0; expected.len()];
    let (sent, _) = tokio::join!(
        futures::future::join_all(sending),
        soon("all of them", peer.read_exact(&mut bytes)),
    );
    assert!(sent.iter().all(Result::is_ok) && bytes == expected);

    let (sender, _receiver) = channel.split();
    sender.try_send(b"first".to_vec()).unwrap();
    sender.send(b"second".to_vec()).await.unwrap();
    let expected = [frame(b"first"), frame(b"second")].concat();
    let mut bytes = vec![0; expected.len()];
    soon("both", peer.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(bytes, expected);
}

/// Each sender's messages keep their order, by whichever way and thread they go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_sender_keeps_its_order_on_many_threads() {
    const SENDERS: u8 = 4;
    const COUNT: u32 = 10_000;
    let Scene {
        channel, mut peer, ..
    } = scene(0, 1 << 12).await;
    let (sender, _receiver) = channel.split();
    let mut sending = Vec::new();
    for name in 0..SENDERS {
        let sender = sender.clone();
        sending.push(tokio::spawn(async move {
            for number in 0..COUNT {
                let mut message = [&[name][..], &number.to_be_bytes()].concat();
                if number % 3 == 0 {
                    match sender.try_send(message) {
                        Ok(()) => continue,
                        Err(error) => {
                            assert_eq!(error.kind, TrySendErrorKind::Full);
                            message = error.value;
                        }
                    }
                }
                sender.send(message).await.unwrap();
                if number % 1000 == 0 {
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
            }
        }));
    }
    let mut next = [0; SENDERS as usize];
    for _ in 0..COUNT * u32::from(SENDERS) {
        let mut frame = [0; 7];
        soon("a message", peer.read_exact(&mut frame))
            .await
            .unwrap();
        let [0x82, 5, name, number @ ..] = frame else {
            panic!("{frame:?}");
        };
        let next = &mut next[usize::from(name)];
        assert_eq!(u32::from_be_bytes(number), *next);
        *next += 1;
    }
    soon(
        "the end of every sender",
        futures::future::join_all(sending),
    )
    .await;
    sender.flush().await.unwrap();
    assert_eq!(
        sender.control().stats().sent_messages,
        u64::from(COUNT) * u64::from(SENDERS)
    );
}

/// One thread, and a task that does nothing but send to somebody who takes everything.
#[tokio::test]
async fn a_task_that_only_sends_lets_others_run() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 1 << 30;
    let (ours, _theirs) = Socket::pair(&limits, "");
    let channel = Channel::<Vec<u8>, Vec<u8>>::from_socket(ours, Bytes);
    let turn = Arc::<AtomicBool>::default();
    let other = turn.clone();
    tokio::spawn(async move { other.store(true, Ordering::Relaxed) });
    for sent in 0.. {
        if turn.load(Ordering::Relaxed) {
            break;
        }
        assert!(sent < 10_000, "nobody else had a turn");
        channel.send(Vec::new()).await.unwrap();
    }
}

/// `Ok` means an open connection: a peer that has closed is seen before the next message is taken, and the value comes back.
#[tokio::test]
async fn a_send_after_the_end_returns_its_value() {
    let Scene {
        mut channel,
        mut peer,
        ..
    } = scene(1, 1 << 16).await;
    channel.next().await.unwrap().unwrap();
    channel.send(b"a".to_vec()).await.unwrap();
    peer.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    let mut control = channel.control();
    soon("the sign of the end", async {
        while control.status() == Status::Open {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let error = channel.send(b"late".to_vec()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (SendErrorKind::NotOpen, b"late".to_vec())
    );
    // And by our own close at once.
    let Scene { channel, .. } = scene(0, 1 << 16).await;
    control = channel.control();
    control.start_close(1000, "").unwrap();
    let error = channel.send(b"late".to_vec()).now_or_never().unwrap();
    assert_eq!(error.unwrap_err().kind, SendErrorKind::NotOpen);
}
