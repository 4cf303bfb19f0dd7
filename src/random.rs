//! The only source of randomness: one seam, two bodies. Everything above takes it as an argument.

/// Fills a buffer with unpredictable bytes: the operating system's generator, buffered per thread.
#[cfg(not(target_family = "wasm"))]
pub fn fill(bytes: &mut [u8]) {
    rand::RngCore::fill_bytes(&mut rand::rng(), bytes);
}
