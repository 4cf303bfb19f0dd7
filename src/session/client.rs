//! The client's half of a session, as a table. Pure: no I/O, no clock, no randomness, no waker.
//!
//! | told | down | greeting | open | ended |
//! | --- | --- | --- | --- | --- |
//! | [`connected`](Client::connected) | greeting: `HELLO` | | | |
//! | `WELCOME` of a session | | open: `ACK` | down: violation | |
//! | ... that contradicts what it knows | | ended: lost | | |
//! | `Later` | | down | down: violation | |
//! | `Refused` | | ended: lost; down, if nothing is lost by a new session | ended: fenced | |
//! | `Ended` | | ended | down: violation | |
//! | another frame | | down: violation | open | |
//! | a violation | | down | down | |
//! | ... the eighth, and nothing got through meanwhile | | ended: lost | ended: lost | |
//! | `ACK` of our `BYE` | | | ended | |
//! | commit of the peer's `BYE`, or it came and we have sent ours | comes back to say so | the same | ended, once its `ACK` is written | |
//! | [`disconnected`](Client::disconnected) | | down | down | |
//! | the deadline of `WELCOME` or of the heartbeat | | down | down | |
//! | [`close`](Client::close) | `BYE` is retained | the same | the same | |
//! | the deadline of `close`, and of coming back to acknowledge a `BYE` | ended | ended | ended | |
//!
//! An empty field changes nothing. It leaves `ended` never.

use super::exchange::Exchange;
use super::heartbeat::Heartbeat;
use super::hello::{Agreed, Hello, LaterReason, Refusal, Resume, VERSION, Welcome};
use super::incoming::Incoming;
use super::outgoing::{Outgoing, Unsendable};
use super::poison::Blame;
use super::violation::CLOSE;
use super::wire::{Frame, Frames, Head};
use super::{MAX_NUMBER, Received, Secret, Settings, Violation};
use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

/// Attempts are numbered from the next multiple of this after a reload: above every attempt of the earlier page, of which the stored number is not the last.
const RELOADS: u64 = 1 << 16;

/// The client's half of a session.
///
/// Whoever owns the connection keeps to this round:
///
/// 1. Tell it what happened: [`connected`](Self::connected), [`handle_batch`](Self::handle_batch), [`disconnected`](Self::disconnected),
///    [`handle_timeout`](Self::handle_timeout) when the time of [`poll_timeout`](Self::poll_timeout) came.
/// 2. Take events with [`poll_event`](Self::poll_event) until there is none. What a page stores to survive a reload it stores here, before the
///    next step confirms the new token.
/// 3. Give commands, and read messages with [`read`](Self::read).
/// 4. Send what [`poll_transmit`](Self::poll_transmit) writes, one batch a WebSocket message, until it writes none.
/// 5. Arm a timer for [`poll_timeout`](Self::poll_timeout).
pub struct Client {
    settings: Settings,
    instance: u64,
    attempt: u64,
    phase: Phase,
    session: Option<Held>,
    /// What the server takes, fixed for the session: message and batch.
    agreed: Option<(u64, u64)>,
    exchange: Exchange,
    /// Until when `WELCOME` is waited for.
    welcome_by: Option<Duration>,
    /// Until when our `BYE` is to be committed.
    close_by: Option<Duration>,
    /// `HELLO` is to be written.
    hello: bool,
    events: VecDeque<Event>,
}

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Without a connection.
    Down,
    /// Connected; `WELCOME` is awaited.
    Greeting,
    /// Connected, and the session goes on.
    Open,
    /// The session has ended.
    Ended,
}

/// What a client keeps to come back. Who knows the token can take the session over, so it is for no log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The session's id.
    pub id: Secret,
    /// The newest token.
    pub token: Secret,
    /// The store's incarnation.
    pub incarnation: u64,
    /// The attempt that it was opened by, or after a reload the first one of this page.
    pub attempt: u64,
    /// Nothing but the `WELCOME` was ever heard in the session.
    pub(crate) fresh: bool,
    /// The page was loaded anew, and has nothing but this.
    pub(crate) forgot: bool,
}

