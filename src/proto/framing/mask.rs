//! Masking (RFC 6455 §5.3): `transformed[i] = original[i] XOR key[i MOD 4]`, and the same to undo it.

/// Applies the mask to the bytes of a payload that begin at its `offset`. A second time undoes it.
///
/// Eight bytes a step, which the compiler turns into vectors: no `unsafe` is needed to be as fast as memory.
pub fn apply(key: [u8; 4], offset: usize, payload: &mut [u8]) {
    let key = rotated(key, offset);
    let word = u64::from_ne_bytes([
        key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3],
    ]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    // A whole number of words lies before the rest, so that it begins at the key's first byte again.
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// The key as it applies from this offset on.
fn rotated(mut key: [u8; 4], offset: usize) -> [u8; 4] {
    key.rotate_left(offset % 4);
    key
}
