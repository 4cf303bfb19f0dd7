//! What a server may answer a client's handshake, in every wire format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::error::Cause;
use websocket_channel::proto::{Connection, ConnectionEvent, Deflate, Format};
use websocket_channel_fuzz::drive::START;
use websocket_channel_fuzz::open::offer;
use websocket_channel_fuzz::wire::fixed;
use websocket_channel_fuzz::{Input, same_in_any_pieces};

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let format = match (input.flag(4), input.flag(5)) {
        (false, false) => Format::Rfc6455,
        (true, false) => Format::Hixie75,
        (_, true) => Format::Hixie76,
    };
    let mut offer = offer(format);
    if input.flag(6) {
        offer.protocols.push("sample".into());
    }
    if input.flag(7) && format == Format::Rfc6455 {
        offer.deflate = Some(Deflate::default());
    }
    let make = || {
        Connection::client(START, offer.clone(), input.limits(), fixed).expect("an offer in order")
    };
    let outcome = same_in_any_pieces(&make, &input);

    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut headers);
    // RFC 9112 §5.2 and RFC 9110 §15.2: a client takes folded lines, and interim responses before the final one.
    let mut config = httparse::ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    let last = last_head(&config, input.bytes);
    let parsed = config.parse_response(&mut response, last);
    for event in &outcome.events {
        match event {
            ConnectionEvent::Opened(opened) => {
                assert!(opened.protocol.is_empty() || offer.protocols.contains(&opened.protocol));
                if format == Format::Rfc6455 {
                    // Somebody else reads the same in the head.
                    assert!(
                        matches!(parsed, Ok(httparse::Status::Complete(_))),
                        "{parsed:?}"
                    );
                    assert_eq!((response.code, response.version), (Some(101), Some(1)));
                    let all = |name: &str| -> Vec<&[u8]> {
                        let named = response.headers.iter();
                        let named = named.filter(|header| header.name.eq_ignore_ascii_case(name));
                        named.map(|header| header.value).collect()
                    };
                    // RFC 6455 §1.3: the answer to the nonce of this run.
                    assert_eq!(
                        all("Sec-WebSocket-Accept"),
                        [b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
                    );
                    assert_eq!(all("Upgrade").len(), 1);
                    assert!(all("Upgrade")[0].eq_ignore_ascii_case(b"websocket"));
                    let extensions = all("Sec-WebSocket-Extensions").concat();
                    if offer.deflate.is_none() {
                        assert!(extensions.iter().all(|byte| b", \t".contains(byte)));
                    }
                } else {
                    // A location, byte for byte the one that was asked for.
                    let location = b"ocation: ws://example.com/demo\r\n";
                    let mut windows = input.bytes.windows(location.len());
                    assert!(windows.any(|window| window == location) || format != Format::Rfc6455);
                }
            }
            ConnectionEvent::Failed(Cause::Status(status)) => {
                assert!((100..=999).contains(status) || *status < 100);
                assert_ne!(*status, 101);
            }
            _ => {}
        }
    }
    if outcome.opened() {
        assert!(last.starts_with(b"HTTP/1.1 101") || format == Format::Hixie76);
    }
});

/// What is left behind the interim responses.
fn last_head<'a>(config: &httparse::ParserConfig, mut bytes: &'a [u8]) -> &'a [u8] {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 128];
        let mut response = httparse::Response::new(&mut headers);
        match (config.parse_response(&mut response, bytes), response.code) {
            (Ok(httparse::Status::Complete(len)), Some(100 | 102..=199)) => bytes = &bytes[len..],
            _ => return bytes,
        }
    }
}
