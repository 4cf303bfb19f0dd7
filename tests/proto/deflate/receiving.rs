//! RFC 7692 §6 and §7.2.2: compressed messages as they come.

use super::*;
use crate::support::{as_client, close_frame, cut, hex, masked};
use websocket_channel::error::Violation;

/// Frames of a server, read whole, byte by byte and in every two pieces, in both roles.
fn receives(frames: &[u8], expected: &[&str]) {
    let expected: Vec<ConnectionEvent> = expected
        .iter()
        .map(|&text| ConnectionEvent::Message(text.into()))
        .collect();
    let check = |how: &str, connection: &mut Connection| {
        assert_eq!(connection.violation(), None, "{frames:02x?} {how}");
        assert_eq!(events(connection), expected, "{frames:02x?} {how}");
    };
    cut(|| open(Role::Client), frames, check);
    cut(|| open(Role::Server), &as_client(frames), check);
}

fn violates(frames: &[u8], violation: Violation, code: u16) {
    for role in [Role::Client, Role::Server] {
        let bytes = if role == Role::Client {
            frames.to_vec()
        } else {
            as_client(frames)
        };
        cut(
            || open(role),
            &bytes,
            |how, connection| {
                assert_eq!(
                    connection.violation(),
                    Some(violation),
                    "{frames:02x?} {how}"
                );
                assert_eq!(
                    take(connection),
                    close_frame(role, code),
                    "{frames:02x?} {how}"
                );
            },
        );
    }
}

#[test]
fn section_7_2_3_examples_of_the_rfc() {
    // 1: a block with fixed codes; the second message refers to the first.
    receives(&hex("c1 07 f248cdc9c90700"), &["Hello"]);
    receives(
        &hex("c1 07 f248cdc9c90700 c1 05 f200110000"),
        &["Hello", "Hello"],
    );
    // In two fragments, and with a ping between them.
    receives(&hex("41 03 f248cd 80 04 c9c90700"), &["Hello"]);
    // 3: a block without compression.
    receives(&hex("c1 0b 000500faff48656c6c6f00"), &["Hello"]);
    // 4: BFINAL set.
    receives(&hex("c1 08 f348cdc9c9070000"), &["Hello"]);
    receives(
        &hex("c1 08 f348cdc9c9070000 c1 07 f248cdc9c90700 c1 05 f200110000"),
        &["Hello"; 3],
    );
    // The same from one who forgets the byte behind the final block.
    receives(
        &hex("c1 07 f348cdc9c90700 c1 07 f248cdc9c90700"),
        &["Hello"; 2],
    );
    // 5: two blocks.
    receives(&hex("c1 0d f24805000000ffffcac9c90700"), &["Hello"]);
    // 6: the empty message; and one of no bytes at all, which does nothing to the next.
    receives(
        &hex("c1 01 00 c1 00 41 00 80 00 c1 07 f248cdc9c90700 c1 05 f200110000"),
        &["", "", "", "Hello", "Hello"],
    );
}

#[test]
fn section_7_2_2_messages_of_browsers_and_of_zlib() {
    let letters = "a".repeat(64);
    receives(
        &hex("c1 06 4a4ca40c0000 c1 04 a2140000"),
        &[&letters, &letters],
    );
    let messages = [
        r#"{"Say":"hello"}"#,
        r#"{"Say":"hello, world"}"#,
        r#"{"Said":{"who":"é","text":"hello"}}"#,
    ];
    let mut all = Vec::new();
    for packed in ZLIB_15 {
        all.extend(frame(0xc1, &hex(packed)));
    }
    receives(&all, &messages);
}

/// zlib 1.2.13, level 6, raw, a window of 15 bits, one sync flush for each message, without its tail.
const ZLIB_15: [&str; 3] = [
    "aa560a4eac54b252ca48cdc9c957aa0500",
    "aa46e6ea2894e717e5a428d50200",
    "028966a62859552b9567e403650faf54d2512a49ad284168ac0500",
];

#[test]
fn section_6_1_compressed_and_plain_messages_mix() {
    // A plain message in between is not part of the context.
    receives(
        &hex("c1 07 f248cdc9c90700 81 02 4869 c1 05 f200110000"),
        &["Hello", "Hi", "Hello"],
    );
    // Its control frames come in the middle, never compressed.
    let mut client = open(Role::Client);
    client.handle_bytes(START, &hex("41 03 f248cd 89 01 70 80 04 c9c90700"));
    assert_eq!(take(&mut client), masked(&hex("8a 01 70")));
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Message("Hello".into())]
    );
}

#[test]
fn section_6_rsv1_only_on_the_first_frame_of_a_message() {
    for frames in [
        "41 03 f248cd c0 04 c9c90700", // on a continuation
        "c9 00",
        "ca 00",
        "c8 00",
        "a1 00", // the other two bits never
        "91 00",
        "e1 00",
    ] {
        violates(&hex(frames), Violation::ReservedBits, 1002);
    }
    // Nowhere without the extension.
    let mut client = answered(Some(&knobs(|_| {})), "", ProtocolLimits::default());
    client.handle_bytes(START, &hex("c1 07 f248cdc9c90700"));
    assert_eq!(client.violation(), Some(Violation::ReservedBits));
}

#[test]
fn section_7_2_2_bytes_that_are_no_deflate() {
    violates(&hex("c1 01 ff"), Violation::Deflate, 1007);
    violates(&hex("c1 05 000500faf0"), Violation::Deflate, 1007);
    // A block that has no code for its end: found by fuzzing, since another inflater waits for it.
    violates(
        &hex("c2 17 150010e40200007a7a7a7a7a7a7a7a00000000488001f2"),
        Violation::Deflate,
        1007,
    );
    // A reference to before the beginning.
    violates(&hex("c1 05 f200110000"), Violation::Deflate, 1007);
}

#[test]
fn section_8_1_inflated_text_is_checked_as_it_arrives() {
    // Stored blocks: `é` cut by the border of two fragments is text,
    receives(&hex("41 06 000100feffc3 80 07 000100feffa900"), &["é"]);
    // a lone byte fails at once, not at the end of the message,
    violates(&hex("41 06 000100feffff"), Violation::Utf8, 1007);
    // and half a letter at the end.
    violates(&hex("c1 07 000100feffc300"), Violation::Utf8, 1007);
}

#[test]
fn context_is_forgotten_where_it_was_agreed_to_be() {
    let mut client = open_with(
        Role::Client,
        "permessage-deflate; server_no_context_takeover",
        ProtocolLimits::default(),
        &knobs(|_| {}),
    );
    client.handle_bytes(START, &hex("c1 07 f248cdc9c90700 c1 07 f248cdc9c90700"));
    assert_eq!(events(&mut client).len(), 2);
    client.handle_bytes(START, &hex("c1 05 f200110000"));
    assert_eq!(client.violation(), Some(Violation::Deflate));
}

#[test]
fn the_first_wrong_byte_decides_wherever_the_stream_is_cut() {
    // A stored block with a byte that is no text, and behind it a block of a kind that there is not.
    violates(&hex("c1 07 000100feffff 07"), Violation::Utf8, 1007);
    violates(&hex("c1 07 000100feff61 07"), Violation::Deflate, 1007);
}
