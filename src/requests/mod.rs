//! Requests of a session, shared by the handles of its channel and its end.
//!
//! Of this side's requests it has which ones wait for an answer; of the peer's, which ones this side has not answered. Handles add and remove them, and
//! leave [`Order`]s. The end takes the orders, and reports what arrives.
//!
//! The lock is never held while a waker is called: functions for the end return wakers, and the end wakes them when it holds no lock.

mod asked;
mod load;
mod own;

pub(crate) use asked::{Asked, Ticket};
pub(crate) use load::{Kind, Load};

use crate::lock::{Guard, Lock};
use crate::message::Message;
use crate::queue::take_out;
use crate::session::wire::Head;
use crate::session::{SessionMessage, Unsendable};
use crate::waker::{keep, wake};
use core::task::{Poll, Waker};
use own::{Own, Table};

/// The most requests of a side that wait for an answer.
pub(crate) const MOST: usize = 1000;

/// The error code of everything but an undelivered response.
pub(crate) const FAILED: u64 = 1;

/// The requests of one channel.
#[derive(Debug, Default)]
pub(crate) struct Requests(Lock<State>);

#[derive(Debug, Default)]
struct State {
    /// Counts sessions: with `OnLost::Renew` a channel has one after the other, and their indices begin anew.
    epoch: u32,
    /// This side's requests, from the first one on.
    own: Option<Box<dyn Own>>,
    /// The peer's unanswered requests by index, each with the task that waits for its cancellation.
    asked: Vec<(u64, Option<Waker>)>,
    orders: Vec<Order>,
    /// The task of the end.
    driver: Option<Waker>,
    /// The channel has ended.
    over: bool,
    /// Answers that nobody waited for.
    unawaited: u64,
}

/// How a request of this side ended.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The response.
    Value(Message),
    /// The peer answered with an error.
    Failed { code: u64, text: String },
    /// The peer could not deliver its response.
    Unanswerable,
    /// The request did not arrive and will not.
    Undelivered(Message),
    /// The session was lost or ended.
    Lost {
        /// The peer may have received the request.
        in_doubt: bool,
        /// The message, if the peer cannot have received it and it is here.
        message: Option<Message>,
    },
}

impl Answer {
    /// With the message, if the peer cannot have received it.
    fn lost(message: Option<Message>) -> Self {
        let in_doubt = message.is_none();
        Answer::Lost { in_doubt, message }
    }
}

/// What a handle wants from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// A request of this side is not needed any more.
    Cancel { to: u64 },
    /// A request of the peer will not be answered.
    Refuse { to: u64, why: &'static str },
}

/// Why a request cannot begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// [`MOST`] wait for an answer.
    TooMany,
    /// The channel has ended.
    Over,
}

