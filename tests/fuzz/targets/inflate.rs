//! Compressed messages that a peer made up, against another inflater.
#![no_main]

use libfuzzer_sys::fuzz_target;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use websocket_channel::Message;
use websocket_channel::error::Violation;
use websocket_channel::proto::{Connection, Deflate, Format, ProtocolLimits, Role};
use websocket_channel_fuzz::open::{offer, pair};
use websocket_channel_fuzz::{Input, same_in_any_pieces, wire};

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let limits = input.limits();
    let make = || open(&input, &limits);
    if input.flag(7) {
        // The frames are the peer's as well: then only what always holds.
        same_in_any_pieces(&make, &input);
        return;
    }
    // One binary message, in one frame or several.
    let payload = input.bytes.get(..60_000).unwrap_or(input.bytes);
    let mut bytes = Vec::new();
    let masked = input.role() == Role::Server;
    let pieces = match input.flag(6) {
        false => vec![payload],
        true => input.with(payload).pieces(),
    };
    let count = pieces.len().max(1);
    for index in 0..count {
        let first = if index == 0 { 0x42 } else { 0x00 };
        let fin = if index + 1 == count { 0x80 } else { 0x00 };
        let piece = pieces.get(index).copied().unwrap_or_default();
        wire::write(first | fin, masked, piece, &mut bytes);
    }
    let outcome = same_in_any_pieces(&make, &input.with(&bytes));

    let reference = Reference::inflate(payload, limits.max_message);
    let mut messages = outcome.messages();
    match (outcome.violation, messages.next()) {
        // A block whose description is wrong and that is not whole is one that zlib waits for, and the other fails at once. Neither
        // gets a byte out of it.
        (None, Some(Message::Binary(inflated))) => assert_eq!(*inflated, reference.inflated),
        // A block that has no code for its end is one that zlib refuses, and the other waits for the end of it.
        (Some(Violation::Deflate), None) => {
            assert!(matches!(reference.end, End::Failed | End::Waiting));
        }
        (Some(Violation::MessageTooLong), None) => {
            assert!(matches!(reference.end, End::Failed | End::TooLong));
        }
        (Some(Violation::FrameTooLong | Violation::TooManyFragments), None) if input.flag(1) => {}
        other => panic!("{other:?}"),
    }
});

/// The side that reads, compression agreed on.
fn open(input: &Input, limits: &ProtocolLimits) -> Connection {
    let mut deflate = Deflate::default();
    deflate.send_takeover = !input.flag(4);
    deflate.receive_takeover = !input.flag(5);
    let mut offer = offer(Format::Rfc6455);
    offer.deflate = Some(deflate.clone());
    let (client, server) = pair(offer, limits, Some(deflate));
    match input.role() {
        Role::Client => client,
        Role::Server => server,
    }
}

/// What another inflater makes of a message.
struct Reference {
    inflated: Vec<u8>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// Nothing was wrong, but it is inside a block.
    Waiting,
    TooLong,
    Failed,
}

impl Reference {
    /// RFC 7692 §7.2.2, with the tail that was left out; behind a final block a new stream begins (§7.2.3.4), and where nothing
    /// follows it there is nothing to flush.
    fn inflate(payload: &[u8], max: usize) -> Self {
        let mut room = vec![0; max + 1];
        // Where the present stream began: nothing may refer further back.
        let (mut began, mut at) = (0, 0);
        let mut state = Box::<DecompressorOxide>::default();
        let mut within = false;
        let flags = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut end = End::Whole;
        'message: for (is_tail, mut rest) in [(false, payload), (true, &[0, 0, 0xff, 0xff][..])] {
            if is_tail && !within {
                break;
            }
            while !rest.is_empty() {
                let stream = &mut room[began..];
                let (status, taken, made) = decompress(&mut state, rest, stream, at - began, flags);
                rest = &rest[taken..];
                at += made;
                match status {
                    TINFLStatus::Done => {
                        *state = DecompressorOxide::default();
                        began = at;
                        within = false;
                    }
                    TINFLStatus::NeedsMoreInput => within = true,
                    TINFLStatus::HasMoreOutput => {
                        end = End::TooLong;
                        break 'message;
                    }
                    _ => {
                        end = End::Failed;
                        break 'message;
                    }
                }
            }
        }
        if at > max {
            end = End::TooLong;
        } else if end == End::Whole && within {
            // Where a block is over, an empty last one ends the stream.
            let mut stream = vec![0; max + 2];
            stream[..at - began].copy_from_slice(&room[began..at]);
            let last = [1, 0, 0, 0xff, 0xff];
            let (status, taken, made) =
                decompress(&mut state, &last, &mut stream, at - began, flags);
            if (status, taken, made) != (TINFLStatus::Done, last.len(), 0) {
                end = End::Waiting;
            }
        }
        room.truncate(at);
        Self {
            inflated: room,
            end,
        }
    }
}
