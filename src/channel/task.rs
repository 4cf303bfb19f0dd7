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

    impl Wake for Run {
        fn wake(self: Arc<Self>) {
            self.call(&JsValue::UNDEFINED);
        }
    }

    type Work = Pin<Box<dyn Future<Output = ()>>>;

    /// Runs `work` now, and whenever it is woken. At its end its wakers go with it, and when the last of them has gone, JavaScript lets go of the rest.
    pub(in crate::channel) fn spawn(work: impl Future<Output = ()> + 'static) {
        let task = Rc::new(Cell::new(None::<(Work, Waker)>));
        let running = task.clone();
        let again = Cell::new(false);
        let run = Closure::<dyn Fn(JsValue)>::new(move |_| {
            again.set(true);
            // Taken out while it runs.
            let Some((mut work, waker)) = running.take() else {
                return;
            };
            // What it wakes itself for is bounded: nothing arrives before this call is over.
            while again.replace(false) {
                if work
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_ready()
                {
                    return;
                }
            }
            running.set(Some((work, waker)));
        });
        let waker = Waker::from(Arc::new(run.into_js_value().unchecked_into::<Run>()));
        task.set(Some((Box::pin(work), waker.clone())));
        waker.wake();
    }
}
