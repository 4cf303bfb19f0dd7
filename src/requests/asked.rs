//! A request of the peer, until it is answered.

use super::Requests;
use crate::message::Message;
use core::task::{Poll, Waker};
use std::sync::Arc;

/// Which request of the peer: its index, in one of the channel's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(super) epoch: u32,
    pub(super) index: u64,
}

/// A request of the peer. If it is dropped without an answer, the peer gets an error.
#[derive(Debug)]
pub(crate) struct Asked {
    requests: Arc<Requests>,
    ticket: Ticket,
    /// Its message, until it is taken.
    message: Option<Message>,
}

impl Asked {
    /// A request, or `None` if too many of the peer's have no answer.
    pub(crate) fn new(requests: &Arc<Requests>, index: u64, message: Message) -> Option<Self> {
        Some(Self {
            ticket: requests.ask(index)?,
            requests: requests.clone(),
            message: Some(message),
        })
    }

    /// What it counts while it waits to be read.
    pub(crate) fn cost(&self) -> usize {
        self.message.as_ref().map_or(0, Message::cost)
    }

    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Whether the peer still waits for an answer.
    pub(crate) fn is_awaited(&self) -> bool {
        self.requests.awaits(self.ticket)
    }

    /// Its message, for the application.
    pub(crate) fn take(&mut self) -> Option<Message> {
        self.message.take()
    }

    /// Ready when the peer does not wait for an answer any more.
    pub(crate) fn poll_cancelled(&self, waker: &Waker) -> Poll<()> {
        self.requests.poll_cancelled(self.ticket, waker)
    }

    /// The peer gets this error.
    pub(crate) fn refuse(self, why: &'static str) {
        self.requests.refuse(self.ticket, why);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let why = match self.message {
            Some(_) => "requests are not answered here",
            None => "the request was dropped without an answer",
        };
        self.requests.refuse(self.ticket, why);
    }
}
