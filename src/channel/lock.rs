//! The lock around what the handles and the driver share: one seam, two bodies.

use std::sync::{Mutex, MutexGuard};

/// A `Mutex` whose sections are a few assignments each, so that a panic elsewhere leaves the value whole.
pub(super) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    #[cfg(not(all(target_family = "wasm", target_feature = "atomics")))]
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// With threads in wasm it spins: a page's own thread must not wait, its `memory.atomic.wait32` traps.
    #[cfg(all(target_family = "wasm", target_feature = "atomics"))]
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        use std::sync::TryLockError;
        loop {
            match self.0.try_lock() {
                Ok(guard) => return guard,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => core::hint::spin_loop(),
            }
        }
    }
}