impl Held {
    /// What an earlier page of the same tab had stored.
    pub fn stored(id: Secret, token: Secret, incarnation: u64, attempt: u64) -> Self {
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
pub enum Event {
    /// `WELCOME` came: the session goes on, or begins.
    Opened {
        /// It goes on.
        resumed: bool,
        /// What to store to come back, if it is to survive a reload.
        held: Held,
        /// What a retry after the next drop is spread over.
        spread: Duration,
        /// After a reload: where this page goes on.
        adopted: Option<Adopted>,
    },
    /// The server asks to try again later. The connection is to be closed.
    Later {
        /// How long to wait at least.
        after: Duration,
        /// Why.
        reason: LaterReason,
    },
    /// The server asks to connect anew. Until then the session goes on.
    Move {
        /// How long to wait at least.
        after: Duration,
    },
    /// The connection is of no use any more and to be closed; the session stands.
    Dropped(Dropped),
    /// The peer committed the place of a message that it never got, for it ended every connection, or was larger than the peer takes. If that was a
    /// response, whoever asked still waits: send an error behind it.
    Undelivered(Received),
    /// The session cannot go on. Final. The connection, if there is one, is to be closed.
    Lost(Refusal),
    /// The session ended as somebody wanted it. Final. The connection, if there is one, is to be closed.
    Ended {
        /// The code of the `BYE`.
        code: u16,
        /// Its reason.
        reason: String,
        /// We sent it.
        ours: bool,
        /// It was delivered, and so was everything before it in its direction. What waits can still be read. Of what we had sent `take_uncommitted` tells.
        clean: bool,
    },
}

/// Where a page goes on that has nothing but what an earlier page had stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted {
    /// The first message of this page has this index. What the earlier page had sent from there on is lost. Of what it had sent below, the server has all
    /// that it had committed; the rest it may still lose, if its handler begins anew.
    pub next: u64,
    /// The first message to come has this index. The earlier page had committed every one below, and may have read some from there on.
    pub first: u64,
}

/// Why a connection is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dropped {
    /// The peer broke the protocol.
    Violation(Violation),
    /// No `WELCOME` in time. If there never was one, the server may not speak the session protocol at all.
    NoWelcome,
    /// The peer did not answer.
    Silent,
    /// The server no longer knows the session, but nothing was sent or received in it: the next connection begins a new one.
    Renewed,
}

impl Dropped {
    /// What it says of our messages.
    pub(crate) fn blame(self) -> Blame {
        match self {
            Self::Silent => Blame::Silent,
            Self::Violation(_) | Self::NoWelcome | Self::Renewed => Blame::Innocent,
        }
    }

    /// The code and reason to close the connection with.
    pub fn close(self) -> (u16, &'static str) {
        match self {
            Self::Violation(violation) => (violation.close_code(), violation.name()),
            Self::NoWelcome => (CLOSE, "no-welcome"),
            Self::Silent => (CLOSE, "silent"),
            Self::Renewed => (1000, ""),
        }
    }
}

