//! The keys of hixie-76: a number, multiplied by a number of spaces, hidden among other characters.

use crate::proto::Random;
use md5::{Digest as _, Md5};

/// A key and the number in it: hixie-76, "The |Sec-WebSocket-Key1| and |Sec-WebSocket-Key2| fields".
pub(crate) fn generate(random: Random) -> (String, u32) {
    // "a random integer from 1 to 12 inclusive"
    let spaces = 1 + below(random, 12);
    // "the largest integer not greater than 4,294,967,295 divided by /spaces/"; "a random integer from 0 to [that] inclusive"
    let number = below(random, u64::from(u32::MAX) / spaces + 1);
    let mut key = (number * spaces).to_string();
    // "between one and twelve random characters from the ranges U+0021 to U+002F and U+003A to U+007E [...] at random positions"
    for _ in 0..1 + below(random, 12) {
        let at = below(random, key.len() as u64 + 1) as usize;
        let character = match below(random, 15 + 69) as u8 {
            low @ 0..15 => 0x21 + low,
            high => 0x3A + (high - 15),
        };
        key.insert(at, char::from(character));
    }
    // "/spaces/ U+0020 SPACE characters [...] at random positions other than the start or end of the string"
    for _ in 0..spaces {
        let at = 1 + below(random, key.len() as u64 - 1) as usize;
        key.insert(at, ' ');
    }
    // At most u32::MAX.
    (key, number as u32)
}

/// The number in a key: its digits as a number, divided by the number of its spaces. `None` if it has no digits or no spaces,
/// and if the number is "not an integral multiple" or was never possible.
pub(crate) fn part(key: &str) -> Option<u32> {
    let spaces = key.bytes().filter(|byte| *byte == b' ').count() as u64;
    let mut digits = key.bytes().filter(u8::is_ascii_digit).peekable();
    digits.peek()?;
    let product = digits.try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })?;
    if product.checked_rem(spaces)? != 0 {
        return None;
    }
    u32::try_from(product / spaces).ok()
}

/// What a server answers: the MD5 of both numbers, "expressed as a big-endian 32 bit integer" each, and the eight bytes.
pub(crate) fn answer(part1: u32, part2: u32, key3: [u8; 8]) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update(part1.to_be_bytes());
    hash.update(part2.to_be_bytes());
    hash.update(key3);
    hash.finalize().into()
}

/// "The fields [...] in random order".
pub(crate) fn shuffle<T>(random: Random, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(random, last as u64 + 1) as usize);
    }
}

/// A random number below `bound`, which is not zero. 64 random bits leave a bias of less than one in four billion.
fn below(random: Random, bound: u64) -> u64 {
    let mut bytes = [0; 8];
    random(&mut bytes);
    u64::from_le_bytes(bytes) % bound.max(1)
}
