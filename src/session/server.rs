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
//! | `expire`, without a connection | ended: lost | | ended: lost | |
//!
//! An empty field changes nothing. A `pending` session was only offered: it has no handler, no message and nothing in a store.

use super::client::DropReason;
use super::exchange::Exchange;
use super::heartbeat::Heartbeat;
use super::hello::{Hello, Refusal, Resume, Secret, SessionWelcome, Terms, VERSION, Welcome};
use super::incoming::Incoming;
use super::outgoing::{Outgoing, Unsendable};
use super::poison::Blame;
use super::registry::ConnectionId;
use super::settings::{CompactSettings, Settings};
use super::tokens::{Presented, TokenHash, Tokens};
use super::violation::CLOSE;
use super::wire::{Frame, Frames, Head};
use super::{SessionMessage, SessionViolation};
use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

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
    /// When the session expires, while it has no connection.
    pub(crate) expires: Option<Duration>,
    /// The registry has `expires` in its list.
    pub(crate) noted: bool,
    /// The cost that the registry has counted for it.
    pub(crate) counted: u64,
    /// How it ended.
    pub(crate) end: Option<End>,
    events: VecDeque<ServerEvent>,
}

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ServerPhase {
    /// Offered. The client has not confirmed it.
    Pending,
    /// It has a connection.
    Attached,
    /// It has no connection, and waits for its client.
    Detached,
    /// It has ended.
    Ended,
}

/// What happened in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client confirmed the session. Start its handler.
    Started,
    /// The client resumed.
    Resumed {
        /// The client's page was reloaded, and has nothing of the session but its id and token.
        forgot: bool,
    },
    /// Its connection ended.
    Detached,
    /// A message of the server was replaced. The client committed its index without receiving it. If it was a response, the session has sent an error to
    /// the same request.
    Undelivered(SessionMessage),
    /// Close this connection, after sending the batch if there is one.
    Close {
        /// The connection.
        connection: ConnectionId,
        /// The last batch to send on it.
        batch: Option<Vec<u8>>,
        /// The close code.
        code: u16,
        /// The close reason.
        reason: &'static str,
    },
    /// The session cannot resume, or its client did not come back. Final.
    Lost(Refusal),
    /// One of the sides ended the session. Final.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// Its reason.
        reason: String,
        /// This side sent it.
        ours: bool,
        /// `BYE` and every message before it in its direction were delivered. `take_uncommitted` returns the messages of this side that were not
        /// committed.
        clean: bool,
    },
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

/// A `HELLO` that arrived, and the token for its `WELCOME`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) now: Duration,
    pub(crate) connection: ConnectionId,
    pub(crate) hello: &'a Hello,
    pub(crate) issued: Secret,
    pub(crate) hash: TokenHash,
}

impl Server {
    pub(crate) fn offer(
        arrival: Arrival<'_>,
        settings: &Settings,
        incarnation: u64,
        id: Secret,
        identity: &[u8],
    ) -> Self {
        let hello = arrival.hello;
        let outgoing = Outgoing::new(settings.retention, settings.batch);
        let incoming = Incoming::new(settings.window, settings.max_message);
        let mut server = Self {
            id,
            incarnation,
            identity: identity.into(),
            tokens: Tokens::issue(arrival.issued, arrival.hash),
            instance: hello.instance,
            attempt: hello.attempt,
            agreed: (hello.terms.max_message, hello.terms.max_batch),
            phase: ServerPhase::Pending,
            connection: None,
            unconfirmed: true,
            welcome: None,
            exchange: Exchange::new(outgoing, incoming),
            close_by: None,
            expires: None,
            noted: false,
            counted: 0,
            end: None,
            events: VecDeque::new(),
            settings: settings.compact(),
        };
        server
            .exchange
            .outgoing
            .agree(hello.terms.max_message, hello.terms.max_batch);
        let _at_the_beginning = server
            .exchange
            .outgoing
            .resume(false, 0, 0, hello.terms.credit);
        server.attach(arrival, false);
        server
    }

    /// Attaches a connection, which carries the session from now on.
    fn attach(&mut self, arrival: Arrival<'_>, resumed: bool) {
        let Arrival { now, hello, .. } = arrival;
        let credit = self.exchange.incoming.connect();
        self.welcome = Some(Welcome::Session(Box::new(SessionWelcome {
            version: VERSION,
            features: 0,
            id: self.id,
            token: arrival.issued,
            incarnation: self.incarnation,
            terms: Terms {
                credit,
                ..self.settings.terms
            },
            heartbeat_ms: self.settings.heartbeat_ms,
            spread_ms: self.settings.spread_ms,
            positions: resumed.then(|| self.exchange.positions()),
        })));
        let heart = Heartbeat::server(now, Duration::from_millis(self.settings.heartbeat_ms));
        self.exchange.connected(heart, hello.terms.retention, false);
        self.connection = Some(arrival.connection);
        self.unconfirmed = true;
        self.expires = None;
    }

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

