//! What the handles and the driver share: offers going down, messages coming up, and how it stands.
//!
//! Nobody holds the lock while calling anything of somebody else's: wakers are taken out and woken after it is released.

use crate::error::SendErrorKind;
use crate::message::{By, Closed, Message, Opened};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that the driver fetches ahead of the receiver, or one message of any size. The transport's receive bound comes on top.
/// Enough to keep a reader busy between two turns of the driver, little beside the bound.
const WINDOW: usize = 64 << 10;

/// How a channel stands. It only ever goes forward.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Messages flow both ways.
    Open,
    /// The end has begun; nothing more can be sent.
    Closing,
    /// The end, and how it came.
    Closed(Closed),
}

pub(super) struct Mailbox {
    opened: Opened,
    state: Mutex<State>,
}

struct State {
    status: Status,
    offers: VecDeque<Arc<Offer>>,
    inbox: VecDeque<Message>,
    inbox_bytes: usize,
    close: Option<(u16, String)>,
    senders: usize,
    receiver: bool,
    driver: Option<Waker>,
    reader: Option<Waker>,
    /// Tasks that wait for the end, each under the key its wait was given.
    watchers: Vec<(u64, Waker)>,
    next_watcher: u64,
}

/// What the handles want of the driver.
pub(super) enum Wanted {
    /// To go on.
    Nothing,
    /// To begin closing.
    Close(u16, String),
    /// To end: nobody is left to send or to receive.
    End,
}

impl Mailbox {
    pub(super) fn new(opened: Opened) -> Self {
        Self {
            opened,
            state: Mutex::new(State {
                status: Status::Open,
                offers: VecDeque::new(),
                inbox: VecDeque::new(),
                inbox_bytes: 0,
                close: None,
                senders: 0,
                receiver: true,
                driver: None,
                reader: None,
                watchers: Vec::new(),
                next_watcher: 0,
            }),
        }
    }

    pub(super) fn opened(&self) -> &Opened {
        &self.opened
    }

    pub(super) fn status(&self) -> Status {
        self.lock().status.clone()
    }

    /// A panic elsewhere while locked leaves the state whole: every change here is a few assignments.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and then wakes the driver.
    fn tell_driver<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
        result
    }
}

/// The handles' side.
impl Mailbox {
    pub(super) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    pub(super) fn remove_sender(&self) {
        self.tell_driver(|state| state.senders -= 1);
    }

    pub(super) fn remove_receiver(&self) {
        // What was fetched for the receiver goes with it.
        let unread = self.tell_driver(|state| {
            state.receiver = false;
            state.inbox_bytes = 0;
            core::mem::take(&mut state.inbox)
        });
        drop(unread);
    }

    pub(super) fn close(&self, code: u16, reason: &str) {
        self.tell_driver(|state| {
            if state.status == Status::Open {
                state.status = Status::Closing;
                state.close = Some((code, reason.into()));
            }
        });
    }

    /// Puts an offer in line.
    pub(super) fn offer(&self, message: Message) -> Result<Arc<Offer>, SendErrorKind> {
        let offer = Arc::new(Offer {
            state: Mutex::new(Stage::Waiting(message, None)),
        });
        self.tell_driver(|state| {
            if state.status != Status::Open {
                return Err(SendErrorKind::NotOpen);
            }
            state.offers.push_back(offer.clone());
            Ok(offer)
        })
    }

    /// Takes an offer out of the line; the driver may have it already.
    pub(super) fn withdraw(&self, offer: &Arc<Offer>) {
        self.lock()
            .offers
            .retain(|other| !Arc::ptr_eq(other, offer));
    }

