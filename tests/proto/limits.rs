//! RFC 6455 §10.4: limits of the implementation. Each is met exactly, and one more is too much.

use crate::support::{START, as_client, events, hex, limits, open_with, take};
use websocket_channel::Message;
use websocket_channel::error::Violation::{self, *};
use websocket_channel::proto::{Connection, ProtocolLimits, Role};

/// What becomes of these frames of a server, byte by byte and whole, in both roles.
fn verdict(limits: ProtocolLimits, frames: &str) -> Option<Violation> {
    let frames = hex(frames);
    let run = |role, bytes: &[u8], piece| {
        let mut connection = open_with(role, limits.clone());
        bytes
            .chunks(piece)
            .for_each(|bytes| connection.handle_bytes(START, bytes));
        connection.violation()
    };
    let verdict = run(Role::Client, &frames, frames.len());
    assert_eq!(run(Role::Client, &frames, 1), verdict);
    let frames = as_client(&frames);
    assert_eq!(run(Role::Server, &frames, frames.len()), verdict);
    assert_eq!(run(Role::Server, &frames, 1), verdict);
    verdict
}

#[test]
fn frame() {
    let limits = limits(|limits| limits.max_frame = 3);
    assert_eq!(verdict(limits.clone(), "82 03 00 00 00"), None);
    assert_eq!(
        verdict(limits.clone(), "82 04 00 00 00 00"),
        Some(FrameTooLong)
    );
    assert_eq!(
        verdict(limits.clone(), "02 03 00 00 00 80 03 00 00 00"),
        None
    );
    // Control frames have their own.
    assert_eq!(verdict(limits, "89 04 00 00 00 00"), None);
}

#[test]
fn message() {
    let limits = limits(|limits| limits.max_message = 3);
    assert_eq!(verdict(limits.clone(), "81 03 61 61 61"), None);
    assert_eq!(
        verdict(limits.clone(), "81 04 61 61 61 61"),
        Some(MessageTooLong)
    );
    assert_eq!(verdict(limits.clone(), "01 02 61 61 80 01 61"), None);
    assert_eq!(
        verdict(limits.clone(), "01 02 61 61 80 02 61 61"),
        Some(MessageTooLong)
    );
    assert_eq!(
        verdict(limits, "02 02 61 61 00 00 80 02 61 61"),
        Some(MessageTooLong)
    );
}

#[test]
fn a_length_is_checked_before_its_payload_arrives() {
    let mut client = open_with(Role::Client, ProtocolLimits::default());
    // 1 GiB announced, nothing sent.
    client.handle_bytes(START, &hex("82 7f 00 00 00 00 40 00 00 00"));
    assert_eq!(client.violation(), Some(FrameTooLong));
    assert_eq!(
        take(&mut client),
        crate::support::close_frame(Role::Client, 1009)
    );
}

#[test]
fn fragments() {
    let limits = limits(|limits| limits.max_fragments = 3);
    assert_eq!(verdict(limits.clone(), "01 00 00 00 80 00"), None);
    assert_eq!(
        verdict(limits.clone(), "01 00 00 00 00 00 80 00"),
        Some(TooManyFragments)
    );
    assert_eq!(verdict(limits.clone(), "01 00 80 00 01 00 80 00"), None);
    // A header whose payload comes later is one fragment, not two.
    assert_eq!(verdict(limits, "01 01 61 00 01 61 80 01 61"), None);
    assert_eq!(TooManyFragments.close_code(), 1008);
}

#[test]
fn unsent_bytes() {
    let mut server = open_with(Role::Server, limits(|limits| limits.max_unsent = 4));
    // One message may pass it.
    server.send(Message::from("abcdef")).unwrap();
    assert_eq!(server.send(Message::from("g")), Err(Message::from("g")));
    take(&mut server);
    server.send(Message::from("g")).unwrap();
}

#[test]
fn undelivered_messages_are_counted_even_if_empty() {
    let mut client = open_with(Role::Client, ProtocolLimits::default());
    assert_eq!(client.undelivered(), 0);
    client.handle_bytes(START, &hex("81 00 81 00 82 03 00 00 00"));
    assert_eq!(client.undelivered(), 3 + 3 * size_of::<Message>());
    events(&mut client);
    assert_eq!(client.undelivered(), 0);
}

fn refusal(limits: ProtocolLimits, head: &str) -> Option<Violation> {
    let mut server = Connection::server(START, limits, crate::support::fixed);
    server.handle_bytes(START, head.as_bytes());
    match server.poll_event() {
        Some(websocket_channel::proto::ConnectionEvent::Failed(
            websocket_channel::error::Cause::Violation(violation),
        )) => {
            assert!(take(&mut server).starts_with(b"HTTP/1.1 431 "));
            Some(violation)
        }
        _ => None,
    }
}

#[test]
fn head() {
    let head = "GET / HTTP/1.1\r\nHost: h\r\nb: 2\r\n\r\n";
    assert_eq!(
        refusal(limits(|limits| limits.max_head = head.len()), head),
        None
    );
    assert_eq!(
        refusal(limits(|limits| limits.max_head = head.len() - 1), head),
        Some(HeadTooLong)
    );
    assert_eq!(
        refusal(limits(|limits| limits.max_header_lines = 2), head),
        None
    );
    assert_eq!(
        refusal(limits(|limits| limits.max_header_lines = 1), head),
        Some(TooManyHeaders)
    );
    // Before the end of the head comes.
    assert_eq!(
        refusal(limits(|limits| limits.max_head = 100), &"G".repeat(101)),
        Some(HeadTooLong)
    );
}
