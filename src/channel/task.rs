//! Where the driver runs in a page: one seam, and a body for each way in which threads can be. Natively it runs where senders [find it](super::direct).

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

/// Where memory is shared a task may be woken on another thread than its own, and the executor of the browser's microtasks brings it home.
#[cfg(target_feature = "atomics")]
pub(super) fn spawn(driver: Driver) {
    wasm_bindgen_futures::spawn_local(driver);
}

/// A driver that runs in the place where it is woken: in the browser's own event, or in a handle's call. In a microtask it would run a moment later,
/// at the price of one for each message; that of the task that waits for the message comes on top.
///
/// Nobody holds a lock or a borrow while waking, so it is free to do all its work there. What it wakes itself are other tasks.
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
        /// A slot for each task. A waker may go to any thread, and so holds no more of its task than its place in here.
        static TASKS: Cell<Vec<Slot>> = const { Cell::new(Vec::new()) };
    }

    enum Slot {
        Waiting(Box<Driver>),
        /// The work is taken out while it runs.
        Running,
        /// Woken, and to run (again).
        Woken,
        /// Whoever comes next may have it. A waker that outlived its task wakes that one, in vain.
        Free,
    }

    /// Puts something in the place of what is in a slot, which comes back; without a place, in a free one. And the place.
    // The one use of the list: a second would link what is said of one that is gone.
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

    /// What a waker is: the place of its task.
    struct Place(usize);

    impl Wake for Place {
        fn wake(self: Arc<Self>) {
            let place = Some(self.0);
            match put(place, Slot::Woken).0 {
                Slot::Waiting(mut work) => {
                    let waker = Waker::from(self);
                    // What it wakes itself for is bounded: nothing arrives before this call is over.
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

    /// Runs `work` now, and whenever it is woken. At its end everything goes but the wakers that others hold.
    pub(in crate::channel) fn spawn(work: Driver) {
        let (_, place) = put(None, Slot::Waiting(Box::new(work)));
        Arc::new(Place(place)).wake();
    }
}
