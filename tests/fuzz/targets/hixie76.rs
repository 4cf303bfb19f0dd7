//! The frames of hixie-76, in either role, against the text of the draft read the simple way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::proto::Format;

fuzz_target!(|data: &[u8]| websocket_channel_fuzz::hixie::fuzz(Format::Hixie76, data));
