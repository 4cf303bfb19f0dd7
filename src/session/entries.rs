//! Messages that wait outside a session until a connection takes them.
//!
//! | input | an entry that waits | one that was taken |
//! | --- | --- | --- |
//! | [`enter`](EntryQueue::enter) with its key | superseded: the new one has its place | |
//! | [`pop`](EntryQueue::pop) before its deadline | taken, in order | |
//! | [`pop`](EntryQueue::pop) at its deadline or later | late | |
//! | [`leave`](EntryQueue::leave) | left | |
//!
//! An empty field changes nothing.

use super::wire::OVERHEAD;
use core::time::Duration;
use std::collections::BTreeMap;

/// How a value of [`Sender::send_with`](crate::Sender::send_with) waits for a connection. `Entry::default()` waits as long as it takes.
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::Entry;
///
/// // A position: a newer one replaces it, and after two seconds nobody needs it.
/// let entry = Entry::default().key("position").deadline(Duration::from_secs(2));
/// # let _ = entry;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// How long it may wait, from the moment it is sent. Default: without an end.
    pub deadline: Option<Duration>,
    /// A newer entry with the same key replaces this one while it waits. Default: none does.
    pub key: Option<Box<str>>,
}

impl Entry {
    /// How long the value may wait, from the first poll of its `send_with`. By default it waits without an end. At 0 it is late at once.
    pub fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// A newer entry with the same key replaces this one while it waits. By default none does.
    pub fn key(mut self, key: impl Into<Box<str>>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// Names an entry in its [`EntryQueue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryId {
    place: u64,
    /// An entry that replaces another has its place.
    number: u64,
}

/// Messages, or what stands for them, that wait outside a session: a newer one with the same key replaces an older one, and each may have a deadline.
///
/// It has no clock: times are durations since any fixed moment.
#[derive(Debug)]
pub struct EntryQueue<T> {
    line: BTreeMap<u64, Waiting<T>>,
    keys: BTreeMap<Box<str>, u64>,
    numbers: u64,
    cost: u64,
    bound: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    number: u64,
    key: Option<Box<str>>,
    until: Option<Duration>,
    bytes: usize,
    what: T,
}

impl<T> EntryQueue<T> {
    /// A queue for entries of at most this cost: the bytes of each, and 32 more. One is always accepted.
    pub fn new(bound: u64) -> Self {
        Self {
            line: BTreeMap::new(),
            keys: BTreeMap::new(),
            numbers: 0,
            cost: 0,
            bound,
        }
    }

    /// Adds an entry of so many bytes. Returns the one that it replaces, if there is one: then it has the other's place, or a key that is used often would
    /// never be first.
    ///
    /// # Errors
    /// The entry, if the queue is full.
    pub fn enter(
        &mut self,
        now: Duration,
        entry: Entry,
        bytes: usize,
        what: T,
    ) -> Result<(EntryId, Option<T>), T> {
        let key = entry.key.as_ref();
        let place = key.and_then(|key| self.keys.get(key)).copied();
        let replaced = place.and_then(|place| self.line.get(&place));
        let rest = self.cost - replaced.map_or(0, Waiting::cost);
        let cost = bytes as u64 + OVERHEAD;
        if rest > 0 && rest + cost > self.bound {
            return Err(what);
        }
        self.numbers += 1;
        let number = self.numbers;
        let place = place.unwrap_or(number);
        if let Some(key) = &entry.key {
            self.keys.insert(key.clone(), place);
        }
        self.cost = rest + cost;
        let waiting = Waiting {
            number,
            until: entry.deadline.map(|after| now.saturating_add(after)),
            key: entry.key,
            bytes,
            what,
        };
        let replaced = self.line.insert(place, waiting);
        let id = EntryId { place, number };
        Ok((id, replaced.map(|replaced| replaced.what)))
    }

    /// The bytes of the first entry.
    pub fn first(&self) -> Option<usize> {
        self.line.values().next().map(|first| first.bytes)
    }

    /// Takes the first entry, and says whether it is late: then it must not be sent.
    pub fn pop(&mut self, now: Duration) -> Option<(T, bool)> {
        let (place, _) = self.line.first_key_value()?;
        let first = self.remove(*place)?;
        Some((first.what, first.until.is_some_and(|until| until <= now)))
    }

