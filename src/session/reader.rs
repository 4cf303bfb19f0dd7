//! Reads the fields of a frame's body, one after the other.

use super::{SessionViolation, varint};

/// What is left of a body. The first violation stays: fields behind it are 0, and [`finish`](Self::finish) returns it. So a body is read without a branch
/// for each field.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
    violation: Option<SessionViolation>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self {
            rest: body,
            violation: None,
        }
    }

    /// Notes a violation, unless there is one before it.
    pub(crate) fn violated(&mut self, violation: SessionViolation) {
        self.violation.get_or_insert(violation);
    }

    /// The same, if the field just read breaks a rule.
    #[inline(never)]
    pub(crate) fn refuse(&mut self, broken: bool, violation: SessionViolation) {
        if broken {
            self.violated(violation);
        }
    }

    /// A number.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> u64 {
        match varint::take(&mut self.rest) {
            Ok(number) => number,
            Err(violation) => {
                self.violated(violation);
                0
            }
        }
    }

    /// A number in these limits.
    #[inline(never)]
    pub(crate) fn within(&mut self, least: u64, most: u64) -> u64 {
        let number = self.number();
        self.refuse(number < least || number > most, SessionViolation::Limit);
        number
    }

    /// A big-endian field of so many bytes.
    #[inline(never)]
    pub(crate) fn fixed(&mut self, bytes: usize) -> u64 {
        let mut value = 0;
        for _ in 0..bytes {
            match self.rest.split_first() {
                Some((byte, rest)) => {
                    value = value << 8 | u64::from(*byte);
                    self.rest = rest;
                }
                None => self.violated(SessionViolation::Truncated),
            }
        }
        value
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.fixed(1) as u8
    }

    /// 16 bytes.
    #[inline(never)]
    pub(crate) fn secret(&mut self) -> [u8; 16] {
        let (high, low) = (self.fixed(8), self.fixed(8));
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }

    /// The first violation, if there was one.
    pub(crate) fn finish(&self) -> Result<(), SessionViolation> {
        self.violation.map_or(Ok(()), Err)
    }
}
