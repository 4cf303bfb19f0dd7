//! Batches and frames of `WIRE.md`. Reading copies nothing, and no input makes it panic.

use super::hello::{Hello, MAX_HELLO, MAX_WAIT, Welcome, take_code};
use super::reader::Reader;
use super::{SessionViolation, varint};

/// Kinds of frames.
pub mod kind {
    #![allow(missing_docs)]
    pub const HELLO: u8 = 0x01;
    pub const WELCOME: u8 = 0x02;
    pub const ACK: u8 = 0x03;
    pub const CREDIT: u8 = 0x04;
    pub const PING: u8 = 0x05;
    pub const PONG: u8 = 0x06;
    pub const FLUSH: u8 = 0x07;
    pub const MOVE: u8 = 0x08;
    pub const DATA_TEXT: u8 = 0x10;
    pub const DATA_BINARY: u8 = 0x11;
    pub const REQUEST_TEXT: u8 = 0x12;
    pub const REQUEST_BINARY: u8 = 0x13;
    pub const RESPONSE_TEXT: u8 = 0x14;
    pub const RESPONSE_BINARY: u8 = 0x15;
    pub const ERROR: u8 = 0x16;
    pub const CANCEL: u8 = 0x17;
    pub const VOID: u8 = 0x18;
    pub const BYE: u8 = 0x19;
    pub const PART: u8 = 0x1f;
    /// Reserved: a receiver skips them.
    pub const SKIPPED: core::ops::RangeInclusive<u8> = 0x60..=0x7f;
}

/// The longest reason of a `BYE`, in bytes: the same as in a Close frame (RFC 6455 §5.5).
pub const MAX_REASON: usize = 123;

/// The cost of a message frame in addition to its body: even an empty message takes memory.
pub const OVERHEAD: u64 = 32;

/// The code of an `ERROR` that the session itself sends: the response could not be delivered. Every other code is the application's.
pub const UNDELIVERED: u64 = 0;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// The client's first.
    Hello(Box<Hello>),
    /// The server's first.
    Welcome(Welcome),
    /// Every message below this index is committed.
    Ack(u64),
    /// The total cost that may be sent on this connection.
    Credit(u64),
    /// A heartbeat. The answer has the same number.
    Ping(u64),
    /// The answer to a `PING`.
    Pong(u64),
    /// Asks the peer to acknowledge its commits without waiting.
    Flush,
    /// Asks the client to reconnect, after this time at the earliest.
    Move {
        /// Milliseconds.
        after_ms: u64,
    },
    /// A part of the next message. Never empty.
    Part(&'a [u8]),
    /// The last frame of a message, with the rest of its payload. The message gets the next index.
    Last(Head, &'a [u8]),
    /// A reserved frame, which is skipped.
    Skipped(u8),
}

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// A value.
    Data {
        /// UTF-8, or bytes.
        text: bool,
    },
    /// A value that needs a response, which refers to the request's index.
    Request {
        /// UTF-8, or bytes.
        text: bool,
    },
    /// The response to a request of the peer.
    Response {
        /// UTF-8, or bytes.
        text: bool,
        /// The index of the request.
        to: u64,
    },
    /// The failure of a request of the peer. Its payload is text.
    Error {
        /// The index of the request.
        to: u64,
        /// The application's error code.
        code: u64,
    },
    /// The requester does not need the response any more.
    Cancel {
        /// The index of the request.
        to: u64,
    },
    /// Stands for a message that could not be delivered.
    Void,
    /// The end of the session. Its payload is the reason.
    Bye {
        /// The code: 1000, or 3000 to 4999.
        code: u16,
    },
}

impl Head {
    /// Whether its payload is UTF-8.
    pub fn is_text(self) -> bool {
        match self {
            Head::Data { text } | Head::Request { text } | Head::Response { text, .. } => text,
            Head::Error { .. } | Head::Bye { .. } => true,
            Head::Cancel { .. } | Head::Void => false,
        }
    }

    /// Whether `PART` frames may come before it.
    pub(crate) fn takes_parts(self) -> bool {
        !matches!(self, Head::Cancel { .. } | Head::Void | Head::Bye { .. })
    }

