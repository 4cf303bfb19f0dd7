//! Messages of every length class of RFC 6455 §5.2, byte-exact both ways.

use crate::connect;
use crate::server::server;
use websocket_channel::{Bytes, Channel, Message, Text};

/// Around the borders of the 7-bit, 16-bit and 64-bit lengths, and one that no single read holds.
const SIZES: [usize; 7] = [0, 1, 125, 126, 65_535, 65_536, 16 << 20];

/// Those that are sent here.
fn sizes() -> impl Iterator<Item = usize> {
    SIZES.into_iter().filter(|size| *size <= crate::LARGEST)
}

/// Bytes without a short period, so that a lost or doubled piece shows.
fn bytes(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(size)
    .collect()
}

/// Text of exactly `size` UTF-8 bytes, with characters of one to four bytes at changing places.
fn text(size: usize) -> String {
    let alphabet = ["a", "é", "€", "𝄞", "z"];
    let mut text = String::with_capacity(size);
    for piece in alphabet.iter().cycle() {
        if text.len() + piece.len() > size {
            break;
        }
        text.push_str(piece);
    }
    while text.len() < size {
        text.push('.');
    }
    text
}

#[crate::test]
async fn binary_messages_of_every_length_come_back_exactly() {
    let server = server().await;
    let mut channel: Channel<Vec<u8>, Vec<u8>> =
        connect(server.url("/echo")).codec(Bytes).await.unwrap();
    for size in sizes() {
        let sent = bytes(size);
        channel.send(sent.clone()).await.unwrap();
        let received = channel.next().await.unwrap().unwrap();
        assert!(
            received == sent,
            "{size} bytes came back as {} different ones",
            received.len()
        );
    }
}

#[crate::test]
async fn text_messages_of_every_length_come_back_exactly() {
    let server = server().await;
    let mut channel: Channel<String, String> =
        connect(server.url("/echo")).codec(Text).await.unwrap();
    for size in sizes() {
        let sent = text(size);
        assert_eq!(sent.len(), size);
        channel.send(sent.clone()).await.unwrap();
        let received = channel.next().await.unwrap().unwrap();
        assert!(
            received == sent,
            "{size} bytes came back as {} different ones",
            received.len()
        );
    }
}

#[crate::test]
async fn kinds_and_order_are_kept() {
    let server = server().await;
    let (tx, mut rx) = connect(server.url("/echo")).await.unwrap().split();
    let sent: Vec<Message> = (0..200u32)
        .map(|n| {
            if n % 3 == 0 {
                Message::from(n.to_be_bytes().to_vec())
            } else {
                Message::from(n.to_string())
            }
        })
        .collect();
    for message in &sent {
        tx.send(message.clone()).await.unwrap();
    }
    for message in sent {
        assert_eq!(rx.next().await.unwrap().unwrap(), message);
    }
}

#[crate::test]
async fn a_send_waits_at_the_high_water_mark_and_then_continues() {
    let server = server().await;
    // A watermark of one byte: each message waits until the one before has left the platform.
    let mut channel = connect(server.url("/echo"))
        .codec(Bytes)
        .send_high_water_mark(1)
        .await
        .unwrap();
    let large = crate::LARGEST.min(1 << 20);
    for size in [large, large, 3] {
        channel.send(bytes(size)).await.unwrap();
    }
    for size in [large, large, 3] {
        assert!(channel.next().await.unwrap().unwrap() == bytes(size));
    }
}
