//! A queue of waiting tasks, in the order in which they arrived: those that send, or those that wait for a change. A cancelled wait is removed at
//! once, from any position, because the places are linked.

use crate::error::{SendError, SendErrorKind};
use crate::message::Message;
use crate::waker::keep;
use core::task::{Poll, Waker};

/// The result of a send. The message is returned if it was not sent. A permit has no message.
pub(super) type Outcome = Result<(), Box<SendError<Option<Message>>>>;

/// Numbers places and tickets. Every channel has two queues, and no memory holds so many places.
pub(super) type Count = u32;

/// No place. As an index it stands for the queue itself, whose links are to the first and the last place.
const NONE: Count = Count::MAX;
/// This many free places are kept for later sends when the queue is empty.
const KEPT: usize = 64;

/// The ticket of the place's owner: places are reused, tickets are not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    place: Count,
    ticket: Count,
}

impl Key {
    /// Whether it is settled, if `last` is the last settled ticket.
    pub(super) fn is_settled(self, last: Count) -> bool {
        last.wrapping_sub(self.ticket) <= Count::MAX / 2
    }
}

/// The neighbours of a place. In a free place `behind` is the next free one.
#[derive(Clone, Copy)]
struct Links {
    before: Count,
    behind: Count,
}

const ALONE: Links = Links {
    before: NONE,
    behind: NONE,
};

struct Place {
    ticket: Count,
    stage: Stage,
    links: Links,
    /// The message: none for a permit, and none while the driver has it. It is returned if it was not sent.
    message: Option<Message>,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stage {
    /// Free: its send completed or was cancelled.
    Free,
    /// Waiting.
    Waiting,
    /// With the driver.
    Taken,
    /// With the driver, but the wait was cancelled.
    Abandoned,
    /// Not sent because the connection was not open; not reported yet.
    NotOpen,
    /// Not sent because the platform refused it; not reported yet.
    Refused,
}

pub(super) struct WaitQueue {
    places: Vec<Place>,
    ends: Links,
    /// The first free place, and the number of used ones.
    free: Count,
    used: Count,
    tickets: Count,
    settled: Count,
    refused: Count,
}

/// What a cancelled wait leaves. Drop it after the lock is released.
pub(super) type Left = (Option<Message>, Option<Waker>);

impl WaitQueue {
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            ends: ALONE,
            free: NONE,
            used: 0,
            tickets: 0,
            settled: 0,
            refused: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.behind == NONE
    }

    /// The newest ticket.
    pub(super) fn newest(&self) -> Count {
        self.tickets
    }

    /// The last settled ticket; all earlier ones are settled, too. If [`refused`](Self::refused) is 0, all of them were sent.
    pub(super) fn settled(&self) -> Count {
        self.settled
    }

    /// The number of sends that failed and were not reported yet.
    pub(super) fn refused(&self) -> Count {
        self.refused
    }

    /// Adds a wait at the end. If the connection is not `open`, the wait is refused at once.
    pub(super) fn enter(
        &mut self,
        message: Option<Message>,
        waker: Option<Waker>,
        open: bool,
    ) -> Key {
        self.tickets = self.tickets.wrapping_add(1);
        self.used += 1;
        let ticket = self.tickets;
        let new = Place {
            ticket,
            stage: if open { Stage::Waiting } else { Stage::NotOpen },
            links: ALONE,
            message,
            waker,
        };
        let mut place = self.free;
        match self.places.get_mut(place as usize) {
            Some(old) => {
                self.free = old.links.behind;
                *old = new;
            }
            None => {
                place = self.places.len() as Count;
                self.places.push(new);
            }
        }
        if open {
            self.join(self.ends.before, place);
            self.join(place, NONE);
        } else {
            self.refused += 1;
        }
        Key { place, ticket }
    }

    /// Takes the first one out. The caller has to [settle](Self::settle) it.
    pub(super) fn pop(&mut self) -> Option<(Key, Option<Message>)> {
        let place = self.ends.behind;
        self.unlink(place);
        let first = self.places.get_mut(place as usize)?;
        first.stage = Stage::Taken;
        let ticket = first.ticket;
        Some((Key { place, ticket }, first.message.take()))
    }

    /// Sets the result of one that was popped, in order: `Free` if it was sent, otherwise why not, and its message. Returns the waker.
    pub(super) fn settle(
        &mut self,
        key: Key,
        became: Stage,
        message: Option<Message>,
    ) -> Option<Waker> {
        #[cfg(feature = "reconnect")]
        if became == Stage::Waiting {
            return self.put_back(key, message);
        }
        self.settled = key.ticket;
        let place = self.places.get_mut(key.place as usize)?;
        let waker = place.waker.take();
        if place.stage == Stage::Taken && became != Stage::Free {
            place.stage = became;
            place.message = message;
            self.refused += 1;
        } else {
            self.free(key.place);
        }
        waker
    }

    /// Puts one that was popped back to the front: it was not sent, and will be sent later. The driver takes one at a time.
    #[cfg(feature = "reconnect")]
    fn put_back(&mut self, key: Key, message: Option<Message>) -> Option<Waker> {
        let place = self.places.get_mut(key.place as usize)?;
        if place.stage != Stage::Taken {
            // Cancelled meanwhile.
            self.free(key.place);
            return None;
        }
        place.stage = Stage::Waiting;
        place.message = message;
        let first = self.ends.behind;
        self.join(NONE, key.place);
        self.join(key.place, first);
        None
    }

