//! The only source of randomness: one seam, two bodies. Everything above takes it as an argument.

/// Fills a buffer with unpredictable bytes (RFC 6455 §5.3: masks "derived from a strong source of entropy").
///
/// A plain function pointer, so that a test can pass one that is not random at all.
pub type Random = fn(&mut [u8]);

/// The operating system's generator, buffered per thread.
#[cfg(not(target_family = "wasm"))]
pub fn fill(bytes: &mut [u8]) {
    rand::RngCore::fill_bytes(&mut rand::rng(), bytes);
}
