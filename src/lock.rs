//! The lock of what threads share: one seam, two bodies. It is held for a few assignments, never across a call.

pub(crate) use std::sync::MutexGuard as Guard;
use std::sync::{Mutex, PoisonError};

#[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
thread_local! {
    static TAKEN: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// How often this thread has taken a lock.
#[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) fn taken() -> usize {
    TAKEN.get()
}

/// A lock. A panic elsewhere while it is held leaves what it guards whole, so poison means nothing here.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        #[cfg(test)]
        TAKEN.set(TAKEN.get() + 1);
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes it if it is free.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        use std::sync::TryLockError;
        #[cfg(test)]
        TAKEN.set(TAKEN.get() + 1);
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Tries until it has it. With shared memory the thread that owns a page may not wait (ECMA-262 §25.4.13, `Atomics.wait`: "If AgentCanSuspend()
    /// is false, throw a TypeError"), and the standard library's `lock` would; without, nobody else can hold it.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        use std::sync::TryLockError;
        loop {
            match self.0.try_lock() {
                Ok(guard) => return guard,
                Err(TryLockError::Poisoned(poisoned)) => return PoisonError::into_inner(poisoned),
                Err(TryLockError::WouldBlock) => core::hint::spin_loop(),
            }
        }
    }
}
