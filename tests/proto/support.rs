//! Bytes in hex, a randomness that is not random, and connections driven in every way of cutting their bytes.

use std::collections::BTreeMap;
use std::time::Duration;
use websocket_channel::error::Violation;
use websocket_channel::proto::{Connection, ConnectionEvent, ProtocolLimits, Role};
use websocket_channel::{CloseInfo, ClosedBy, Message};

pub(crate) const START: Duration = Duration::from_secs(1000);
/// The mask of RFC 6455 §5.7.
pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The nonce of RFC 6455 §1.3 for a handshake, the mask of §5.7 for a frame.
pub(crate) fn fixed(bytes: &mut [u8]) {
    match bytes.len() {
        16 => bytes.copy_from_slice(b"the sample nonce"),
        4 => bytes.copy_from_slice(&MASK),
        other => panic!("nobody asks for {other} random bytes"),
    }
}

/// The vectors of the formats of 2009: published examples, and bytes computed apart from the code under test.
#[derive(serde::Deserialize)]
pub(crate) struct Vectors {
    pub(crate) hixie76: Vec<Challenge>,
    pub(crate) hixie_len: BTreeMap<String, String>,
    pub(crate) hixie75_client: String,
    pub(crate) hixie75_server: String,
}

/// A challenge of hixie-76 and its answer.
#[derive(serde::Deserialize)]
pub(crate) struct Challenge {
    pub(crate) key1: String,
    pub(crate) key2: String,
    pub(crate) key3_hex: String,
    pub(crate) md5_hex: String,
}

pub(crate) fn vectors() -> Vectors {
    serde_json::from_str(include_str!("wire.json")).unwrap()
}

/// Bytes from hex digits; blanks are for the reader.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    assert_eq!(
        digits.len(),
        text.chars().filter(|digit| !digit.is_whitespace()).count()
    );
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

/// The same frame as a client sends it: mask bit, mask, payload masked. Written apart from the code under test.
pub(crate) fn masked(frame: &[u8]) -> Vec<u8> {
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let mut out = frame[..header].to_vec();
    out[1] |= 0x80;
    out.extend(MASK);
    out.extend(
        frame[header..]
            .iter()
            .enumerate()
            .map(|(index, byte)| byte ^ MASK[index % 4]),
    );
    out
}

/// An open connection in this role.
pub(crate) fn open(role: Role) -> Connection {
    open_with(role, ProtocolLimits::default())
}

pub(crate) fn open_with(role: Role, limits: ProtocolLimits) -> Connection {
    Connection::upgraded(role, limits, fixed)
}

/// Everything that happened.
pub(crate) fn events(connection: &mut Connection) -> Vec<ConnectionEvent> {
    std::iter::from_fn(|| connection.poll_event()).collect()
}

/// Takes everything that waits to be written.
pub(crate) fn take(connection: &mut Connection) -> Vec<u8> {
    let most = connection.unsent();
    write(connection, most)
}

/// Takes so many bytes, in whatever runs.
pub(crate) fn write(connection: &mut Connection, most: usize) -> Vec<u8> {
    let mut written = Vec::new();
    while written.len() < most && connection.unsent() > 0 {
        let run = connection.outgoing();
        let run = run[..run.len().min(most - written.len())].to_vec();
        connection.handle_transmitted(|| START, run.len());
        written.extend(run);
    }
    written
}

pub(crate) fn limits(change: impl Fn(&mut ProtocolLimits)) -> ProtocolLimits {
    let mut limits = ProtocolLimits::default();
    change(&mut limits);
    limits
}

/// Feeds bytes whole, then byte by byte, then in every two pieces, each to a fresh connection.
pub(crate) fn cut(
    make: impl Fn() -> Connection,
    bytes: &[u8],
    check: impl Fn(&str, &mut Connection),
) {
    let mut connection = make();
    connection.handle_bytes(START, bytes);
    check("whole", &mut connection);

    let mut connection = make();
    bytes
        .iter()
        .for_each(|byte| connection.handle_bytes(START, &[*byte]));
    check("byte by byte", &mut connection);

    for at in 0..bytes.len().min(64) {
        let mut connection = make();
        connection.handle_bytes(START, &bytes[..at]);
        connection.handle_bytes(START, &bytes[at..]);
        check(&format!("cut at {at}"), &mut connection);
    }
}

/// A head that is not HTTP from this byte of this line on.
pub(crate) fn syntax((line, byte): (u16, u16)) -> Violation {
    Violation::HeadSyntax { line, byte }
}

/// Frames that are right, as a server sends them. Both roles read them, in every cut.
pub(crate) fn receives(frames: &str, expected: &[Message]) {
    let server_sends = hex(frames);
    let expected: Vec<ConnectionEvent> = expected
        .iter()
        .cloned()
        .map(ConnectionEvent::Message)
        .collect();
    let check = |how: &str, connection: &mut Connection| {
        assert_eq!(events(connection), expected, "{frames} {how}");
        assert!(connection.is_open(), "{frames} {how}");
        assert!(connection.outgoing().is_empty(), "{frames} {how}");
    };
    cut(|| open(Role::Client), &server_sends, check);
    cut(|| open(Role::Server), &as_client(&server_sends), check);
}

/// Several frames of less than 64 KiB, each masked.
pub(crate) fn as_client(mut frames: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while !frames.is_empty() {
        let len = match frames[1] {
            126 => 4 + usize::from(u16::from_be_bytes([frames[2], frames[3]])),
            127 => 10 + u64::from_be_bytes(frames[2..10].try_into().unwrap()) as usize,
            short => 2 + usize::from(short),
        };
        out.extend(masked(&frames[..len]));
        frames = &frames[len..];
    }
    out
}

/// Frames that are wrong: the messages before are told, the Close frame has the violation's code, and what comes behind the
/// wrong byte is read by nobody.
pub(crate) fn fails(role: Role, frames: &str, before: &[Message], violation: Violation, code: u16) {
    let bytes = hex(frames);
    let trailing = hex(if role == Role::Client {
        "81 02 48 69"
    } else {
        "81 82 00000000 48 69"
    });
    for behind in [Vec::new(), trailing] {
        let bytes = [bytes.clone(), behind].concat();
        cut(
            || open(role),
            &bytes,
            |how, connection| {
                assert_eq!(connection.violation(), Some(violation), "{frames} {how}");
                assert!(!connection.is_open());
                let expected: Vec<ConnectionEvent> = before
                    .iter()
                    .cloned()
                    .map(ConnectionEvent::Message)
                    .collect();
                assert_eq!(events(connection), expected, "{frames} {how}");
                assert_eq!(take(connection), close_frame(role, code), "{frames} {how}");
                assert!(connection.wants_shutdown());
                connection.handle_eof(START);
                assert_eq!(
                    events(connection),
                    [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
                );
            },
        );
    }
    assert_eq!(violation.close_code(), code);
}

/// A Close frame with a code and no reason, as this role sends it.
pub(crate) fn close_frame(role: Role, code: u16) -> Vec<u8> {
    let frame = [&[0x88, 0x02], &code.to_be_bytes()[..]].concat();
    if role == Role::Client {
        masked(&frame)
    } else {
        frame
    }
}
