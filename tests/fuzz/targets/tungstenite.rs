//! The same bytes to our decoder and to tungstenite's: the same messages, the same pings answered, the same verdict.
//!
//! Known differences, and nothing else is let through:
//!
//! 1. A length that is not in its shortest form: RFC 6455 §5.2 forbids it, tungstenite reads it. Compared up to there.
//! 2. Close code 1014: registered with IANA after tungstenite's list was made, which answers it with 1002. Counted as the peer's.
//! 3. tungstenite judges a frame when all of it is there, we at its first bad byte. So the verdict is compared for the frames
//!    that are whole; for one that is not, we may have failed already, and may not be open where tungstenite has failed.
//! 4. Of pongs in a row that nobody has read yet, the core keeps the last, so that a flood of them costs no memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{self, Read, Write};
use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{self, WebSocket, WebSocketConfig};
use websocket_channel::Message;
use websocket_channel::proto::{Connection, ConnectionEvent, ProtocolLimits, Role};
use websocket_channel_fuzz::wire::{self, fixed};
use websocket_channel_fuzz::{Input, same_in_any_pieces};

/// What the bytes come to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Failed,
    /// The peer's Close frame, with its code and reason.
    Closed(u16, String),
}

/// What was received, in order: messages and pongs; and the pings that were answered.
#[derive(Debug, PartialEq, Eq, Default)]
struct Heard {
    messages: Vec<Message>,
    pongs: Vec<Vec<u8>>,
    pings: Vec<Vec<u8>>,
}

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let mut limits = input.limits();
    // tungstenite has no such limit.
    limits.max_fragments = usize::MAX;
    let frames = wire::frames(input.bytes);
    // Difference 1.
    let strange = frames.iter().position(|frame| !frame.minimal);
    let end = match strange.unwrap_or(frames.len()).checked_sub(1) {
        Some(last) => frames[last].end,
        None => 0,
    };
    let whole = input.with(&input.bytes[..end]);
    let ours = ours(&whole, &limits);
    assert_eq!(ours, theirs(&whole, &limits));

    if strange.is_none() {
        // Difference 3: the frame that is not whole adds nothing, unless it fails the connection.
        let (heard, verdict) = self::ours(&input, &limits);
        assert_eq!(heard, ours.0);
        let failed = theirs(&input, &limits).1 == Verdict::Failed;
        assert!(verdict == Verdict::Failed || (verdict == ours.1 && !failed));
    }
});

fn ours(input: &Input, limits: &ProtocolLimits) -> (Heard, Verdict) {
    let make = || Connection::upgraded(input.role(), limits.clone(), fixed);
    let outcome = same_in_any_pieces(&make, input);
    let mut heard = Heard::default();
    let mut verdict = match outcome.violation {
        Some(_) => Verdict::Failed,
        None => Verdict::Open,
    };
    for event in outcome.events {
        match event {
            ConnectionEvent::Message(message) => heard.messages.push(message),
            ConnectionEvent::Pong(payload) => heard.pongs.push(payload),
            ConnectionEvent::Closed(closed) if closed.was_clean => {
                verdict = Verdict::Closed(closed.code, closed.reason);
            }
            _ => {}
        }
    }
    let answered = wire::frames(&outcome.sent).into_iter();
    let pongs = answered.filter(|frame| frame.first == 0x8a);
    heard.pings = pongs.map(|frame| frame.payload).collect();
    (heard, verdict)
}

fn theirs(input: &Input, limits: &ProtocolLimits) -> (Heard, Verdict) {
    let config = WebSocketConfig::default()
        .read_buffer_size(1 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(limits.max_message))
        .max_frame_size(Some(limits.max_frame));
    let role = match input.role() {
        Role::Client => protocol::Role::Client,
        Role::Server => protocol::Role::Server,
    };
    let mut socket = WebSocket::from_raw_socket(Stream(input.bytes), role, Some(config));
    let mut heard = Heard::default();
    let mut behind_pong = false;
    let verdict = loop {
        let read = socket.read();
        // Difference 4. A ping between two pongs is no event of ours.
        let again = behind_pong && matches!(read, Ok(tungstenite::Message::Pong(_)));
        match &read {
            Ok(tungstenite::Message::Pong(_)) => behind_pong = true,
            Ok(tungstenite::Message::Ping(_)) => {}
            _ => behind_pong = false,
        }
        match read {
            Ok(tungstenite::Message::Text(text)) => {
                heard.messages.push(Message::Text(text.as_str().into()));
            }
            Ok(tungstenite::Message::Binary(bytes)) => {
                heard.messages.push(Message::Binary(bytes.to_vec()));
            }
            Ok(tungstenite::Message::Ping(payload)) => heard.pings.push(payload.to_vec()),
            Ok(tungstenite::Message::Pong(payload)) => {
                if again {
                    heard.pongs.pop();
                }
                heard.pongs.push(payload.to_vec());
            }
            Ok(tungstenite::Message::Close(None)) => break Verdict::Closed(1005, String::new()),
            Ok(tungstenite::Message::Close(Some(close))) => break closed(input, close),
            Ok(other) => panic!("{other:?}"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                break Verdict::Open;
            }
            Err(Error::Protocol(_) | Error::Utf8(_) | Error::Capacity(_)) => {
                break Verdict::Failed;
            }
            Err(error) => panic!("{error:?}"),
        }
    };
    (heard, verdict)
}

fn closed(input: &Input, close: protocol::CloseFrame) -> Verdict {
    // It puts this in the place of a code that must not be on the wire.
    if close.code == CloseCode::Protocol && close.reason.as_str() == "Protocol violation" {
        let frames = wire::frames(input.bytes);
        let sent = frames.into_iter().find(|frame| frame.first == 0x88);
        let body = sent.map(|frame| frame.payload).unwrap_or_default();
        match body.split_at_checked(2) {
            Some((&[0x03, 0xf6], reason)) => {
                // Difference 2. Whether the reason is text was checked before the code.
                let reason = String::from_utf8_lossy(reason).into_owned();
                return Verdict::Closed(1014, reason);
            }
            // Unless the peer said just that.
            Some((&[0x03, 0xea], b"Protocol violation")) => {}
            _ => return Verdict::Failed,
        }
    }
    Verdict::Closed(close.code.into(), close.reason.as_str().into())
}

/// Bytes, and then the end of the stream. What is written goes nowhere.
struct Stream<'a>(&'a [u8]);

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
