//! RFC 6455 §5.2 base framing, §5.3 masking.

use crate::support::{
    START, events, fails, fixed, hex, limits, masked, open, open_with, receives, take,
};
use websocket_channel::Message;
use websocket_channel::error::Violation::*;
use websocket_channel::proto::framing::mask;
use websocket_channel::proto::{Connection, ConnectionEvent, Role};

/// Header as a server sends it, and a message of that many bytes.
const LENGTHS: [(&str, usize); 9] = [
    ("00", 0),
    ("01", 1),
    ("7d", 125),
    ("7e 00 7e", 126),
    ("7e 00 7f", 127),
    ("7e ff ff", 65_535),
    ("7f 00 00 00 00 00 01 00 00", 65_536),
    ("7f 00 00 00 00 00 01 00 01", 65_537),
    ("7f 00 00 00 00 00 10 00 00", 1_048_576),
];

/// Messages, and the one frame that carries them, encoded and decoded by both roles.
fn messages() -> Vec<(Vec<u8>, Message)> {
    let mut rows = vec![
        (hex("81 05 48 65 6c 6c 6f"), Message::from("Hello")),
        (hex("81 00"), Message::from("")),
        (hex("82 00"), Message::Binary(Vec::new())),
        (
            hex("82 03 00 ff 80"),
            Message::Binary(vec![0x00, 0xff, 0x80]),
        ),
        (hex("81 06 c3 a9 f0 9f 98 80"), Message::from("é😀")),
    ];
    for (header, len) in LENGTHS {
        let bytes: Vec<u8> = (0..len).map(|index| index as u8).collect();
        rows.push((
            [hex("82"), hex(header), bytes.clone()].concat(),
            Message::Binary(bytes),
        ));
        rows.push((
            [hex("81"), hex(header), vec![b'x'; len]].concat(),
            Message::Text("x".repeat(len)),
        ));
    }
    rows
}

/// The front of a message is taken up apart from the rest; wherever it is cut, the same comes of it.
#[test]
fn a_message_may_come_in_two_pieces() {
    for (frame, message) in messages() {
        for role in [Role::Client, Role::Server] {
            let sent = match role {
                Role::Client => frame.clone(),
                Role::Server => masked(&frame),
            };
            let near = (0..sent.len().min(20)).chain([sent.len() / 2, sent.len() - 1]);
            for at in near {
                let mut connection = open(role);
                let (mut front, mut rest) = sent.split_at(at);
                assert_eq!(
                    connection.handle_bytes_until_event(START, &mut front),
                    None,
                    "{role:?}, {} bytes cut at {at}",
                    message.len()
                );
                let event = connection.handle_bytes_until_event(START, &mut rest);
                assert!(
                    event == Some(ConnectionEvent::Message(message.clone())) && rest.is_empty(),
                    "{role:?}, {} bytes cut at {at}",
                    message.len()
                );
            }
        }
    }
}

#[test]
fn both_roles_encode_messages() {
    for (frame, message) in messages() {
        // The long ones in one frame.
        let whole = limits(|limits| limits.max_send_frame = 0);
        let mut server = open_with(Role::Server, whole.clone());
        server.send(message.clone()).unwrap();
        assert!(take(&mut server) == frame, "{} bytes", message.len());
        let mut client = open_with(Role::Client, whole);
        client.send(message.clone()).unwrap();
        assert!(
            take(&mut client) == masked(&frame),
            "{} bytes",
            message.len()
        );
    }
}

#[test]
fn both_roles_decode_messages() {
    for (frame, message) in messages() {
        let expected = [
            ConnectionEvent::Message(message.clone()),
            ConnectionEvent::Message(Message::from("Hi")),
        ];
        let behind = hex("81 02 48 69");
        for (role, bytes) in [
            (Role::Client, [frame.clone(), behind.clone()].concat()),
            (Role::Server, [masked(&frame), masked(&behind)].concat()),
        ] {
            // Whole, byte by byte, and in pieces as a stream gives them.
            for piece in [bytes.len(), 1, 3, 4096, 65_536] {
                let mut connection = open(role);
                for bytes in bytes.chunks(piece) {
                    connection.handle_bytes(crate::support::START, bytes);
                }
                assert!(
                    events(&mut connection) == expected,
                    "{} bytes by {piece}",
                    message.len()
                );
                assert!(connection.is_open());
            }
        }
    }
}

#[test]
fn section_5_7_examples() {
    receives("81 05 48 65 6c 6c 6f", &[Message::from("Hello")]);
    receives("01 03 48 65 6c 80 02 6c 6f", &[Message::from("Hello")]);
    let mut server = open(Role::Server);
    server.handle_bytes(
        crate::support::START,
        &hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
    );
    assert_eq!(
        events(&mut server),
        [ConnectionEvent::Message(Message::from("Hello"))]
    );
    let binary = vec![7; 256];
    let mut sender = open(Role::Server);
    sender.send(Message::Binary(binary)).unwrap();
    assert_eq!(sender.outgoing()[..4], hex("82 7e 01 00"));
}

