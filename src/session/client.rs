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

mod commands;
mod event;
mod greeting;

pub use event::{ClientEvent, ClientPhase, DropReason, RestoredIndices, ResumeTicket};

use super::clock::{NEVER, Time, duration, time};
use super::exchange::Exchange;
use super::hello::{Refusal, Welcome};
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::poison::Blame;
use super::wire::{self, Frame, Frames};
use super::{MAX_NUMBER, Positions, SessionViolation, Settings};
use crate::queue::Queue;
use core::fmt;
use core::time::Duration;

/// After a reload, attempts are numbered from the next multiple of this. The stored number may be older than the earlier page's last attempt; this is
/// above all of them.
const RELOADS: u64 = 1 << 16;

/// Sets the positions of a client that forgot to those of the server.
type Adopt = fn(&mut Exchange, &Positions) -> RestoredIndices;

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
    /// Continues a session of an earlier page. A function, so that programs that restore none do not link it.
    adopt: Option<Adopt>,
    /// The deadline for `WELCOME`, or [`NEVER`].
    welcome_by: Time,
    /// The deadline for the commit of our `BYE`, or [`NEVER`].
    close_by: Time,
    /// `HELLO` is not written yet.
    hello: bool,
    events: Queue<ClientEvent>,
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
        let outgoing = Outgoing::new(&settings);
        let incoming = Incoming::new(settings.window, settings.max_message);
        Self {
            settings,
            instance,
            attempt: 0,
            phase: ClientPhase::Down,
            session: None,
            agreed: None,
            exchange: Exchange::new(outgoing, incoming),
            adopt: None,
            welcome_by: NEVER,
            close_by: NEVER,
            hello: false,
            events: Queue::default(),
        }
    }

    /// A session of an earlier page of the same tab, of which this page has only `held`.
    ///
    /// Messages sent before it is open get indices from 0. `restored` in [`ClientEvent::Opened`] has the number to add to them.
    pub fn restored(settings: Settings, instance: u64, ticket: ResumeTicket) -> Self {
        let mut client = Self::new(settings, instance);
        client.exchange.outgoing.forget();
        client.adopt = Some(greeting::adopt);
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
        let now = time(now);
        if self.phase != ClientPhase::Down {
            return;
        }
        self.phase = ClientPhase::Greeting;
        self.attempt += 1;
        self.hello = true;
        self.welcome_by = now + time(self.settings.welcome_timeout);
    }

    /// The connection ended, for whatever reason. Ignored if this side had given it up before.
    pub fn disconnected(&mut self, now: Duration, blame: Blame) {
        let now = time(now);
        if matches!(self.phase, ClientPhase::Greeting | ClientPhase::Open) {
            self.down(now, blame);
            if matches!(blame, Blame::Violation | Blame::Message) {
                self.violated(now);
            }
        }
    }

    /// A connection ended because of a violation.
    fn violated(&mut self, now: Time) {
        if self.phase != ClientPhase::Ended && self.exchange.is_broken() {
            self.lost(now, Refusal::Broken);
        }
    }

    fn down(&mut self, now: Time, blame: Blame) {
        self.phase = ClientPhase::Down;
        self.hello = false;
        self.welcome_by = NEVER;
        self.exchange.disconnected(now, blame);
        self.settle(now);
    }

    fn drop(&mut self, now: Time, why: DropReason) {
        self.events.push_back(ClientEvent::Dropped(why));
        self.down(now, why.blame());
        if let DropReason::Violation(_) = why {
            self.violated(now);
        }
    }

    /// A text message arrived. A session has only binary ones.
    pub fn handle_text(&mut self, now: Duration) {
        let now = time(now);
        if matches!(self.phase, ClientPhase::Greeting | ClientPhase::Open) {
            self.drop(now, DropReason::Violation(SessionViolation::TextMessage));
        }
    }

    /// A binary message arrived.
    pub fn handle_batch(&mut self, now: Duration, batch: &[u8]) {
        let now = time(now);
        if !matches!(self.phase, ClientPhase::Greeting | ClientPhase::Open) {
            return;
        }
        self.exchange.heard(now);
        match self.frames(now, batch) {
            Ok(()) => self.settle(now),
            Err(violation) => self.drop(now, DropReason::Violation(violation)),
        }
    }

    fn frames(&mut self, now: Time, batch: &[u8]) -> Result<(), SessionViolation> {
        if batch.len() as u64 > self.settings.max_batch {
            return Err(SessionViolation::BatchTooLong);
        }
        let (slot, mut frames) = Frames::new(batch)?;
        if slot != 0 {
            return Err(SessionViolation::Slot);
        }
        loop {
            if self.phase == ClientPhase::Open
                && frames.take_by(|rest| self.exchange.incoming.handle_run(rest))
                && let Some(ticket) = &mut self.session
            {
                ticket.fresh = false;
            }
            let Some(frame) = frames.next() else {
                break;
            };
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

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        let now = time(now);
        if self.close_by <= now {
            if let Some((code, reason)) = self.read_end() {
                self.end(now, code, reason, false, true);
            } else {
                let (code, reason) = self.exchange.outgoing.bye_told();
                self.end(now, code, reason, true, false);
            }
        } else if self.welcome_by <= now {
            self.drop(now, DropReason::NoWelcome);
        } else if !self.exchange.handle_timeout(now) {
            self.drop(now, DropReason::Silent);
        }
    }

    // Outputs.

    /// Replaces the contents of `out` with the next batch. Returns false if there is none.
    pub fn poll_transmit(&mut self, now: Duration, out: &mut Vec<u8>) -> bool {
        let now = time(now);
        out.clear();
        out.push(0);
        match self.phase {
            ClientPhase::Greeting if core::mem::take(&mut self.hello) => {
                let hello = self.greeting();
                wire::hello(out, &hello);
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

    /// Whether what can be sent fills a batch.
    pub(crate) fn is_batch_full(&self) -> bool {
        self.phase == ClientPhase::Open && self.exchange.outgoing.is_batch_full()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let first = self.exchange.poll_timeout().min(self.welcome_by);
        duration(first.min(self.close_by))
    }

    /// The peer has committed all messages of this side below this index.
    pub fn committed(&self) -> u64 {
        self.exchange.outgoing.first()
    }

    /// Whether something is committed and not yet acknowledged: within 200 ms it is.
    pub(crate) fn is_ack_pending(&self) -> bool {
        self.exchange.incoming.ack_at() != NEVER
    }

    /// The cost of the retained messages: their bytes, and 32 for each.
    pub fn retained(&self) -> u64 {
        self.exchange.outgoing.cost()
    }

    /// The largest message that the server accepts, once it is known.
    pub fn max_message(&self) -> u64 {
        self.agreed.map_or(u64::MAX, |(message, _)| message)
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
    fn settle(&mut self, now: Time) {
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
                let by = now + time(self.settings.close_timeout);
                self.close_by = self.close_by.min(by);
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

    fn end(&mut self, now: Time, code: u16, reason: String, ours: bool, clean: bool) {
        self.finish(now);
        self.events.push_back(ClientEvent::Ended {
            code,
            reason,
            ours,
            clean,
        });
    }

    fn lost(&mut self, now: Time, refusal: Refusal) {
        self.finish(now);
        self.events.push_back(ClientEvent::Lost(refusal));
    }

    fn finish(&mut self, now: Time) {
        self.phase = ClientPhase::Ended;
        self.hello = false;
        self.welcome_by = NEVER;
        self.close_by = NEVER;
        self.exchange.disconnected(now, Blame::Innocent);
    }
}