    /// Whether a `HELLO` with a valid token is late. The attempt rises with every `HELLO` of a session, also after a reload.
    pub(crate) fn is_late(&self, hello: &Hello) -> bool {
        hello.attempt <= self.attempt
    }

    pub(crate) fn keeps_terms(&self, hello: &Hello) -> bool {
        self.agreed == (hello.terms.max_message, hello.terms.max_batch)
    }

    /// Handles a `HELLO` with a valid token that is not late, on this connection. Fences the older connection. Returns false if it ended the session.
    pub(crate) fn resume(
        &mut self,
        arrival: Arrival<'_>,
        resume: &Resume,
        presented: ([u8; 32], Presented),
    ) -> Result<bool, Refusal> {
        let Arrival { now, hello, .. } = arrival;
        self.fence(now, hello.instance);
        let was = self.phase;
        let theirs = &resume.positions;
        let Exchange {
            outgoing, incoming, ..
        } = &mut self.exchange;
        let (received, parts, committed) = if resume.forgot {
            incoming.outlive(now);
            let first = outgoing.first();
            (first, 0, first)
        } else {
            // A client that forgot restarts its own direction at our position, so that is no mismatch.
            if let Some(refusal) = outgoing.mismatch(theirs, incoming.received()) {
                self.lost(now, refusal);
                return Err(refusal);
            }
            (theirs.received, theirs.parts, theirs.committed)
        };
        if !outgoing.resume(true, received, parts, hello.terms.credit) {
            self.lost(now, Refusal::Rewound);
            return Err(Refusal::Rewound);
        }
        match self.exchange.acknowledged(committed) {
            Ok(undelivered) => self
                .events
                .extend(undelivered.into_iter().map(ServerEvent::Undelivered)),
            Err(_) => {
                self.lost(now, Refusal::Rewound);
                return Err(Refusal::Rewound);
            }
        }
        self.settle(now);
        if self.phase == ServerPhase::Ended {
            return Ok(false);
        }
        self.instance = hello.instance;
        self.attempt = hello.attempt;
        if presented.1 == Presented::Newest {
            self.tokens.confirm();
        }
        self.tokens
            .rotate(presented.0, arrival.issued, arrival.hash);
        self.phase = ServerPhase::Attached;
        self.attach(arrival, true);
        self.events.push_back(if was == ServerPhase::Pending {
            ServerEvent::Started
        } else {
            ServerEvent::Resumed {
                forgot: resume.forgot,
            }
        });
        Ok(true)
    }

