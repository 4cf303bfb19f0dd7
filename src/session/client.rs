//! The client's half of a session, as a table. It does no I/O and has no clock, random numbers or wakers.
//!
//! | input | down | greeting | open | ended |
//! | --- | --- | --- | --- | --- |
//! | [`connected`](Client::connected) | greeting: `HELLO` | | | |
//! | `WELCOME` of a session | | open: `ACK` | down: violation | |
//! | ... that contradicts the client's state | | ended: lost | | |
//! | `Later` | | down | down: violation | |
//! | `Refused` | | ended: lost; down, if a new session loses nothing | ended: fenced | |
//! | `Ended` | | ended | down: violation | |
//! | another frame | | down: violation | open | |
//! | a violation | | down | down | |
//! | ... the eighth without progress in between | | ended: lost | ended: lost | |
//! | `ACK` of our `BYE` | | | ended | |
//! | the peer's `BYE` is committed, or it arrived and we have sent ours | reconnects to acknowledge it | the same | ended, once its `ACK` is written | |
//! | [`disconnected`](Client::disconnected) | | down | down | |
//! | the deadline for `WELCOME` or the heartbeat passed | | down | down | |
//! | [`close`](Client::close) | `BYE` is retained | the same | the same | |
//! | the deadline of `close`, or for acknowledging a `BYE` passed | ended | ended | ended | |
//!
//! An empty field changes nothing. `ended` is final.

use super::exchange::Exchange;
use super::heartbeat::Heartbeat;
use super::hello::{Hello, LaterReason, Refusal, Resume, SessionWelcome, VERSION, Welcome};
use super::incoming::Incoming;
use super::outgoing::{Outgoing, Unsendable};
use super::poison::Blame;
use super::violation::CLOSE;
use super::wire::{Frame, Frames, Head};
use super::{MAX_NUMBER, Secret, SessionMessage, SessionViolation, Settings};
use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

/// After a reload, attempts are numbered from the next multiple of this. The stored number may be older than the earlier page's last attempt; this is
/// above all of them.
const RELOADS: u64 = 1 << 16;

/// The client's half of a session.
///
/// The owner of the connection repeats these steps:
///
/// 1. Report what happened: [`connected`](Self::connected), [`handle_batch`](Self::handle_batch), [`disconnected`](Self::disconnected), or
///    [`handle_timeout`](Self::handle_timeout) when the time of [`poll_timeout`](Self::poll_timeout) has come.
/// 2. Take events with [`poll_event`](Self::poll_event) until there are none. If the session is to survive a reload, store its [`ResumeTicket`] here: the
///    next step confirms the new token.
/// 3. Give commands, and read messages with [`read`](Self::read).
/// 4. Send what [`poll_transmit`](Self::poll_transmit) writes, one batch per WebSocket message, until it writes none.
/// 5. Set a timer for [`poll_timeout`](Self::poll_timeout).
pub struct Client {
    settings: Settings,
    instance: u64,
    attempt: u64,
    phase: ClientPhase,
    session: Option<ResumeTicket>,
    /// The largest message and batch that the server accepts. Fixed for the session.
    agreed: Option<(u64, u64)>,
    exchange: Exchange,
    /// The deadline for `WELCOME`.
    welcome_by: Option<Duration>,
    /// The deadline for the commit of our `BYE`.
    close_by: Option<Duration>,
    /// `HELLO` is not written yet.
    hello: bool,
    events: VecDeque<ClientEvent>,
}

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ClientPhase {
    /// No connection.
    Down,
    /// Connected, and waiting for `WELCOME`.
    Greeting,
    /// Connected, and messages can flow.
    Open,
    /// The session has ended.
    Ended,
}

/// What a client needs to resume. Whoever has the token can take over the session, so do not log it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeTicket {
    /// The session's id.
    pub id: Secret,
    /// The newest token.
    pub token: Secret,
    /// The incarnation of the server's store.
    pub incarnation: u64,
    /// The attempt that opened it. After a reload: this page's first attempt.
    pub attempt: u64,
    /// Nothing but `WELCOME` has arrived in this session.
    pub(crate) fresh: bool,
    /// The page was reloaded and has nothing else of the session.
    pub(crate) forgot: bool,
}

impl ResumeTicket {
    /// What an earlier page of the same tab stored.
    pub fn new(id: Secret, token: Secret, incarnation: u64, attempt: u64) -> Self {
        Self {
            id,
            token,
            incarnation,
            attempt,
            fresh: false,
            forgot: true,
        }
    }
}

