//! RFC 6455 §8.1: text is UTF-8, and the first byte that breaks it fails the connection.

use crate::support::{START, as_client, events, hex, masked, open, receives, take};
use websocket_channel::Message;
use websocket_channel::error::Violation;
use websocket_channel::proto::{Connection, Role};

#[test]
fn valid_text_of_every_length_of_character() {
    for text in [
        "\u{0}",
        "a",
        "\u{7f}",
        "\u{80}",
        "\u{7ff}",
        "\u{800}",
        "\u{d7ff}",
        "\u{e000}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
        "κόσμε",
        "a\u{10ffff}é",
    ] {
        let payload: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        receives(
            &format!("81 {:02x} {payload}", text.len()),
            &[Message::from(text)],
        );
    }
}

/// Bytes, and how many of them are read before the last one is seen to be wrong.
const BAD: [(&str, &str); 16] = [
    ("a continuation byte alone", "80"),
    ("0xFE", "fe"),
    ("0xFF", "ff"),
    ("overlong NUL", "c0"),
    ("overlong slash", "c1"),
    ("overlong three bytes", "e0 80"),
    ("overlong four bytes", "f0 80"),
    ("surrogate", "ed a0"),
    (
        "surrogate behind text",
        "ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0",
    ),
    ("above U+10FFFF", "f4 90"),
    ("five bytes", "f8"),
    ("two bytes, the second bad", "c3 28"),
    ("three bytes, the third bad", "e2 82 28"),
    ("four bytes, the second bad", "f0 28"),
    ("four bytes, the fourth bad", "f0 9f 98 28"),
    ("a new character inside one", "e2 c3"),
];

fn assert_fails_at(connection: &mut Connection, header: &[u8], payload: &[u8], name: &str) {
    connection.handle_bytes(START, header);
    for (index, byte) in payload.iter().enumerate() {
        assert!(connection.is_open(), "{name}: fails before byte {index}");
        connection.handle_bytes(START, &[*byte]);
    }
    assert_eq!(connection.violation(), Some(Violation::Utf8), "{name}");
    assert!(events(connection).is_empty());
}

#[test]
fn the_first_bad_byte_fails() {
    for (name, bad) in BAD {
        let bad = hex(bad);
        // The frame is announced longer than what comes: nobody waits for its end.
        let header = [0x81, 125];
        assert_fails_at(&mut open(Role::Client), &header, &bad, name);
        let mut client = open(Role::Client);
        client.handle_bytes(START, &[&header, &bad[..]].concat());
        assert_eq!(client.violation(), Some(Violation::Utf8), "{name} at once");
        assert_eq!(
            take(&mut client),
            crate::support::close_frame(Role::Client, 1007)
        );

        let frame = masked(&[&header[..], &bad].concat());
        assert_fails_at(&mut open(Role::Server), &frame[..6], &frame[6..], name);

        // In a frame that is there whole, and across fragments.
        let whole = [&[0x81, bad.len() as u8], &bad[..]].concat();
        let fragments: Vec<u8> = [
            vec![0x01, 0x01, b'a'],
            [&[0x00, (bad.len() - 1) as u8], &bad[..bad.len() - 1]].concat(),
            vec![0x80, 0x01, bad[bad.len() - 1]],
        ]
        .concat();
        for frames in [whole, fragments] {
            let mut client = open(Role::Client);
            client.handle_bytes(START, &frames);
            assert_eq!(client.violation(), Some(Violation::Utf8), "{name}");
            let mut server = open(Role::Server);
            server.handle_bytes(START, &as_client(&frames));
            assert_eq!(server.violation(), Some(Violation::Utf8), "{name}");
        }
    }
}

#[test]
fn text_does_not_end_inside_a_character() {
    for (frames, parts) in [
        ("81 01 c3", 1),
        ("81 03 f0 9f 98", 1),
        ("01 01 e2 80 01 82", 2),
        ("01 01 c3 80 00", 2),
    ] {
        let mut client = open(Role::Client);
        hex(frames)
            .iter()
            .for_each(|byte| client.handle_bytes(START, &[*byte]));
        assert_eq!(
            client.violation(),
            Some(Violation::Utf8),
            "{frames} in {parts}"
        );
        let mut server = open(Role::Server);
        server.handle_bytes(START, &as_client(&hex(frames)));
        assert_eq!(server.violation(), Some(Violation::Utf8), "{frames}");
    }
}

#[test]
fn long_text_in_any_pieces() {
    let text = "aé€😀".repeat(3000);
    let frame = [
        &[0x81, 126],
        &(text.len() as u16).to_be_bytes()[..],
        text.as_bytes(),
    ]
    .concat();
    for (role, bytes) in [
        (Role::Client, frame.clone()),
        (Role::Server, masked(&frame)),
    ] {
        for piece in [1, 2, 3, 5, 7, 4095, 4096, 4097] {
            let mut connection = open(role);
            bytes
                .chunks(piece)
                .for_each(|bytes| connection.handle_bytes(START, bytes));
            let told = events(&mut connection);
            assert!(
                told == [websocket_channel::proto::ConnectionEvent::Message(
                    Message::Text(text.clone())
                )],
                "by {piece}"
            );
        }
    }
}

#[test]
fn binary_is_not_checked() {
    receives("82 02 ff fe", &[Message::Binary(vec![0xff, 0xfe])]);
}
