//! How a client's end ends: lost, renewed, given up, or closed; and what the peer has not committed then.

use super::{ClientEnd, client};
use crate::error::{Lost, LostReason, RecvError, Undelivered};
use crate::message::{CloseInfo, ClosedBy, Message};
use crate::requests::Kind;
use crate::session::wire::Head;
use crate::session::{OnLost, SessionMessage};
use crate::waker::wake;
use core::task::Waker;

impl ClientEnd {
    /// The session ended as one of the two sides wanted.
    pub(super) fn ended(&mut self, code: u16, reason: String, ours: bool, clean: bool) {
        self.leave(1000, "");
        let by = match ours {
            true => ClosedBy::Local,
            false => ClosedBy::Remote,
        };
        let mut closed = CloseInfo::new(code, reason, clean, by);
        let (in_doubt, never_sent) = self.take_uncommitted();
        let mut lost = Lost::new(LostReason::Ended(closed.clone()), in_doubt, never_sent);
        closed.unsent_bytes = lost.bytes();
        lost.reason = LostReason::Ended(closed.clone());
        if lost.messages() > 0 {
            // Behind everything that came; nobody hears of it behind an end of ours.
            self.errors
                .push_back(RecvError::SessionLost(Box::new(lost)));
        }
        self.ended = Some(closed);
    }

    /// No other connection will be made.
    pub(super) fn give_up(&mut self, closed: CloseInfo) {
        self.leave(1000, "");
        if self.lost.is_none() && self.ended.is_none() {
            self.lost = Some(LostReason::GaveUp(closed));
            self.stirred = true;
        }
    }

    pub(super) fn undelivered(&mut self, received: SessionMessage) {
        match received.head {
            Head::Data { .. } => {
                let undelivered = Undelivered::new(received.payload);
                self.errors
                    .push_back(RecvError::Undelivered(Box::new(undelivered)));
            }
            Head::Request { .. } => {
                wake(self.requests.undelivered(received.index, received.payload));
            }
            _ => {}
        }
    }

    /// The values that the peer has not committed: first those that it may have received. Requests that wait for an answer end.
    pub(super) fn take_uncommitted(&mut self) -> (Vec<Message>, Vec<Message>) {
        let (mut in_doubt, mut values, mut requests) = (Vec::new(), Vec::new(), Vec::new());
        self.client
            .give_uncommitted(&mut |one, sent| match one.head {
                Head::Data { .. } if sent => in_doubt.push(one.payload),
                Head::Data { .. } => values.push(one.payload),
                Head::Request { .. } if !sent => requests.push((one.index, one.payload)),
                _ => {}
            });
        let lost = self.requests.lose(requests);
        lost.into_iter().for_each(Waker::wake);
        while let Some(load) = self.held.pop_front() {
            match load.kind {
                Kind::Value => values.push(load.message),
                _ => wake(self.requests.unsent(load, true)),
            }
        }
        (in_doubt, values)
    }

    /// The session is lost, and everything that came was given: tells it, and begins a new one if that is wanted.
    pub(super) fn tell_lost(&mut self, reason: LostReason) -> RecvError {
        let (in_doubt, never_sent) = self.take_uncommitted();
        let mut lost = Lost::new(reason, in_doubt, never_sent);
        // One that was never open is not renewed: it would be refused again.
        let begun = self.client.ticket().is_some();
        lost.renewed = self.on_lost == OnLost::Renew
            && begun
            && !self.closing
            && matches!(lost.reason, LostReason::Refused(_))
            && self
                .again
                .retry(crate::reconnect::ReconnectReason::Session { why: "lost" });
        if lost.renewed {
            self.client = client(&self.settings);
            self.takes.restart();
            self.flushes = None;
            self.closes = false;
        } else {
            let mut closed = match &lost.reason {
                LostReason::GaveUp(closed) | LostReason::Ended(closed) => closed.clone(),
                LostReason::Refused(_) => CloseInfo::lost(ClosedBy::Error),
            };
            if closed.reason.is_empty() {
                closed.reason = "session lost".into();
            }
            closed.unsent_bytes = lost.bytes();
            self.ended = Some(closed);
        }
        RecvError::SessionLost(Box::new(lost))
    }
}
