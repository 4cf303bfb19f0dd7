//! One send that waits for its turn.

use crate::error::{SendError, SendErrorKind};
use crate::lock::Lock;
use crate::message::Message;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

/// What a `send` holds out to the driver until it is handed over, refused, or withdrawn; a `reserve` holds out nothing and is granted instead.
pub(super) struct Offer(Lock<Stage>);

/// What became of an offer: the message comes back when it was not sent.
pub(super) type Outcome = Result<(), Box<SendError<Option<Message>>>>;

enum Stage {
    Waiting(Option<Message>, Option<Waker>),
    /// With the driver, for the length of one call of the platform's send.
    Taken(Option<Waker>),
    Settled(Outcome),
}

impl Offer {
    /// An offer of a message, or for a permit to send one later.
    pub(super) fn new(message: Option<Message>) -> Arc<Self> {
        Arc::new(Self(Lock::new(Stage::Waiting(message, None))))
    }

    /// The message, for the driver to send, or nothing for a permit. `None` when it was settled before.
    pub(super) fn take(&self) -> Option<Option<Message>> {
        let mut stage = self.0.lock();
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

    /// What became of it once it was taken, for [`poll`](Self::poll) to tell once.
    pub(super) fn settle(&self, outcome: Outcome) {
        let mut stage = self.0.lock();
        let before = core::mem::replace(&mut *stage, Stage::Settled(outcome));
        drop(stage);
        if let Stage::Taken(Some(waker)) = before {
            waker.wake();
        }
    }

    /// The end has come before its turn.
    pub(super) fn refuse(&self) {
        if let Some(message) = self.take() {
            self.settle(Err(Box::new(SendError::new(
                message,
                SendErrorKind::NotOpen,
            ))));
        }
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match &mut *self.0.lock() {
            Stage::Waiting(_, waker) | Stage::Taken(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Stage::Settled(outcome) => Poll::Ready(core::mem::replace(outcome, Ok(()))),
        }
    }
}
