//! Masking (RFC 6455 §5.3): `transformed[i] = original[i] XOR key[i MOD 4]`, and the same to undo it.
//!
//! A plain loop, which the compiler turns into vectors.

use crate::simd;

/// What is masked at a time: a whole number of keys.
type Block = [u8; 32];

/// Applies the mask to the bytes of a payload that begin at its `offset`. A second time undoes it.
pub fn apply(key: [u8; 4], offset: usize, payload: &mut [u8]) {
    let key = rotated(key, offset);
    if payload.len() < simd::LONG {
        apply_here(key, payload);
    } else {
        simd::wide(
            #[inline(always)]
            || {
                let (head, payload) = split_to_align(payload);
                apply_here(key, head);
                apply_here(key, payload);
            },
        );
    }
}

/// The bytes without their mask, or with it.
#[inline]
pub(super) fn applied(key: [u8; 4], masked: &[u8]) -> Vec<u8> {
    let mut bytes = masked.to_vec();
    if bytes.len() < simd::LONG {
        apply_here(key, &mut bytes);
    } else {
        apply(key, 0, &mut bytes);
    }
    bytes
}

/// What is allocated lies at a multiple of 16, and a block that does not lie at one of 32 straddles two lines of the cache every other time, which
/// costs a third of the speed. A whole number of keys comes first.
#[inline(always)]
fn split_to_align(payload: &mut [u8]) -> (&mut [u8], &mut [u8]) {
    match payload.as_ptr().align_offset(size_of::<Block>()) {
        16 if payload.len() > 16 => payload.split_at_mut(16),
        _ => (&mut [], payload),
    }
}

#[inline(always)]
fn apply_here(key: [u8; 4], payload: &mut [u8]) {
    let mut keys: Block = [0; _];
    for slot in keys.as_chunks_mut().0 {
        *slot = key;
    }
    let (blocks, rest) = payload.as_chunks_mut();
    for block in blocks {
        let block: &mut Block = block;
        for (byte, key) in block.iter_mut().zip(keys) {
            *byte ^= key;
        }
    }
    // A whole number of keys lies before the rest, and before its bytes.
    let (words, bytes) = rest.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(key)).to_ne_bytes();
    }
    for (byte, key) in bytes.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// The key as it applies from this offset on.
#[inline(always)]
fn rotated(key: [u8; 4], offset: usize) -> [u8; 4] {
    let bits = 8 * (offset % 4) as u32;
    u32::from_be_bytes(key).rotate_left(bits).to_be_bytes()
}
