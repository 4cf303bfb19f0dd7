//! Where the driver runs: one seam, and a body for each way in which threads can be.

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
pub(super) use here::spawn;

/// Where memory is shared a task may be woken on another thread than its own, and the executor of the browser's microtasks brings it home.
#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
pub(super) fn spawn(driver: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(driver);
}

/// Runs the driver on the tokio runtime of the calling context.
#[cfg(not(target_family = "wasm"))]
pub(super) fn spawn(driver: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(driver);
}

/// A driver that runs in the place where it is woken: in the browser's own event, or in a handle's call. In a microtask it would run a moment later,
/// at the price of one for each message; that of the task that waits for the message comes on top.
///
/// Nobody holds a lock or a borrow while waking, so it is free to do all its work there. What it wakes itself are other tasks.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
mod here {
    use core::cell::RefCell;
    use core::pin::Pin;
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::task::{Context, Waker};
    use send_wrapper::SendWrapper;
    use std::sync::Arc;
    use std::task::Wake;

    struct Task {
        /// Gone when it has ended, and with it the wakers by which it knows itself. There is one thread: the wrapper says so to `Waker`.
        work: SendWrapper<RefCell<Option<Work>>>,
        /// It goes on in the next microtask.
        queued: AtomicBool,
    }

    type Work = Pin<Box<dyn Future<Output = ()>>>;

    /// Runs `work` from the next microtask on.
    pub(in crate::channel) fn spawn(work: impl Future<Output = ()> + 'static) {
        queue(Arc::new(Task {
            work: SendWrapper::new(RefCell::new(Some(Box::pin(work)))),
            queued: AtomicBool::new(false),
        }));
    }

    fn queue(task: Arc<Task>) {
        if !task.queued.swap(true, Ordering::Relaxed) {
            wasm_bindgen_futures::spawn_local(async move {
                task.queued.store(false, Ordering::Relaxed);
                task.wake();
            });
        }
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            // Woken by its own doing it goes on later, so that others have their turn.
            let Ok(mut work) = self.work.try_borrow_mut() else {
                return queue(self.clone());
            };
            let Some(running) = &mut *work else { return };
            let waker = Waker::from(self.clone());
            if running
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                let done = work.take();
                drop(work);
                drop(done);
            }
        }
    }
}
