//! RFC 6455 §5.4: what is sent in fragments, and what goes between them. Frames are taken apart by code that is not the core's.

use crate::support::{
    START, close_frame, events, fixed, limits, masked, open, open_with, take, write,
};
use std::time::Duration;
use websocket_channel::error::Violation;
use websocket_channel::proto::{Connection, ConnectionEvent, ProtocolLimits, Role};
use websocket_channel::{CloseInfo, ClosedBy, Message};

const MEGABYTE: usize = 1 << 20;
/// The default of `ProtocolLimits::max_send_frame`.
const FRAME: usize = 32 << 10;

/// A frame's first byte and its payload without its mask.
type Frame = (u8, Vec<u8>);

/// Whole frames.
fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (start, len) = measured(bytes);
        let (frame, rest) = bytes.split_at(start + len);
        frames.push(frame);
        bytes = rest;
    }
    frames
}

/// Where the payload of the frame begins, and how long it is.
fn measured(frame: &[u8]) -> (usize, usize) {
    let (extended, short) = match frame[1] & 0x7f {
        126 => (2, 0),
        127 => (8, 0),
        short => (0, usize::from(short)),
    };
    let field = frame[2..2 + extended].iter();
    let len = field.fold(short, |len, byte| len << 8 | usize::from(*byte));
    let mask = if frame[1] & 0x80 == 0 { 0 } else { 4 };
    (2 + extended + mask, len)
}

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let parsed = split(bytes).into_iter().map(|frame| {
        let (start, _) = measured(frame);
        let mut payload = frame[start..].to_vec();
        if frame[1] & 0x80 != 0 {
            let key = &frame[start - 4..start];
            let keys = key.iter().cycle();
            payload
                .iter_mut()
                .zip(keys)
                .for_each(|(byte, key)| *byte ^= key);
        }
        (frame[0], payload)
    });
    parsed.collect()
}

/// A connection that sends frames of this size, to a stream that takes one run in a write or several.
fn sender(role: Role, most: usize, vectored: bool) -> Connection {
    let mut sender = open_with(role, limits(|limits| limits.max_send_frame = most));
    if vectored {
        sender.write_vectored();
    }
    sender
}

/// Both roles, and both kinds of streams.
fn senders(most: usize) -> impl Iterator<Item = Connection> {
    let roles = [Role::Client, Role::Server].into_iter();
    roles.flat_map(move |role| [false, true].map(|vectored| sender(role, most, vectored)))
}

fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

#[test]
fn a_message_is_cut_where_a_frame_is_full() {
    for most in [1, 2, 125, 126, 1000, 16 << 10, 65_535, 65_536] {
        for len in [most - 1, most, most + 1, 2 * most, 2 * most + 1, 5 * most] {
            let text = |len| {
                let text = format!("a{}", "é".repeat(len / 2));
                text[..len - usize::from(!text.is_char_boundary(len))].to_owned()
            };
            for (opcode, message) in [
                (2, Message::from(bytes(len))),
                (1, Message::from(text(len))),
            ] {
                for mut sender in senders(most) {
                    sender.send(message.clone()).unwrap();
                    assert_eq!(sender.unsent_payload(), message.len());
                    let sent = take(&mut sender);
                    let pieces: Vec<&[u8]> = match message.len() {
                        0 => vec![&[]],
                        _ => message.as_bytes().chunks(most).collect(),
                    };
                    let last = pieces.len() - 1;
                    let expected: Vec<Frame> = pieces
                        .iter()
                        .enumerate()
                        .map(|(at, piece)| {
                            let opcode = if at == 0 { opcode } else { 0 };
                            let fin = if at == last { 0x80 } else { 0 };
                            (fin | opcode, piece.to_vec())
                        })
                        .collect();
                    assert!(frames(&sent) == expected, "{len} bytes in {most}");

                    let mut receiver = open(other(sender.role()));
                    receiver.handle_bytes(START, &sent);
                    assert!(events(&mut receiver) == [ConnectionEvent::Message(message.clone())]);
                }
            }
        }
    }
}

