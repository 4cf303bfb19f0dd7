//! A message as it is put together: unmasked, inflated where it is compressed, checked as it comes.

use super::mask;
use super::utf8::Text;
use crate::error::Violation;
use crate::message::Message;
use crate::proto::deflate::Codec;

/// Masked text is unmasked in blocks of this size on the stack, so that the message itself is always valid text.
const UNMASK_BLOCK: usize = 4096;

/// A data message that is not finished.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) payload: Payload,
    pub(super) compressed: bool,
    pub(super) fragments: usize,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Payload {
    Text(Text),
    Binary(Vec<u8>),
}

impl Assembly {
    pub(super) fn new(text: bool, compressed: bool) -> Self {
        let payload = if text {
            Payload::Text(Text::default())
        } else {
            Payload::Binary(Vec::new())
        };
        Self {
            payload,
            compressed,
            fragments: 0,
        }
    }
}

impl Payload {
    pub(super) fn len(&self) -> usize {
        match self {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        }
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        match self {
            Payload::Text(text) => text.reserve(additional),
            Payload::Binary(bytes) => bytes.reserve(additional),
        }
    }

    pub(super) fn push(
        &mut self,
        piece: &[u8],
        mask: Option<[u8; 4]>,
        offset: usize,
    ) -> Result<(), Violation> {
        match (self, mask) {
            (Payload::Text(text), mask) => Masked {
                bytes: piece,
                mask,
                offset,
            }
            .each(|block| text.push(block)),
            (Payload::Binary(bytes), mask) => {
                let start = bytes.len();
                bytes.extend_from_slice(piece);
                if let Some(key) = mask {
                    mask::apply(key, offset, &mut bytes[start..]);
                }
                Ok(())
            }
        }
    }

    /// Takes what a piece inflates to, as long as it does not pass `max`.
    pub(super) fn inflate(
        &mut self,
        codec: &mut Codec,
        piece: &Masked<'_>,
        last: bool,
        max: usize,
    ) -> Result<(), Violation> {
        let mut sink = |inflated: &[u8]| {
            if inflated.len() > max.saturating_sub(self.len()) {
                return Err(Violation::MessageTooLong);
            }
            self.push(inflated, None, 0)
        };
        piece.each(|block| codec.inflate(block, &mut sink))?;
        if last {
            codec.finish(&mut sink)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Message, Violation> {
        match self {
            Payload::Text(text) => text.finish().map(Message::Text),
            Payload::Binary(bytes) => Ok(Message::Binary(bytes)),
        }
    }
}

/// A piece of a payload as it came: masked, if a client sent it.
pub(super) struct Masked<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) mask: Option<[u8; 4]>,
    /// Where in the payload it begins.
    pub(super) offset: usize,
}

impl Masked<'_> {
    /// Unmasks it block by block.
    fn each(&self, mut take: impl FnMut(&[u8]) -> Result<(), Violation>) -> Result<(), Violation> {
        let Some(key) = self.mask else {
            return take(self.bytes);
        };
        let mut block = [0; UNMASK_BLOCK];
        for (index, masked) in self.bytes.chunks(UNMASK_BLOCK).enumerate() {
            let block = &mut block[..masked.len()];
            block.copy_from_slice(masked);
            mask::apply(key, self.offset + index * UNMASK_BLOCK, block);
            take(block)?;
        }
        Ok(())
    }
}
