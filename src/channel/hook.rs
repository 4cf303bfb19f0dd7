//! The callback of `on_readable`. There is one body for programs with threads and one for pages.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

/// `Send + Sync` where threads share memory; no bound in a page without threads.
#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
pub trait MaybeShared: Send + Sync {}
#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
impl<T: Send + Sync> MaybeShared for T {}

/// `Send + Sync` where threads share memory; no bound in a page without threads.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
pub trait MaybeShared {}
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
impl<T> MaybeShared for T {}

/// A waker that calls a function. Programs that set no callback do not link it.
struct Call<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        // If the function panics, the end of its channel would call it again during unwinding. A second panic would abort the process.
        if !std::thread::panicking() {
            self.0();
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
pub(super) fn shared(wake: impl Fn() + MaybeShared + 'static) -> Waker {
    Waker::from(Arc::new(Call(wake)))
}

/// The types let handles move to any thread, so they have only an index into a list of this thread.
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

    /// The index of a function; dropping it removes the function.
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
            // The function is called without a borrow: it may set another one, or drop its receiver.
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