    /// The next message, and `None` when all have been read and the end has come.
    pub(super) fn poll_message(&self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let mut state = self.lock();
        let was_full = state.inbox_bytes >= WINDOW;
        if let Some(message) = state.inbox.pop_front() {
            state.inbox_bytes -= message.cost();
            // The driver stopped at a full window; below it, it goes on.
            let driver = if was_full && state.inbox_bytes < WINDOW {
                state.driver.take()
            } else {
                None
            };
            drop(state);
            if let Some(driver) = driver {
                driver.wake();
            }
            return Poll::Ready(Some(message));
        }
        if matches!(state.status, Status::Closed(_)) {
            return Poll::Ready(None);
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// How it ended. `key` is this wait's own; give it to [`unwatch`](Self::unwatch) when the wait is dropped.
    pub(super) fn poll_closed(&self, key: &mut Option<u64>, cx: &mut Context<'_>) -> Poll<Closed> {
        let mut state = self.lock();
        if let Status::Closed(closed) = &state.status {
            return Poll::Ready(closed.clone());
        }
        let key = *key.get_or_insert_with(|| {
            state.next_watcher += 1;
            state.next_watcher
        });
        let waker = cx.waker().clone();
        match state.watchers.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = waker,
            None => state.watchers.push((key, waker)),
        }
        Poll::Pending
    }

    pub(super) fn unwatch(&self, key: u64) {
        self.lock().watchers.retain(|(other, _)| *other != key);
    }
}

/// The driver's side.
impl Mailbox {
    /// Takes what the handles want, and remembers whom to wake when they want more.
    pub(super) fn wanted(&self, cx: &mut Context<'_>) -> Wanted {
        let mut state = self.lock();
        state.driver = Some(cx.waker().clone());
        if state.senders == 0 && !state.receiver {
            return Wanted::End;
        }
        match state.close.take() {
            Some((code, reason)) => Wanted::Close(code, reason),
            None => Wanted::Nothing,
        }
    }

    /// Whether the driver should fetch more. Yes when nobody reads: then messages are let go, and the end is still noticed.
    pub(super) fn has_room(&self) -> bool {
        let state = self.lock();
        !state.receiver || state.status != Status::Open || state.inbox_bytes < WINDOW
    }

    /// A message came up. It is let go when the receiver is gone, and after our own close, as in every browser.
    pub(super) fn deliver(&self, message: Message) {
        let mut state = self.lock();
        if !state.receiver || state.status != Status::Open {
            return;
        }
        state.inbox_bytes += message.cost();
        state.inbox.push_back(message);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    pub(super) fn next_offer(&self) -> Option<Arc<Offer>> {
        self.lock().offers.pop_front()
    }

    pub(super) fn has_offers(&self) -> bool {
        !self.lock().offers.is_empty()
    }

    /// The first sign of an end: what waits to be sent comes back.
    pub(super) fn stop_sending(&self) {
        let mut state = self.lock();
        if state.status == Status::Open {
            state.status = Status::Closing;
        }
        let offers = core::mem::take(&mut state.offers);
        drop(state);
        for offer in offers {
            offer.settle(Err(SendErrorKind::NotOpen));
        }
    }

    /// The end. Everybody who waits hears of it.
    pub(super) fn end(&self, closed: Option<Closed>) {
        self.stop_sending();
        let mut state = self.lock();
        if !matches!(state.status, Status::Closed(_)) {
            state.status = Status::Closed(closed.unwrap_or_else(|| Closed::lost(By::Failure)));
        }
        let reader = state.reader.take();
        let watchers = core::mem::take(&mut state.watchers);
        drop(state);
        for waker in reader
            .into_iter()
            .chain(watchers.into_iter().map(|(_, waker)| waker))
        {
            waker.wake();
        }
    }
}

/// One message that a `send` holds out to the driver until it is handed over, refused, or withdrawn.
pub(super) struct Offer {
    state: Mutex<Stage>,
}

enum Stage {
    Waiting(Message, Option<Waker>),
    /// With the driver, for the length of one call of the platform's send.
    Taken(Option<Waker>),
    Settled(Result<(), SendErrorKind>),
}

impl Offer {
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The message, for the driver to send. `None` when it was settled before.
    pub(super) fn take(&self) -> Option<Message> {
        let mut stage = self.lock();
        match core::mem::replace(&mut *stage, Stage::Taken(None)) {
            Stage::Waiting(message, waker) => {
                *stage = Stage::Taken(waker);
                Some(message)
            }
            other => {
                *stage = other;
                None
            }
        }
    }

    /// What became of it.
    pub(super) fn settle(&self, outcome: Result<(), SendErrorKind>) {
        let mut stage = self.lock();
        let before = core::mem::replace(&mut *stage, Stage::Settled(outcome));
        drop(stage);
        if let Stage::Waiting(_, Some(waker)) | Stage::Taken(Some(waker)) = before {
            waker.wake();
        }
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<(), SendErrorKind>> {
        match &mut *self.lock() {
            Stage::Waiting(_, waker) | Stage::Taken(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Stage::Settled(outcome) => Poll::Ready(outcome.clone()),
        }
    }
}
