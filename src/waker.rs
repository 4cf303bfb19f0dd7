//! Wakers kept and woken, each by one function: both are in many places, and weigh something in every one.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use core::cell::Cell;
use core::task::Waker;

/// Keeps `waker` in place of whichever was kept before.
#[inline(never)]
pub(crate) fn keep(kept: &mut Option<Waker>, waker: &Waker) {
    *kept = Some(waker.clone());
}

/// The same in a cell.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[inline(never)]
pub(crate) fn keep_in(kept: &Cell<Option<Waker>>, waker: &Waker) {
    kept.set(Some(waker.clone()));
}

/// Wakes a task, if there is one. Nobody holds a lock meanwhile.
#[inline(never)]
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
