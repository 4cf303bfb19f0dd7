//! The only source of randomness, with one body for browsers and one for native programs. Everything above gets it as an argument.

/// Fills a buffer with unpredictable bytes: a cryptographic generator for each thread, which the operating system seeds, and again as it is used.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn fill(bytes: &mut [u8]) {
    use rand::RngCore as _;
    let mut source = rand::rng();
    match bytes.as_mut_array() {
        // A mask, which every message of a client has: one word of the buffer.
        Some(mask) => *mask = source.next_u32().to_ne_bytes(),
        None => source.fill_bytes(bytes),
    }
}

/// Fills a buffer with unpredictable bytes: `crypto.getRandomValues` (Web Crypto §10.1.1), which every page, worker and runtime has, buffered per
/// thread, since a mask is four bytes and a call into JavaScript costs more than the bytes.
#[cfg(all(feature = "proto", target_family = "wasm", target_os = "unknown"))]
pub(crate) fn fill(bytes: &mut [u8]) {
    platform::fill(bytes);
}

/// A random number for a delay, which nobody gains from guessing.
#[cfg(all(feature = "reconnect", not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) fn jitter() -> u32 {
    use rand::RngCore as _;
    rand::rng().next_u32()
}

/// The same by `Math.random` (ECMA-262 §21.3.2.27): its own binding is the whole weight.
#[cfg(all(feature = "reconnect", target_family = "wasm", target_os = "unknown"))]
pub(crate) fn jitter() -> u32 {
    (js_sys::Math::random() * 4_294_967_296.0) as u32
}

#[cfg(all(feature = "proto", target_family = "wasm", target_os = "unknown"))]
mod platform {
    use core::cell::RefCell;
    use js_sys::Uint8Array;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        // Web Crypto §10.1.1. It fails only above 65,536 bytes.
        #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
        fn get_random_values(array: &Uint8Array);
    }

    const POOL: usize = 1024;

    /// Fresh bytes, and how many of them are used up. Used ones are zero: what was a mask stays nowhere.
    struct Pool {
        bytes: [u8; POOL],
        used: usize,
    }

    thread_local! {
        static FRESH: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL], used: POOL }) };
    }

    pub(super) fn fill(bytes: &mut [u8]) {
        FRESH.with_borrow_mut(|pool| {
            for slot in bytes {
                if pool.used >= POOL {
                    // A copy of our own: shared memory is refused.
                    let array = Uint8Array::new_with_length(POOL as u32);
                    get_random_values(&array);
                    array.copy_to(&mut pool.bytes);
                    pool.used = 0;
                }
                if let Some(fresh) = pool.bytes.get_mut(pool.used) {
                    *slot = core::mem::take(fresh);
                }
                pool.used += 1;
            }
        });
    }
}
