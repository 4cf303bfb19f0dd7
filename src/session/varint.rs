//! Numbers on the wire: unsigned LEB128 in the shortest form. At most 2^53 − 1, which JavaScript represents exactly.

use super::SessionViolation;

/// The largest number.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The bytes of the longest number.
const MAX_LEN: usize = 8;

/// Appends a number.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    debug_assert!(value <= MAX_NUMBER);
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number of bytes that [`put`] appends.
#[inline]
pub(crate) fn len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Takes a number from the front.
#[inline]
pub(crate) fn take(input: &mut &[u8]) -> Result<u64, SessionViolation> {
    // Nearly every length is one byte.
    if let [byte @ 0..=0x7f, rest @ ..] = *input {
        *input = rest;
        return Ok(u64::from(*byte));
    }
    let mut value = 0;
    for at in 0..MAX_LEN {
        let byte = *input.get(at).ok_or(SessionViolation::Truncated)?;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            if byte == 0 {
                return Err(SessionViolation::NumberNotShortest);
            }
            if value > MAX_NUMBER {
                return Err(SessionViolation::NumberTooLarge);
            }
            *input = &input[at + 1..];
            return Ok(value);
        }
    }
    Err(SessionViolation::NumberTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_and_has_the_stated_length() {
        for value in (0..53)
            .flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1])
            .chain([MAX_NUMBER])
        {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(bytes.len(), len(value), "{value}");
            let mut input = &bytes[..];
            assert_eq!((take(&mut input), input.len()), (Ok(value), 0));
            for cut in 0..bytes.len() {
                assert_eq!(take(&mut &bytes[..cut]), Err(SessionViolation::Truncated));
            }
        }
    }

    #[test]
    fn a_number_has_one_form_and_a_limit() {
        for (bytes, violation) in [
            (&[0x80, 0x00][..], SessionViolation::NumberNotShortest),
            (&[0xff, 0x80, 0x00], SessionViolation::NumberNotShortest),
            // 2^53.
            (
                &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
                SessionViolation::NumberTooLarge,
            ),
            (&[0xff; 9], SessionViolation::NumberTooLarge),
        ] {
            assert_eq!(take(&mut &*bytes), Err(violation), "{bytes:x?}");
        }
    }
}
