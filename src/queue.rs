//! A queue. Two stacks weigh less in wasm than a ring.

/// A queue of two stacks.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// What came first, the oldest last.
    first: Vec<T>,
    /// What came since, the newest last.
    last: Vec<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            last: Vec::new(),
        }
    }
}

impl<T> Queue<T> {
    pub(crate) fn push_back(&mut self, item: T) {
        self.last.push(item);
    }

    pub(crate) fn push_front(&mut self, item: T) {
        self.first.push(item);
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let mut oldest = &mut self.first;
        if oldest.is_empty() {
            // One alone needs no second stack.
            while self.last.len() > 1
                && let Some(item) = self.last.pop()
            {
                oldest.push(item);
            }
            oldest = &mut self.last;
        }
        oldest.pop()
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.last.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn get(&self, place: usize) -> Option<&T> {
        match self.first.len().checked_sub(place + 1) {
            Some(place) => self.first.get(place),
            None => self.last.get(place - self.first.len()),
        }
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.get(0)
    }

    pub(crate) fn extend(&mut self, items: impl Iterator<Item = T>) {
        items.for_each(|item| self.push_back(item));
    }

    /// From the oldest on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().rev().chain(&self.last)
    }

    /// Drops everything, and its place in memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Takes an item out of a list without an order. `remove` and `swap_remove` contain a panic that formats.
pub(crate) fn take_out<T>(list: &mut Vec<T>, place: usize) -> Option<T> {
    let last = list.pop()?;
    Some(match list.get_mut(place) {
        Some(item) => core::mem::replace(item, last),
        None => last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::default();
        for item in 0..4 {
            queue.push_back(item);
        }
        assert_eq!(queue.pop_front(), Some(0));
        queue.push_back(4);
        queue.push_front(9);
        assert_eq!((queue.len(), queue.front()), (5, Some(&9)));
        let all: Vec<_> = queue.iter().copied().collect();
        assert_eq!(all, [9, 1, 2, 3, 4]);
        let each: Vec<_> = (0..6).map(|place| queue.get(place).copied()).collect();
        assert_eq!(each, [Some(9), Some(1), Some(2), Some(3), Some(4), None]);
        let popped: Vec<_> = core::iter::from_fn(|| queue.pop_front()).collect();
        assert_eq!(popped, all);
        assert!(queue.is_empty());
    }
}
