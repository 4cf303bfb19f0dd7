//! A driver that replaces its socket when the connection is lost.

use super::Driver;
use crate::channel::link::Link;
use crate::channel::mailbox::Work;
use crate::message::{CloseInfo, ClosedBy};
use crate::reconnect::ReconnectReason;
use core::task::{Context, Poll};

/// The result of beginning a turn.
pub(super) enum Turned {
    /// The connection is open.
    Open,
    /// The next connection is not open yet; the turn is over.
    Away,
    /// No connection follows: the channel has ended.
    Over,
}

impl Driver {
    /// Whether another connection will follow this one.
    pub(super) fn will_reconnect(&self) -> bool {
        self.again.is_some()
    }

    /// Handles events, and makes the next connection if the last one has ended.
    pub(super) fn stay_connected(
        &mut self,
        work: &mut Option<Work>,
        cx: &mut Context<'_>,
    ) -> Turned {
        let Some(again) = &mut self.again else {
            return Turned::Open;
        };
        if let Some(work) = work {
            again.obey(core::mem::take(&mut work.orders));
        }
        if again.is_open() {
            return Turned::Open;
        }
        if !self.away {
            self.leave(None);
        }
        if let Some(work) = work.take() {
            self.look = work.look;
            if work.close.is_some() {
                return self.end(CloseInfo::lost(ClosedBy::Local));
            }
        }
        let Some(again) = &mut self.again else {
            return Turned::Open;
        };
        match again.poll(cx) {
            Poll::Ready(Some(socket)) => {
                again.opened();
                let attempt = again.attempt();
                self.link = Link::Socket(socket);
                self.away = false;
                self.low = 1;
                self.mailbox.connected(self.link.capacity(), attempt);
                // The next turn is an ordinary one.
                cx.waker().wake_by_ref();
                Turned::Away
            }
            Poll::Ready(None) => {
                let closed = again.gave_up();
                self.end(closed)
            }
            Poll::Pending => {
                self.mailbox.set_status(Some(Box::new(again.status())));
                Turned::Away
            }
        }
    }

    fn end(&mut self, closed: CloseInfo) -> Turned {
        self.again = None;
        self.mailbox.end(closed);
        Turned::Over
    }

    /// The connection has ended. Returns whether the channel goes on.
    pub(super) fn goes_on(&mut self) -> bool {
        let closed = self.closed();
        let Some(again) = &mut self.again else {
            return false;
        };
        let unsent = closed.unsent_bytes;
        let by_limit = closed.by == ClosedBy::Local && is_limit(closed.code);
        if by_limit || !again.retry(ReconnectReason::Closed(closed)) {
            self.again = None;
            return false;
        }
        self.leave(Some(unsent));
        true
    }

    /// Leaves the connection, whatever the platform reports of it. Accepted messages that were not handed over stay for the next one. `unsent`: if the
    /// connection was lost, the unsent bytes of messages that had been handed over.
    fn leave(&mut self, unsent: Option<usize>) {
        self.away = true;
        self.mailbox.pause(unsent);
        #[cfg_attr(
            not(feature = "session"),
            expect(irrefutable_let_patterns, reason = "there are no others")
        )]
        if let Link::Socket(socket) = &mut self.link {
            socket.leave();
        }
        self.settle(0);
    }
}

/// Whether we closed with this code because of a limit, which the next connection would exceed again. 1002 and 1007 report a violation by the peer
/// (RFC 6455 §7.4.1); every other code of ours is a limit.
fn is_limit(code: u16) -> bool {
    !matches!(code, 1002 | 1007)
}
