//! What an application has called when something arrives: one seam, and a body for each way in which threads can be.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

/// `Send + Sync` where threads share memory, nothing in a page without it.
#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
pub trait MaybeShared: Send + Sync {}
#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
impl<T: Send + Sync> MaybeShared for T {}

/// `Send + Sync` where threads share memory, nothing in a page without it.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
pub trait MaybeShared {}
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
impl<T> MaybeShared for T {}

/// A waker that calls a function. As such it is nothing of its own to a program that sets none.
struct Call<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        self.0();
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
pub(super) fn shared(wake: impl Fn() + MaybeShared + 'static) -> Waker {
    Waker::from(Arc::new(Call(wake)))
}

/// Handles may go to any thread, as far as types can tell, and so hold no more of the function than its place in a list of this one.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
pub(super) fn shared(wake: impl Fn() + 'static) -> Waker {
    let place = here::Place::new(std::rc::Rc::new(wake));
    Waker::from(Arc::new(Call(move || place.call())))
}

#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
mod here {
    use core::cell::RefCell;
    use std::rc::Rc;

    type Wake = Rc<dyn Fn()>;

    thread_local! {
        static WAKES: RefCell<Vec<Option<Wake>>> = const { RefCell::new(Vec::new()) };
    }

    /// The place of a function, which goes with it.
    pub(super) struct Place(usize);

    impl Place {
        pub(super) fn new(wake: Wake) -> Self {
            WAKES.with_borrow_mut(|wakes| {
                let free = wakes.iter().position(Option::is_none);
                let place = free.unwrap_or(wakes.len());
                match wakes.get_mut(place) {
                    Some(free) => *free = Some(wake),
                    None => wakes.push(Some(wake)),
                }
                Self(place)
            })
        }

        pub(super) fn call(&self) {
            // It may set another, or drop its receiver.
            let wake = WAKES.with_borrow(|wakes| wakes.get(self.0).cloned().flatten());
            if let Some(wake) = wake {
                wake();
            }
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let wake = WAKES.with_borrow_mut(|wakes| wakes.get_mut(self.0).and_then(Option::take));
            drop(wake);
        }
    }
}
