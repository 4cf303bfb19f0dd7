//! A driver of one end of a session.

use super::Driver;
use crate::channel::link::{Begin, Link};
use crate::channel::mailbox::{Status, Work};
use crate::error::{EntryErrorKind, RecvError, SendError};
use crate::message::Message;
use crate::requests::Load;
use crate::session::Run;
use crate::transport::incoming::Incoming;
use core::task::Context;
use std::sync::Arc;

/// What waits to be read in a session. The credit of the session is its bound.
pub(super) fn incoming() -> Arc<Incoming> {
    Incoming::of_session()
}

impl Driver {
    /// Tells the session what the handles have done, and takes in what has happened beneath.
    pub(super) fn begin_session_turn(&mut self, work: Option<&mut Work>, cx: &mut Context<'_>) {
        let Link::Session(end) = &mut self.link else {
            return;
        };
        let mut orders = Default::default();
        if let Some(work) = work {
            orders = core::mem::take(&mut work.orders);
            if work.unread {
                end.stop_reading();
            }
        }
        let turn = Begin {
            taken: self.mailbox.see_takes(),
            ends: self.mailbox.awaits_end(),
            orders,
        };
        end.begin_turn(turn, cx);
        if let Some(status) = end.news() {
            self.mailbox.set_status(between(status));
        }
    }

    /// Hands over a request, or an answer to one.
    pub(super) fn hand_over_load(&mut self, load: Load) -> Result<(), SendError<Message>> {
        let bytes = load.message.len();
        self.link.send_load(load)?;
        self.sent.count(bytes);
        Ok(())
    }

    pub(in crate::channel) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    pub(in crate::channel) fn count_sent(&mut self, bytes: usize) {
        self.sent.count(bytes);
    }

    /// Hands over the entries that the link takes. Returns whether values have to wait, because the entries that wait use up the capacity.
    pub(super) fn hand_over_entries(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(entries) = self.mailbox.waiting_entries() else {
            return false;
        };
        self.waiting = match self.link.is_open() {
            true => entries.hand_over(self, cx),
            false => 0,
        };
        let fills = self.waiting > 0 && self.waiting >= self.link.capacity();
        if fills {
            if self.next.taken.is_some() || self.sent.messages > 0 {
                self.settle(0);
            }
            self.mailbox.set_room(0, &mut self.next, 0);
        }
        fills
    }

    /// Tells the handles how the session stands.
    pub(super) fn end_session_turn(&mut self) {
        let Link::Session(end) = &mut self.link else {
            return;
        };
        if let Some(status) = end.news() {
            self.mailbox.set_status(between(status));
        }
        self.mailbox.set_figures(end.resumed(), end.retained());
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        self.mailbox.expect_turn(end.is_turn_due());
        if end.awaits_takes() {
            self.mailbox.await_takes();
        }
    }

    /// An error for the receiver. Of a session that is renewed, a `flush` that waits fails.
    pub(super) fn note(&self, error: RecvError) {
        if let RecvError::SessionLost(lost) = &error
            && lost.renewed
            && lost.messages() > 0
        {
            self.mailbox.count_unsent(lost.bytes());
        }
        if let RecvError::SessionLost(_) = &error {
            self.mailbox.end_entries(&EntryErrorKind::SessionLost);
        }
        self.mailbox.incoming.note(error);
    }

    /// Hands accepted values over. One that is refused is counted: nothing waits for the result.
    pub(super) fn hand_over_run(&mut self, run: Run) {
        let Link::Session(end) = &mut self.link else {
            return;
        };
        self.sent.messages += run.len() as u64;
        self.sent.bytes += run.bytes() as u64;
        let (sent, mailbox) = (&mut self.sent, &self.mailbox);
        end.send_all(run, &mut |bytes, kind| {
            sent.messages -= 1;
            sent.bytes -= bytes as u64;
            mailbox.count_lost(bytes, kind);
        });
    }

    /// Whether the end is still delivered after the last handle is gone: that of a session is, within its close timeout.
    pub(super) fn delivers_end(&self, work: &Work) -> bool {
        matches!(self.link, Link::Session(_)) && !work.aborted
    }
}

/// The status without a connection.
fn between(status: Status) -> Option<Box<Status>> {
    (!matches!(status, Status::Open)).then(|| Box::new(status))
}
