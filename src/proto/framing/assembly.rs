//! A message that is put together from the pieces in which it comes: unmasked, inflated where it is compressed, checked.

use super::mask;
use super::utf8::Text;
use crate::error::Violation;
use crate::message::Message;
use crate::proto::deflate::Codec;

/// Masked text is unmasked in pieces of this size on the side, so that the message itself is always valid text.
const PIECE: usize = 4096;

/// A data message that is not finished.
#[derive(Debug)]
pub(super) struct Assembly {
    payload: Payload,
    /// Bytes of a text that were not validated yet.
    side: Vec<u8>,
    /// What comes has to be inflated.
    pub(super) compressed: bool,
    /// Frames read so far, each to its end, but not the last.
    pub(super) fragments: usize,
}

#[derive(Debug)]
enum Payload {
    Text(Text),
    Binary(Vec<u8>),
}

impl Assembly {
    pub(super) fn text(compressed: bool) -> Self {
        Self {
            payload: Payload::Text(Text::default()),
            side: Vec::new(),
            compressed,
            fragments: 0,
        }
    }

    pub(super) fn binary(compressed: bool) -> Self {
        Self {
            compressed,
            ..Self::begun(Vec::new())
        }
    }

    /// A binary message of which these bytes came.
    pub(super) fn begun(bytes: Vec<u8>) -> Self {
        Self {
            payload: Payload::Binary(bytes),
            side: Vec::new(),
            compressed: false,
            fragments: 0,
        }
    }

    /// The bytes of a binary message.
    pub(super) fn take_binary(&mut self) -> Option<Vec<u8>> {
        match &mut self.payload {
            Payload::Binary(bytes) => Some(core::mem::take(bytes)),
            Payload::Text(_) => None,
        }
    }

    /// Payload bytes so far.
    pub(super) fn len(&self) -> usize {
        match &self.payload {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        }
    }

    /// Makes room for so many more bytes.
    pub(super) fn reserve(&mut self, additional: usize) {
        match &mut self.payload {
            Payload::Text(text) => text.reserve(additional),
            Payload::Binary(bytes) => bytes.reserve(additional),
        }
    }

    /// Where bytes can be read to: for a binary message its own, for a text some on the side.
    pub(super) fn direct(&mut self) -> &mut Vec<u8> {
        match &mut self.payload {
            Payload::Binary(bytes) => bytes,
            Payload::Text(_) => &mut self.side,
        }
    }

    /// Takes what is on the side, without its mask.
    ///
    /// # Errors
    /// [`Violation::Utf8`] at the first bad byte of a text.
    pub(super) fn take_direct(&mut self) -> Result<(), Violation> {
        if let Payload::Text(text) = &mut self.payload {
            text.push(&self.side)?;
            self.side.clear();
        }
        Ok(())
    }

    /// Takes a piece of a frame's payload, which lies at `offset` there.
    ///
    /// # Errors
    /// [`Violation::Utf8`] at the first bad byte of a text.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        mask: Option<[u8; 4]>,
        offset: usize,
    ) -> Result<(), Violation> {
        match (&mut self.payload, mask) {
            (Payload::Text(text), mask) => unmasked(piece, mask, offset, |block| text.push(block))?,
            (Payload::Binary(bytes), mask) => {
                let start = bytes.len();
                bytes.extend_from_slice(piece);
                if let Some(key) = mask {
                    mask::apply(key, offset, &mut bytes[start..]);
                }
            }
        }
        Ok(())
    }

    /// Takes a piece of a frame's compressed payload, as long as what comes of it does not pass `max`; `last` if it is the message's last.
    ///
    /// # Errors
    /// [`Violation::MessageTooLong`], [`Violation::Deflate`] and [`Violation::Utf8`], at the first byte that shows it.
    pub(super) fn inflate(
        &mut self,
        codec: &mut Codec,
        piece: &[u8],
        mask: Option<[u8; 4]>,
        offset: usize,
        last: bool,
        max: usize,
    ) -> Result<(), Violation> {
        let mut sink = |inflated: &[u8]| {
            // What may still come is looked at first: were it not, the cut of the pieces would decide what is found.
            let room = max.saturating_sub(self.len());
            self.push(inflated.get(..room).unwrap_or(inflated), None, 0)?;
            if inflated.len() > room {
                return Err(Violation::MessageTooLong);
            }
            Ok(())
        };
        unmasked(piece, mask, offset, |block| codec.inflate(block, &mut sink))?;
        if last {
            codec.finish(&mut sink)?;
        }
        Ok(())
    }

    /// The whole message.
    ///
    /// # Errors
    /// [`Violation::Utf8`] if a text ends inside a character.
    pub(super) fn finish(self) -> Result<Message, Violation> {
        match self.payload {
            Payload::Text(text) => text.finish().map(Message::Text),
            Payload::Binary(bytes) => Ok(Message::Binary(bytes)),
        }
    }
}

/// Hands a piece of a payload on without its mask, in pieces again.
fn unmasked(
    piece: &[u8],
    mask: Option<[u8; 4]>,
    mut offset: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), Violation>,
) -> Result<(), Violation> {
    let Some(key) = mask else {
        return take(piece);
    };
    let mut side = Vec::with_capacity(piece.len().min(PIECE));
    for masked in piece.chunks(PIECE) {
        side.clear();
        side.extend_from_slice(masked);
        mask::apply(key, offset, &mut side);
        offset += side.len();
        take(&side)?;
    }
    Ok(())
}