/// Its state, and nothing of what passes through it, which is not for logs.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A session that is to begin with the first connection. `instance`: 64 random bits of this page load or process.
    pub fn new(settings: Settings, instance: u64) -> Self {
        let settings = settings.clamped();
        let outgoing = Outgoing::new(settings.retention, settings.batch);
        let incoming = Incoming::new(settings.window, settings.max_message);
        Self {
            settings,
            instance,
            attempt: 0,
            phase: Phase::Down,
            session: None,
            agreed: None,
            exchange: Exchange::new(outgoing, incoming),
            welcome_by: None,
            close_by: None,
            hello: false,
            events: VecDeque::new(),
        }
    }

    /// A session that an earlier page of the same tab had, of which this one has nothing but what was stored.
    ///
    /// What is sent before it is open gets indices from 0; [`Event::Opened`] tells in `adopted` what is to be added to them.
    pub fn restored(settings: Settings, instance: u64, held: Held) -> Self {
        let mut client = Self::new(settings, instance);
        client.exchange.outgoing.forget();
        client.attempt = held.attempt.min(MAX_NUMBER / 2) | (RELOADS - 1);
        client.session = Some(Held {
            fresh: false,
            forgot: true,
            attempt: client.attempt + 1,
            ..held
        });
        client
    }

    /// What to store to come back, if there is something. A page that was loaded anew stores it before its first connection: the attempts of the page behind it
    /// are to be above its own, also if it is never answered.
    pub fn to_store(&self) -> Option<&Held> {
        self.session.as_ref()
    }

    /// How it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    // Inputs.

    /// A connection is open. It is told by nobody else: one at a time.
    pub fn connected(&mut self, now: Duration) {
        if self.phase != Phase::Down {
            return;
        }
        self.phase = Phase::Greeting;
        self.attempt += 1;
        self.hello = true;
        self.welcome_by = Some(now.saturating_add(self.settings.welcome_timeout));
    }

    /// The connection ended, however it did. Ignored if it was given up before.
    pub fn disconnected(&mut self, now: Duration, blame: Blame) {
        if matches!(self.phase, Phase::Greeting | Phase::Open) {
            self.down(now, blame);
            if matches!(blame, Blame::Violation | Blame::Message) {
                self.violated(now);
            }
        }
    }

    /// A connection ended with a violation.
    fn violated(&mut self, now: Duration) {
        if self.phase != Phase::Ended && self.exchange.is_broken() {
            self.lost(now, Refusal::Broken);
        }
    }

    fn down(&mut self, now: Duration, blame: Blame) {
        self.phase = Phase::Down;
        self.hello = false;
        self.welcome_by = None;
        self.exchange.disconnected(now, blame);
        self.settle(now);
    }

    fn drop(&mut self, now: Duration, why: Dropped) {
        self.events.push_back(Event::Dropped(why));
        self.down(now, why.blame());
        if let Dropped::Violation(_) = why {
            self.violated(now);
        }
    }

    /// A text message came. A session has only binary ones.
    pub fn handle_text(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Greeting | Phase::Open) {
            self.drop(now, Dropped::Violation(Violation::TextMessage));
        }
    }

    /// A binary message came.
    pub fn handle_batch(&mut self, now: Duration, batch: &[u8]) {
        if !matches!(self.phase, Phase::Greeting | Phase::Open) {
            return;
        }
        self.exchange.heard(now);
        match self.frames(now, batch) {
            Ok(()) => self.settle(now),
            Err(violation) => self.drop(now, Dropped::Violation(violation)),
        }
    }

    fn frames(&mut self, now: Duration, batch: &[u8]) -> Result<(), Violation> {
        if batch.len() as u64 > self.settings.max_batch {
            return Err(Violation::BatchTooLong);
        }
        let (slot, frames) = Frames::new(batch)?;
        if slot != 0 {
            return Err(Violation::Slot);
        }
        for frame in frames {
            if matches!(self.phase, Phase::Down | Phase::Ended) {
                // What came behind the end of the connection or the session.
                break;
            }
            match (self.phase, frame?) {
                (Phase::Greeting, Frame::Welcome(welcome)) => self.welcome(now, welcome)?,
                (Phase::Greeting, Frame::Skipped(_)) => {}
                (Phase::Open, Frame::Welcome(Welcome::Refused(Refusal::Fenced))) => {
                    self.lost(now, Refusal::Fenced);
                }
                (Phase::Open, Frame::Move { after_ms }) => {
                    let after = Duration::from_millis(after_ms);
                    self.events.push_back(Event::Move { after });
                }
                (Phase::Open, frame) => {
                    if let Some(held) = &mut self.session {
                        held.fresh = false;
                    }
                    let undelivered = self.exchange.handle_frame(now, frame)?;
                    self.events
                        .extend(undelivered.into_iter().map(Event::Undelivered));
                }
                (_, _) => return Err(Violation::Order),
            }
        }
        Ok(())
    }

    fn welcome(&mut self, now: Duration, welcome: Welcome) -> Result<(), Violation> {
        match welcome {
            Welcome::Session(agreed) => self.open(now, &agreed),
            Welcome::Later { after_ms, reason } => {
                let after = Duration::from_millis(after_ms);
                self.events.push_back(Event::Later { after, reason });
                self.down(now, Blame::Innocent);
                Ok(())
            }
            Welcome::Refused(refusal) => {
                let unknown = matches!(refusal, Refusal::Expired | Refusal::ServerRestarted);
                let fresh = self.session.as_ref().is_some_and(|held| held.fresh);
                if let Some((code, reason)) = self.read_end() {
                    self.end(now, code, reason, false, true);
                } else if unknown && fresh && self.exchange.outgoing.is_untouched() {
                    self.session = None;
                    self.drop(now, Dropped::Renewed);
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
                let Some(held) = &self.session else {
                    return Err(Violation::Welcome);
                };
                let outgoing = &mut self.exchange.outgoing;
                let bye = outgoing.bye().filter(|_| !outgoing.is_provisional());
                if !held.forgot {
                    let undelivered = outgoing.handle_ended(committed);
                    self.events
                        .extend(undelivered.into_iter().map(Event::Undelivered));
                }
                let ours = bye.is_some_and(|bye| committed > bye);
                let complete = !held.forgot && self.exchange.incoming.received() >= next;
                let (code, reason) = self.read_end().unwrap_or((code, String::new()));
                self.end(now, code, reason, ours, ours || complete);
                Ok(())
            }
        }
    }

    /// A `WELCOME` of a session: in the order of the table in `WIRE.md`, "What a client checks".
    fn open(&mut self, now: Duration, agreed: &Agreed) -> Result<(), Violation> {
        if agreed.version != VERSION {
            return Err(Violation::Version);
        }
        if agreed.features != 0 {
            return Err(Violation::Reserved);
        }
        let forgot = match (&self.session, &agreed.positions) {
            (None, None) => false,
            (Some(held), Some(_)) if held.id == agreed.id => held.forgot,
            _ => return Err(Violation::Welcome),
        };
        let fixed = (agreed.terms.max_message, agreed.terms.max_batch);
        if self.session.is_some() && self.agreed.is_some_and(|before| before != fixed) {
            return Err(Violation::Welcome);
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
        let undelivered = outgoing.handle_ack(theirs.committed)?;
        let interval = Duration::from_millis(agreed.heartbeat_ms);
        let heart = Heartbeat::client(now, interval);
        self.exchange.connected(heart, terms.retention, true);
        self.phase = Phase::Open;
        self.welcome_by = None;
        let held = Held {
            id: agreed.id,
            token: agreed.token,
            incarnation: agreed.incarnation,
            attempt: self.attempt,
            fresh: !resumed,
            forgot: false,
        };
        self.session = Some(held.clone());
        self.events.push_back(Event::Opened {
            resumed,
            held,
            spread: Duration::from_millis(agreed.spread_ms),
            adopted: forgot.then_some(Adopted {
                next: theirs.received,
                first: theirs.first,
            }),
        });
        self.events
            .extend(undelivered.into_iter().map(Event::Undelivered));
        Ok(())
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) came.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.close_by.is_some_and(|by| by <= now) {
            if let Some((code, reason)) = self.read_end() {
                self.end(now, code, reason, false, true);
            } else {
                let (code, reason) = self.exchange.outgoing.bye_told();
                self.end(now, code, reason, true, false);
            }
        } else if self.welcome_by.is_some_and(|by| by <= now) {
            self.drop(now, Dropped::NoWelcome);
        } else if !self.exchange.handle_timeout(now) {
            self.drop(now, Dropped::Silent);
        }
    }

    // Commands.

    /// Retains a message to send, and gives its index. At once if connected, else as soon as it is.
    ///
    /// # Errors
    /// Each of [`Unsendable`] but `Close`.
    pub fn send(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        if self.phase == Phase::Ended {
            return Err(Unsendable::Ended);
        }
        self.exchange.send(head, payload)
    }

    /// The oldest message that was not read. It is committed by [`commit`](Self::commit).
    pub fn read(&mut self) -> Option<Received> {
        self.exchange.incoming.read()
    }

    /// Takes responsibility for every message below, as far as they were read.
    pub fn commit(&mut self, now: Duration, below: u64) {
        self.exchange.incoming.commit(now, below);
        self.settle(now);
    }

    /// Nobody will read any more, and the application answers for it: what arrives is committed and dropped.
    pub fn stop_reading(&mut self, now: Duration) {
        self.exchange.incoming.stop_reading(now);
        self.settle(now);
    }

    /// Asks the peer to commit and acknowledge everything sent so far without delay. It is done when [`committed`](Self::committed) says so.
    pub fn flush(&mut self) {
        self.exchange.flush();
    }

    /// Asks now whether the peer is there: the page was asleep, or the network changed.
    pub fn probe(&mut self, now: Duration) {
        self.exchange.ask(now);
    }

    /// Ends the session: behind everything sent so far, within the close timeout. What waits to be read and what arrives from
    /// now on is dropped, as a socket's is behind `close()`, and never acknowledged: the server is told that it was not delivered.
    ///
    /// # Errors
    /// [`Unsendable::Close`] for a code that is neither 1000 nor 3000 to 4999, or a reason of more than 123 bytes; [`Unsendable::Ended`] if it has
    /// ended or is about to.
    pub fn close(&mut self, now: Duration, code: u16, reason: &str) -> Result<(), Unsendable> {
        if self.phase == Phase::Ended {
            return Err(Unsendable::Ended);
        }
        self.exchange.close(now, code, reason)?;
        self.close_by = Some(now.saturating_add(self.settings.close_timeout));
        self.settle(now);
        Ok(())
    }

    /// Once it has ended: the messages that are not committed. The peer may have acted on the first ones, and cannot have on the others.
    pub fn take_uncommitted(&mut self) -> (Vec<Received>, Vec<Received>) {
        self.exchange.outgoing.take_uncommitted()
    }

    // Outputs.

    /// Writes the next batch to `out`, which is cleared before. False if there is none.
    pub fn poll_transmit(&mut self, now: Duration, out: &mut Vec<u8>) -> bool {
        out.clear();
        out.push(0);
        match self.phase {
            Phase::Greeting if core::mem::take(&mut self.hello) => {
                Frame::Hello(Box::new(self.greeting())).put(out);
            }
            Phase::Open => {
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
        let forgot = self.session.as_ref().is_some_and(|held| held.forgot);
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
            resume: self.session.as_ref().map(|held| Resume {
                id: held.id,
                token: held.token,
                incarnation: held.incarnation,
                forgot,
                positions,
            }),
        }
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), if nothing happens before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let times = [self.exchange.poll_timeout(), self.welcome_by, self.close_by];
        times.into_iter().flatten().min()
    }

    /// Every message of ours below is committed by the peer.
    pub fn committed(&self) -> u64 {
        self.exchange.outgoing.first()
    }

    /// What is retained of ours, in cost: bytes, and 32 a message.
    pub fn retained(&self) -> u64 {
        self.exchange.outgoing.cost()
    }

    /// What waits to be read, in cost.
    pub fn held(&self) -> u64 {
        self.exchange.incoming.held()
    }

    /// The index of the next message to come, and of the next of ours.
    pub fn next(&self) -> (u64, u64) {
        (
            self.exchange.incoming.received(),
            self.exchange.outgoing.next(),
        )
    }

    // Ends.

    /// Looks whether the end has come.
    fn settle(&mut self, now: Duration) {
        if self.phase == Phase::Ended {
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
                // Its acknowledgement goes first, if need be over another connection.
                let by = now.saturating_add(self.settings.close_timeout);
                self.close_by.get_or_insert(by);
            } else if let Some((code, reason)) = incoming.bye().cloned() {
                let clean = incoming.is_bye_committed();
                self.end(now, code, reason, false, clean);
            }
        }
    }

    /// The code and reason of the server's `BYE`, if it and everything before it is read.
    fn read_end(&self) -> Option<(u16, String)> {
        let incoming = &self.exchange.incoming;
        let bye = incoming.bye().filter(|_| incoming.is_bye_committed());
        bye.cloned()
    }

    fn end(&mut self, now: Duration, code: u16, reason: String, ours: bool, clean: bool) {
        self.finish(now);
        self.events.push_back(Event::Ended {
            code,
            reason,
            ours,
            clean,
        });
    }

    fn lost(&mut self, now: Duration, refusal: Refusal) {
        self.finish(now);
        self.events.push_back(Event::Lost(refusal));
    }

    fn finish(&mut self, now: Duration) {
        self.phase = Phase::Ended;
        self.hello = false;
        self.welcome_by = None;
        self.close_by = None;
        self.exchange.disconnected(now, Blame::Innocent);
    }
}
