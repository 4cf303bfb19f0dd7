//! Tasks that wait for a change, each in a place of its own: noting, waking and forgetting one never looks at the others.

use core::task::Waker;

#[derive(Default)]
pub(super) struct Watchers {
    /// None: free, or woken and not waiting again yet.
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Watchers {
    /// Notes a task. Its key is its own until [`forget`](Self::forget).
    pub(super) fn watch(&mut self, key: &mut Option<usize>, waker: &Waker) {
        let place = *key.get_or_insert_with(|| self.free.pop().unwrap_or(self.places.len()));
        if place == self.places.len() {
            self.places.push(None);
        }
        if let Some(old) = self.places.get_mut(place) {
            *old = Some(waker.clone());
        }
    }

    /// Gives a key back, and the waker that is to be dropped.
    pub(super) fn forget(&mut self, key: usize) -> Option<Waker> {
        self.free.push(key);
        self.places.get_mut(key).and_then(Option::take)
    }

    /// Everybody who waits, to be woken.
    pub(super) fn take(&mut self) -> Vec<Option<Waker>> {
        let waiting = core::mem::take(&mut self.places);
        self.places.resize_with(waiting.len(), || None);
        waiting
    }
}