    pub(crate) fn kind(self) -> u8 {
        match self {
            Head::Data { text: true } => kind::DATA_TEXT,
            Head::Data { text: false } => kind::DATA_BINARY,
            Head::Request { text: true } => kind::REQUEST_TEXT,
            Head::Request { text: false } => kind::REQUEST_BINARY,
            Head::Response { text: true, .. } => kind::RESPONSE_TEXT,
            Head::Response { text: false, .. } => kind::RESPONSE_BINARY,
            Head::Error { .. } => kind::ERROR,
            Head::Cancel { .. } => kind::CANCEL,
            Head::Void => kind::VOID,
            Head::Bye { .. } => kind::BYE,
        }
    }

    /// Its fields, which come before the payload in the body.
    fn put(self, out: &mut Vec<u8>) {
        match self {
            Head::Response { to, .. } | Head::Cancel { to } => varint::put(out, to),
            Head::Error { to, code } => {
                varint::put(out, to);
                varint::put(out, code);
            }
            Head::Bye { code } => out.extend_from_slice(&code.to_be_bytes()),
            Head::Data { .. } | Head::Request { .. } | Head::Void => {}
        }
    }

    /// Bytes of its fields.
    pub(crate) fn fields_len(self) -> usize {
        match self {
            Head::Response { to, .. } | Head::Cancel { to } => varint::len(to),
            Head::Error { to, code } => varint::len(to) + varint::len(code),
            Head::Bye { .. } => 2,
            Head::Data { .. } | Head::Request { .. } | Head::Void => 0,
        }
    }
}

impl Frame<'_> {
    /// Appends the frame.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Frame::Hello(body) => hello(out, body),
            Frame::Welcome(welcome) => long(out, kind::WELCOME, |out| welcome.put(out)),
            Frame::Ack(below) => number(out, kind::ACK, *below),
            Frame::Credit(total) => number(out, kind::CREDIT, *total),
            Frame::Ping(name) => number(out, kind::PING, *name),
            Frame::Pong(name) => number(out, kind::PONG, *name),
            Frame::Flush => out.extend_from_slice(&[kind::FLUSH, 0]),
            Frame::Move { after_ms } => number(out, kind::MOVE, *after_ms),
            Frame::Part(bytes) => part(out, bytes),
            Frame::Last(head, rest) => last(out, *head, rest),
            Frame::Skipped(kind) => out.extend_from_slice(&[*kind, 0]),
        }
    }
}

/// Appends a frame of one number.
#[inline(never)]
pub(super) fn number(out: &mut Vec<u8>, kind: u8, value: u64) {
    out.extend_from_slice(&[kind, varint::len(value) as u8]);
    varint::put(out, value);
}

/// Appends a `PART`.
pub(super) fn part(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(kind::PART);
    varint::put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends the last frame of a message.
pub(super) fn last(out: &mut Vec<u8>, head: Head, rest: &[u8]) {
    out.push(head.kind());
    varint::put(out, (head.fields_len() + rest.len()) as u64);
    head.put(out);
    out.extend_from_slice(rest);
}

/// Appends a `HELLO`.
pub(super) fn hello(out: &mut Vec<u8>, hello: &Hello) {
    long(out, kind::HELLO, |out| hello.put(out));
}

fn long(out: &mut Vec<u8>, kind: u8, put: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::with_capacity(128);
    put(&mut body);
    out.push(kind);
    varint::put(out, body.len() as u64);
    out.extend_from_slice(&body);
}

/// The frames of one batch, in order. After an error there are no more.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    rest: &'a [u8],
    empty: bool,
}

impl<'a> Frames<'a> {
    /// Reads the slot of a batch. The caller checks the slot and the length of the batch.
    ///
    /// # Errors
    /// A batch that ends within its slot, or a slot that is not a number.
    pub fn new(mut batch: &'a [u8]) -> Result<(u64, Self), SessionViolation> {
        let slot = match varint::take(&mut batch) {
            Err(SessionViolation::Truncated) if batch.is_empty() => {
                return Err(SessionViolation::EmptyBatch);
            }
            slot => slot?,
        };
        Ok((slot, Self::of(batch)))
    }

    /// Frames without a slot before them.
    pub(crate) fn of(frames: &'a [u8]) -> Self {
        Self {
            rest: frames,
            empty: true,
        }
    }

