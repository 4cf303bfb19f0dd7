//! Two tasks, one of which reads while the other writes.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

/// The task of one direction.
#[derive(Debug)]
pub(super) struct Task {
    /// The last that had to wait.
    waker: Waker,
    waits: bool,
}

impl Default for Task {
    fn default() -> Self {
        Self {
            waker: Waker::noop().clone(),
            waits: false,
        }
    }
}

impl Task {
    /// It is polled.
    #[inline]
    pub(super) fn works(&mut self) {
        self.waits = false;
    }

    /// It has to wait.
    #[inline]
    pub(super) fn waits(&mut self, waker: &Waker) {
        self.waker.clone_from(waker);
        self.waits = true;
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        self.waits
    }

    /// There is something for it to do, should it wait.
    #[inline]
    pub(super) fn wake(&mut self) {
        if self.waits {
            self.waits = false;
            self.waker.wake_by_ref();
        }
    }

    #[inline]
    fn waits_beside(&self, waker: &Waker) -> bool {
        self.waits && !self.waker.will_wake(waker)
    }
}

/// Both tasks. Mostly they are one.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub(super) reader: Task,
    pub(super) writer: Task,
    /// What woke both the last time that two different ones waited.
    both: Option<Arc<Both>>,
}

impl Tasks {
    /// The waker to give the stream, besides that of the polling task or instead of it: `None` if no other task waits.
    ///
    /// A stream remembers one task for each direction: the last one that polled it. Here any task moves both directions, so a waiting task must not
    /// be forgotten for a later one.
    #[inline]
    pub(super) fn beside(&mut self, waker: &Waker) -> Option<Waker> {
        if self.reader.waits_beside(waker) {
            Some(both(&mut self.both, waker, &self.reader.waker))
        } else if self.writer.waits_beside(waker) {
            Some(both(&mut self.both, waker, &self.writer.waker))
        } else {
            None
        }
    }
}

/// Wakes two tasks: the one that polls the stream, and the one that waits.
#[derive(Debug)]
struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}

fn both(known: &mut Option<Arc<Both>>, polls: &Waker, waits: &Waker) -> Waker {
    if let Some(both) = known
        && both.0.will_wake(polls)
        && both.1.will_wake(waits)
    {
        return both.clone().into();
    }
    let both = Arc::new(Both(polls.clone(), waits.clone()));
    *known = Some(both.clone());
    both.into()
}