#[test]
fn client_masks_every_frame_with_a_fresh_key() {
    fn counting(bytes: &mut [u8]) {
        use std::sync::atomic::{AtomicU8, Ordering};
        static NEXT: AtomicU8 = AtomicU8::new(1);
        bytes.fill(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    let mut client = Connection::upgraded(Role::Client, Default::default(), counting);
    client.send(Message::from("a")).unwrap();
    client.ping(b"").unwrap();
    client.send(Message::from("b")).unwrap();
    let bytes = take(&mut client);
    assert_eq!(bytes[2..6], [1; 4]);
    assert_eq!(bytes[9..13], [2; 4]);
    assert_eq!(bytes[15..19], [3; 4]);
}

#[test]
fn reserved_bits_fail() {
    for first in ["c1", "a1", "91", "f1", "c0", "c8", "c9"] {
        fails(Role::Client, first, &[], ReservedBits, 1002);
    }
    fails(
        Role::Server,
        "81 80 00000000 c1",
        &[Message::from("")],
        ReservedBits,
        1002,
    );
}

#[test]
fn reserved_opcodes_fail() {
    for first in [
        "83", "84", "85", "86", "87", "8b", "8c", "8d", "8e", "8f", "03", "0b",
    ] {
        fails(Role::Client, first, &[], Opcode, 1002);
        fails(Role::Server, first, &[], Opcode, 1002);
    }
}

#[test]
fn masking_is_for_clients_and_only_for_them() {
    fails(Role::Server, "81 05 48 65 6c 6c 6f", &[], Unmasked, 1002);
    fails(Role::Server, "88 00", &[], Unmasked, 1002);
    fails(
        Role::Client,
        "81 85 37 fa 21 3d 7f 9f 4d 51 58",
        &[],
        Masked,
        1002,
    );
    fails(Role::Client, "89 80", &[], Masked, 1002);
}

#[test]
fn lengths_have_their_shortest_form() {
    fails(Role::Client, "82 7e 00 00", &[], LengthNotMinimal, 1002);
    fails(Role::Client, "82 7e 00 7d", &[], LengthNotMinimal, 1002);
    fails(
        Role::Client,
        "82 7f 00 00 00 00 00 00 00 00",
        &[],
        LengthNotMinimal,
        1002,
    );
    fails(
        Role::Client,
        "82 7f 00 00 00 00 00 00 ff ff",
        &[],
        LengthNotMinimal,
        1002,
    );
    fails(Role::Server, "82 fe 00 7d", &[], LengthNotMinimal, 1002);
}

#[test]
fn lengths_have_63_bits() {
    // The byte that has the bit is enough.
    fails(Role::Client, "82 7f 80", &[], LengthOverflow, 1002);
    fails(
        Role::Client,
        "82 7f ff ff ff ff ff ff ff ff",
        &[],
        LengthOverflow,
        1002,
    );
    fails(
        Role::Client,
        "82 7f 7f ff ff ff ff ff ff ff",
        &[],
        FrameTooLong,
        1009,
    );
}

#[test]
fn mask_is_the_same_from_every_offset_and_undoes_itself() {
    let mut key = [0; 4];
    fixed(&mut key);
    for len in 0..70 {
        for offset in 0..9 {
            let plain: Vec<u8> = (0..len).collect();
            let mut bytes = plain.clone();
            mask::apply(key, offset, &mut bytes);
            let expected: Vec<u8> = plain
                .iter()
                .enumerate()
                .map(|(at, byte)| byte ^ key[(at + offset) % 4])
                .collect();
            assert_eq!(bytes, expected, "{len} bytes from {offset}");
            mask::apply(key, offset, &mut bytes);
            assert_eq!(bytes, plain);
        }
    }
}

#[test]
fn masking_does_not_depend_on_alignment() {
    let mut key = [0; 4];
    fixed(&mut key);
    for len in [127, 128, 129, 159, 160, 175, 303, 1024] {
        for start in 0..65 {
            let plain: Vec<u8> = (0..start + len).map(|at| (at % 253) as u8).collect();
            let mut bytes = plain.clone();
            mask::apply(key, start, &mut bytes[start..]);
            let masked = |at: usize| plain[at] ^ if at < start { 0 } else { key[at % 4] };
            let expected: Vec<u8> = (0..plain.len()).map(masked).collect();
            assert_eq!(bytes, expected, "{len} bytes at {start}");
        }
    }
}
