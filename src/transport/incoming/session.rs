//! The queue of a session's channel, where errors and requests have their places among the messages.

use super::gaps::Note;
use super::{Incoming, State, tell};
use crate::error::RecvError;
use crate::lock::Guard;
use crate::message::Message;
use crate::requests::Asked;
use crate::session::Run;
use crate::transport::Overflow;
use crate::transport::inbox::Weighed as _;
use crate::transport::life::Phase;
use crate::transport::parcel::{Parcel, run_cost};
use crate::waker::keep;
use core::sync::atomic::Ordering;
use core::task::{Poll, Waker};
use std::sync::Arc;

impl State {
    /// The oldest unread message.
    pub(super) fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(run) = &mut self.open {
                let message = run.take();
                if run.is_empty() {
                    self.open = None;
                }
                if message.is_some() {
                    return message;
                }
            }
            match self.life.next()? {
                Parcel::Message(message) => return Some(message),
                Parcel::Run(run) => self.open = Some(run),
            }
        }
    }

    pub(super) fn drop_oldest(&mut self) -> Option<Message> {
        let message = self.next()?;
        self.life.count_dropped(message.len());
        Some(message)
    }

    /// What the unread messages count against a bound.
    pub(super) fn cost(&self) -> usize {
        self.life.inbox().bytes() + self.open.as_deref().map_or(0, run_cost)
    }
}

impl Incoming {
    /// Values of a session have arrived. There is no limit here but its credit.
    pub(crate) fn arrive_run(&self, run: Run) {
        let messages = run.len();
        let _ = self.put(Some(Parcel::Run(Box::new(run))), messages);
    }

    /// For a session, whose credit is the bound.
    pub(crate) fn of_session() -> Arc<Self> {
        let mut incoming = Self::of(Phase::Open, usize::MAX, Overflow::Close, false);
        incoming.of_session = true;
        Arc::new(incoming)
    }

    /// Whether it is that of a session.
    pub(crate) fn is_of_session(&self) -> bool {
        self.of_session
    }

    /// Of a session: how many messages the reader has taken and asked for the next one behind them. It counts on and wraps.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// All messages up to the next error, and what waited before.
    pub(crate) fn poll_all(&self, waker: &Waker) -> (Poll<Option<Vec<Parcel>>>, usize) {
        let mut state = self.lock();
        let before = self.waiting();
        state = self.refuse_requests(state);
        if self.of_session {
            self.taken.store(state.gaps.left, Ordering::SeqCst);
        }
        if state.gaps.is_next() {
            return (Poll::Ready(None), 0);
        }
        let most = state.gaps.distance();
        let (mut parcels, mut messages) = (Vec::new(), 0);
        if let Some(open) = state.open.take() {
            messages = open.len();
            parcels.push(Parcel::Run(open));
        }
        while messages < most
            && let Some(parcel) = state.life.next()
        {
            messages += parcel.messages();
            parcels.push(parcel);
        }
        if messages > 0 {
            state.gaps.leave(messages);
            self.publish(&state);
            return (Poll::Ready(Some(parcels)), before);
        }
        if matches!(state.life.phase(), Phase::Closed(_)) {
            return (Poll::Ready(None), 0);
        }
        keep(&mut state.reader, waker);
        (Poll::Pending, before)
    }

    /// Messages that were taken last, and are to be taken again.
    pub(crate) fn put_back(&self, parcels: impl DoubleEndedIterator<Item = Parcel>) {
        let mut state = self.lock();
        for parcel in parcels.rev().filter(|parcel| parcel.messages() > 0) {
            state.gaps.left = state.gaps.left.wrapping_sub(parcel.messages());
            state.life.put_back(parcel);
        }
        self.publish(&state);
    }

    /// An error at this place, behind which others come. Of a session, whose channel makes no gaps.
    pub(crate) fn note(&self, error: RecvError) {
        let mut state = self.lock();
        if state.life.discards() {
            return;
        }
        if matches!(&error, RecvError::SessionLost(lost) if !lost.renewed) {
            state.life.tell_end();
        }
        state.gaps.push(Note::Error(error));
        self.publish(&state);
        tell(state);
    }

    /// A request has arrived.
    pub(crate) fn ask(&self, asked: Box<Asked>) {
        let mut state = self.lock();
        if state.life.discards() {
            drop(state);
            return;
        }
        state.gaps.push(Note::Request(asked));
        self.publish(&state);
        tell(state);
    }

    /// The reader takes requests from now on.
    pub(crate) fn answer_requests(&self) {
        self.answers.store(true, Ordering::Relaxed);
    }

    /// Refuses the requests that are next, if nobody takes them, and passes over those that the peer has cancelled.
    pub(super) fn refuse_requests<'a>(&'a self, mut state: Guard<'a, State>) -> Guard<'a, State> {
        let answers = self.answers.load(Ordering::Relaxed);
        while let Some(asked) = state.gaps.next_request()
            && !(answers && asked.is_awaited())
        {
            let refused = state.gaps.take();
            self.publish(&state);
            drop(state);
            drop(refused);
            state = self.lock();
        }
        state
    }

    /// The request that [`poll_next`](Self::poll_next) stopped at. It counts as taken at once.
    pub(crate) fn take_request(&self) -> Option<Box<Asked>> {
        let mut state = self.lock();
        state.gaps.next_request()?;
        let note = state.gaps.take();
        if self.of_session {
            self.taken.store(state.gaps.left, Ordering::SeqCst);
        }
        self.publish(&state);
        match note {
            Some(Note::Request(asked)) => Some(asked),
            _ => None,
        }
    }
}
