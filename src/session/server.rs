//! The server's half of a session, as a table. It does no I/O and has no clock, random numbers or wakers.
//!
//! | input | pending | attached | detached | ended |
//! | --- | --- | --- | --- | --- |
//! | the first frame after `WELCOME`, an `ACK` | attached: started | attached: confirmed | | |
//! | another first frame | pending: violation | detached: violation | | |
//! | `resume` | attached: started | attached: the older connection is fenced | attached | |
//! | ... with positions that do not match | ended: lost | ended: lost | ended: lost | |
//! | ... that acknowledges our `BYE` | | ended | ended | |
//! | a frame | | attached | | |
//! | a violation | pending | detached | | |
//! | ... the eighth without progress in between | ended: lost | ended: lost | | |
//! | anything from another connection | | | | |
//! | `ACK` of our `BYE` | | ended | | |
//! | the client's `BYE` is committed, or it arrived and we have sent ours | | ended, once its `ACK` is written | ended | |
//! | [`disconnected`](Server::disconnected) | pending | detached | | |
//! | the deadline of the heartbeat passed | pending | detached | | |
//! | the deadline of `close` passed | | ended | ended | |
//! | `expire` | ended: lost | | ended: lost | |
//!
//! An empty field changes nothing. A `pending` session was only offered: it has no handler, no message and nothing in a store.

mod commands;
mod event;
mod greeting;

pub use event::{ServerEvent, ServerPhase};
pub(crate) use greeting::{Arrival, answer};

use super::SessionViolation;
use super::client::DropReason;
use super::clock::{duration, time};
use super::exchange::Exchange;
use super::hello::{Refusal, Secret, Welcome};
use super::poison::Blame;
use super::registry::ConnectionId;
use super::settings::CompactSettings;
use super::tokens::Tokens;
use super::violation::CLOSE;
use super::wire::{Frame, Frames};
use crate::queue::Queue;
use core::fmt;
use core::time::Duration;

/// The server's half of one session. A [`Registry`](super::Registry) creates it, finds it and ends it.
///
/// After each input: take events with [`poll_event`](Self::poll_event), send what [`poll_transmit`](Self::poll_transmit) writes, set a timer for
/// [`poll_timeout`](Self::poll_timeout), and call [`Registry::settle`](super::Registry::settle).
pub struct Server {
    id: Secret,
    settings: CompactSettings,
    /// The store's incarnation, for each `WELCOME`.
    incarnation: u64,
    pub(crate) identity: Box<[u8]>,
    pub(crate) tokens: Tokens,
    instance: u64,
    attempt: u64,
    /// The largest message and batch that the client accepts. Fixed at the beginning.
    agreed: (u64, u64),
    phase: ServerPhase,
    connection: Option<ConnectionId>,
    /// The client has not yet sent its first frame after `WELCOME`.
    unconfirmed: bool,
    welcome: Option<Welcome>,
    exchange: Exchange,
    close_by: Option<Duration>,
    /// When the session expires, while it is pending or has no connection.
    pub(crate) expires: Option<Duration>,
    /// The registry has `expires` in its list.
    pub(crate) noted: bool,
    /// The cost that the registry has counted for it.
    pub(crate) counted: u64,
    /// How it ended.
    pub(crate) end: Option<End>,
    events: Queue<ServerEvent>,
}

/// Shows the state only: messages and tokens must not reach logs.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// How a session ended: with the code of a `BYE`, or because it could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Closed(u16),
    Lost(Refusal),
}

impl Server {
    /// The largest message that the client takes, in bytes.
    #[allow(dead_code, reason = "the server is native")]
    pub(crate) fn max_message(&self) -> u64 {
        self.agreed.0
    }

    /// Whether neither side has said `BYE`.
    #[allow(dead_code, reason = "the server is native")]
    pub(crate) fn is_open(&self) -> bool {
        self.phase != ServerPhase::Ended
            && self.exchange.outgoing.bye().is_none()
            && self.exchange.incoming.bye().is_none()
    }

