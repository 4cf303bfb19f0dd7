//! What a client may ask, in every wire format, on one port, and what comes behind its request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_channel::error::Cause;
use websocket_channel::proto::{Connection, ConnectionEvent, Deflate, Format, Request, Response};
use websocket_channel_fuzz::drive::{Player, START};
use websocket_channel_fuzz::wire::fixed;
use websocket_channel_fuzz::{Input, same_in_any_pieces};

struct Server<'a>(Input<'a>);

impl Player for Server<'_> {
    fn make(&self) -> Connection {
        let mut server = Connection::server(START, self.0.limits(), fixed);
        if self.0.flag(6) {
            server = server.secure();
        }
        server.compress(self.0.flag(7).then(Deflate::default));
        server
    }

    /// Accepts what can be accepted, with the last of the subprotocols, unless bit 4 says not to.
    fn decide(&self, server: &mut Connection, event: &ConnectionEvent) {
        let ConnectionEvent::Request(request) = event else {
            return;
        };
        check(request);
        let protocol = request.protocols.last().map(String::as_str);
        assert!(server.accept(START, Some("not offered"), &[]).is_err());
        assert!(server.accept(START, protocol, &[("X", "a\r\nb")]).is_err());
        let accepted = !self.0.flag(4) && server.accept(START, protocol, &[("X", "a")]).is_ok();
        assert_eq!(accepted, !self.0.flag(4) && request.is_websocket());
        if !accepted {
            let response = Response::new(404, "no\n");
            server
                .reject(START, &response)
                .expect("a response in order");
        }
        assert!(server.accept(START, None, &[]).is_err(), "once and no more");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else {
        return;
    };
    let outcome = same_in_any_pieces(&Server(input), &input);
    let request = outcome.events.iter().find_map(|event| match event {
        ConnectionEvent::Request(request) => Some(request),
        _ => None,
    });
    if let Some(request) = request {
        same_head(request, input.bytes);
    }
    if outcome.sent.is_empty() {
        return;
    }
    // Whatever was asked, what is answered is HTTP.
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(&outcome.sent);
    assert!(
        matches!(parsed, Ok(httparse::Status::Complete(_))),
        "{parsed:?}"
    );
    let status = response.code.expect("a status");
    assert_eq!(status == 101, outcome.opened());
    if let Some(ConnectionEvent::Failed(Cause::Violation(violation))) = outcome.events.first() {
        assert_eq!(status, violation.http_status());
    }
});

/// What an application may rely on.
fn check(request: &Request) {
    assert!(request.target.starts_with('/'));
    assert!(request.path().starts_with('/'));
    for (index, protocol) in request.protocols.iter().enumerate() {
        assert!(!protocol.is_empty() || request.format != Some(Format::Rfc6455));
        assert!(!request.protocols[..index].contains(protocol));
    }
    assert!(request.is_websocket() || request.protocols.is_empty());
    assert_eq!(
        request.version.is_some(),
        request.format == Some(Format::Rfc6455)
    );
    let injects = |text: &str| text.contains(['\r', '\n', '\0']);
    assert!(!injects(&request.target) && !injects(request.origin().unwrap_or_default()));
    assert!(!injects(request.host().unwrap_or_default()));
}

/// Somebody else reads the same in the head.
fn same_head(request: &Request, bytes: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut other = httparse::Request::new(&mut headers);
    let parsed = other.parse(bytes);
    if parsed == Err(httparse::Error::Version) {
        // It knows 1.0 and 1.1 and no other; ours leaves plain HTTP of any to the application.
        assert!(!request.is_websocket());
        return;
    }
    assert!(
        matches!(parsed, Ok(httparse::Status::Complete(_))),
        "{parsed:?}"
    );
    assert_eq!(other.method, Some(request.method.as_str()));
    assert!(other.path.expect("a path").ends_with(&request.target) || request.target == "/");
    let ours: Vec<(&str, Vec<u8>)> = (request.headers.iter())
        .map(|(name, value)| (name, value.bytes().collect()))
        .collect();
    assert_eq!(ours.len(), other.headers.len());
    for ((name, value), header) in ours.iter().zip(other.headers.iter()) {
        assert_eq!(*name, header.name);
        assert_eq!(
            String::from_utf8_lossy(value),
            String::from_utf8_lossy(header.value)
        );
    }
}