/// What happened in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// `WELCOME` arrived: the session begins or resumes.
    Opened {
        /// It resumes.
        resumed: bool,
        /// What to store, if the session is to survive a reload.
        ticket: ResumeTicket,
        /// After the next drop, the delay of the first retry is chosen at random up to this.
        spread: Duration,
        /// After a reload: the indices at which this page continues.
        restored: Option<RestoredIndices>,
    },
    /// The server asks to retry later. Close the connection.
    Later {
        /// The shortest delay.
        after: Duration,
        /// Why.
        reason: LaterReason,
    },
    /// The server asks to reconnect. The session continues on this connection until then.
    Move {
        /// The shortest delay.
        after: Duration,
    },
    /// The connection cannot be used any more. Close it. The session can resume.
    Dropped(DropReason),
    /// A message of ours was replaced: it ended every connection, or was larger than the peer accepts. The peer committed its index without receiving
    /// it. If it was a response, the session has sent an error to the
    /// same request ([`UNDELIVERED`](super::wire::UNDELIVERED)), because the requester still waits.
    Undelivered(SessionMessage),
    /// The session cannot resume. Final. Close the connection, if there is one.
    Lost(Refusal),
    /// One of the sides ended the session. Final. Close the connection, if there is one.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// Its reason.
        reason: String,
        /// This side sent it.
        ours: bool,
        /// `BYE` and every message before it in its direction were delivered. Unread messages can still be read. `take_uncommitted` returns the
        /// messages of this side that were not committed.
        clean: bool,
    },
}

/// Where a reloaded page continues a session of which it has only a stored [`ResumeTicket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoredIndices {
    /// The index of this page's first message. Messages of the earlier page from this index on are lost. Of those below it, the server has committed
    /// some; the rest may still be lost if its handler restarts.
    pub send_from: u64,
    /// The index of the first message to arrive. The earlier page had committed all messages below it, and may have read some from it on.
    pub receive_from: u64,
}

/// Why this side gives up a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// The peer violated the protocol.
    Violation(SessionViolation),
    /// `WELCOME` did not arrive in time. If it never arrives, the server may not speak the session protocol.
    NoWelcome,
    /// The peer did not answer a `PING`.
    Silent,
    /// The server does not know the session any more. No message was sent or received in it, so the next connection begins a new one.
    Renewed,
}

impl DropReason {
    /// Whether a message of ours may be the cause.
    pub(crate) fn blame(self) -> Blame {
        match self {
            Self::Silent => Blame::Silent,
            Self::Violation(_) | Self::NoWelcome | Self::Renewed => Blame::Innocent,
        }
    }

    /// The code and reason for closing the connection.
    pub fn close(self) -> (u16, &'static str) {
        match self {
            Self::Violation(violation) => (violation.close_code(), violation.name()),
            Self::NoWelcome => (CLOSE, "no-welcome"),
            Self::Silent => (CLOSE, "silent"),
            Self::Renewed => (1000, ""),
        }
    }
}