    /// The session's id.
    pub fn id(&self) -> Secret {
        self.id
    }

    /// The current state.
    pub fn phase(&self) -> ServerPhase {
        self.phase
    }

    /// The connection that carries it.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    // Inputs.

    /// A connection ended, for whatever reason.
    pub fn disconnected(&mut self, now: Duration, connection: ConnectionId, blame: Blame) {
        if self.connection != Some(connection) {
            return;
        }
        self.connection = None;
        self.welcome = None;
        self.exchange.disconnected(time(now), blame);
        if self.phase == ServerPhase::Ended {
            return;
        }
        // A pending session stays until its own deadline: its `ACK`, and more, may have been lost.
        if self.phase == ServerPhase::Attached {
            let patience = Duration::from_millis(self.settings.terms.retention_ms);
            self.expires = Some(now.saturating_add(patience));
            self.phase = ServerPhase::Detached;
            self.events.push_back(ServerEvent::Detached);
        }
        self.settle(now);
        if matches!(blame, Blame::Violation | Blame::Message) {
            self.violated(now);
        }
    }

    /// A connection ended because of a violation.
    fn violated(&mut self, now: Duration) {
        if self.phase != ServerPhase::Ended && self.exchange.is_broken() {
            self.lost(now, Refusal::Broken);
        }
    }

    fn drop(&mut self, now: Duration, why: DropReason) {
        if let Some(connection) = self.connection {
            let (code, reason) = why.close();
            self.events.push_back(ServerEvent::Close {
                connection,
                batch: None,
                code,
                reason,
            });
            self.disconnected(now, connection, why.blame());
            if let DropReason::Violation(_) = why {
                self.violated(now);
            }
        }
    }

    /// A text message arrived. A session has only binary ones.
    pub fn handle_text(&mut self, now: Duration, connection: ConnectionId) {
        if self.connection == Some(connection) {
            self.drop(now, DropReason::Violation(SessionViolation::TextMessage));
        }
    }

    /// A binary message arrived, after the one with `HELLO`. Ignored if it comes from an older connection.
    pub fn handle_batch(&mut self, now: Duration, connection: ConnectionId, batch: &[u8]) {
        if self.connection != Some(connection) {
            return;
        }
        self.exchange.heard(time(now));
        match self.frames(now, batch) {
            Ok(()) => self.settle(now),
            Err(violation) => self.drop(now, DropReason::Violation(violation)),
        }
    }