    /// Settles the first one, like [`settle`](Self::settle) without a message, unless its ticket is newer than `newest`. Returns the waker; `None` if
    /// there is none to settle.
    pub(super) fn settle_first(&mut self, newest: Count, became: Stage) -> Option<Option<Waker>> {
        let first = self.places.get(self.ends.behind as usize)?;
        if newest.wrapping_sub(first.ticket) > Count::MAX / 2 {
            return None;
        }
        let (key, message) = self.pop()?;
        Some(self.settle(key, became, message))
    }

    /// The result of a wait. Until it is known, `waker` is registered for it.
    pub(super) fn poll(&mut self, key: Key, waker: &Waker) -> Poll<Outcome> {
        let Some(place) = self.place(key) else {
            // It is settled, and its place was reused.
            return Poll::Ready(Ok(()));
        };
        let kind = match place.stage {
            Stage::Waiting | Stage::Taken => {
                keep(&mut place.waker, waker);
                return Poll::Pending;
            }
            Stage::Free | Stage::Abandoned => return Poll::Ready(Ok(())),
            Stage::NotOpen => SendErrorKind::NotOpen,
            Stage::Refused => SendErrorKind::SendRefused,
        };
        let (message, _) = self.leave(key);
        Poll::Ready(Err(Box::new(SendError::new(message, kind))))
    }

    /// Cancels a wait. The caller drops what is returned.
    pub(super) fn leave(&mut self, key: Key) -> Left {
        let Some(place) = self.place(key) else {
            return (None, None);
        };
        let left = (place.message.take(), place.waker.take());
        match place.stage {
            Stage::Taken => {
                place.stage = Stage::Abandoned;
                return left;
            }
            Stage::Free | Stage::Abandoned => return left,
            Stage::Waiting => self.unlink(key.place),
            Stage::NotOpen | Stage::Refused => self.refused -= 1,
        }
        self.free(key.place);
        left
    }

    fn place(&mut self, key: Key) -> Option<&mut Place> {
        let place = self.places.get_mut(key.place as usize);
        place.filter(|place| place.ticket == key.ticket)
    }

    #[inline(never)]
    fn free(&mut self, place: Count) {
        if let Some(freed) = self.places.get_mut(place as usize) {
            freed.stage = Stage::Free;
            freed.links.behind = self.free;
            self.free = place;
        }
        self.used -= 1;
        // Free the memory of a long queue.
        if self.used == 0 && self.places.len() > KEPT {
            self.places = Vec::new();
            self.free = NONE;
        }
    }

    #[inline(never)]
    fn unlink(&mut self, place: Count) {
        let Links { before, behind } = *self.links(place);
        self.join(before, behind);
    }

    /// Links two places.
    #[inline(never)]
    fn join(&mut self, before: Count, behind: Count) {
        self.links(before).behind = behind;
        self.links(behind).before = before;
    }

    #[inline(never)]
    fn links(&mut self, place: Count) -> &mut Links {
        match self.places.get_mut(place as usize) {
            Some(place) => &mut place.links,
            None => &mut self.ends,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(message: Option<Message>) -> String {
        String::from_utf8(message.unwrap().as_bytes().to_vec()).unwrap()
    }

    fn refused() -> Outcome {
        Err(Box::new(SendError::new(None, SendErrorKind::NotOpen)))
    }

    #[test]
    fn a_cancelled_wait_is_removed_from_any_position() {
        for leaving in 0..4 {
            let mut queue = WaitQueue::new();
            let names = ["a", "b", "c", "d"];
            let keys = names.map(|name| queue.enter(Some(name.into()), None, true));
            drop(queue.leave(keys[leaving]));
            queue.enter(Some("e".into()), None, true);
            let mut left = Vec::new();
            while let Some((key, message)) = queue.pop() {
                left.push(text(message));
                assert!(queue.settle(key, Stage::Free, None).is_none());
            }
            let mut expected: Vec<_> = names.into_iter().chain(["e"]).collect();
            expected.remove(leaving);
            assert_eq!(left, expected);
        }
    }

    #[test]
    fn a_refusal_is_reported_once_to_its_own_send() {
        let mut queue = WaitQueue::new();
        let [first, second] = [(); 2].map(|()| queue.enter(None, None, true));
        let (key, _) = queue.pop().unwrap();
        assert!(queue.settle(key, Stage::NotOpen, None).is_none());
        let (key, _) = queue.pop().unwrap();
        assert!(queue.settle(key, Stage::Free, None).is_none());
        assert_eq!(queue.refused(), 1);
        // Another wait reuses the second's place.
        let third = queue.enter(None, None, true);
        assert!(queue.poll(second, Waker::noop()) == Poll::Ready(Ok(())));
        assert!(queue.poll(third, Waker::noop()).is_pending());
        assert!(queue.poll(first, Waker::noop()) == Poll::Ready(refused()));
        assert!(queue.poll(first, Waker::noop()) == Poll::Ready(Ok(())));
        assert_eq!(queue.refused(), 0);
    }

    #[test]
    fn a_send_cancelled_while_the_driver_has_it_leaves_nothing() {
        for became in [Stage::Free, Stage::Refused] {
            let mut queue = WaitQueue::new();
            let key = queue.enter(Some("a".into()), None, true);
            let (taken, _) = queue.pop().unwrap();
            drop(queue.leave(key));
            assert!(queue.settle(taken, became, Some("a".into())).is_none());
            assert_eq!((queue.refused(), queue.used), (0, 0));
        }
    }

    #[test]
    fn a_long_queue_frees_its_memory() {
        let mut queue = WaitQueue::new();
        let keys: Vec<_> = (0..1000).map(|_| queue.enter(None, None, true)).collect();
        for key in keys.into_iter().rev() {
            drop(queue.leave(key));
        }
        assert!(queue.is_empty());
        assert_eq!(queue.places.capacity(), 0);
    }
}
