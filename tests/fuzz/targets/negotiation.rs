//! The negotiation of permessage-deflate: any offer to a server, any answer to a client, under any wishes of our own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::error::{Cause, Violation};
use websocket_channel::proto::handshake::head::is_value;
use websocket_channel::proto::{Connection, ConnectionEvent, Deflate, Format, ProtocolLimits};
use websocket_channel_fuzz::Input;
use websocket_channel_fuzz::drive::START;
use websocket_channel_fuzz::open::offer;
use websocket_channel_fuzz::wire::fixed;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let Some((&bits, value)) = input.bytes.split_first() else {
        return;
    };
    let Some(value) = std::str::from_utf8(value)
        .ok()
        .filter(|value| is_value(value))
    else {
        return;
    };
    if value.len() > 8000 {
        return;
    }
    let mut deflate = Deflate::default();
    deflate.send_window_bits = bits & 15;
    deflate.receive_window_bits = bits >> 4;
    deflate.send_takeover = !input.flag(4);
    deflate.receive_takeover = !input.flag(5);
    if input.flag(0) {
        asked(value, deflate);
    } else {
        answered(value, deflate);
    }
});

/// A server is offered this.
fn asked(value: &str, deflate: Deflate) {
    let mut server = Connection::server(START, ProtocolLimits::default(), fixed);
    server.compress(Some(deflate.clone()));
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: {value}\r\n\r\n"
    );
    server.handle_bytes(START, request.as_bytes());
    match server.poll_event() {
        Some(ConnectionEvent::Request(_)) => {}
        // RFC 6455 §9.1: a list that breaks the grammar. One offer in its simplest form does not.
        Some(ConnectionEvent::Failed(Cause::Violation(Violation::ExtensionList))) => {
            assert_ne!(value, "permessage-deflate");
            return;
        }
        other => panic!("{other:?}"),
    }
    server
        .accept(START, None, &[])
        .expect("compression is no reason to refuse");
    let Some(ConnectionEvent::Opened(opened)) = server.poll_event() else {
        panic!("it was accepted");
    };
    let head = String::from_utf8(server.outgoing().to_vec()).expect("a head is ASCII");
    let answer = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    assert_eq!(answer.unwrap_or_default(), opened.extensions);
    let Some(answer) = answer else {
        return;
    };
    let answer = Parameters::read(answer);
    assert!(value.contains("permessage-deflate"));
    // RFC 7692 §7.1.2.1: for what we send, no more than we want to, and than the offer allows; 8 is more than we can promise.
    let send = answer.server_max_window_bits.unwrap_or(15);
    assert!((9..=15).contains(&send) && send <= deflate.send_window_bits.clamp(9, 15));
    // §7.1.2.2: nothing is asked for that the client did not say it could do.
    if let Some(receive) = answer.client_max_window_bits {
        assert!(value.contains("client_max_window_bits"));
        assert!((9..=15).contains(&receive) && receive <= deflate.receive_window_bits.clamp(9, 15));
    }
    assert!(deflate.send_takeover || answer.server_no_context_takeover);
    assert!(deflate.receive_takeover || answer.client_no_context_takeover);

    // Our own client takes the answer to an offer that is its own.
    if value == own_offer(&deflate) {
        assert!(client(&opened.extensions, &deflate).is_ok());
    }
}

/// A client is answered this.
fn answered(value: &str, deflate: Deflate) {
    match client(value, &deflate) {
        Ok(extensions) => {
            assert_eq!(extensions, value.trim_matches([' ', '\t']));
            if extensions.bytes().all(|byte| b", \t".contains(&byte)) {
                return;
            }
            let answer = Parameters::read(&extensions.replace(['"', '\\'], ""));
            let receive = deflate.receive_window_bits.clamp(9, 15);
            // §7.1.2.1: what was asked for was granted.
            assert!(answer.server_max_window_bits.unwrap_or(15) <= receive);
            assert!(deflate.receive_takeover || answer.server_no_context_takeover);
            let send = deflate.send_window_bits.clamp(9, 15);
            assert!(answer.client_max_window_bits.unwrap_or(send) <= send);
        }
        Err(violation) => assert!(matches!(
            violation,
            Violation::Extension | Violation::ExtensionParameter | Violation::ExtensionList
        )),
    }
}

/// The extensions that a client finds itself with.
fn client(answer: &str, deflate: &Deflate) -> Result<String, Violation> {
    let mut offer = offer(Format::Rfc6455);
    offer.deflate = Some(deflate.clone());
    let mut client =
        Connection::client(START, offer, ProtocolLimits::default(), fixed).expect("an offer");
    let response = format!(
        "HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: {answer}\r\n\r\n"
    );
    client.handle_bytes(START, response.as_bytes());
    match client.poll_event() {
        Some(ConnectionEvent::Opened(opened)) => Ok(opened.extensions),
        Some(ConnectionEvent::Failed(Cause::Violation(violation))) => Err(violation),
        other => panic!("{other:?}"),
    }
}

fn own_offer(deflate: &Deflate) -> String {
    let mut offer = offer(Format::Rfc6455);
    offer.deflate = Some(deflate.clone());
    let client =
        Connection::client(START, offer, ProtocolLimits::default(), fixed).expect("an offer");
    let head = String::from_utf8(client.outgoing().to_vec()).expect("a head is ASCII");
    let mut lines = head.lines();
    let value = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    value.unwrap_or_default().into()
}

/// An answer that is in order, read the simple way.
#[derive(Debug, Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<u8>,
}

impl Parameters {
    fn read(answer: &str) -> Self {
        let blank = [' ', '\t', ','];
        let mut parts = answer
            .trim_matches(blank)
            .split(';')
            .map(|part| part.trim_matches(blank));
        assert_eq!(parts.next(), Some("permessage-deflate"));
        let mut read = Self::default();
        let mut names = Vec::new();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim_matches(blank), value.trim_matches(blank));
            assert!(!names.contains(&name), "{name} twice");
            names.push(name);
            let bits =
                || Some(value.parse().expect("a number")).filter(|bits| (8..=15).contains(bits));
            match name {
                "server_no_context_takeover" => read.server_no_context_takeover = true,
                "client_no_context_takeover" => read.client_no_context_takeover = true,
                "server_max_window_bits" => {
                    read.server_max_window_bits = Some(bits().expect("8-15"))
                }
                "client_max_window_bits" => {
                    read.client_max_window_bits = Some(bits().expect("8-15"))
                }
                other => panic!("{other:?} is no parameter"),
            }
        }
        read
    }
}
