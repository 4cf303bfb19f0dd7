//! RFC 7692 §8, RFC 6455 §10.4: little that comes in must not become much.

use super::*;
use crate::support::{as_client, close_frame, hex};
use websocket_channel::error::Violation;

/// So many zeros, compressed elsewhere.
fn zeros(count: usize) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(&vec![0; count], 6)
}

#[test]
fn a_bomb_is_stopped_while_it_inflates() {
    let mut limits = ProtocolLimits::default();
    limits.max_message = 1 << 20;
    let packed = zeros(16 << 20);
    assert!(packed.len() < 20_000);
    for (size, violation) in [
        (1 << 20, None),
        ((1 << 20) + 1, Some(Violation::MessageTooLong)),
        (16 << 20, Some(Violation::MessageTooLong)),
    ] {
        let bytes = frame(0xc2, &zeros(size));
        let mut client = open_with(Role::Client, EXTENSION, limits.clone(), &knobs(|_| {}));
        client.handle_bytes(START, &bytes);
        assert_eq!(client.violation(), violation, "{size}");
        let bytes = as_client(&bytes);
        let mut server = open_with(Role::Server, EXTENSION, limits.clone(), &knobs(|_| {}));
        // It is found before the last byte of the frame comes.
        let (most, last) = bytes.split_at(bytes.len() - 2);
        server.handle_bytes(START, most);
        if size > 2 << 20 {
            assert_eq!(server.violation(), violation, "{size}");
            assert_eq!(take(&mut server), close_frame(Role::Server, 1009));
        }
        server.handle_bytes(START, last);
        assert_eq!(server.violation(), violation, "{size}");
    }
    // Over fragments as well.
    let half = zeros(600 << 10);
    let mut client = open_with(Role::Client, EXTENSION, limits, &knobs(|_| {}));
    client.handle_bytes(START, &[frame(0x42, &half), frame(0x80, &half)].concat());
    assert_eq!(client.violation(), Some(Violation::MessageTooLong));
}

#[test]
fn compressed_frames_have_a_limit_of_their_own() {
    let mut limits = ProtocolLimits::default();
    limits.max_frame = 7;
    limits.max_fragments = 3;
    for (frames, violation) in [
        ("c1 07 f248cdc9c90700", None),
        ("c1 08 f348cdc9c9070000", Some(Violation::FrameTooLong)),
        ("41 05 000000ffff 00 05 000000ffff 80 01 00", None),
        (
            "41 05 000000ffff 00 05 000000ffff 00 05 000000ffff 80 01 00",
            Some(Violation::TooManyFragments),
        ),
    ] {
        let mut client = open_with(Role::Client, EXTENSION, limits.clone(), &knobs(|_| {}));
        client.handle_bytes(START, &hex(frames));
        assert_eq!(client.violation(), violation, "{frames}");
    }
}

#[test]
fn the_inflated_size_counts_against_max_message() {
    let mut limits = ProtocolLimits::default();
    limits.max_message = 5;
    let mut client = open_with(Role::Client, EXTENSION, limits, &knobs(|_| {}));
    client.handle_bytes(START, &hex("c1 07 f248cdc9c90700"));
    assert_eq!(client.violation(), None);
}

#[test]
fn the_first_wrong_byte_decides_wherever_the_stream_is_cut() {
    let mut limits = ProtocolLimits::default();
    limits.max_message = 3;
    for (block, violation) in [
        ("000500faff61ff616161", Violation::Utf8),
        ("000500faff616161ff61", Violation::MessageTooLong),
    ] {
        let bytes = frame(0xc1, &hex(block));
        let make = || open_with(Role::Client, EXTENSION, limits.clone(), &knobs(|_| {}));
        crate::support::cut(make, &bytes, |how, client| {
            assert_eq!(client.violation(), Some(violation), "{block} {how}");
        });
    }
}