    /// Ends the connection that carries the session, because another one takes it over.
    fn fence(&mut self, now: Duration, instance: u64) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // The same instance has given up the older connection itself. Another instance must be told.
        let (batch, reason) = if instance == self.instance {
            (None, "replaced")
        } else {
            (Some(answer(&Welcome::Refused(Refusal::Fenced))), "fenced")
        };
        // The server never learned how the connection ended.
        self.exchange.disconnected(now, Blame::Silent);
        self.events.push_back(ServerEvent::Close {
            connection,
            batch,
            code: CLOSE,
            reason,
        });
    }

    /// A connection ended, for whatever reason.
    pub fn disconnected(&mut self, now: Duration, connection: ConnectionId, blame: Blame) {
        if self.connection != Some(connection) {
            return;
        }
        self.connection = None;
        self.welcome = None;
        self.exchange.disconnected(now, blame);
        if self.phase == ServerPhase::Ended {
            return;
        }
        // A pending session expires, too: its `ACK`, and more, may have been lost.
        let patience = Duration::from_millis(self.settings.terms.retention_ms);
        self.expires = Some(now.saturating_add(patience));
        if self.phase == ServerPhase::Attached {
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
        self.exchange.heard(now);
        match self.frames(now, batch) {
            Ok(()) => self.settle(now),
            Err(violation) => self.drop(now, DropReason::Violation(violation)),
        }
    }

    fn frames(&mut self, now: Duration, batch: &[u8]) -> Result<(), SessionViolation> {
        if batch.len() as u64 > self.settings.terms.max_batch {
            return Err(SessionViolation::BatchTooLong);
        }
        let (slot, frames) = Frames::new(batch)?;
        if slot != 0 {
            return Err(SessionViolation::Slot);
        }
        for frame in frames {
            let frame = frame?;
            if self.unconfirmed {
                let Frame::Ack(_) = frame else {
                    return Err(SessionViolation::Unconfirmed);
                };
                self.unconfirmed = false;
                self.tokens.confirm();
                if self.phase == ServerPhase::Pending {
                    self.phase = ServerPhase::Attached;
                    self.events.push_back(ServerEvent::Started);
                }
            }
            let undelivered = self.exchange.handle_frame(now, frame)?;
            self.events
                .extend(undelivered.into_iter().map(ServerEvent::Undelivered));
        }
        Ok(())
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.close_by.is_some_and(|by| by <= now) {
            let (code, reason) = self.exchange.outgoing.bye_told();
            self.end(now, code, reason, true, false);
        } else if !self.exchange.handle_timeout(now) {
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

    /// The time without a connection is over.
    pub(crate) fn expire(&mut self, now: Duration) {
        if self.connection.is_none() && self.phase != ServerPhase::Ended {
            self.lost(now, Refusal::Expired);
        }
    }

    // Commands.

    /// Retains a message and returns its index.
    ///
    /// # Errors
    /// Each of [`Unsendable`] but `Close`.
    pub fn send(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        if matches!(self.phase, ServerPhase::Ended | ServerPhase::Pending) {
            return Err(Unsendable::Ended);
        }
        self.exchange.send(head, payload)
    }

    /// The oldest unread message. [`commit`](Self::commit) commits it.
    pub fn read(&mut self) -> Option<SessionMessage> {
        self.exchange.incoming.read()
    }

    /// Commits the messages below this index that were read.
    pub fn commit(&mut self, now: Duration, below: u64) {
        self.exchange.incoming.commit(now, below);
        self.settle(now);
    }

    /// The application will read nothing more and takes responsibility: messages that arrive are committed and discarded.
    pub fn stop_reading(&mut self, now: Duration) {
        self.exchange.incoming.stop_reading(now);
        self.settle(now);
    }

    /// Asks the client to commit and acknowledge everything sent so far without delay.
    pub fn flush(&mut self) {
        self.exchange.flush();
    }

    /// Asks the client to reconnect after `after` at the earliest, because this node is being taken down. Returns false without a connection.
    pub fn ask_to_move(&mut self, after: Duration) -> bool {
        self.exchange.ask_to_move(after)
    }

    /// Ends the session after everything sent so far, within the close timeout. Unread messages, and messages that arrive from now on, are discarded.
    /// They are not acknowledged, so the client learns that they were not delivered.
    ///
    /// # Errors
    /// [`Unsendable::Close`] for a code other than 1000 and 3000 to 4999, or a reason of more than 123 bytes; [`Unsendable::Ended`] if the session
    /// has ended or is ending.
    pub fn close(&mut self, now: Duration, code: u16, reason: &str) -> Result<(), Unsendable> {
        if matches!(self.phase, ServerPhase::Ended | ServerPhase::Pending) {
            return Err(Unsendable::Ended);
        }
        self.exchange.close(now, code, reason)?;
        let patience = Duration::from_millis(self.settings.close_ms);
        self.close_by = Some(now.saturating_add(patience));
        self.settle(now);
        Ok(())
    }

    /// After the end: the messages that were not committed. The first list may have been acted on by the client; the second was never sent whole.
    pub fn take_uncommitted(&mut self) -> (Vec<SessionMessage>, Vec<SessionMessage>) {
        self.exchange.outgoing.take_uncommitted()
    }

    /// Goes back to the last commit: the session moved to another node, or its handler restarted. The client sends the uncommitted messages again.
    /// Those that it forgot in a reload arrive as [`Head::Void`], because nobody can send them again.
    pub fn fall_back(&mut self, now: Duration) {
        if let Some(connection) = self.connection {
            self.events.push_back(ServerEvent::Close {
                connection,
                batch: None,
                code: CLOSE,
                reason: "moved",
            });
            self.disconnected(now, connection, Blame::Innocent);
        }
        self.exchange.incoming.fall_back(now);
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
        self.exchange.write(now, out);
        self.settle(now);
        if out.len() == 1 {
            out.clear();
        }
        !out.is_empty()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let times = [self.exchange.poll_timeout(), self.close_by];
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
        self.exchange.disconnected(now, Blame::Innocent);
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

/// A batch with only a `WELCOME`.
pub(crate) fn answer(welcome: &Welcome) -> Vec<u8> {
    let mut batch = vec![0];
    Frame::Welcome(welcome.clone()).put(&mut batch);
    batch
}
