//! Long payloads, which are read straight to where they stay and written from there, among short ones.

use crate::support::{flush, limits, next, piped, soon, upgraded};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use websocket_channel::proto::Role;
use websocket_channel::transport::{Limits, Transport};
use websocket_channel::{Event, Message};

fn bytes(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| ((at * 7 + seed) % 251) as u8).collect()
}

fn mixed() -> Vec<Message> {
    let sizes = [
        3, 200_000, 0, 20_000, 20_000, 20_000, 16_383, 16_384, 5, 4096, 65_535, 65_536, 300, 70_001,
    ];
    let sizes = sizes.into_iter().enumerate();
    let each = |(seed, size)| {
        // A character of two bytes, so that pieces end inside it.
        let text = "a".repeat(seed % 2) + &"é".repeat(size / 2);
        [Message::Binary(bytes(size, seed)), Message::Text(text)]
    };
    sizes.flat_map(each).collect()
}

/// Long ones right behind each other, the next one's header being read with the one before; and short ones there.
fn one_after_the_other() -> Vec<Message> {
    let sizes = [
        70_000, 70_000, 65_536, 5, 70_000, 0, 65_536, 126, 65_535, 20_000, 20_000, 4, 200_000,
        200_000, 3, 2, 66_000,
    ];
    let sizes = sizes.into_iter().enumerate();
    sizes
        .map(|(seed, size)| Message::Binary(bytes(size, seed)))
        .collect()
}

async fn all_come(messages: fn() -> Vec<Message>) {
    for capacity in [255, 4096, 5001, 70_000, 1 << 22] {
        for role in [Role::Client, Role::Server] {
            let other = match role {
                Role::Client => Role::Server,
                Role::Server => Role::Client,
            };
            let limits = Limits::default();
            let (mut sender, peer) = piped(role, &limits, capacity);
            let mut receiver = upgraded(peer, other, &limits);
            let send = async {
                for message in messages() {
                    sender.send(message).unwrap();
                }
                flush(&mut sender).await;
            };
            let receive = async {
                for (at, message) in messages().into_iter().enumerate() {
                    let event = next(&mut receiver).await;
                    assert!(
                        event == Event::Message(message),
                        "message {at} of a {role:?} through {capacity} bytes"
                    );
                }
            };
            soon("all of them", async { tokio::join!(send, receive) }).await;
        }
    }
}

#[tokio::test]
async fn long_and_short_messages_stay_whole_and_in_order() {
    all_come(mixed).await;
}

#[tokio::test]
async fn consecutive_long_messages_stay_whole_and_in_order() {
    all_come(one_after_the_other).await;
}

/// A task that only writes reads for the other one, and keeps what it read.
#[tokio::test]
async fn long_messages_that_the_writer_finds_stay_in_order() {
    let limits = limits(|limits| limits.send_high_water_mark = 1);
    let (mut sender, peer) = piped(Role::Server, &Limits::default(), 1 << 16);
    let mut receiver = upgraded(peer, Role::Client, &limits);
    // More than the pipe holds, so that the writer has to wait, and reads meanwhile.
    receiver.send(Message::Binary(bytes(300_000, 1))).unwrap();
    let send = async {
        for message in one_after_the_other() {
            sender.send(message).unwrap();
        }
        let event = next(&mut sender).await;
        assert!(event == Event::Message(Message::Binary(bytes(300_000, 1))));
        flush(&mut sender).await;
    };
    let receive = async {
        flush(&mut receiver).await;
        for (at, message) in one_after_the_other().into_iter().enumerate() {
            let event = next(&mut receiver).await;
            assert!(event == Event::Message(message), "message {at}");
        }
    };
    soon("all of them", async { tokio::join!(send, receive) }).await;
}

