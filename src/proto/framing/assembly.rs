//! A message that is put together from the pieces in which it comes.

use super::mask;
use super::utf8::Text;
use crate::error::Violation;
use crate::message::Message;

/// Masked text is unmasked in blocks of this size on the stack, so that the message itself is always valid text.
/// A multiple of four: the mask is at the same place at the start of each.
const UNMASK_BLOCK: usize = 4096;

/// A data message that is not finished.
#[derive(Debug)]
pub(super) struct Assembly {
    payload: Payload,
    /// Frames read so far, each to its end.
    pub(super) fragments: usize,
}

#[derive(Debug)]
enum Payload {
    Text(Text),
    Binary(Vec<u8>),
}

impl Assembly {
    pub(super) fn text() -> Self {
        Self {
            payload: Payload::Text(Text::default()),
            fragments: 0,
        }
    }

    pub(super) fn binary() -> Self {
        Self {
            payload: Payload::Binary(Vec::new()),
            fragments: 0,
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
            (Payload::Text(text), None) => text.push(piece)?,
            (Payload::Text(text), Some(key)) => {
                let mut block = [0; UNMASK_BLOCK];
                for masked in piece.chunks(UNMASK_BLOCK) {
                    let block = &mut block[..masked.len()];
                    block.copy_from_slice(masked);
                    mask::apply(key, offset, block);
                    text.push(block)?;
                }
            }
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
