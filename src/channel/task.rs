//! The driver's task in a page, with one body for shared memory and one for a single thread. Natively the senders [share the driver](super::direct).

use super::driver::Driver;
use core::pin::Pin;
use core::task::{Context, Poll};

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.turn(cx)
    }
}

#[cfg(not(target_feature = "atomics"))]
pub(super) use here::spawn;

/// With shared memory a task may be woken on another thread. The browser's microtask executor moves it back.
#[cfg(target_feature = "atomics")]
pub(super) fn spawn(driver: Driver) {
    wasm_bindgen_futures::spawn_local(driver);
}

/// A driver that runs where it is woken: in the browser's own event, or in a call of a handle. A microtask would run later, and would cost one more
/// for each message.
///
/// No lock or borrow is held while waking, so the driver may do all its work there. What it wakes itself are other tasks.
#[cfg(not(target_feature = "atomics"))]
mod here {
    use crate::channel::driver::Driver;
    use core::cell::Cell;
    use core::mem::replace;
    use core::pin::Pin;
    use core::task::{Context, Waker};
    use std::sync::Arc;
    use std::task::Wake;

    thread_local! {
        /// A slot for each task. A waker may move to any thread, so it has only its slot's index.
        static TASKS: Cell<Vec<Slot>> = const { Cell::new(Vec::new()) };
    }

    enum Slot {
        Waiting(Box<Driver>),
        /// Running: the work is taken out of the slot.
        Running,
        /// Woken: it will run (again).
        Woken,
        /// Free. A waker that outlives its task wakes the slot's next task, which is harmless.
        Free,
    }

    /// Replaces the contents of a slot, or of a free one if `place` is `None`. Returns the old contents, and the slot's index.
    // The only use of the list: a second one would link the panic message for a destroyed thread local.
    #[inline(never)]
    fn put(place: Option<usize>, slot: Slot) -> (Slot, usize) {
        TASKS.with(|list| {
            let mut tasks = list.take();
            let free = || tasks.iter().position(|slot| matches!(slot, Slot::Free));
            let place = place.or_else(free).unwrap_or(tasks.len());
            let before = match tasks.get_mut(place) {
                Some(old) => replace(old, slot),
                None => {
                    tasks.push(slot);
                    Slot::Free
                }
            };
            list.set(tasks);
            (before, place)
        })
    }

    /// A waker: the index of its task's slot.
    struct Place(usize);

    impl Wake for Place {
        fn wake(self: Arc<Self>) {
            let place = Some(self.0);
            match put(place, Slot::Woken).0 {
                Slot::Waiting(mut work) => {
                    let waker = Waker::from(self);
                    // This ends: nothing can arrive before this call returns.
                    while let (Slot::Woken, _) = put(place, Slot::Running) {
                        let mut context = Context::from_waker(&waker);
                        if Pin::new(&mut work).poll(&mut context).is_ready() {
                            put(place, Slot::Free);
                            return;
                        }
                    }
                    put(place, Slot::Waiting(work));
                }
                Slot::Free => {
                    put(place, Slot::Free);
                }
                Slot::Running | Slot::Woken => {}
            }
        }
    }

    /// Runs `work` now, and whenever it is woken. When it completes everything is dropped, except wakers that others hold.
    pub(in crate::channel) fn spawn(work: Driver) {
        let (_, place) = put(None, Slot::Waiting(Box::new(work)));
        Arc::new(Place(place)).wake();
    }
}
