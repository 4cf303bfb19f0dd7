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
    use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use core::task::{Context, Waker};
    use std::rc::Rc;
    use std::sync::Arc;
    use std::task::Wake;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::prelude::wasm_bindgen;
    use wasm_bindgen::{JsCast, JsValue};

    #[wasm_bindgen]
    extern "C" {
        /// A waker may be on any thread, and what it wakes here on none but this one: a function of JavaScript's may be called for by both.
        type Run;

        #[wasm_bindgen(method)]
        fn call(this: &Run, this_value: &JsValue);
    }

    /// What a waker is: it may outlive the work, and wakes nobody then.
    struct Again {
        run: Run,
        over: AtomicBool,
    }

    impl Wake for Again {
        fn wake(self: Arc<Self>) {
            if !self.over.load(Relaxed) {
                self.run.call(&JsValue::UNDEFINED);
            }
        }
    }

    struct Task {
        work: Pin<Box<dyn Future<Output = ()>>>,
        again: Arc<Again>,
        /// Itself. Left to JavaScript, it would stay until the next garbage collection, which knows nothing of the memory in here.
        _run: Closure<dyn Fn(JsValue)>,
    }

    /// Runs `work` now, and whenever it is woken. At its end everything goes but the wakers that others hold.
    pub(in crate::channel) fn spawn(work: impl Future<Output = ()> + 'static) {
        let slot = Rc::new(Cell::new(None::<Task>));
        let running = slot.clone();
        let woken = Cell::new(false);
        let run = Closure::<dyn Fn(JsValue)>::new(move |_| {
            woken.set(true);
            // Taken out while it runs.
            let Some(mut task) = running.take() else {
                return;
            };
            let waker = Waker::from(task.again.clone());
            // What it wakes itself for is bounded: nothing arrives before this call is over.
            while woken.replace(false) {
                if task
                    .work
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_ready()
                {
                    // wasm-bindgen frees a closure that is dropped while it runs when it returns.
                    task.again.over.store(true, Relaxed);
                    return;
                }
            }
            running.set(Some(task));
        });
        let again = Arc::new(Again {
            run: run.as_js_value().clone().unchecked_into(),
            over: AtomicBool::new(false),
        });
        slot.set(Some(Task {
            work: Box::pin(work),
            again: again.clone(),
            _run: run,
        }));
        again.wake();
    }
}
