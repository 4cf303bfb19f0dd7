//! Batches of the session protocol: no bytes panic, an error is the end, and what was read is written in the same bytes or reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::session::wire::{Frame, Frames};

fuzz_target!(|data: &[u8]| {
    let Ok((_, frames)) = Frames::new(data) else {
        return;
    };
    let mut read = Vec::new();
    let mut ended = false;
    for frame in frames {
        assert!(!ended, "something behind a violation");
        match frame {
            Ok(frame) => read.push(frame),
            Err(_) => ended = true,
        }
    }
    let mut batch = vec![0];
    for frame in &read {
        frame.put(&mut batch);
    }
    if read.is_empty() {
        return;
    }
    let (slot, again) = Frames::new(&batch).expect("a slot");
    let again: Vec<Frame<'_>> = again
        .map(|frame| frame.expect("what was written"))
        .collect();
    assert_eq!(slot, 0);
    assert_eq!(again, read);
});