/// For handles.
impl Requests {
    fn lock(&self) -> Guard<'_, State> {
        self.0.lock()
    }

    /// Begins a request, and names it.
    pub(crate) fn open(&self) -> Result<u64, Unopened> {
        let mut state = self.lock();
        if state.over {
            return Err(Unopened::Over);
        }
        let own = state.own.get_or_insert_with(|| Box::<Table>::default());
        own.table().open().ok_or(Unopened::TooMany)
    }

    /// The answer of a request, once.
    pub(crate) fn poll_answer(&self, name: u64, waker: &Waker) -> Poll<Answer> {
        match &mut self.lock().own {
            Some(own) => own.table().poll_answer(name, waker),
            None => Poll::Ready(Answer::lost(None)),
        }
    }

    /// Nobody waits for the answer of a request any more. If it was sent, the peer is told.
    pub(crate) fn forget(&self, name: u64) {
        let mut state = self.lock();
        let Some(own) = &mut state.own else {
            return;
        };
        let mut driver = None;
        let (index, answer) = own.table().forget(name);
        if let Some(Answer::Value(_) | Answer::Failed { .. }) = &answer {
            state.unawaited += 1;
        }
        if let (Some(to), None) = (index, &answer) {
            state.orders.push(Order::Cancel { to });
            driver = state.driver.take();
        }
        drop(state);
        wake(driver);
    }

    /// A request of the peer will not be answered by a handle.
    fn refuse(&self, ticket: Ticket, why: &'static str) {
        let mut state = self.lock();
        if !state.take_asked(ticket) {
            return;
        }
        let to = ticket.index;
        state.orders.push(Order::Refuse { to, why });
        let driver = state.driver.take();
        drop(state);
        wake(driver);
    }

    /// Whether the peer still waits for an answer.
    pub(crate) fn awaits(&self, ticket: Ticket) -> bool {
        let mut state = self.lock();
        state.epoch == ticket.epoch && state.asked(ticket.index).is_some()
    }

    /// Ready when the peer does not wait for an answer any more.
    fn poll_cancelled(&self, ticket: Ticket, waker: &Waker) -> Poll<()> {
        let mut state = self.lock();
        if state.epoch != ticket.epoch {
            return Poll::Ready(());
        }
        match state.asked(ticket.index) {
            Some((_, kept)) => {
                keep(kept, waker);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    /// Answers that nobody waited for.
    pub(crate) fn unawaited(&self) -> u64 {
        self.lock().unawaited
    }

    /// The channel has ended: no answer comes any more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.over = true;
        let mut woken = state.lose(Vec::new());
        if let Some(own) = &mut state.own {
            own.end(&mut woken);
        }
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn asked(&mut self, index: u64) -> Option<&mut (u64, Option<Waker>)> {
        self.asked.iter_mut().find(|(asked, _)| *asked == index)
    }

    /// Removes a request of the peer; false if there is none.
    fn take_asked(&mut self, ticket: Ticket) -> bool {
        self.epoch == ticket.epoch && self.remove_asked(ticket.index).is_some()
    }

    fn remove_asked(&mut self, index: u64) -> Option<(u64, Option<Waker>)> {
        let place = self.asked.iter().position(|(asked, _)| *asked == index)?;
        take_out(&mut self.asked, place)
    }

    /// The session is gone. `never_sent`: requests that the peer cannot have received.
    fn lose(&mut self, never_sent: Vec<(u64, Message)>) -> Vec<Waker> {
        self.epoch = self.epoch.wrapping_add(1);
        self.orders.clear();
        let mut woken = Vec::new();
        if let Some(own) = &mut self.own {
            own.lose(never_sent, &mut woken);
        }
        for (_, waker) in core::mem::take(&mut self.asked) {
            woken.extend(waker);
        }
        woken
    }
}

/// For the end.
impl Requests {
    /// What handles want. `waker` is woken when they want more.
    pub(crate) fn take_orders(&self, waker: &Waker) -> Vec<Order> {
        let mut state = self.lock();
        keep(&mut state.driver, waker);
        core::mem::take(&mut state.orders)
    }

    /// Has something retained that a handle wants to send, unless nobody waits for it any more.
    ///
    /// # Errors
    /// Those of `send`.
    pub(crate) fn push(
        &self,
        load: &Load,
        send: impl FnOnce(Head, &[u8]) -> Result<u64, Unsendable>,
    ) -> Result<(), Unsendable> {
        if !self.is_wanted(&load.kind) {
            return Ok(());
        }
        let index = send(load.head(), load.message.as_bytes())?;
        if let Kind::Request(name) = load.kind {
            let mut state = self.lock();
            let open = |own: &mut Box<dyn Own>| own.sent(name, index);
            if !state.own.as_mut().is_some_and(open) {
                // Forgotten meanwhile. The next turn takes the order.
                state.orders.push(Order::Cancel { to: index });
            }
        }
        Ok(())
    }

    /// Whether it is still to be sent.
    fn is_wanted(&self, kind: &Kind) -> bool {
        let epoch = match kind {
            Kind::Value => return true,
            Kind::Request(name) => {
                let state = self.lock();
                return state.own.as_ref().is_some_and(|own| own.is_open(*name));
            }
            Kind::Cancel { epoch, .. } | Kind::Refusal { epoch, .. } => *epoch,
            Kind::Response(ticket) | Kind::Failure(ticket) => ticket.epoch,
        };
        self.lock().epoch == epoch
    }

    /// False for an answer that the peer does not wait for any more.
    pub(crate) fn is_awaited(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Response(ticket) | Kind::Failure(ticket) => self.awaits(*ticket),
            _ => true,
        }
    }

    /// The end has accepted an answer, if it is one.
    pub(crate) fn answered(&self, kind: &Kind) {
        if let Kind::Response(ticket) | Kind::Failure(ticket) = kind {
            self.lock().take_asked(*ticket);
        }
    }

    /// A request of the peer arrived. `None` if too many of its requests have no answer.
    pub(crate) fn ask(&self, index: u64) -> Option<Ticket> {
        let mut state = self.lock();
        if state.asked.len() >= MOST || state.over {
            return None;
        }
        state.asked.push((index, None));
        let epoch = state.epoch;
        Some(Ticket { epoch, index })
    }

    /// Something arrived that concerns a request: a `RESPONSE`, an `ERROR` or a `CANCEL`.
    #[must_use = "it is to be woken"]
    pub(crate) fn hear(&self, message: SessionMessage) -> Option<Waker> {
        let mut state = self.lock();
        let to = match message.head {
            Head::Cancel { to } => return state.remove_asked(to)?.1,
            Head::Response { to, .. } | Head::Error { to, .. } => to,
            _ => return None,
        };
        let own = state.own.as_mut();
        let heard = own.and_then(|own| own.hear(to, message.head, message.payload));
        state.unawaited += u64::from(heard.is_none());
        heard?
    }

    /// A request of this side could not be delivered.
    #[must_use = "it is to be woken"]
    pub(crate) fn undelivered(&self, index: u64, message: Message) -> Option<Waker> {
        self.lock().own.as_mut()?.undelivered(index, message)
    }

    /// A request that had waited for room cannot be sent: the session is lost, or its message is too large.
    #[must_use = "it is to be woken"]
    pub(crate) fn unsent(&self, load: Load, lost: bool) -> Option<Waker> {
        let Kind::Request(name) = load.kind else {
            return None;
        };
        let mut state = self.lock();
        state.own.as_mut()?.unsent(name, load.message, lost)
    }

    /// The session is lost. `never_sent`: requests that the peer cannot have received, by index.
    #[must_use = "they are to be woken"]
    pub(crate) fn lose(&self, never_sent: Vec<(u64, Message)>) -> Vec<Waker> {
        self.lock().lose(never_sent)
    }

    /// What is sent for an order.
    pub(crate) fn load(&self, order: Order) -> Load {
        let epoch = self.lock().epoch;
        match order {
            Order::Cancel { to } => {
                Load::new(Kind::Cancel { to, epoch }, Message::Binary(Vec::new()))
            }
            Order::Refuse { to, why } => Load::new(Kind::Refusal { to, epoch }, why.into()),
        }
    }
}

#[cfg(test)]
mod tests;