#[test]
fn every_frame_of_a_client_has_a_mask_of_its_own() {
    fn counting(bytes: &mut [u8]) {
        use std::sync::atomic::{AtomicU8, Ordering};
        static NEXT: AtomicU8 = AtomicU8::new(1);
        bytes.fill(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    for vectored in [false, true] {
        let mut client = Connection::upgraded(Role::Client, ProtocolLimits::default(), counting);
        if vectored {
            client.write_vectored();
        }
        client.send(bytes(3 * FRAME).into()).unwrap();
        let sent = take(&mut client);
        let keys: Vec<&[u8]> = sent.chunks(FRAME + 8).map(|frame| &frame[4..8]).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
        let mut server = open(Role::Server);
        server.handle_bytes(START, &sent);
        assert!(events(&mut server) == [ConnectionEvent::Message(bytes(3 * FRAME).into())]);
    }
}

#[test]
fn without_a_bound_no_message_is_cut() {
    for most in [0, usize::MAX] {
        for mut sender in senders(most) {
            sender.send(bytes(MEGABYTE).into()).unwrap();
            assert!(frames(&take(&mut sender)) == [(0x82, bytes(MEGABYTE))]);
        }
    }
}

#[test]
fn a_peer_takes_a_large_message_that_bounds_its_frames() {
    for (most, taken) in [(FRAME, true), (64 << 10, true), (0, false)] {
        for mut sender in senders(most) {
            let bounds = limits(|limits| limits.max_frame = 64 << 10);
            let mut receiver = open_with(other(sender.role()), bounds);
            sender.send(bytes(MEGABYTE).into()).unwrap();
            receiver.handle_bytes(START, &take(&mut sender));
            match taken {
                true => {
                    assert!(
                        events(&mut receiver) == [ConnectionEvent::Message(bytes(MEGABYTE).into())]
                    );
                }
                false => assert_eq!(receiver.violation(), Some(Violation::FrameTooLong)),
            }
        }
    }
}

/// The pong leaves within the frame that is being written and another one, wherever in a frame that is; no frame is broken by it.
#[test]
fn a_ping_is_answered_between_the_fragments() {
    for begun in [
        0, 1, 9, 14, 15, 9000, 16_384, 16_500, 32_767, 32_768, 32_772, 32_780, 33_000, 500_000,
        1_000_000,
    ] {
        for mut sender in senders(FRAME) {
            let how = format!("{begun} bytes were written by {:?}", sender.role());
            sender.send(bytes(MEGABYTE).into()).unwrap();
            let mut sent = write(&mut sender, begun);
            for ping in [[0x89, 1, b'a'], [0x89, 1, b'b']] {
                let frame = match sender.role() {
                    Role::Server => masked(&ping),
                    Role::Client => ping.to_vec(),
                };
                sender.handle_bytes(START, &frame);
            }
            sent.extend(take(&mut sender));
            let frames = frames(&sent);
            let mut messages = frames.clone();
            messages.retain(|(first, _)| *first != 0x8a);
            let pieces: Vec<u8> = messages.iter().flat_map(|frame| frame.1.clone()).collect();
            assert!(pieces == bytes(MEGABYTE) && messages.len() == 32, "{how}");

            let at = frames.iter().position(|(first, _)| *first == 0x8a).unwrap();
            assert_eq!(frames[at], (0x8a, b"a".to_vec()), "{how}");
            assert_eq!(frames[at + 1], (0x8a, b"b".to_vec()), "{how}");
            let before: usize = split(&sent)[..at].iter().map(|frame| frame.len()).sum();
            assert!(
                before <= begun + 2 * FRAME,
                "{how}: {before} bytes are before it"
            );
        }
    }
}

#[test]
fn keepalive_pings_are_sent_between_fragments() {
    for vectored in [false, true] {
        let bounds = limits(|limits| {
            limits.ping_interval = Some(Duration::from_secs(20));
            limits.ping_timeout = Some(Duration::from_secs(5));
        });
        let mut server = open_with(Role::Server, bounds);
        if vectored {
            server.write_vectored();
        }
        server.send(bytes(MEGABYTE).into()).unwrap();
        let due = server.poll_timeout().unwrap();
        server.handle_timeout(due);
        let mut sent = Vec::new();
        let mut now = due;
        while sent.len() < FRAME + 4 + 10 {
            now += Duration::from_secs(1);
            let run = server.outgoing();
            let run = run[..run.len().min(5000)].to_vec();
            server.handle_transmitted(|| now, run.len());
            sent.extend(run);
        }
        let frame = &sent[FRAME + 4..];
        assert_eq!(frame[..2], [0x89, 8], "behind the first fragment");
        // The ping has left: what comes behind it does not put the end off.
        let expires = now + Duration::from_secs(5);
        assert_eq!(server.poll_timeout(), Some(expires));
        let n = server.outgoing().len();
        server.handle_transmitted(|| now + Duration::from_secs(1), n);
        assert_eq!(server.poll_timeout(), Some(expires));
    }
}

/// RFC 6455 §5.5.1: no data frame comes behind a Close frame.
#[test]
fn a_close_frame_is_sent_after_every_message() {
    for mut sender in senders(FRAME) {
        let role = sender.role();
        sender.send(bytes(MEGABYTE).into()).unwrap();
        sender.close(START, None).unwrap();
        let ping = [0x89, 1, b'a'];
        let (ping, close) = match role {
            Role::Server => (masked(&ping), close_frame(Role::Client, 1000)),
            Role::Client => (ping.to_vec(), close_frame(Role::Server, 1000)),
        };
        sender.handle_bytes(START, &ping);
        sender.handle_bytes(START, &close);
        let all = sender.unsent();
        let sent = write(&mut sender, all - 1);
        assert_eq!((sent.len(), sender.unsent()), (all - 1, 1));
        let last = take(&mut sender);
        let frames = frames(&[sent, last].concat());
        assert_eq!(frames[1], (0x8a, b"a".to_vec()));
        assert_eq!(frames.last(), Some(&(0x88, Vec::new())));
        sender.handle_eof(START);
        let closed = events(&mut sender);
        assert_eq!(
            closed,
            [ConnectionEvent::Closed(CloseInfo::new(
                1000,
                "",
                true,
                ClosedBy::Local
            ))]
        );
    }
}

/// A pong that goes in before a Close frame makes it end later.
#[test]
fn a_close_frame_is_sent_when_its_last_byte_is() {
    let mut server = open(Role::Server);
    server.send(bytes(MEGABYTE).into()).unwrap();
    server.close(START, None).unwrap();
    server.handle_bytes(START, &masked(&[&[0x89, 125][..], &[7; 125]].concat()));
    server.handle_bytes(START, &close_frame(Role::Client, 1000));
    let all = server.unsent();
    write(&mut server, all - 1);
    server.handle_write_failure(START);
    server.handle_eof(START);
    match &events(&mut server)[..] {
        [ConnectionEvent::Closed(closed)] => assert!(!closed.was_clean, "{closed:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flood_of_pings_does_not_grow_memory_between_fragments() {
    for mut server in [false, true].map(|vectored| sender(Role::Server, FRAME, vectored)) {
        server.send(bytes(MEGABYTE).into()).unwrap();
        let ping = masked(&[&[0x89, 125][..], &[7; 125]].concat());
        for _ in 0..10_000 {
            server.handle_bytes(START, &ping);
        }
        assert!(
            server.unsent() < MEGABYTE + (17 << 10),
            "{}",
            server.unsent()
        );
        // Those that had to wait are answered once, when there is room.
        let pongs = frames(&write(&mut server, usize::MAX));
        let pongs = pongs.iter().filter(|(first, _)| *first == 0x8a).count();
        assert_eq!(pongs, 128 + 1);
    }
}

/// What is lost is counted, and nothing of it stays.
#[test]
fn bytes_lost_by_a_failed_write_are_counted() {
    for mut sender in senders(FRAME) {
        sender.send(bytes(MEGABYTE).into()).unwrap();
        write(&mut sender, 100_000);
        sender.handle_write_failure(START);
        assert_eq!((sender.unsent(), sender.outgoing().len()), (0, 0));
        sender.handle_eof(START);
        match &events(&mut sender)[..] {
            [ConnectionEvent::Closed(closed)] => {
                let unsent = MEGABYTE - 100_000;
                assert!(
                    (unsent..unsent + 300).contains(&closed.unsent_bytes),
                    "{closed:?}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The next message begins behind the last fragment, whatever lies between.
#[test]
fn messages_keep_their_order() {
    for mut sender in senders(1000) {
        let mut expected = Vec::new();
        let mut sent = Vec::new();
        for n in 0..60 {
            let message = Message::from(bytes([10, 40_000, 1000, 1001, 0, 90_000][n % 6]));
            expected.push(message.clone());
            sender.send(message).unwrap();
            sender.ping(&[n as u8]).unwrap();
            sent.extend(write(&mut sender, n * 500));
        }
        sent.extend(take(&mut sender));
        let mut receiver =
            Connection::upgraded(other(sender.role()), ProtocolLimits::default(), fixed);
        receiver.handle_bytes(START, &sent);
        let messages: Vec<Message> = events(&mut receiver)
            .into_iter()
            .map(|event| match event {
                ConnectionEvent::Message(message) => message,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(messages == expected);
        // Every ping was understood, in order.
        let pongs: Vec<u8> = frames(&take(&mut receiver))
            .into_iter()
            .map(|(first, payload)| {
                assert_eq!(first, 0x8a);
                payload[0]
            })
            .collect();
        assert_eq!(pongs, (0..60).collect::<Vec<u8>>());
    }
}
