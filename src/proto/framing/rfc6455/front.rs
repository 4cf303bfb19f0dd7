//! A message in one frame that is not compressed, at the front of the input: most messages are.

use super::header::{Frame, Kind};
use super::{MAX_UNSEEN_RESERVE, Rfc6455};
use crate::proto::framing::assembly::Assembly;
use crate::proto::framing::mask;
use crate::proto::role::Role;
use crate::simd;

/// The first bytes of a message in one frame that is not compressed.
pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;

impl Rfc6455 {
    /// What begins a message in one frame within every limit, if that lies there with its whole header.
    #[inline(always)]
    pub(super) fn front<'a>(&self, input: &'a [u8]) -> Option<Front<'a>> {
        let (&[first, second], rest) = input.split_first_chunk()?;
        let masked = self.role == Role::Server;
        let (len, least, rest) = match second ^ (u8::from(masked) << 7) {
            short @ 0..=125 => (usize::from(short), 0, rest),
            126 => {
                let (&field, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(field)), 126, rest)
            }
            127 => {
                let (&field, rest) = rest.split_first_chunk()?;
                let len = usize::try_from(u64::from_be_bytes(field)).ok()?;
                (len, 0x1_0000, rest)
            }
            _ => return None,
        };
        // One that is not minimal is left to `decode`, as is everything that is wrong.
        if len < least || len >= self.whole_below {
            return None;
        }
        let (key, rest) = if masked {
            let (&key, rest) = rest.split_first_chunk()?;
            (Some(key), rest)
        } else {
            (None, rest)
        };
        Some(Front {
            first,
            key,
            len,
            rest,
        })
    }

    /// What lies behind a message that is whole: begins the next one if that is long, or appends it to `surplus`.
    #[inline]
    pub(super) fn begin(&mut self, input: &[u8], surplus: &mut Vec<u8>) {
        match self.front(input) {
            Some(Front {
                first: BINARY,
                key,
                len,
                rest,
            }) if rest.len() < len => self.begin_binary(key, len, rest),
            _ => surplus.extend_from_slice(input),
        }
    }

    /// Begins a binary message of which more is to come.
    #[inline(never)]
    pub(super) fn begin_binary(&mut self, mask: Option<[u8; 4]>, len: usize, piece: &[u8]) {
        let mut bytes = Vec::with_capacity(room(len, piece) + self.longest_header);
        bytes.extend_from_slice(piece);
        if let Some(key) = mask {
            mask::apply(key, 0, &mut bytes);
        }
        self.assembly = Some(Assembly::begun(bytes));
        self.frame = Some(Frame {
            kind: Kind::Binary,
            fin: true,
            compressed: false,
            mask,
            len,
            read: piece.len(),
        });
    }
}

/// The header of a message in one frame, and what lies behind it.
pub(super) struct Front<'a> {
    pub(super) first: u8,
    pub(super) key: Option<[u8; 4]>,
    pub(super) len: usize,
    pub(super) rest: &'a [u8],
}

/// Room to make for a payload that begins with this piece.
pub(super) fn room(len: usize, piece: &[u8]) -> usize {
    len.min(MAX_UNSEEN_RESERVE.max(piece.len()))
}

#[inline(always)]
pub(super) fn binary(key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    match key {
        Some(key) => mask::applied(key, payload),
        None => payload.to_vec(),
    }
}

/// `None` if it is no text.
pub(super) fn text(key: Option<[u8; 4]>, payload: &[u8]) -> Option<String> {
    if payload.len() < simd::LONG {
        return String::from_utf8(binary(key, payload)).ok();
    }
    // To check it with vectors and then copy it is faster than to check it as std does where it is to stay.
    match key {
        Some(key) => simd::from_utf8(&mask::applied(key, payload)).map(str::to_owned),
        None => simd::from_utf8(payload).map(str::to_owned),
    }
}
