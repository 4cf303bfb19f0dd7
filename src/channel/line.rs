//! Sends that wait for their turn, in the order in which they came. One that gives up leaves at once, wherever it stands: the places are linked.

use crate::error::{SendError, SendErrorKind};
use crate::message::Message;
use core::mem::replace;
use core::task::{Poll, Waker};

/// What became of a send: the message comes back when it was not sent. For a permit there is none.
pub(super) type Outcome = Result<(), Box<SendError<Option<Message>>>>;

/// No place.
const NONE: usize = usize::MAX;
/// So many free places are kept for the next sends when the line is empty.
const KEPT: usize = 64;

/// Whose place it is: places are used again, tickets are not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    place: usize,
    ticket: usize,
}

impl Key {
    /// Whether it was settled, if this was the last ticket that was.
    pub(super) fn is_settled(self, last: usize) -> bool {
        last.wrapping_sub(self.ticket) <= usize::MAX / 2
    }
}

struct Place {
    ticket: usize,
    stage: Stage,
    before: usize,
    behind: usize,
}

enum Stage {
    Free,
    /// In line, with a message or for a permit.
    Waiting(Option<Message>, Option<Waker>),
    /// With the driver.
    Taken(Option<Waker>),
    /// With the driver, and nobody waits for what becomes of it.
    Abandoned,
    /// Not sent, and nobody has been told yet.
    Refused(Box<SendError<Option<Message>>>),
}

pub(super) struct Line {
    places: Vec<Place>,
    free: Vec<usize>,
    first: usize,
    last: usize,
    tickets: usize,
    settled: usize,
    refused: usize,
}

impl Line {
    pub(super) fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            first: NONE,
            last: NONE,
            tickets: 0,
            settled: 0,
            refused: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == NONE
    }

    /// The last ticket that was settled: those before it are, too. Unless [`refused`](Self::refused) counts some, all of them were sent.
    pub(super) fn settled(&self) -> usize {
        self.settled
    }

    /// How many were not sent and have not been told so.
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    /// Puts a send at the end of the line.
    pub(super) fn enter(&mut self, message: Option<Message>, waker: Option<Waker>) -> Key {
        self.tickets = self.tickets.wrapping_add(1);
        let ticket = self.tickets;
        let new = Place {
            ticket,
            stage: Stage::Waiting(message, waker),
            before: self.last,
            behind: NONE,
        };
        let place = self.free.pop().unwrap_or(self.places.len());
        match self.places.get_mut(place) {
            Some(old) => *old = new,
            None => self.places.push(new),
        }
        match self.places.get_mut(self.last) {
            Some(last) => last.behind = place,
            None => self.first = place,
        }
        self.last = place;
        Key { place, ticket }
    }

    /// Takes the first send out of the line. It is to be [settled](Self::settle).
    pub(super) fn pop(&mut self) -> Option<(Key, Option<Message>)> {
        let place = self.first;
        self.unlink(place);
        let first = self.places.get_mut(place)?;
        let key = Key {
            place,
            ticket: first.ticket,
        };
        match replace(&mut first.stage, Stage::Abandoned) {
            Stage::Waiting(message, waker) => {
                first.stage = Stage::Taken(waker);
                Some((key, message))
            }
            // Only what waits is linked.
            _ => None,
        }
    }

    /// What became of a send that was popped; in the order of the line. Gives whom to wake.
    pub(super) fn settle(&mut self, key: Key, outcome: Outcome) -> Option<Waker> {
        self.settled = key.ticket;
        let place = self.places.get_mut(key.place)?;
        let (waker, told) = match replace(&mut place.stage, Stage::Free) {
            Stage::Taken(waker) => (waker, true),
            _ => (None, false),
        };
        match outcome {
            Err(error) if told => {
                place.stage = Stage::Refused(error);
                self.refused += 1;
            }
            _ => self.free(key.place),
        }
        waker
    }

    /// What became of a send. While it waits, `waker` is woken when that is known.
    pub(super) fn poll(&mut self, key: Key, waker: &Waker) -> Poll<Outcome> {
        let Some(place) = self.place(key) else {
            // It was settled, and its place given to another.
            return Poll::Ready(Ok(()));
        };
        match &mut place.stage {
            Stage::Waiting(_, old) | Stage::Taken(old) => {
                *old = Some(waker.clone());
                Poll::Pending
            }
            Stage::Refused(_) => match self.leave(key) {
                Some(Left::Refused(error)) => Poll::Ready(Err(error)),
                _ => Poll::Ready(Ok(())),
            },
            Stage::Free | Stage::Abandoned => Poll::Ready(Ok(())),
        }
    }

    /// Gives a send up. What comes back is to be dropped by whoever asks.
    pub(super) fn leave(&mut self, key: Key) -> Option<Left> {
        let place = self.place(key)?;
        match replace(&mut place.stage, Stage::Free) {
            Stage::Waiting(message, waker) => {
                self.unlink(key.place);
                self.free(key.place);
                Some(Left::Waiting(message, waker))
            }
            Stage::Taken(waker) => {
                place.stage = Stage::Abandoned;
                Some(Left::Waiting(None, waker))
            }
            Stage::Refused(error) => {
                self.refused -= 1;
                self.free(key.place);
                Some(Left::Refused(error))
            }
            before @ (Stage::Free | Stage::Abandoned) => {
                place.stage = before;
                None
            }
        }
    }

    /// The end: everybody in line gets the message back. Gives whom to wake.
    pub(super) fn refuse_all(&mut self) -> Vec<Option<Waker>> {
        let mut wakers = Vec::new();
        while let Some((key, message)) = self.pop() {
            let error = SendError::new(message, SendErrorKind::NotOpen);
            wakers.push(self.settle(key, Err(Box::new(error))));
        }
        wakers
    }

    fn place(&mut self, key: Key) -> Option<&mut Place> {
        let place = self.places.get_mut(key.place);
        place.filter(|place| place.ticket == key.ticket)
    }

    #[inline(never)]
    fn free(&mut self, place: usize) {
        self.free.push(place);
        // After a long line the memory goes.
        if self.free.len() == self.places.len() && self.places.len() > KEPT {
            self.places = Vec::new();
            self.free = Vec::new();
        }
    }

    #[inline(never)]
    fn unlink(&mut self, place: usize) {
        let Some(Place { before, behind, .. }) = self.places.get(place) else {
            return;
        };
        let (before, behind) = (*before, *behind);
        match self.places.get_mut(before) {
            Some(neighbour) => neighbour.behind = behind,
            None => self.first = behind,
        }
        match self.places.get_mut(behind) {
            Some(neighbour) => neighbour.before = before,
            None => self.last = before,
        }
    }
}

