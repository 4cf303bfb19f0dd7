//! How a session ends, and what the peer has not committed then.

use super::answer::{item, order};
use super::{End, client};
use crate::error::Refusal;
use crate::reconnect::{RetryCause, State};
use crate::session::wire::Head;
use crate::session::{OnLost, SessionMessage};
use core::time::Duration;

/// Why a session was lost.
pub(super) enum Why {
    /// One of the sides cannot resume it.
    Refused(Refusal),
    /// No other connection will be made.
    GaveUp,
}

/// Why a session did not begin.
pub(super) enum Unopened {
    NoSession,
    Later(Duration),
    Refused(Refusal),
}

/// Flags of [`item::ENDED`], above the code.
const OURS: u32 = 1 << 16;
const CLEAN: u32 = 1 << 17;

impl End {
    /// The first connection did not lead to a session.
    pub(super) fn refuse(&mut self, why: Unopened) {
        let (what, number, name) = match why {
            Unopened::NoSession => (item::NO_SESSION, 0, ""),
            Unopened::Later(after) => (item::LATER, after.as_millis() as u32, ""),
            Unopened::Refused(refusal) => (item::REFUSED, 0, refusal.name()),
        };
        self.answer.item(what, u64::from(number), name.as_bytes());
        self.ended = true;
    }

    /// No other connection will be made.
    pub(super) fn give_up(&mut self) {
        self.leave(1000, "");
        if self.lost.is_none() && !self.ended {
            self.lost = Some(Why::GaveUp);
        }
    }

    /// A message of ours did not arrive and will not.
    pub(super) fn undelivered(&mut self, message: SessionMessage) {
        match message.head {
            Head::Data { text } => {
                let kind = item::UNDELIVERED | u32::from(text);
                self.answer
                    .defer(kind, 0, message.payload.as_bytes().to_vec());
            }
            Head::Request { .. } => self.answer.item(item::UNDELIVERABLE, message.index, &[]),
            _ => {}
        }
    }

    /// What the peer says of a request of ours, or of its own.
    pub(super) fn answered(&mut self, head: Head, payload: &[u8]) {
        match head {
            Head::Response { text, to } => {
                self.answer
                    .item(item::RESPONSE | u32::from(text), to, payload);
            }
            Head::Error { to, code } => {
                let lost = u32::from(code == crate::session::wire::UNDELIVERED);
                self.answer.item(item::FAILED | lost, to, payload);
            }
            Head::Cancel { to } => self.answer.item(item::CANCELLED, to, &[]),
            _ => {}
        }
    }

    pub(super) fn close(&mut self, code: u16, reason: &str) {
        if core::mem::replace(&mut self.closing, true) {
            return;
        }
        let now = self.now();
        self.unread = true;
        self.takes.forget();
        let open = self.connected;
        if self.client.close(now, code, reason).is_ok() && !open {
            // To deliver it.
            let now = self.millis();
            let random = crate::random::jitter();
            self.again.resume(now, random);
            if self.again.state() != State::Open {
                self.again.reconnect_now(now, random);
            }
        }
        self.hear();
    }

    /// The session ended as one of the two sides wanted.
    pub(super) fn end(&mut self, code: u16, reason: &str, ours: bool, clean: bool) {
        self.answer.end(
            u32::from(code) | if ours { OURS } else { 0 } | if clean { CLEAN } else { 0 },
            reason,
        );
    }

    /// Tells an end behind everything that can be read.
    pub(super) fn read_ends(&mut self) {
        if self.ended || !self.answer.is_all_read(self.client.held() > 0) {
            return;
        }
        if let Some((flags, reason)) = self.answer.take_end() {
            self.leave(1000, "");
            self.tell_uncommitted();
            self.answer
                .item(item::ENDED, u64::from(flags), reason.as_bytes());
            self.ended = true;
        } else if let Some(why) = self.lost.take() {
            self.tell_lost(&why);
        }
    }

    /// The session is lost: begins a new one if that is wanted.
    fn tell_lost(&mut self, why: &Why) {
        // One that was never open is not renewed: it would be refused again.
        let begun = self.client.ticket().is_some();
        self.tell_uncommitted();
        let mut renewed = false;
        let name = match why {
            Why::GaveUp => "GaveUp",
            Why::Refused(refusal) => {
                if begun && self.on_lost == OnLost::Renew && !self.closing {
                    self.retry(RetryCause::Closed(1006), 0);
                    renewed = !matches!(self.again.state(), State::Ended(_));
                }
                refusal.name()
            }
        };
        // `retry` says it once more.
        self.lost = None;
        if renewed {
            self.client = client(&self.settings);
            self.takes.restart();
            self.marks.clear();
        } else {
            self.ended = true;
        }
        self.answer
            .item(item::LOST, u64::from(renewed), name.as_bytes());
        self.answer.order(order::AGAIN);
    }

    /// The values that the peer has not committed: first those that it may have received.
    fn tell_uncommitted(&mut self) {
        let (in_doubt, never_sent) = self.client.take_uncommitted();
        let mut tell = |kind: u32, head: Head, payload: &[u8]| {
            if let Head::Data { text } = head {
                self.answer.item(kind | u32::from(text), 0, payload);
            }
        };
        for one in &in_doubt {
            tell(item::IN_DOUBT, one.head, one.payload.as_bytes());
        }
        for one in &never_sent {
            tell(item::NEVER_SENT, one.head, one.payload.as_bytes());
        }
        for load in self.held.drain(..) {
            tell(item::NEVER_SENT, load.head, &load.payload);
        }
        for one in &never_sent {
            if let Head::Request { .. } = one.head {
                self.answer.item(item::UNSENT, one.index, &[]);
            }
        }
    }
}