#[tokio::test]
async fn a_violation_right_after_a_long_message_is_found() {
    let limits = limits(|limits| limits.max_message = 100_000);
    for (behind, code) in [
        // Longer than is taken; not minimal; masked, by a server; a reserved bit.
        (&b"\x82\x7f\0\0\0\0\0\x01\x86\xa1"[..], 1009),
        (b"\x82\x7f\0\0\0\0\0\0\xff\xff", 1002),
        (b"\x82\xff\0\0\0\0\0\x01\x00\x00", 1002),
        (b"\xc2\x7f\0\0\0\0\0\x01\x00\x00", 1002),
    ] {
        let (mut client, mut peer) = piped(Role::Client, &limits, 1 << 20);
        let long = bytes(70_000, 0);
        let frame = b"\x82\x7f\0\0\0\0\0\x01\x11\x70";
        peer.write_all(&[frame, &long[..], behind].concat())
            .await
            .unwrap();
        let message = soon("the message", next(&mut client)).await;
        assert!(message == Event::Message(Message::Binary(long)));
        let client = tokio::spawn(async move { next(&mut client).await });
        let mut close = [0; 8];
        soon("the Close frame", peer.read_exact(&mut close))
            .await
            .unwrap();
        drop(peer);
        let Event::Closed(closed) = soon("the end", client).await.unwrap() else {
            panic!("a message instead of the end");
        };
        assert_eq!(closed.code, code);
    }
}

#[tokio::test]
async fn long_fragments_are_joined_around_a_ping() {
    let (mut client, mut peer) = piped(Role::Client, &Limits::default(), 1 << 20);
    let payload = bytes(150_000, 0);
    let fragment = |first: u8, part: &[u8]| {
        let len = (part.len() as u64).to_be_bytes();
        [&[first, 127][..], &len, part].concat()
    };
    // Two fragments of 70,000 bytes, a ping, and the rest, with a short message right behind it.
    let sent = [
        fragment(0x02, &payload[..70_000]),
        fragment(0x00, &payload[70_000..140_000]),
        b"\x89\x02hi".to_vec(),
        [&[0x80, 126, 0x27, 0x10][..], &payload[140_000..]].concat(),
        b"\x81\x02ok".to_vec(),
    ]
    .concat();
    let writing = tokio::spawn(async move {
        for piece in sent.chunks(9_999) {
            peer.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        peer
    });
    let joined = soon("the message", next(&mut client)).await;
    assert!(joined == Event::Message(Message::Binary(payload)));
    let behind = soon("what is behind it", next(&mut client)).await;
    assert_eq!(behind, Event::Message(Message::from("ok")));
    flush(&mut client).await;
    let mut pong = [0; 8];
    let mut peer = writing.await.unwrap();
    soon("the pong", peer.read_exact(&mut pong)).await.unwrap();
    assert_eq!(pong[..2], [0x8A, 0x82]);
}

#[tokio::test]
async fn a_long_text_fails_at_its_first_bad_byte() {
    let (mut client, mut peer) = piped(Role::Client, &Limits::default(), 1 << 20);
    let client = tokio::spawn(async move { next(&mut client).await });
    let mut good = b"\x81\x7f\0\0\0\0\0\x01\x86\xa0".to_vec();
    good.extend([b'a'; 6_000]);
    peer.write_all(&good).await.unwrap();
    tokio::task::yield_now().await;
    // More than 90,000 bytes are missing, and will be.
    peer.write_all(&[&[b'a'; 3_000][..], b"\xff", &[b'a'; 500]].concat())
        .await
        .unwrap();
    let mut close = [0; 8];
    soon("the Close frame", peer.read_exact(&mut close))
        .await
        .unwrap();
    assert_eq!(close[..2], [0x88, 0x82]);
    let code = [close[6] ^ close[2], close[7] ^ close[3]];
    assert_eq!(u16::from_be_bytes(code), 1007);
    drop(peer);
    let Event::Closed(closed) = soon("the end", client).await.unwrap() else {
        panic!("a message instead of the end");
    };
    assert_eq!(closed.code, 1007);
}