/// What a send that was given up leaves: to be dropped without a lock.
#[allow(dead_code, reason = "it is held to be dropped")]
pub(super) enum Left {
    Waiting(Option<Message>, Option<Waker>),
    Refused(Box<SendError<Option<Message>>>),
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
    fn whoever_leaves_is_not_in_line_wherever_it_stood() {
        for leaving in 0..4 {
            let mut line = Line::new();
            let names = ["a", "b", "c", "d"];
            let keys = names.map(|name| line.enter(Some(name.into()), None));
            drop(line.leave(keys[leaving]));
            line.enter(Some("e".into()), None);
            let mut left = Vec::new();
            while let Some((key, message)) = line.pop() {
                left.push(text(message));
                assert!(line.settle(key, Ok(())).is_none());
            }
            let mut expected: Vec<_> = names.into_iter().chain(["e"]).collect();
            expected.remove(leaving);
            assert_eq!(left, expected);
        }
    }

    #[test]
    fn what_was_refused_is_told_once_and_only_to_its_own_send() {
        let mut line = Line::new();
        let [first, second] = [(); 2].map(|()| line.enter(None, None));
        let (key, _) = line.pop().unwrap();
        assert!(line.settle(key, refused()).is_none());
        let (key, _) = line.pop().unwrap();
        assert!(line.settle(key, Ok(())).is_none());
        assert_eq!(line.refused(), 1);
        // Another takes the second's place.
        let third = line.enter(None, None);
        assert!(line.poll(second, Waker::noop()) == Poll::Ready(Ok(())));
        assert!(line.poll(third, Waker::noop()).is_pending());
        assert!(line.poll(first, Waker::noop()) == Poll::Ready(refused()));
        assert!(line.poll(first, Waker::noop()) == Poll::Ready(Ok(())));
        assert_eq!(line.refused(), 0);
    }

    #[test]
    fn a_send_given_up_while_the_driver_has_it_leaves_nothing() {
        for outcome in [Ok(()), refused()] {
            let mut line = Line::new();
            let key = line.enter(Some("a".into()), None);
            let (taken, _) = line.pop().unwrap();
            drop(line.leave(key));
            assert!(line.settle(taken, outcome).is_none());
            assert_eq!((line.refused(), line.free.len()), (0, line.places.len()));
        }
    }

    #[test]
    fn a_long_line_leaves_no_memory() {
        let mut line = Line::new();
        let keys: Vec<_> = (0..1000).map(|_| line.enter(None, None)).collect();
        for key in keys.into_iter().rev() {
            drop(line.leave(key));
        }
        assert!(line.is_empty());
        assert_eq!(line.places.capacity(), 0);
    }
}
