//! Whatever comes, in whatever pieces it is read: a connection over a stream tells what the core alone tells of the same bytes.

use crate::support::{limits, next, soon, upgraded};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websocket_channel::error::Violation;
use websocket_channel::proto::{self, Connection, Role};
use websocket_channel::transport::Limits;
use websocket_channel::{Event, Message};

const STREAMS: u64 = 400;

/// Numbers that look like chance and are the same every time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Gives the bytes in pieces, then ends; takes everything.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    most: usize,
    chance: Chance,
}

impl AsyncRead for Pieces {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.chance.below(4) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let rest = &this.bytes[this.at..];
        let piece = 1 + this.chance.below(this.most);
        let piece = piece.min(rest.len()).min(buffer.remaining());
        buffer.put_slice(&rest[..piece]);
        this.at += piece;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Frames of every kind, mostly right, mostly binary.
fn frames(chance: &mut Chance, role: Role) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut unfinished = false;
    for _ in 0..1 + chance.below(12) {
        let size = chance.of(&[
            0, 1, 3, 4, 14, 125, 126, 300, 4096, 16_384, 65_535, 65_536, 90_000,
        ]);
        let size = size + chance.below(8);
        let (first, size) = match chance.below(16) {
            0 => (0x89, size.min(125)),
            1 => (0x8A, size.min(125)),
            _ if unfinished => {
                unfinished = chance.below(2) == 0;
                (if unfinished { 0x00 } else { 0x80 }, size)
            }
            2 | 3 => {
                unfinished = true;
                (chance.of(&[0x01, 0x02]), size)
            }
            4 => (0x81, size),
            // Seldom: too long, for limits that are lower.
            5 if chance.below(8) == 0 => (0x82, 150_000),
            _ => (0x82, size),
        };
        let start = bytes.len();
        bytes.push(first);
        let bit = if role == Role::Server { 0x80 } else { 0 };
        match size {
            0..=125 => bytes.push(bit | size as u8),
            126..=0xFFFF => {
                bytes.push(bit | 126);
                bytes.extend((size as u16).to_be_bytes());
            }
            _ => {
                bytes.push(bit | 127);
                bytes.extend((size as u64).to_be_bytes());
            }
        }
        let key = chance.of(&[[0; 4], [0x37, 0xFA, 0x21, 0x3D]]);
        if role == Role::Server {
            bytes.extend(key);
        } else {
            assert_eq!(bit, 0);
        }
        let payload = (0..size).map(|at| b'a' + (at % 26) as u8);
        let key = if role == Role::Server { key } else { [0; 4] };
        bytes.extend(payload.zip(key.iter().cycle()).map(|(a, b)| a ^ b));
        // Seldom something in the header is wrong, or in a text.
        if chance.below(24) == 0 {
            let at = start + chance.below((bytes.len() - start).min(12));
            bytes[at] ^= 1 << chance.below(8);
        }
    }
    // The stream may end inside a frame.
    if chance.below(4) == 0 {
        bytes.truncate(bytes.len() - chance.below(bytes.len()));
    }
    bytes
}

type Told = (Vec<Message>, Option<Violation>);

fn by_the_core(role: Role, limits: &Limits, bytes: &[u8]) -> Told {
    let mut core = Connection::upgraded(role, limits.into(), rand::fill);
    core.handle_bytes(Duration::ZERO, bytes);
    core.handle_eof(Duration::ZERO);
    let mut messages = Vec::new();
    while let Some(event) = core.poll_event() {
        if let proto::ConnectionEvent::Message(message) = event {
            messages.push(message);
        }
    }
    (messages, core.violation())
}

async fn over_a_stream(role: Role, limits: &Limits, stream: Pieces) -> Told {
    let mut framed = upgraded(stream, role, limits);
    let mut messages = Vec::new();
    while let Event::Message(message) = next(&mut framed).await {
        messages.push(message);
    }
    (messages, framed.connection().violation())
}

#[tokio::test]
async fn a_stream_and_the_core_alone_tell_the_same() {
    let limits = limits(|limits| limits.max_message = 120_000);
    let mut messages = 0;
    let mut violations = 0;
    for seed in 1..=STREAMS {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let role = chance.of(&[Role::Client, Role::Server]);
        let bytes = frames(&mut chance, role);
        let expected = by_the_core(role, &limits, &bytes);
        messages += expected.0.len();
        violations += usize::from(expected.1.is_some());
        let most = chance.of(&[1 << 20, 1 << 20, 70_000, 5000, 300]);
        let stream = Pieces {
            bytes,
            at: 0,
            most,
            chance,
        };
        let told = soon("the end", over_a_stream(role, &limits, stream)).await;
        assert!(
            told == expected,
            "stream {seed}, a {role:?}, pieces of {most}: {} messages and {:?} instead of {} and {:?}",
            told.0.len(),
            told.1,
            expected.0.len(),
            expected.1
        );
    }
    // Otherwise the streams would show nothing.
    assert!(
        messages > 1000 && violations > 50,
        "{messages}, {violations}"
    );
}