    /// Removes an entry that waits. `None` if it does not wait any more.
    pub fn leave(&mut self, id: EntryId) -> Option<T> {
        let waiting = self.line.get(&id.place)?;
        if waiting.number != id.number {
            return None;
        }
        self.remove(id.place).map(|waiting| waiting.what)
    }

    fn remove(&mut self, place: u64) -> Option<Waiting<T>> {
        let waiting = self.line.remove(&place)?;
        self.cost -= waiting.cost();
        if let Some(key) = &waiting.key {
            self.keys.remove(key);
        }
        Some(waiting)
    }

    /// The cost of what waits.
    pub fn cost(&self) -> u64 {
        self.cost
    }
}

impl<T> Waiting<T> {
    fn cost(&self) -> u64 {
        self.bytes as u64 + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn keyed(key: &str) -> Entry {
        Entry::default().key(key)
    }

    /// Enters one that is accepted.
    fn enter(
        queue: &mut EntryQueue<&'static str>,
        entry: Entry,
        what: &'static str,
    ) -> (EntryId, Option<&'static str>) {
        match queue.enter(at(0), entry, what.len(), what) {
            Ok(entered) => entered,
            Err(what) => unreachable!("{what} was refused"),
        }
    }

    #[test]
    fn a_newer_entry_takes_the_place_of_the_one_with_its_key() {
        let mut queue = EntryQueue::new(1000);
        let (old, _) = enter(&mut queue, keyed("a"), "a1");
        enter(&mut queue, Entry::default(), "b");
        let (_, replaced) = enter(&mut queue, keyed("a"), "a22");
        assert_eq!(replaced, Some("a1"));
        assert_eq!((queue.leave(old), queue.first()), (None, Some(3)));
        assert_eq!(queue.cost(), 3 + 1 + 2 * OVERHEAD);
        assert_eq!(queue.pop(at(1)), Some(("a22", false)));
        // What was taken is not replaced any more.
        let (_, replaced) = enter(&mut queue, keyed("a"), "a3");
        assert_eq!(replaced, None);
        assert_eq!(queue.pop(at(1)), Some(("b", false)));
        assert_eq!(queue.pop(at(1)), Some(("a3", false)));
        assert_eq!((queue.pop(at(1)), queue.cost()), (None, 0));
    }

    #[test]
    fn an_entry_is_late_from_its_deadline_on() {
        let mut queue = EntryQueue::new(1000);
        for what in ["early", "late"] {
            enter(&mut queue, Entry::default().deadline(at(5)), what);
        }
        enter(&mut queue, Entry::default().deadline(Duration::MAX), "ever");
        assert_eq!(queue.pop(at(4)), Some(("early", false)));
        assert_eq!(queue.pop(at(5)), Some(("late", true)));
        assert_eq!(queue.pop(at(1_000_000)), Some(("ever", false)));
    }

    #[test]
    fn an_entry_that_leaves_gives_its_key_and_its_room_back() {
        let mut queue = EntryQueue::new(2 * (1 + OVERHEAD));
        let (first, _) = enter(&mut queue, keyed("a"), "1");
        enter(&mut queue, keyed("b"), "2");
        assert_eq!(queue.enter(at(0), keyed("c"), 1, "3"), Err("3"));
        // One that replaces another needs only the room of both.
        assert_eq!(enter(&mut queue, keyed("b"), "4").1, Some("2"));
        assert_eq!(queue.enter(at(0), keyed("b"), 2, "55"), Err("55"));
        assert_eq!(queue.leave(first), Some("1"));
        assert_eq!(queue.leave(first), None);
        assert_eq!(enter(&mut queue, keyed("a"), "6").1, None);
        assert_eq!(queue.pop(at(0)), Some(("4", false)));
    }

    #[test]
    fn one_entry_is_accepted_however_large() {
        let mut queue = EntryQueue::new(10);
        enter(&mut queue, Entry::default(), "much larger than the bound");
        assert_eq!(queue.enter(at(0), Entry::default(), 0, ""), Err(""));
    }
}
