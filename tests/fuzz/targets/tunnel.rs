//! What a proxy may answer to CONNECT.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::error::Cause;
use websocket_channel::proto::Tunnel;
use websocket_channel_fuzz::{Input, MEMORY};

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let whole = play(&input, &[input.bytes]);
    assert_eq!(whole, play(&input, &input.pieces()));
    let single: Vec<&[u8]> = input.bytes.chunks(1).collect();
    assert_eq!(whole, play(&input, &single));

    let (outcome, left) = whole;
    assert!(input.bytes.ends_with(&left));
    let head = &input.bytes[..input.bytes.len() - left.len()];
    match outcome {
        // Somebody else finds the end of the last head in the same place, and a 2xx in it.
        Ok(true) => {
            let mut rest = head;
            loop {
                let mut headers = [httparse::EMPTY_HEADER; 128];
                let mut response = httparse::Response::new(&mut headers);
                let mut config = httparse::ParserConfig::default();
                // RFC 9112 §5.2.
                config.allow_obsolete_multiline_headers_in_responses(true);
                let len = match config.parse_response(&mut response, rest) {
                    Ok(httparse::Status::Complete(len)) => len,
                    // It knows 1.0 and 1.1 and no other.
                    Err(httparse::Error::Version) => return,
                    other => panic!("{other:?}: {:?}", String::from_utf8_lossy(rest)),
                };
                let status = response.code.expect("a status");
                rest = &rest[len..];
                if rest.is_empty() {
                    assert_eq!(status / 100, 2);
                    break;
                }
                assert_eq!(status / 100, 1);
            }
        }
        Ok(false) => assert!(left.is_empty(), "more bytes are wanted, and there are some"),
        Err(Cause::Proxy(status)) => assert!(status / 100 != 2 && status != 407),
        Err(Cause::ProxyAuthentication(challenges)) => assert!(!challenges.contains(['\r', '\n'])),
        Err(Cause::Violation(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
});

/// The outcome, and what belongs to the tunnel.
fn play(input: &Input, pieces: &[&[u8]]) -> (Result<bool, Cause>, Vec<u8>) {
    let limits = input.limits();
    let mut tunnel = Tunnel::new("example.com", 80, None, &limits).expect("a host");
    let queued = tunnel.outgoing().len();
    tunnel.handle_transmitted(queued);
    let mut outcome = Ok(false);
    let mut left = Vec::new();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    for piece in pieces {
        let mut rest = *piece;
        if outcome == Ok(false) {
            outcome = tunnel.handle_bytes(&mut rest);
        }
        if outcome.is_err() {
            // The body of a refusal is nobody's.
            left.clear();
            break;
        }
        left.extend(rest);
        assert!(tunnel.outgoing().is_empty());
    }
    let used = MEMORY.peak_usage() - before;
    assert!(
        used <= 8 * limits.max_head + 8 * input.bytes.len() + (64 << 10),
        "{used} bytes"
    );
    (outcome, left)
}
