//! Messages to frames: each message is one frame.

use super::{MAX_HEADER, RSV1, Rfc6455};
use crate::message::Message;
use crate::proto::framing::mask;
use crate::proto::framing::rfc6455::header::Kind;
use crate::proto::outgoing::Outgoing;
use crate::proto::role::Role;

impl Rfc6455 {
    #[inline(always)]
    pub(super) fn encode_data(&mut self, message: Message, out: &mut Outgoing) {
        if self.codec.is_some() && self.encode_packed(&message, out) {
            return;
        }
        let opcode = opcode(&message);
        let key = key(self.role, self.random);
        if out.moves(message.len()) {
            append_moved(opcode, key, message, out);
        } else {
            let payload = message.as_bytes();
            append(opcode, key, payload, out.append(payload.len()));
        }
    }

    /// Compressed, unless it is to be sent as it is. Apart, since what most connections do is a tenth of the code.
    #[inline(never)]
    fn encode_packed(&mut self, message: &Message, out: &mut Outgoing) -> bool {
        let payload = message.as_bytes();
        let Some(packed) = self.codec.as_mut().and_then(|codec| codec.deflate(payload)) else {
            return false;
        };
        let key = key(self.role, self.random);
        append(
            RSV1 | opcode(message),
            key,
            packed,
            out.append(payload.len()),
        );
        true
    }

    pub(super) fn encode_control(&self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        append(kind.opcode(), key(self.role, self.random), payload, out);
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

/// Appends one whole frame. `flags` are the opcode, and RSV1 if the payload is compressed.
#[inline(always)]
fn append(flags: u8, key: Option<[u8; 4]>, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(MAX_HEADER + payload.len());
    append_header(flags, key, payload.len(), out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = key {
        mask::apply(key, 0, &mut out[start..]);
    }
}

/// The same for a payload that stays where it is.
#[inline(always)]
fn append_moved(opcode: u8, key: Option<[u8; 4]>, message: Message, out: &mut Outgoing) {
    let mut payload = match message {
        Message::Text(text) => text.into_bytes(),
        Message::Binary(bytes) => bytes,
    };
    append_header(opcode, key, payload.len(), out.append(0));
    if let Some(key) = key {
        mask::apply(key, 0, &mut payload);
    }
    out.append_moved(payload);
}

#[inline(always)]
fn append_header(flags: u8, key: Option<[u8; 4]>, len: usize, out: &mut Vec<u8>) {
    let first = 0x80 | flags;
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
