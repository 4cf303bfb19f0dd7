//! Messages to frames: each message is one frame, or several if it is longer than a frame may be.

use super::{MAX_HEADER, RSV1, Rfc6455};
use crate::message::Message;
use crate::proto::Random;
use crate::proto::framing::mask;
use crate::proto::framing::rfc6455::header::Kind;
use crate::proto::outgoing::{Outgoing, Pieces};
use crate::proto::role::Role;
use core::ops::Range;

/// RFC 6455 §5.2: the bit of a message's last frame.
const FIN: u8 = 0x80;
/// The opcode of every frame of a message but the first.
const CONTINUATION: u8 = 0;

impl Rfc6455 {
    #[inline(always)]
    pub(super) fn encode_data(&mut self, message: Message, out: &mut Outgoing) {
        if self.codec.is_some() && self.encode_packed(&message, out) {
            return;
        }
        if message.len() > self.max_send_frame {
            return self.encode_fragments(message, out);
        }
        let first = FIN | opcode(&message);
        let key = key(self.role, self.random);
        if out.moves(message.len()) {
            append_moved(first, key, message, out);
        } else {
            let payload = message.as_bytes();
            append(first, key, payload, out.append(payload.len()));
        }
    }

    /// RFC 6455 §5.4: in frames of `max_send_frame` bytes, so that control frames can go between them.
    #[inline(never)]
    fn encode_fragments(&self, message: Message, out: &mut Outgoing) {
        let opcode = opcode(&message);
        let len = self.max_send_frame;
        if !out.moves(len) {
            let payload = message.as_bytes();
            let sender = (self.role, self.random);
            return append_fragments(opcode, sender, len, payload, payload.len(), out);
        }
        let mut payload = into_bytes(message);
        let headers = out.append(0);
        let begin = headers.len();
        // By hand: the iterator of the others is slower, and this is what a large message costs.
        let (mut first, mut rest) = (opcode, &mut payload[..]);
        let (mut header, mut last_header) = (0, 0);
        while !rest.is_empty() {
            let end = len.min(rest.len());
            let (piece, behind) = core::mem::take(&mut rest).split_at_mut(end);
            let key = key(self.role, self.random);
            if behind.is_empty() {
                first |= FIN;
            }
            let before = headers.len();
            append_header(first, key, piece.len(), headers);
            if let Some(key) = key {
                mask::apply(key, 0, piece);
            }
            last_header = headers.len() - before;
            if before == begin {
                header = last_header;
            }
            (first, rest) = (CONTINUATION, behind);
        }
        let at = begin + header;
        let pieces = Pieces {
            len,
            header,
            last_header,
        };
        out.append_pieces(at, payload, pieces);
    }

    /// Compressed, unless it is to be sent as it is. Apart, since what most connections do is a tenth of the code.
    #[inline(never)]
    fn encode_packed(&mut self, message: &Message, out: &mut Outgoing) -> bool {
        let payload = message.as_bytes();
        let Some(packed) = self.codec.as_mut().and_then(|codec| codec.deflate(payload)) else {
            return false;
        };
        // RFC 7692 §6.1: RSV1 is set in the first frame alone.
        let opcode = RSV1 | opcode(message);
        let sender = (self.role, self.random);
        if packed.len() > self.max_send_frame {
            append_fragments(
                opcode,
                sender,
                self.max_send_frame,
                packed,
                payload.len(),
                out,
            );
        } else {
            let key = key(self.role, self.random);
            append(FIN | opcode, key, packed, out.append(payload.len()));
        }
        true
    }

    pub(super) fn encode_control(&self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        let key = key(self.role, self.random);
        append(FIN | kind.opcode(), key, payload, out);
    }
}

/// The frames of a message of `len` bytes: the first byte of each, and its part of the payload.
fn fragments(opcode: u8, len: usize, max_frame: usize) -> impl Iterator<Item = (u8, Range<usize>)> {
    (0..len).step_by(max_frame.max(1)).map(move |start| {
        let end = len.min(start.saturating_add(max_frame));
        let opcode = if start == 0 { opcode } else { CONTINUATION };
        let fin = if end == len { FIN } else { 0 };
        (fin | opcode, start..end)
    })
}

/// Appends a message in frames of `max_frame` bytes. `len` of the bytes are the application's.
#[inline(never)]
fn append_fragments(
    opcode: u8,
    (role, random): (Role, Random),
    max_frame: usize,
    payload: &[u8],
    len: usize,
    out: &mut Outgoing,
) {
    let start = out.next_frame();
    let bytes = out.append(len);
    let begin = bytes.len();
    let mut step = 0;
    for (first, range) in fragments(opcode, payload.len(), max_frame) {
        let piece = payload.get(range).unwrap_or_default();
        append(first, key(role, random), piece, bytes);
        if step == 0 {
            step = bytes.len() - begin;
        }
    }
    out.fragmented(start, step);
}

fn into_bytes(message: Message) -> Vec<u8> {
    match message {
        Message::Text(text) => text.into_bytes(),
        Message::Binary(bytes) => bytes,
    }
}

fn opcode(message: &Message) -> u8 {
    match message {
        Message::Text(_) => Kind::Text.opcode(),
        Message::Binary(_) => Kind::Binary.opcode(),
    }
}

/// RFC 6455 §5.3: a client's frames have "a fresh masking key for each frame", unpredictable.
fn key(role: Role, random: fn(&mut [u8])) -> Option<[u8; 4]> {
    (role == Role::Client).then(|| {
        let mut key = [0; 4];
        random(&mut key);
        key
    })
}

/// Appends one whole frame. `first` is its first byte: FIN, RSV1 if it begins a compressed message, the opcode (RFC 6455 §5.2).
#[inline(always)]
fn append(first: u8, key: Option<[u8; 4]>, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(MAX_HEADER + payload.len());
    append_header(first, key, payload.len(), out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = key {
        mask::apply(key, 0, &mut out[start..]);
    }
}

/// The same for a payload that stays where it is.
#[inline(always)]
fn append_moved(first: u8, key: Option<[u8; 4]>, message: Message, out: &mut Outgoing) {
    let mut payload = into_bytes(message);
    append_header(first, key, payload.len(), out.append(0));
    if let Some(key) = key {
        mask::apply(key, 0, &mut payload);
    }
    out.append_moved(payload);
}

#[inline(always)]
fn append_header(first: u8, key: Option<[u8; 4]>, len: usize, out: &mut Vec<u8>) {
    let mask_bit = if key.is_some() { 0x80 } else { 0 };
    // Each is appended as an array, whose length the compiler knows.
    match len {
        0..=125 => out.extend_from_slice(&[first, mask_bit | len as u8]),
        126..=0xFFFF => {
            let [a, b] = (len as u16).to_be_bytes();
            out.extend_from_slice(&[first, mask_bit | 126, a, b]);
        }
        _ => {
            let [a, b, c, d, e, f, g, h] = (len as u64).to_be_bytes();
            out.extend_from_slice(&[first, mask_bit | 127, a, b, c, d, e, f, g, h]);
        }
    }
    if let Some(key) = key {
        out.extend_from_slice(&key);
    }
}
