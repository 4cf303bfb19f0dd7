//! The processor's widest vectors: one seam, a body for each kind of target. What runs in them is the same plain code.

use core::str;

/// The length from which vectors are faster.
pub(crate) const LONG: usize = 128;

/// Does the work, compiled for vectors twice as wide as those of every x86-64 where the processor has them. A loop needs no `unsafe` to be as fast
/// as what copies memory, but it does need the vectors that that uses. `work` is to be `#[inline(always)]`.
#[cfg(target_arch = "x86_64")]
pub(crate) fn wide(work: impl FnOnce()) {
    use fearless_simd::{Level, Simd as _};
    match Level::new().as_avx2() {
        Some(wide) => wide.vectorize(work),
        None => work(),
    }
}

/// Does the work: elsewhere the target's own vectors are the widest.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn wide(work: impl FnOnce()) {
    work();
}

/// The bytes as text, if they are. For [`LONG`] ones three times as fast as std and more.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn from_utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.len() < LONG {
        return str::from_utf8(bytes).ok();
    }
    simdutf8::basic::from_utf8(bytes).ok()
}

/// The bytes as text, if they are.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn from_utf8(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}
