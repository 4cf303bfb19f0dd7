//! Where the driver runs: one seam, and a body for each way in which threads can be.

#[cfg(all(
    feature = "js",
    target_family = "wasm",
    not(target_feature = "atomics")
))]
pub(super) use here::spawn;

/// Runs the driver in the browser's microtasks. Where memory is shared a task may be woken on another thread than its own: this brings it home.
#[cfg(all(
    target_family = "wasm",
    any(not(feature = "js"), target_feature = "atomics")
))]
pub(super) fn spawn(driver: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(driver);
}

/// Runs the driver on the tokio runtime of the calling context.
#[cfg(not(target_family = "wasm"))]
pub(super) fn spawn(driver: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(driver);
}

/// A driver that runs in the place where it is woken: in the browser's own event, or in a handle's call. In a microtask it would run a moment later,
/// at the price of one for each message; that of the task that waits for the message comes on top. Every app would carry 700 bytes for it, so it is
/// the npm package's alone.
///
/// Nobody holds a lock or a borrow while waking, so it is free to do all its work there. What it wakes itself are other tasks.
#[cfg(all(
    feature = "js",
    target_family = "wasm",
    not(target_feature = "atomics")
))]
mod here {
    use core::cell::Cell;
    use core::future::poll_fn;
    use core::pin::Pin;
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::task::{Context, Poll, Waker};
    use std::sync::Arc;
    use std::task::Wake;

    type Work = Pin<Box<dyn Future<Output = ()>>>;

    thread_local! {
        /// What is to be done, each beside its task. A `Waker` must be `Send`, and what it wakes in a page is not: so the task is a name for it.
        static WORK: Cell<Vec<(Arc<Task>, Work)>> = const { Cell::new(Vec::new()) };
    }

    #[derive(Default)]
    struct Task {
        /// At work, which is in nobody's list meanwhile.
        running: AtomicBool,
        /// It goes on in the next microtask.
        queued: AtomicBool,
    }

    /// Runs `work` from the next microtask on.
    pub(in crate::channel) fn spawn(work: impl Future<Output = ()> + 'static) {
        let task = Arc::new(Task::default());
        keep(task.clone(), Box::pin(work));
        queue(task);
    }

    fn keep(task: Arc<Task>, work: Work) {
        let mut all = WORK.take();
        all.push((task, work));
        WORK.set(all);
    }

    fn take(task: &Arc<Task>) -> Option<(Arc<Task>, Work)> {
        let mut all = WORK.take();
        let index = all.iter().position(|(other, _)| Arc::ptr_eq(other, task));
        let found = index.map(|index| all.swap_remove(index));
        WORK.set(all);
        found
    }

    fn queue(task: Arc<Task>) {
        if !task.queued.swap(true, Ordering::Relaxed) {
            wasm_bindgen_futures::spawn_local(poll_fn(move |_| {
                task.queued.store(false, Ordering::Relaxed);
                task.wake_by_ref();
                Poll::Ready(())
            }));
        }
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            // Woken by its own doing it goes on later, so that others have their turn.
            if self.running.load(Ordering::Relaxed) {
                return queue(self);
            }
            // Not there: it has ended.
            let Some((_, mut work)) = take(&self) else {
                return;
            };
            self.running.store(true, Ordering::Relaxed);
            let waker = Waker::from(self.clone());
            let ended = work.as_mut().poll(&mut Context::from_waker(&waker));
            self.running.store(false, Ordering::Relaxed);
            if ended.is_pending() {
                keep(self, work);
            }
        }
    }
}
