//! This side's requests that wait for an answer.

use super::{Answer, MOST};
use crate::message::Message;
use crate::session::wire::{Head, UNDELIVERED};
use crate::waker::keep;
use core::task::{Poll, Waker};

/// A request of this side.
#[derive(Debug)]
struct Pending {
    name: u64,
    /// Once it was sent.
    index: Option<u64>,
    answer: Option<Answer>,
    waker: Option<Waker>,
}

impl Pending {
    fn settle(&mut self, answer: Answer) -> Option<Waker> {
        self.answer = Some(answer);
        self.waker.take()
    }
}

/// All of them, the oldest first. Boxed, because removing one moves the others.
#[derive(Debug, Default)]
pub(super) struct Table {
    names: u64,
    #[expect(clippy::vec_box, reason = "a removal moves words")]
    pending: Vec<Box<Pending>>,
}

/// The table as the end sees it. Only a program that makes requests links its functions.
pub(super) trait Own: core::fmt::Debug + Send {
    fn table(&mut self) -> &mut Table;

    /// Whether its answer is still awaited.
    fn is_open(&self, name: u64) -> bool;

    /// It was sent under this index. False if nobody waits for its answer any more.
    fn sent(&mut self, name: u64, index: u64) -> bool;

    /// A `RESPONSE` or `ERROR` arrived. `None` if no request waits for it.
    fn hear(&mut self, to: u64, head: Head, payload: Message) -> Option<Option<Waker>>;

    /// The peer did not receive it, and will not.
    fn undelivered(&mut self, index: u64, message: Message) -> Option<Waker>;

    /// It cannot be sent: the session is lost, or it is too large.
    fn unsent(&mut self, name: u64, message: Message, lost: bool) -> Option<Waker>;

    /// The session is gone. `never_sent`: those that the peer cannot have received.
    fn lose(&mut self, never_sent: Vec<(u64, Message)>, woken: &mut Vec<Waker>);

    /// The channel has ended: what was accepted and not sent will not be.
    fn end(&mut self, woken: &mut Vec<Waker>);
}

impl Table {
    /// Begins a request, and names it. `None` if there are too many.
    pub(super) fn open(&mut self) -> Option<u64> {
        if self.pending.len() >= MOST {
            return None;
        }
        self.names += 1;
        self.pending.push(Box::new(Pending {
            name: self.names,
            index: None,
            answer: None,
            waker: None,
        }));
        Some(self.names)
    }

    /// The answer of a request, once.
    pub(super) fn poll_answer(&mut self, name: u64, waker: &Waker) -> Poll<Answer> {
        let Some(pending) = self.named(name) else {
            return Poll::Ready(Answer::lost(None));
        };
        match pending.answer.take() {
            Some(answer) => {
                self.remove(name);
                Poll::Ready(answer)
            }
            None => {
                keep(&mut pending.waker, waker);
                Poll::Pending
            }
        }
    }

    /// Nobody waits for its answer any more. Returns its index and its answer.
    pub(super) fn forget(&mut self, name: u64) -> (Option<u64>, Option<Answer>) {
        self.remove(name)
            .map_or((None, None), |pending| (pending.index, pending.answer))
    }

    fn remove(&mut self, name: u64) -> Option<Box<Pending>> {
        let place = self.place(name)?;
        Some(self.pending.remove(place))
    }

    fn place(&self, name: u64) -> Option<usize> {
        self.pending
            .binary_search_by_key(&name, |pending| pending.name)
            .ok()
    }

    fn named(&mut self, name: u64) -> Option<&mut Pending> {
        let place = self.place(name)?;
        self.pending.get_mut(place).map(Box::as_mut)
    }

    /// One that was sent under this index, and has no answer.
    fn waiting(&mut self, index: u64) -> Option<&mut Pending> {
        let waits =
            |pending: &&mut Box<Pending>| pending.index == Some(index) && pending.answer.is_none();
        self.pending.iter_mut().find(waits).map(Box::as_mut)
    }
}

impl Own for Table {
    fn table(&mut self) -> &mut Table {
        self
    }

    fn is_open(&self, name: u64) -> bool {
        self.place(name).is_some()
    }

    fn sent(&mut self, name: u64, index: u64) -> bool {
        let pending = self.named(name);
        let open = pending.is_some();
        if let Some(pending) = pending {
            pending.index = Some(index);
        }
        open
    }

    fn hear(&mut self, to: u64, head: Head, payload: Message) -> Option<Option<Waker>> {
        let answer = match head {
            Head::Error { code, .. } if code == UNDELIVERED => Answer::Unanswerable,
            Head::Error { code, .. } => {
                let text = match payload {
                    Message::Text(text) => text,
                    Message::Binary(_) => String::new(),
                };
                Answer::Failed { code, text }
            }
            _ => Answer::Value(payload),
        };
        Some(self.waiting(to)?.settle(answer))
    }

    fn undelivered(&mut self, index: u64, message: Message) -> Option<Waker> {
        self.waiting(index)?.settle(Answer::Undelivered(message))
    }

    fn unsent(&mut self, name: u64, message: Message, lost: bool) -> Option<Waker> {
        self.named(name)?.settle(match lost {
            true => Answer::lost(Some(message)),
            false => Answer::Undelivered(message),
        })
    }

    fn lose(&mut self, never_sent: Vec<(u64, Message)>, woken: &mut Vec<Waker>) {
        for (index, message) in never_sent {
            if let Some(pending) = self.waiting(index) {
                woken.extend(pending.settle(Answer::lost(Some(message))));
            }
        }
        for pending in &mut self.pending {
            if pending.index.is_some() && pending.answer.is_none() {
                woken.extend(pending.settle(Answer::lost(None)));
            }
        }
    }

    fn end(&mut self, woken: &mut Vec<Waker>) {
        for pending in &mut self.pending {
            if pending.answer.is_none() {
                let (in_doubt, message) = (false, None);
                woken.extend(pending.settle(Answer::Lost { in_doubt, message }));
            }
        }
    }
}
