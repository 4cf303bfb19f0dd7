//! RFC 7692: permessage-deflate, agreed on and used.
//!
//! The compressed bytes come from elsewhere: the RFC's own examples, browsers, zlib 1.2.13 by way of Python; and what this side
//! compresses is inflated by another implementation.

use crate::support::{START, events, fixed, take};
use websocket_channel::OpenInfo;
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, Deflate, ProtocolLimits, Role,
};

mod limits; // §8
mod negotiation; // §7.1
mod receiving; // §6, §7.2.2
mod sending; // §7.2.1

const EXTENSION: &str = "permessage-deflate";

fn knobs(change: impl FnOnce(&mut Deflate)) -> Deflate {
    let mut deflate = Deflate::default();
    deflate.threshold = 0;
    change(&mut deflate);
    deflate
}

/// What a client with these knobs offers.
fn offers(deflate: &Deflate) -> String {
    let mut client = asking(Some(deflate), ProtocolLimits::default());
    let request = String::from_utf8(take(&mut client)).unwrap();
    let line = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    line.unwrap_or_default().to_owned()
}

fn asking(deflate: Option<&Deflate>, limits: ProtocolLimits) -> Connection {
    let mut offer = ClientRequest::new(Address::parse("ws://example.com/").unwrap());
    offer.deflate = deflate.cloned();
    Connection::client(START, offer, limits, fixed).unwrap()
}

/// A client with these knobs that was answered so.
fn answered(deflate: Option<&Deflate>, extensions: &str, limits: ProtocolLimits) -> Connection {
    let mut client = asking(deflate, limits);
    take(&mut client);
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{extensions}\r\n"
    );
    client.handle_bytes(START, response.as_bytes());
    client
}

/// What a server with these knobs answers to these header lines, and the server.
fn answers(
    deflate: Option<Deflate>,
    lines: &[&str],
    limits: ProtocolLimits,
) -> (Option<String>, Connection) {
    let mut server = Connection::server(START, limits, fixed);
    let mut request = String::from(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
    );
    for line in lines {
        request.push_str(&format!("Sec-WebSocket-Extensions: {line}\r\n"));
    }
    server.handle_bytes(START, format!("{request}\r\n").as_bytes());
    server.poll_event();
    server.compress(deflate);
    server.accept(START, None, &[]).unwrap();
    let response = String::from_utf8(take(&mut server)).unwrap();
    let line = response
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let extensions = line.map(str::to_owned);
    let opened = OpenInfo::new("", extensions.clone().unwrap_or_default());
    assert_eq!(
        events(&mut server),
        [ConnectionEvent::Opened(opened)],
        "{lines:?}"
    );
    (extensions, server)
}

/// An open connection of this role, with compression agreed on without parameters.
fn open(role: Role) -> Connection {
    open_with(role, EXTENSION, ProtocolLimits::default(), &knobs(|_| {}))
}

fn open_with(role: Role, extension: &str, limits: ProtocolLimits, deflate: &Deflate) -> Connection {
    match role {
        Role::Client => {
            let line = format!("Sec-WebSocket-Extensions: {extension}\r\n");
            let mut client = answered(Some(deflate), &line, limits);
            assert_eq!(
                events(&mut client),
                [ConnectionEvent::Opened(OpenInfo::new("", extension))]
            );
            client
        }
        Role::Server => answers(Some(deflate.clone()), &[extension], limits).1,
    }
}

/// One frame of less than 64 KiB as a server sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ ..=125 => frame.push(len as u8),
        len => {
            frame.push(126);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}
