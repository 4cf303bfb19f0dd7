//! One waker for two tasks.

use crate::lock::Lock;
use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

/// A stream remembers one task for each direction, the last that polled it. Here either task may poll either direction, so
/// the stream is given a waker that wakes both.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    pub(super) reader: Slot,
    pub(super) writer: Slot,
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake();
        self.writer.wake();
    }
}

#[derive(Debug, Default)]
pub(super) struct Slot(Lock<Option<Waker>>);

impl Slot {
    pub(super) fn register(&self, waker: &Waker) {
        let mut slot = self.0.lock();
        match &mut *slot {
            Some(known) => known.clone_from(waker),
            None => *slot = Some(waker.clone()),
        }
    }

    pub(super) fn wake(&self) {
        // Outside the lock: a waker may run anything.
        let waker = self.0.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