    /// Has `take` take frames from the front. Returns whether it did.
    pub(crate) fn take_by(&mut self, take: impl FnOnce(&mut &'a [u8])) -> bool {
        let before = self.rest.len();
        take(&mut self.rest);
        let took = self.rest.len() < before;
        self.empty &= !took;
        took
    }

    #[inline]
    fn read(&mut self) -> Result<Frame<'a>, SessionViolation> {
        let (kind, body) = split(&mut self.rest)?;
        read(kind, body)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, SessionViolation>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return core::mem::take(&mut self.empty).then_some(Err(SessionViolation::EmptyBatch));
        }
        self.empty = false;
        let frame = self.read();
        if frame.is_err() {
            self.rest = &[];
        }
        Some(frame)
    }
}

/// Takes a frame from the front of `rest`: its kind and its body.
#[inline]
pub(crate) fn split<'a>(rest: &mut &'a [u8]) -> Result<(u8, &'a [u8]), SessionViolation> {
    let Some((kind, behind)) = rest.split_first() else {
        return Err(SessionViolation::Truncated);
    };
    let kind = *kind;
    *rest = behind;
    let len = varint::take(rest)?;
    let len = usize::try_from(len).map_err(|_| SessionViolation::Truncated)?;
    let (body, behind) = rest
        .split_at_checked(len)
        .ok_or(SessionViolation::Truncated)?;
    *rest = behind;
    Ok((kind, body))
}

#[inline]
fn read(kind: u8, body: &[u8]) -> Result<Frame<'_>, SessionViolation> {
    match kind {
        kind::DATA_TEXT | kind::DATA_BINARY => {
            let text = kind == kind::DATA_TEXT;
            return Ok(Frame::Last(Head::Data { text }, body));
        }
        kind::PART if !body.is_empty() => return Ok(Frame::Part(body)),
        _ => {}
    }
    let mut input = Reader::new(body);
    let frame = fields(kind, &mut input);
    input.finish()?;
    Ok(frame)
}

/// Every frame that has fields.
#[inline(never)]
fn fields<'a>(kind: u8, input: &mut Reader<'a>) -> Frame<'a> {
    let frame = match kind {
        kind::REQUEST_TEXT | kind::REQUEST_BINARY => {
            let text = kind == kind::REQUEST_TEXT;
            return Frame::Last(Head::Request { text }, input.rest);
        }
        kind::RESPONSE_TEXT | kind::RESPONSE_BINARY => {
            let text = kind == kind::RESPONSE_TEXT;
            let to = input.number();
            return Frame::Last(Head::Response { text, to }, input.rest);
        }
        kind::ERROR => {
            let (to, code) = (input.number(), input.number());
            return Frame::Last(Head::Error { to, code }, input.rest);
        }
        kind::BYE => {
            let code = take_code(input);
            input.refuse(input.rest.len() > MAX_REASON, SessionViolation::Bye);
            return Frame::Last(Head::Bye { code }, input.rest);
        }
        // More bytes behind their fields belong to a later version.
        kind::HELLO | kind::WELCOME => {
            input.refuse(input.rest.len() > MAX_HELLO, SessionViolation::BodyTooLong);
            return match kind {
                kind::HELLO => Frame::Hello(Box::new(Hello::take(input))),
                _ => Frame::Welcome(Welcome::take(input)),
            };
        }
        kind if kind::SKIPPED.contains(&kind) => return Frame::Skipped(kind),

        kind::ACK => Frame::Ack(input.number()),
        kind::CREDIT => Frame::Credit(input.number()),
        kind::PING => Frame::Ping(input.number()),
        kind::PONG => Frame::Pong(input.number()),
        kind::FLUSH => Frame::Flush,
        kind::MOVE => {
            let after_ms = input.within(0, MAX_WAIT);
            Frame::Move { after_ms }
        }
        kind::CANCEL => {
            let to = input.number();
            Frame::Last(Head::Cancel { to }, &[])
        }
        kind::VOID => Frame::Last(Head::Void, &[]),
        _ => {
            let violation = match kind {
                kind::PART => SessionViolation::EmptyPart,
                _ => SessionViolation::UnknownKind,
            };
            input.violated(violation);
            Frame::Flush
        }
    };
    input.refuse(!input.rest.is_empty(), SessionViolation::BodyTooLong);
    frame
}
