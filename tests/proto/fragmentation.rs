//! RFC 6455 §5.4: messages in fragments.

use crate::support::{cut, events, fails, hex, open, receives, take};
use websocket_channel::Message;
use websocket_channel::error::Violation::*;
use websocket_channel::proto::{ConnectionEvent, Role};

#[test]
fn fragments_are_joined() {
    let hello = [Message::from("Hello")];
    receives("01 03 48 65 6c 80 02 6c 6f", &hello);
    receives("01 00 00 05 48 65 6c 6c 6f 80 00", &hello);
    receives("01 01 48 00 01 65 00 01 6c 00 01 6c 80 01 6f", &hello);
    receives("01 00 80 00", &[Message::from("")]);
    receives("02 00 80 00", &[Message::Binary(Vec::new())]);
    receives(
        "02 02 ff 00 80 01 80",
        &[Message::Binary(vec![0xff, 0x00, 0x80])],
    );
}

#[test]
fn a_character_may_be_split_by_fragments() {
    receives("01 01 c3 80 01 a9", &[Message::from("é")]);
    receives("01 02 f0 9f 00 01 98 80 01 80", &[Message::from("😀")]);
}

#[test]
fn the_next_message_starts_fresh() {
    receives(
        "01 01 61 80 01 62 82 01 63",
        &[Message::from("ab"), Message::Binary(vec![0x63])],
    );
    receives(
        "82 01 63 01 01 61 80 01 62",
        &[Message::Binary(vec![0x63]), Message::from("ab")],
    );
}

#[test]
fn control_frames_may_come_between_fragments() {
    let bytes = hex("01 01 61 89 01 70 00 01 62 8a 01 71 80 01 63");
    cut(
        || open(Role::Client),
        &bytes,
        |how, client| {
            let expected = [
                ConnectionEvent::Pong(b"q".to_vec()),
                ConnectionEvent::Message(Message::from("abc")),
            ];
            assert_eq!(events(client), expected, "{how}");
            assert_eq!(take(client), hex("8a 81 37fa213d 47"), "{how}");
        },
    );
}

#[test]
fn a_continuation_continues_something() {
    fails(Role::Client, "80 00", &[], OrphanContinuation, 1002);
    fails(Role::Client, "00 01 61", &[], OrphanContinuation, 1002);
    fails(
        Role::Client,
        "81 01 61 80 01 62",
        &[Message::from("a")],
        OrphanContinuation,
        1002,
    );
    fails(
        Role::Client,
        "01 01 61 80 01 62 80",
        &[Message::from("ab")],
        OrphanContinuation,
        1002,
    );
    fails(Role::Server, "80", &[], OrphanContinuation, 1002);
}

#[test]
fn messages_are_not_interleaved() {
    fails(
        Role::Client,
        "01 01 61 81 01 62",
        &[],
        UnfinishedMessage,
        1002,
    );
    fails(
        Role::Client,
        "01 01 61 02 01 62",
        &[],
        UnfinishedMessage,
        1002,
    );
    fails(Role::Client, "02 00 82 00", &[], UnfinishedMessage, 1002);
}
