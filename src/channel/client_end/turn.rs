//! When batches are written. In a page the driver runs in each `send`: the first one is written at once, and those that follow in the same turn of the
//! event loop fill the batches that a microtask writes. Natively the driver has turns of its own.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(super) use page::Turn;

/// Each turn of the driver writes.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[derive(Debug, Default)]
pub(super) struct Turn(());

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Turn {
    pub(super) fn may_write(&self) -> bool {
        true
    }

    pub(super) fn wrote(&self, _cx: &core::task::Context<'_>) {}
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page {
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::task::Context;
    use std::sync::Arc;

    /// Whether a microtask is pending. It owns a clone, and a waker of the driver.
    #[derive(Debug, Default)]
    pub(in super::super) struct Turn(Arc<AtomicBool>);

    impl Turn {
        /// False until the microtask has run.
        pub(in super::super) fn may_write(&self) -> bool {
            !self.0.load(Ordering::Relaxed)
        }

        /// A batch was written: the next ones wait for the microtask, which wakes the driver.
        pub(in super::super) fn wrote(&self, cx: &Context<'_>) {
            if self.0.swap(true, Ordering::Relaxed) {
                return;
            }
            let (pending, driver) = (self.0.clone(), cx.waker().clone());
            wasm_bindgen_futures::spawn_local(async move {
                pending.store(false, Ordering::Relaxed);
                driver.wake();
            });
        }
    }
}