/// Shows the state only: messages and tokens must not reach logs.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A session that begins with the first connection. `instance`: 64 random bits, new for each page load or process.
    pub fn new(settings: Settings, instance: u64) -> Self {
        let settings = settings.clamped();
        let outgoing = Outgoing::new(settings.retention, settings.batch);
        let incoming = Incoming::new(settings.window, settings.max_message);
        Self {
            settings,
            instance,
            attempt: 0,
            phase: ClientPhase::Down,
            session: None,
            agreed: None,
            exchange: Exchange::new(outgoing, incoming),
            welcome_by: None,
            close_by: None,
            hello: false,
            events: VecDeque::new(),
        }
    }

    /// A session of an earlier page of the same tab, of which this page has only `held`.
    ///
    /// Messages sent before it is open get indices from 0. `restored` in [`ClientEvent::Opened`] has the number to add to them.
    pub fn restored(settings: Settings, instance: u64, ticket: ResumeTicket) -> Self {
        let mut client = Self::new(settings, instance);
        client.exchange.outgoing.forget();
        client.attempt = ticket.attempt.min(MAX_NUMBER / 2) | (RELOADS - 1);
        client.session = Some(ResumeTicket {
            fresh: false,
            forgot: true,
            attempt: client.attempt + 1,
            ..ticket
        });
        client
    }

    /// What to store for a resume, if there is a session. A reloaded page stores it before its first connection, even if that is never answered: the
    /// next page's attempts must be higher.
    pub fn ticket(&self) -> Option<&ResumeTicket> {
        self.session.as_ref()
    }

    /// The current state.
    pub fn phase(&self) -> ClientPhase {
        self.phase
    }

    // Inputs.

    /// A connection is open. There is one at a time: ignored unless the state is [`ClientPhase::Down`].
    pub fn connected(&mut self, now: Duration) {
        if self.phase != ClientPhase::Down {
            return;
        }
        self.phase = ClientPhase::Greeting;
        self.attempt += 1;
        self.hello = true;
        self.welcome_by = Some(now.saturating_add(self.settings.welcome_timeout));
    }

    /// The connection ended, for whatever reason. Ignored if this side had given it up before.
    pub fn disconnected(&mut self, now: Duration, blame: Blame) {
        if matches!(self.phase, ClientPhase::Greeting | ClientPhase::Open) {
            self.down(now, blame);
            if matches!(blame, Blame::Violation | Blame::Message) {
                self.violated(now);
            }
        }
    }

    /// A connection ended because of a violation.
    fn violated(&mut self, now: Duration) {
        if self.phase != ClientPhase::Ended && self.exchange.is_broken() {
            self.lost(now, Refusal::Broken);
        }
    }

    fn down(&mut self, now: Duration, blame: Blame) {
        self.phase = ClientPhase::Down;
        self.hello = false;
        self.welcome_by = None;
        self.exchange.disconnected(now, blame);
        self.settle(now);
    }

    fn drop(&mut self, now: Duration, why: DropReason) {
        self.events.push_back(ClientEvent::Dropped(why));
        self.down(now, why.blame());
        if let DropReason::Violation(_) = why {
            self.violated(now);
        }
    }

    /// A text message arrived. A session has only binary ones.
    pub fn handle_text(&mut self, now: Duration) {
        if matches!(self.phase, ClientPhase::Greeting | ClientPhase::Open) {
            self.drop(now, DropReason::Violation(SessionViolation::TextMessage));
        }
    }

    /// A binary message arrived.
    pub fn handle_batch(&mut self, now: Duration, batch: &[u8]) {
        if !matches!(self.phase, ClientPhase::Greeting | ClientPhase::Open) {
            return;
        }
        self.exchange.heard(now);
        match self.frames(now, batch) {
            Ok(()) => self.settle(now),
            Err(violation) => self.drop(now, DropReason::Violation(violation)),
        }
    }

    fn frames(&mut self, now: Duration, batch: &[u8]) -> Result<(), SessionViolation> {
        if batch.len() as u64 > self.settings.max_batch {
            return Err(SessionViolation::BatchTooLong);
        }
        let (slot, frames) = Frames::new(batch)?;
        if slot != 0 {
            return Err(SessionViolation::Slot);
        }
        for frame in frames {
            if matches!(self.phase, ClientPhase::Down | ClientPhase::Ended) {
                // Ignore frames behind the end of the connection or session.
                break;
            }
            match (self.phase, frame?) {
                (ClientPhase::Greeting, Frame::Welcome(welcome)) => self.welcome(now, welcome)?,
                (ClientPhase::Greeting, Frame::Skipped(_)) => {}
                (ClientPhase::Open, Frame::Welcome(Welcome::Refused(Refusal::Fenced))) => {
                    self.lost(now, Refusal::Fenced);
                }
                (ClientPhase::Open, Frame::Move { after_ms }) => {
                    let after = Duration::from_millis(after_ms);
                    self.events.push_back(ClientEvent::Move { after });
                }
                (ClientPhase::Open, frame) => {
                    if let Some(ticket) = &mut self.session {
                        ticket.fresh = false;
                    }
                    let undelivered = self.exchange.handle_frame(now, frame)?;
                    self.events
                        .extend(undelivered.into_iter().map(ClientEvent::Undelivered));
                }
                (_, _) => return Err(SessionViolation::Order),
            }
        }
        Ok(())
    }

    fn welcome(&mut self, now: Duration, welcome: Welcome) -> Result<(), SessionViolation> {
        match welcome {
            Welcome::Session(agreed) => self.open(now, &agreed),
            Welcome::Later { after_ms, reason } => {
                let after = Duration::from_millis(after_ms);
                self.events.push_back(ClientEvent::Later { after, reason });
                self.down(now, Blame::Innocent);
                Ok(())
            }
            Welcome::Refused(refusal) => {
                let unknown = matches!(refusal, Refusal::Expired | Refusal::ServerRestarted);
                let fresh = self.session.as_ref().is_some_and(|ticket| ticket.fresh);
                if let Some((code, reason)) = self.read_end() {
                    self.end(now, code, reason, false, true);
                } else if unknown && fresh && self.exchange.outgoing.is_untouched() {
                    self.session = None;
                    self.drop(now, DropReason::Renewed);
                } else {
                    self.lost(now, refusal);
                }
                Ok(())
            }
            Welcome::Ended {
                code,
                committed,
                next,
            } => {
                let Some(ticket) = &self.session else {
                    return Err(SessionViolation::Welcome);
                };
                let outgoing = &mut self.exchange.outgoing;
                let bye = outgoing.bye().filter(|_| !outgoing.is_provisional());
                if !ticket.forgot {
                    let undelivered = outgoing.handle_ended(committed);
                    self.events
                        .extend(undelivered.into_iter().map(ClientEvent::Undelivered));
                }
                let ours = bye.is_some_and(|bye| committed > bye);
                let own = ours.then(|| outgoing.bye_told());
                let complete = !ticket.forgot && self.exchange.incoming.received() >= next;
                let (code, reason) = own
                    .or_else(|| self.read_end())
                    .unwrap_or((code, String::new()));
                self.end(now, code, reason, ours, ours || complete);
                Ok(())
            }
        }
    }

    /// Checks a `WELCOME` of a session, in the order of `WIRE.md`, "What a server checks" and "Resuming".
    fn open(&mut self, now: Duration, agreed: &SessionWelcome) -> Result<(), SessionViolation> {
        if agreed.version != VERSION {
            return Err(SessionViolation::Version);
        }
        if agreed.features != 0 {
            return Err(SessionViolation::Reserved);
        }
        let forgot = match (&self.session, &agreed.positions) {
            (None, None) => false,
            (Some(ticket), Some(_)) if ticket.id == agreed.id => ticket.forgot,
            _ => return Err(SessionViolation::Welcome),
        };
        let fixed = (agreed.terms.max_message, agreed.terms.max_batch);
        if self.session.is_some() && self.agreed.is_some_and(|before| before != fixed) {
            return Err(SessionViolation::Welcome);
        }
        self.agreed = Some(fixed);
        let theirs = agreed.positions.unwrap_or_default();
        let resumed = agreed.positions.is_some();
        let Exchange {
            outgoing, incoming, ..
        } = &mut self.exchange;
        if forgot {
            outgoing.adopt(theirs.received, theirs.committed);
            incoming.adopt(theirs.first);
        }
        if let Some(refusal) = outgoing.mismatch(&theirs, incoming.received()) {
            self.lost(now, refusal);
            return Ok(());
        }
        let terms = &agreed.terms;
        outgoing.agree(terms.max_message, terms.max_batch);
        if !outgoing.resume(resumed, theirs.received, theirs.parts, terms.credit) {
            self.lost(now, Refusal::Rewound);
            return Ok(());
        }
        let undelivered = self.exchange.acknowledged(theirs.committed)?;
        let interval = Duration::from_millis(agreed.heartbeat_ms);
        let heart = Heartbeat::client(now, interval);
        self.exchange.connected(heart, terms.retention, true);
        self.phase = ClientPhase::Open;
        self.welcome_by = None;
        let ticket = ResumeTicket {
            id: agreed.id,
            token: agreed.token,
            incarnation: agreed.incarnation,
            attempt: self.attempt,
            fresh: !resumed,
            forgot: false,
        };
        self.session = Some(ticket.clone());
        self.events.push_back(ClientEvent::Opened {
            resumed,
            ticket,
            spread: Duration::from_millis(agreed.spread_ms),
            restored: forgot.then_some(RestoredIndices {
                send_from: theirs.received,
                receive_from: theirs.first,
            }),
        });
        self.events
            .extend(undelivered.into_iter().map(ClientEvent::Undelivered));
        Ok(())
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.close_by.is_some_and(|by| by <= now) {
            if let Some((code, reason)) = self.read_end() {
                self.end(now, code, reason, false, true);
            } else {
                let (code, reason) = self.exchange.outgoing.bye_told();
                self.end(now, code, reason, true, false);
            }
        } else if self.welcome_by.is_some_and(|by| by <= now) {
            self.drop(now, DropReason::NoWelcome);
        } else if !self.exchange.handle_timeout(now) {
            self.drop(now, DropReason::Silent);
        }
    }

    // Commands.

    /// Retains a message and returns its index. It is sent at once if connected, otherwise on the next connection.
    ///
    /// # Errors
    /// Each of [`Unsendable`] but `Close`.
    pub fn send(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        if self.phase == ClientPhase::Ended {
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

    /// Asks the peer to commit and acknowledge everything sent so far without delay. It is done when [`committed`](Self::committed) reaches it.
    pub fn flush(&mut self) {
        self.exchange.flush();
    }

    /// Sends a `PING` now, after the page slept or the network changed.
    pub fn probe(&mut self, now: Duration) {
        self.exchange.ask(now);
    }

    /// Ends the session after everything sent so far, within the close timeout. Unread messages, and messages that arrive from now on, are discarded,
    /// as by a socket after `close()`. They are not acknowledged, so the server learns that they were not delivered.
    ///
    /// # Errors
    /// [`Unsendable::Close`] for a code other than 1000 and 3000 to 4999, or a reason of more than 123 bytes; [`Unsendable::Ended`] if the session
    /// has ended or is ending.
    pub fn close(&mut self, now: Duration, code: u16, reason: &str) -> Result<(), Unsendable> {
        if self.phase == ClientPhase::Ended {
            return Err(Unsendable::Ended);
        }
        self.exchange.close(now, code, reason)?;
        self.close_by = Some(now.saturating_add(self.settings.close_timeout));
        self.settle(now);
        Ok(())
    }

    /// After the end: the messages that were not committed. The first list may have been acted on by the peer; the second was never sent whole.
    pub fn take_uncommitted(&mut self) -> (Vec<SessionMessage>, Vec<SessionMessage>) {
        self.exchange.outgoing.take_uncommitted()
    }

    // Outputs.

    /// Replaces the contents of `out` with the next batch. Returns false if there is none.
    pub fn poll_transmit(&mut self, now: Duration, out: &mut Vec<u8>) -> bool {
        out.clear();
        out.push(0);
        match self.phase {
            ClientPhase::Greeting if core::mem::take(&mut self.hello) => {
                Frame::Hello(Box::new(self.greeting())).put(out);
            }
            ClientPhase::Open => {
                self.exchange.write(now, out);
                self.settle(now);
            }
            _ => {}
        }
        if out.len() == 1 {
            out.clear();
        }
        !out.is_empty()
    }

    fn greeting(&mut self) -> Hello {
        let forgot = self.session.as_ref().is_some_and(|ticket| ticket.forgot);
        let positions = if forgot {
            Default::default()
        } else {
            self.exchange.positions()
        };
        let credit = self.exchange.incoming.connect();
        Hello {
            versions: (VERSION, VERSION),
            features: 0,
            instance: self.instance,
            attempt: self.attempt,
            terms: self.settings.terms(credit),
            resume: self.session.as_ref().map(|ticket| Resume {
                id: ticket.id,
                token: ticket.token,
                incarnation: ticket.incarnation,
                forgot,
                positions,
            }),
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let times = [self.exchange.poll_timeout(), self.welcome_by, self.close_by];
        times.into_iter().flatten().min()
    }

    /// The peer has committed all messages of this side below this index.
    pub fn committed(&self) -> u64 {
        self.exchange.outgoing.first()
    }

    /// Whether something is committed and not yet acknowledged: within 200 ms it is.
    pub(crate) fn is_ack_pending(&self) -> bool {
        self.exchange.incoming.ack_at().is_some()
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
        if self.phase == ClientPhase::Ended {
            return;
        }
        let Exchange {
            outgoing, incoming, ..
        } = &self.exchange;
        if outgoing.is_bye_committed() {
            let (code, reason) = outgoing.bye_told();
            self.end(now, code, reason, true, true);
        } else if incoming.is_over() {
            if incoming.is_untold() {
                // Its `ACK` goes first, over another connection if necessary.
                let by = now.saturating_add(self.settings.close_timeout);
                self.close_by.get_or_insert(by);
            } else if let Some((code, reason)) = incoming.bye().cloned() {
                let clean = incoming.is_bye_committed();
                self.end(now, code, reason, false, clean);
            }
        }
    }

    /// The code and reason of the server's `BYE`, if it and everything before it were read.
    fn read_end(&self) -> Option<(u16, String)> {
        let incoming = &self.exchange.incoming;
        let bye = incoming.bye().filter(|_| incoming.is_bye_committed());
        bye.cloned()
    }

    fn end(&mut self, now: Duration, code: u16, reason: String, ours: bool, clean: bool) {
        self.finish(now);
        self.events.push_back(ClientEvent::Ended {
            code,
            reason,
            ours,
            clean,
        });
    }

    fn lost(&mut self, now: Duration, refusal: Refusal) {
        self.finish(now);
        self.events.push_back(ClientEvent::Lost(refusal));
    }

    fn finish(&mut self, now: Duration) {
        self.phase = ClientPhase::Ended;
        self.hello = false;
        self.welcome_by = None;
        self.close_by = None;
        self.exchange.disconnected(now, Blame::Innocent);
    }
}
