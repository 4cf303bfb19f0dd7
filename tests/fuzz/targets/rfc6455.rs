//! The frames of RFC 6455, in either role, in any state of an open connection.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::proto::{CloseFrame, Connection, Role};
use websocket_channel_fuzz::drive::START;
use websocket_channel_fuzz::wire::{self, fixed};
use websocket_channel_fuzz::{Input, same_in_any_pieces};

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let role = input.role();
    let make = || {
        let mut connection = Connection::upgraded(role, input.limits(), fixed);
        if input.flag(4) {
            connection.ping(b"ping").expect("it is open");
            connection.send("hello".into()).expect("it is open");
        }
        if input.flag(5) {
            let bye = CloseFrame::new(4000, "bye").ok();
            connection.close(START, bye.as_ref()).expect("it is open");
        }
        connection
    };
    let outcome = same_in_any_pieces(&make, &input);

    // What we wrote is frames, each whole, final and masked as it must be. Behind our Close frame come only pongs, which RFC
    // 6455 §5.5.2 still asks for.
    let mut written = wire::frames(&outcome.sent);
    assert_eq!(
        written.last().map_or(0, |frame| frame.end),
        outcome.sent.len()
    );
    let close = written.iter().position(|frame| frame.first == 0x88);
    let behind = written
        .iter()
        .skip(close.map_or(written.len(), |at| at + 1));
    assert!(behind.into_iter().all(|frame| frame.first == 0x8a));
    let mut start = 0;
    for frame in &written {
        assert!(frame.minimal && frame.first & 0xf0 == 0x80);
        assert_eq!(outcome.sent[start + 1] & 0x80 != 0, role == Role::Client);
        start = frame.end;
    }
    match outcome.violation {
        // RFC 6455 §7.1.7: unless we had closed already.
        Some(violation) if !input.flag(5) => {
            let close = written.pop().expect("a Close frame");
            assert_eq!(close.payload, violation.close_code().to_be_bytes());
        }
        _ => assert!(outcome.open || input.flag(5) || close.is_some()),
    }
});
