//! `Socket::send` lets its flush wait while more messages lie read. How many writes that makes, and that no message is stuck.

use crate::counting::{Opcode, counted, expect_answers};
use crate::support::soon;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use websocket_channel::{Message, Socket};

struct Scene {
    socket: Socket,
    peer: DuplexStream,
    writes: Arc<AtomicUsize>,
}

/// A server's socket, for which so many messages are there in one read.
async fn scene(messages: usize, capacity: usize) -> Scene {
    let (socket, peer, writes) = counted(Opcode::Text, messages, capacity).await;
    Scene {
        socket,
        peer,
        writes,
    }
}

async fn expect(peer: &mut DuplexStream, messages: usize) {
    expect_answers(peer, Opcode::Text, messages).await;
}

#[tokio::test]
async fn the_obvious_loop_answers_one_read_with_one_write() {
    for messages in [1, 2, 16, 500] {
        let Scene {
            mut socket,
            mut peer,
            writes,
        } = scene(messages, 1 << 16).await;
        let echo = tokio::spawn(async move {
            while let Some(message) = socket.next().await {
                socket.send(message).await.unwrap();
            }
        });
        expect(&mut peer, messages).await;
        // After some hundred messages other tasks get their turn, and with it what was answered goes out.
        let writes = writes.load(Ordering::Relaxed);
        assert!(
            writes <= 1 + messages / 128,
            "{writes} for {messages} messages"
        );
        drop(peer);
        soon("the end", echo).await.unwrap();
    }
}

/// The answer to the first of two messages that were read at once does not wait for what becomes of the second.
#[tokio::test]
async fn an_answer_does_not_wait_for_the_next_messages_work() {
    let Scene {
        mut socket,
        mut peer,
        ..
    } = scene(2, 1 << 16).await;
    let first = socket.next().await.unwrap();
    socket.send(first).await.unwrap();
    let second = socket.next().await.unwrap();
    // The work on the second one: it waits for what the peer does on the first answer.
    expect(&mut peer, 1).await;
    socket.send(second).await.unwrap();
    expect(&mut peer, 1).await;
}

/// Nor does it for the one that looks for room, or for the next message in vain.
#[tokio::test]
async fn an_answer_is_flushed_while_its_task_polls_the_socket() {
    let Scene {
        mut socket,
        mut peer,
        ..
    } = scene(3, 1 << 16).await;
    for _ in 0..2 {
        let message = socket.next().await.unwrap();
        socket.send(message).await.unwrap();
    }
    futures::future::poll_fn(|cx| socket.poll_ready_unpin(cx))
        .await
        .unwrap();
    expect(&mut peer, 2).await;
    let message = socket.next().await.unwrap();
    socket.send(message).await.unwrap();
    assert!(socket.next().now_or_never().is_none());
    expect(&mut peer, 1).await;
}

/// The task that makes good for a deferred flush may run on another thread at any time; the answers stay whole and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_obvious_loop_keeps_the_order_on_many_threads() {
    let Scene {
        mut socket,
        mut peer,
        ..
    } = scene(0, 1 << 12).await;
    const COUNT: u32 = 50_000;
    let echo = tokio::spawn(async move {
        while let Some(message) = socket.next().await {
            socket.send(message).await.unwrap();
            // Now and then other things are waited for between two messages.
            if rand(7) {
                tokio::task::yield_now().await;
            }
            if rand(1000) {
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
        }
    });
    let (mut read, mut write) = tokio::io::split(&mut peer);
    let writing = async {
        for number in 0..COUNT {
            let frame = [&b"\x82\x84\0\0\0\0"[..], &number.to_be_bytes()].concat();
            write.write_all(&frame).await.unwrap();
        }
    };
    let reading = async {
        for number in 0..COUNT {
            let mut frame = [0; 6];
            read.read_exact(&mut frame).await.unwrap();
            assert_eq!(frame[..2], [0x82, 4]);
            assert_eq!(frame[2..], number.to_be_bytes());
        }
    };
    soon("all of them", async { tokio::join!(writing, reading) }).await;
    drop(peer);
    soon("the end", echo).await.unwrap();
}

fn rand(of: u64) -> bool {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes[..]);
    u64::from_le_bytes(bytes) % of == 0
}

#[tokio::test]
async fn a_message_is_flushed_while_its_task_waits_for_something_else() {
    let Scene {
        mut socket,
        mut peer,
        writes,
    } = scene(5, 1 << 16).await;
    let waits = tokio::spawn(async move {
        for _ in 0..3 {
            let message = socket.next().await.unwrap();
            socket.send(message).await.unwrap();
        }
        // Two more lie read, and nobody asks for them.
        std::future::pending::<()>().await;
        drop(socket);
    });
    expect(&mut peer, 3).await;
    assert_eq!(writes.load(Ordering::Relaxed), 1);
    waits.abort();
}

/// Also when the stream takes it in pieces.
#[tokio::test]
async fn a_large_message_is_not_stuck_either() {
    let Scene {
        mut socket,
        mut peer,
        ..
    } = scene(5, 64).await;
    let waits = tokio::spawn(async move {
        socket.next().await.unwrap();
        socket.send(Message::Binary(vec![7; 10_000])).await.unwrap();
        socket.next().await.unwrap();
        socket.send(Message::from("behind")).await.unwrap();
        std::future::pending::<()>().await;
        drop(socket);
    });
    let mut bytes = vec![0; 4 + 10_000 + 8];
    soon("both", peer.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(bytes[10_004..], *b"\x81\x06behind");
    waits.abort();
}

#[tokio::test]
async fn a_socket_answers_and_flushes_while_a_flush_is_deferred() {
    let Scene {
        mut socket,
        mut peer,
        writes,
    } = scene(3, 1 << 16).await;
    let message = socket.next().await.unwrap();
    let room = socket.capacity();
    socket.send(message).await.unwrap();
    assert_eq!(writes.load(Ordering::Relaxed), 0);
    assert!(socket.is_open() && socket.has_receive_backpressure() && socket.limits().is_some());
    assert_eq!((socket.capacity(), socket.buffered_amount()), (room - 3, 1));
    socket.flush().await.unwrap();
    assert_eq!(writes.load(Ordering::Relaxed), 1);
    expect(&mut peer, 1).await;

    let message = socket.next().await.unwrap();
    socket.send(message).await.unwrap();
    drop(socket);
    let mut rest = [0; 5];
    soon("the rest", peer.read_exact(&mut rest)).await.unwrap();
    assert_eq!(rest, *b"\x81\x01a\x88\x00");
}

#[test]
fn without_a_runtime_every_message_is_written_at_once() {
    let made = tokio::runtime::Runtime::new().unwrap();
    let Scene {
        mut socket,
        peer: _peer,
        writes,
    } = made.block_on(scene(2, 1 << 16));
    for sent in 1..=2 {
        let message = socket.next().now_or_never().unwrap().unwrap();
        socket.send(message).now_or_never().unwrap().unwrap();
        assert_eq!(writes.load(Ordering::Relaxed), sent);
    }
}
