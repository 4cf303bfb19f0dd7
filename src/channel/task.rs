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
    use core::cell::Cell;
    use core::pin::Pin;
    use core::task::{Context, Waker};
    use js_sys::Function;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::task::Wake;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast, JsValue};

    #[derive(Default)]
    struct Task {
        /// Taken out while it runs, and gone when it has ended.
        running: Cell<Option<Running>>,
        /// It was woken while it ran.
        again: Cell<bool>,
    }

    struct Running {
        work: Pin<Box<dyn Future<Output = ()>>>,
        waker: Waker,
        /// It holds the task, which holds it: both go at the end.
        _run: Closure<dyn Fn(JsValue)>,
    }

    /// A waker may be on any thread, and what it wakes here on none but this one. A JavaScript function may be called for by both.
    struct Call(Function);

    impl Wake for Call {
        fn wake(self: Arc<Self>) {
            // It throws when the task has ended, and then there is nothing to wake.
            let _ = self.0.call0(&JsValue::UNDEFINED);
        }
    }

    /// Runs `work` now, and whenever it is woken.
    pub(in crate::channel) fn spawn(work: impl Future<Output = ()> + 'static) {
        let task = Rc::new(Task::default());
        let run = {
            let task = task.clone();
            Closure::<dyn Fn(JsValue)>::new(move |_| task.run())
        };
        let function: &Function = run.as_ref().unchecked_ref();
        task.running.set(Some(Running {
            work: Box::pin(work),
            waker: Arc::new(Call(function.clone())).into(),
            _run: run,
        }));
        task.run();
    }

    impl Task {
        fn run(&self) {
            let Some(mut running) = self.running.take() else {
                self.again.set(true);
                return;
            };
            loop {
                self.again.set(false);
                let mut cx = Context::from_waker(&running.waker);
                if running.work.as_mut().poll(&mut cx).is_ready() {
                    return;
                }
                // What it wakes itself for is bounded: nothing arrives before this call is over.
                if !self.again.get() {
                    break;
                }
            }
            self.running.set(Some(running));
        }
    }
}
