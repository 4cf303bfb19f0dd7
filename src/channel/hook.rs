//! The function that an application has called when something arrives. There is one body for programs with threads and one for pages.

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

/// A waker that calls a function. Programs that set none do not link it.
struct Call<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        // If it panicked, the end of its channel calls it again while that panic unwinds. A second one would abort the process.
        if !std::thread::panicking() {
            self.0();
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
pub(super) fn shared(wake: impl Fn() + MaybeShared + 'static) -> Waker {
    Waker::from(Arc::new(Call(wake)))
}

/// By their types handles may move to any thread, so they hold only an index into a list of this thread.
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
