//! Text that arrives in pieces, checked as it comes (RFC 6455 §8.1): the first bad byte fails it, not the end of the message.

use crate::error::Violation;
use crate::simd;
use core::str;

/// Valid text so far, and the beginning of a character that is not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Text {
    valid: String,
    /// The first bytes of one character; `partial_len` of them count.
    partial: [u8; 4],
    partial_len: usize,
}

impl Text {
    /// Bytes taken so far.
    pub(crate) fn len(&self) -> usize {
        self.valid.len() + self.partial_len
    }

    /// Reserves capacity for this many more bytes.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.valid.reserve(additional);
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Violation::Utf8`] as soon as no continuation could make the text valid.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        // A character split by the border of two pieces is completed byte by byte: it has four at most.
        while self.partial_len > 0 {
            let Some((first, rest)) = bytes.split_first() else {
                return Ok(());
            };
            bytes = rest;
            let Some(slot) = self.partial.get_mut(self.partial_len) else {
                return Err(Violation::Utf8);
            };
            *slot = *first;
            self.partial_len += 1;
            let character = self.partial.get(..self.partial_len).unwrap_or_default();
            match str::from_utf8(character) {
                Ok(character) => {
                    self.valid.push_str(character);
                    self.partial_len = 0;
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Violation::Utf8),
            }
        }
        let (whole, partial) = bytes.split_at(whole_characters(bytes));
        self.valid
            .push_str(simd::from_utf8(whole).ok_or(Violation::Utf8)?);
        if let Err(error) = str::from_utf8(partial) {
            // `error_len`: the end did not come too early, and no more bytes make it valid.
            if error.error_len().is_some() {
                return Err(Violation::Utf8);
            }
            for (slot, byte) in self.partial.iter_mut().zip(partial) {
                *slot = *byte;
            }
            self.partial_len = partial.len();
        }
        Ok(())
    }

    /// The whole text.
    ///
    /// # Errors
    /// [`Violation::Utf8`] if it ends inside a character.
    pub(crate) fn finish(self) -> Result<String, Violation> {
        if self.partial_len == 0 {
            Ok(self.valid)
        } else {
            Err(Violation::Utf8)
        }
    }
}

/// How many bytes come before the character that the last three begin and do not end; all of them if they begin none. What lies
/// behind may turn out not to be a character at all.
fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes.iter().rev().take(3).enumerate();
    for (behind, byte) in last {
        let len = match byte {
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            _ => 1,
        };
        if len > behind + 1 {
            return bytes.len() - behind - 1;
        }
        break;
    }
    bytes.len()
}