    fn frames(&mut self, now: Duration, batch: &[u8]) -> Result<(), SessionViolation> {
        if batch.len() as u64 > self.settings.terms.max_batch {
            return Err(SessionViolation::BatchTooLong);
        }
        let (slot, mut frames) = Frames::new(batch)?;
        if slot != 0 {
            return Err(SessionViolation::Slot);
        }
        loop {
            if !self.unconfirmed {
                frames.take_by(|rest| self.exchange.incoming.handle_run(rest));
            }
            let Some(frame) = frames.next() else {
                return Ok(());
            };
            let frame = frame?;
            if self.unconfirmed {
                let Frame::Ack(_) = frame else {
                    return Err(SessionViolation::Unconfirmed);
                };
                self.unconfirmed = false;
                self.tokens.confirm();
                if self.phase == ServerPhase::Pending {
                    self.phase = ServerPhase::Attached;
                    self.expires = None;
                    self.events.push_back(ServerEvent::Started);
                }
            }
            let undelivered = self.exchange.handle_frame(time(now), frame)?;
            self.events
                .extend(undelivered.into_iter().map(ServerEvent::Undelivered));
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.close_by.is_some_and(|by| by <= now) {
            let (code, reason) = self.exchange.outgoing.bye_told();
            self.end(now, code, reason, true, false);
        } else if !self.exchange.handle_timeout(time(now)) {
            self.drop(now, DropReason::Silent);
        }
    }

    /// It cannot go on here, whether it has a connection or not.
    #[allow(dead_code, reason = "the server is native")]
    pub(crate) fn give_up(&mut self, now: Duration) {
        if self.phase != ServerPhase::Ended {
            self.lost(now, Refusal::Expired);
        }
    }

    /// The time without a connection, or without a confirmation, is over.
    pub(crate) fn expire(&mut self, now: Duration) {
        let waits = self.connection.is_none() || self.phase == ServerPhase::Pending;
        if waits && self.phase != ServerPhase::Ended {
            self.lost(now, Refusal::Expired);
        }
    }

    // Outputs.

    /// Replaces the contents of `out` with the next batch for [`connection`](Self::connection). Returns false if there is none.
    pub fn poll_transmit(&mut self, now: Duration, out: &mut Vec<u8>) -> bool {
        out.clear();
        if self.connection.is_none() {
            return false;
        }
        out.push(0);
        if let Some(welcome) = self.welcome.take() {
            // `WELCOME` goes alone: compressing it with text chosen by others could reveal the token.
            Frame::Welcome(welcome).put(out);
            return true;
        }
        self.exchange.write(time(now), out);
        self.settle(now);
        if out.len() == 1 {
            out.clear();
        }
        !out.is_empty()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        let event = self.events.pop_front();
        if self.events.is_empty() {
            // Most sessions are idle for long.
            self.events = Queue::default();
        }
        event
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let times = [duration(self.exchange.poll_timeout()), self.close_by];
        times.into_iter().flatten().min()
    }

    /// The client has committed all messages of this side below this index.
    pub fn committed(&self) -> u64 {
        self.exchange.outgoing.first()
    }

    /// The index after our last message.
    pub(crate) fn sent_to(&self) -> u64 {
        self.exchange.outgoing.next()
    }

    /// This side has committed all messages of the client below this index.
    pub fn has_committed(&self) -> u64 {
        self.exchange.incoming.committed()
    }

    /// The cost of the retained messages: their bytes, and 32 for each.
    pub fn retained(&self) -> u64 {
        self.exchange.outgoing.cost()
    }

    /// The cost of the unread messages.
    pub fn held(&self) -> u64 {
        self.exchange.incoming.held()
    }

    /// The indices of the next message to arrive and of the next to send.
    pub fn next(&self) -> (u64, u64) {
        (
            self.exchange.incoming.received(),
            self.exchange.outgoing.next(),
        )
    }

    // Ends.

    /// Checks whether the session has ended.
    fn settle(&mut self, now: Duration) {
        if self.phase == ServerPhase::Ended {
            return;
        }
        let Exchange {
            outgoing, incoming, ..
        } = &self.exchange;
        if outgoing.is_bye_committed() {
            let (code, reason) = outgoing.bye_told();
            self.end(now, code, reason, true, true);
        } else if incoming.is_over()
            // While connected, its `ACK` goes first.
            && (self.connection.is_none() || !incoming.is_untold())
            && let Some((code, reason)) = incoming.bye().cloned()
        {
            let clean = incoming.is_bye_committed();
            self.end(now, code, reason, false, clean);
        }
    }

    fn end(&mut self, now: Duration, code: u16, reason: String, ours: bool, clean: bool) {
        self.end = Some(End::Closed(code));
        self.finish(now, 1000, "");
        self.events.push_back(ServerEvent::Ended {
            code,
            reason,
            ours,
            clean,
        });
    }

    fn lost(&mut self, now: Duration, refusal: Refusal) {
        self.end = Some(End::Lost(refusal));
        self.finish(now, CLOSE, "lost");
        self.events.push_back(ServerEvent::Lost(refusal));
    }

    fn finish(&mut self, now: Duration, code: u16, reason: &'static str) {
        self.phase = ServerPhase::Ended;
        self.close_by = None;
        self.exchange.disconnected(time(now), Blame::Innocent);
        if let Some(connection) = self.connection.take() {
            self.events.push_back(ServerEvent::Close {
                connection,
                batch: None,
                code,
                reason,
            });
        }
    }
}
