//! Entries that wait for a connection, shared by senders and the driver. They wait outside what the link retains.
//!
//! Senders and the driver know them by the trait [`Waiting`]. Only `send_with` makes what implements it, so other programs do not link it.

use super::driver::Driver;
use crate::error::EntryErrorKind;
use crate::lock::Lock;
use crate::message::Message;
use crate::session::{Entry, EntryId, EntryQueue};
use crate::time::Instant;
use crate::waker::{keep, wake};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

/// The result of an entry: the message comes back if it was not sent.
pub(super) type Outcome = Result<(), Box<(EntryErrorKind, Message)>>;

/// What the mailbox, a sender and the driver do with entries.
pub(super) trait Waiting: Send + Sync {
    /// Adds an entry. Its place, or the message if there are too many.
    fn enter(&self, entry: Entry, message: Message) -> Result<Place, Message>;

    /// Removes an entry that still waits, and returns its message.
    fn leave(&self, id: EntryId) -> Option<Message>;

    /// The driver's: hands over what the link takes. Returns the cost of what still waits.
    fn hand_over(&self, driver: &mut Driver, cx: &mut Context<'_>) -> usize;

    /// Everything that waits comes back, for this reason.
    fn end(&self, why: &EntryErrorKind);
}

/// An entry's place in the queue, and where its result will be.
pub(super) struct Place {
    pub(super) id: EntryId,
    result: Arc<Lock<Slot>>,
}

#[derive(Default)]
struct Slot {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Place {
    pub(super) fn poll(&self, waker: &Waker) -> Poll<Outcome> {
        let mut slot = self.result.lock();
        match slot.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                keep(&mut slot.waker, waker);
                Poll::Pending
            }
        }
    }
}

/// What waits.
struct One {
    message: Message,
    result: Arc<Lock<Slot>>,
}

impl One {
    fn settle(self, why: Option<EntryErrorKind>) {
        let mut slot = self.result.lock();
        slot.outcome = Some(match why {
            Some(kind) => Err(Box::new((kind, self.message))),
            None => Ok(()),
        });
        let waker = slot.waker.take();
        drop(slot);
        wake(waker);
    }
}

struct Queue {
    entries: EntryQueue<One>,
    /// What the link's next index was when those that wait began to wait.
    since: Option<u64>,
}

pub(super) struct Entries {
    queue: Lock<Queue>,
    clock: Instant,
}

impl Entries {
    /// `bound`: the send high-water mark.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            queue: Lock::new(Queue {
                entries: EntryQueue::new(bound as u64),
                since: None,
            }),
            clock: Instant::now(),
        }
    }

    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// The next entry, if the link takes it now. What is late comes back.
    fn next(&self, driver: &mut Driver, cx: &mut Context<'_>) -> Option<One> {
        loop {
            let (first, mut since) = {
                let mut queue = self.queue.lock();
                let first = queue.entries.first();
                if first.is_none() {
                    queue.since = None;
                }
                (first?, queue.since)
            };
            let takes = driver.link().takes(first, &mut since, cx);
            let popped = {
                let mut queue = self.queue.lock();
                queue.since = since;
                match takes {
                    true => queue.entries.pop(self.now()),
                    false => None,
                }
            };
            match popped? {
                (late, true) => late.settle(Some(EntryErrorKind::Late)),
                (entry, false) => return Some(entry),
            }
        }
    }
}

impl Waiting for Entries {
    fn enter(&self, entry: Entry, message: Message) -> Result<Place, Message> {
        let result = Arc::<Lock<Slot>>::default();
        let one = One {
            result: result.clone(),
            message,
        };
        let bytes = one.message.len();
        let entered = self
            .queue
            .lock()
            .entries
            .enter(self.now(), entry, bytes, one);
        match entered {
            Ok((id, replaced)) => {
                if let Some(replaced) = replaced {
                    replaced.settle(Some(EntryErrorKind::Superseded));
                }
                Ok(Place { id, result })
            }
            Err(one) => Err(one.message),
        }
    }

    fn leave(&self, id: EntryId) -> Option<Message> {
        self.queue.lock().entries.leave(id).map(|one| one.message)
    }

    fn hand_over(&self, driver: &mut Driver, cx: &mut Context<'_>) -> usize {
        let mut first = true;
        loop {
            let mut any = core::mem::take(&mut first);
            while let Some(One { message, result }) = self.next(driver, cx) {
                any = true;
                let bytes = message.len();
                let (message, why) = match driver.link().send_now(message) {
                    Ok(()) => {
                        driver.count_sent(bytes);
                        (Message::Binary(Vec::new()), None)
                    }
                    Err(error) => (error.value, Some(EntryErrorKind::NotSent(error.kind))),
                };
                One { message, result }.settle(why);
            }
            let cost = self.queue.lock().entries.cost() as usize;
            if cost == 0 {
                return 0;
            }
            // What is written makes room.
            driver.link().end_turn(cx);
            if !any {
                return cost;
            }
        }
    }

    fn end(&self, why: &EntryErrorKind) {
        loop {
            let popped = {
                let mut queue = self.queue.lock();
                queue.since = None;
                queue.entries.pop(Duration::ZERO)
            };
            match popped {
                Some((one, _)) => one.settle(Some(why.clone())),
                None => return,
            }
        }
    }
}
