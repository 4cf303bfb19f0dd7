//! Any bytes: nothing panics, and however a stream cuts them, the outcome is the same.

use crate::support::{START, as_client, events, fixed, masked, open, take};
use websocket_channel::error::Violation;
use websocket_channel::proto::{
    Address, ClientRequest, Connection, ConnectionEvent, ProtocolLimits, Role,
};

/// Marsaglia's xorshift: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    /// A few frames of a server, mostly right: a wrong one would end the connection before the next.
    fn frames(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut inside = false;
        for _ in 0..1 + self.next(6) {
            let fin = self.next(2) == 0;
            let (opcode, fin) = match self.next(5) {
                0 => (0x9, true),
                1 => (0xa, true),
                _ if inside => (0x0, fin),
                2 => (0x1, fin),
                _ => (0x2, fin),
            };
            if opcode < 8 {
                inside = !fin;
            }
            let len = if opcode > 8 {
                self.next(126)
            } else {
                [self.next(4), self.next(200), self.next(700)][self.next(3)]
            };
            let first = if fin { 0x80 | opcode } else { opcode };
            out.push(if self.next(12) == 0 {
                self.next(256) as u8
            } else {
                first
            });
            if len < 126 {
                out.push(len as u8);
            } else {
                out.push(126);
                out.extend((len as u16).to_be_bytes());
            }
            out.extend((0..len).map(|_| if self.next(50) == 0 { 0xc3 } else { b'a' }));
        }
        if self.next(2) == 0 {
            out.extend([0x88, 0x02, 0x03, 0xe8]);
        }
        out
    }

    fn corrupt(&mut self, bytes: &mut [u8]) {
        for _ in 0..self.next(4) {
            let at = self.next(bytes.len().min(300));
            bytes[at] = self.next(256) as u8;
        }
    }
}

type Outcome = (Vec<ConnectionEvent>, Vec<u8>, Option<Violation>, bool);

fn outcome(mut connection: Connection, pieces: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
    let mut told = Vec::new();
    for piece in pieces {
        connection.handle_bytes(START, &piece);
        for event in events(&mut connection) {
            // Of pongs in a row that nobody polled only the last is told.
            if let (Some(ConnectionEvent::Pong(last)), ConnectionEvent::Pong(pong)) =
                (told.last_mut(), &event)
            {
                last.clone_from(pong);
            } else {
                told.push(event);
            }
        }
    }
    let out = take(&mut connection);
    connection.handle_eof(START);
    told.extend(events(&mut connection));
    (told, out, connection.violation(), connection.is_finished())
}

fn same_in_any_pieces(make: impl Fn() -> Connection, bytes: &[u8], numbers: &mut Numbers) {
    let whole = outcome(make(), [bytes.to_vec()]);
    assert!(whole.3, "the end of the stream is the end");
    let single = outcome(make(), bytes.iter().map(|byte| vec![*byte]));
    assert!(single == whole, "byte by byte: {bytes:02x?}");
    let mut rest = bytes;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(1 + numbers.next(rest.len()));
        pieces.push(piece.to_vec());
        rest = behind;
    }
    assert!(outcome(make(), pieces) == whole, "in pieces: {bytes:02x?}");
}

#[test]
fn frames() {
    let mut numbers = Numbers(3);
    let mut violations = std::collections::HashSet::new();
    for _ in 0..1000 {
        let mut bytes = numbers.frames();
        let mut of_client = as_client(&bytes);
        numbers.corrupt(&mut bytes);
        numbers.corrupt(&mut of_client);
        same_in_any_pieces(|| open(Role::Client), &bytes, &mut numbers);
        same_in_any_pieces(|| open(Role::Server), &of_client, &mut numbers);
        violations.extend(outcome(open(Role::Client), [bytes]).2);
        violations.extend(outcome(open(Role::Server), [of_client]).2);
    }
    // The corruption does reach the corners.
    assert!(violations.len() >= 8, "{violations:?}");
}

#[test]
fn noise() {
    let mut numbers = Numbers(1);
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..1 + numbers.next(200))
            .map(|_| numbers.next(256) as u8)
            .collect();
        same_in_any_pieces(|| open(Role::Client), &bytes, &mut numbers);
        same_in_any_pieces(|| open(Role::Server), &bytes, &mut numbers);
        let server = || Connection::server(START, ProtocolLimits::default(), fixed);
        same_in_any_pieces(server, &bytes, &mut numbers);
    }
}

#[test]
fn heads() {
    let request = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let response = b"HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let offer = || ClientRequest::new(Address::parse("ws://a/chat").unwrap());
    let client = || Connection::client(START, offer(), ProtocolLimits::default(), fixed).unwrap();
    let server = || Connection::server(START, ProtocolLimits::default(), fixed);
    let mut numbers = Numbers(2);
    for _ in 0..1000 {
        let mut bytes = [&response[..], &numbers.frames()].concat();
        let at = numbers.next(response.len());
        bytes[at] = numbers.next(256) as u8;
        same_in_any_pieces(client, &bytes, &mut numbers);
        let mut bytes = [&request[..], &masked(&[0x81, 0])].concat();
        let at = numbers.next(request.len());
        bytes[at] = numbers.next(256) as u8;
        same_in_any_pieces(server, &bytes, &mut numbers);
    }
}
