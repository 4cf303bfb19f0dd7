//! What stays on its thread while its handle may go anywhere: a hook has to be `Send`, and what JavaScript gave is not.

use core::any::Any;
use core::cell::Cell;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::rc::Rc;

thread_local! {
    /// What this thread keeps, each under its key.
    static KEPT: Cell<Vec<(usize, Rc<dyn Any>)>> = const { Cell::new(Vec::new()) };
}

/// Keys are of all threads, so that one means nothing on another.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A value of the thread that made it. On another one it is not there, and lives on when the handle is dropped.
pub(crate) struct Here<T> {
    key: usize,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> Here<T> {
    pub(crate) fn new(value: T) -> Self {
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        let value: Rc<dyn Any> = Rc::new(value);
        with(|kept| kept.push((key, value)));
        Self {
            key,
            of: PhantomData,
        }
    }

    pub(crate) fn get(&self) -> Option<Rc<T>> {
        with(|kept| {
            let (_, value) = kept.iter().find(|(key, _)| *key == self.key)?;
            value.clone().downcast().ok()
        })
    }
}

impl<T> Drop for Here<T> {
    fn drop(&mut self) {
        // Dropped when it is out of the list: what it is may do anything.
        let _value = with(|kept| {
            let index = kept.iter().position(|(key, _)| *key == self.key)?;
            Some(kept.swap_remove(index))
        });
    }
}

/// Nothing of somebody else's is called meanwhile.
fn with<R>(change: impl FnOnce(&mut Vec<(usize, Rc<dyn Any>)>) -> R) -> R {
    let mut kept = KEPT.take();
    let result = change(&mut kept);
    KEPT.set(kept);
    result
}
