//! One direction, at its sender: which messages are retained, how far they were sent on this connection, and the credit left.

use super::clock::{NEVER, Time};
use super::company::{Company, Wait};
use super::hello::Refusal;
use super::poison::{Blame, Poison};
use super::retained::{Cursor, Retained};
use super::wire::{Head, OVERHEAD, UNDELIVERED, kind};
use super::{Positions, SessionMessage, SessionViolation, Settings};

/// Why a message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsendable {
    /// It would exceed the bound on retained messages. Try again when the peer has acknowledged some.
    Full,
    /// It is larger than the peer accepts.
    TooLarge,
    /// The session has ended or is ending.
    Ended,
    /// A response to a message that never arrived, or a kind of message that only the session itself sends.
    Reference,
    /// A text that is not UTF-8.
    Utf8,
    /// A close code that a page may not send, or a reason of more than 123 bytes.
    Close,
}

/// Bytes kept free for the frames before the messages in a batch, and for the fields of a message's head.
const BEFORE: usize = 96;
/// Bytes kept free for a frame after them.
const BEHIND: usize = 16;

/// Our `BYE`.
#[derive(Debug)]
struct Bye {
    index: u64,
    code: u16,
    reason: String,
}

#[derive(Debug)]
pub(crate) struct Outgoing {
    log: Retained,
    cursor: Cursor,
    /// Every message below has been sent whole on some connection.
    sent: u64,
    /// The highest `ACK`. Below `log.first()` only if the sender forgot what it had sent.
    acked: u64,
    /// The cost sent on this connection, and the cost granted for it.
    spent: u64,
    granted: u64,
    /// The most cost to retain.
    bound: u64,
    /// The largest batch, in bytes.
    batch: usize,
    /// How messages wait for others to share their batch. Boxed: most do not.
    company: Option<Box<Company>>,
    /// The largest message that the peer accepts, once known.
    max_message: u64,
    /// Messages that `VOID` replaces.
    voids: Vec<u64>,
    bye: Option<Box<Bye>>,
    poison: Poison,
    /// Indices are provisional: they count from 0, and [`adopt`](Self::adopt) shifts them.
    provisional: bool,
    /// An earlier page sent messages of this session that are unknown here.
    adopted: bool,
}

impl Outgoing {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            log: Retained::default(),
            cursor: Cursor::default(),
            sent: 0,
            acked: 0,
            spent: 0,
            granted: 0,
            bound: settings.retention,
            batch: settings.batch,
            company: Company::new(settings),
            max_message: u64::MAX,
            voids: Vec::new(),
            bye: None,
            poison: Poison::default(),
            provisional: false,
            adopted: false,
        }
    }

    /// The lowest index that the peer has not committed.
    pub(crate) fn first(&self) -> u64 {
        self.log.first()
    }

    pub(crate) fn next(&self) -> u64 {
        self.log.next()
    }

    /// No response can refer to this index or a higher one.
    pub(crate) fn answerable(&self) -> u64 {
        if self.adopted { u64::MAX } else { self.sent }
    }

    pub(crate) fn cost(&self) -> u64 {
        self.log.cost()
    }

    pub(crate) fn bye(&self) -> Option<u64> {
        self.bye.as_ref().map(|bye| bye.index)
    }

    /// The code and reason of our `BYE`.
    pub(crate) fn bye_told(&self) -> (u16, String) {
        match &self.bye {
            Some(bye) => (bye.code, bye.reason.clone()),
            None => (1000, String::new()),
        }
    }

    /// Nothing was ever sent whole or acknowledged.
    pub(crate) fn is_untouched(&self) -> bool {
        self.sent == 0 && self.acked == 0
    }

    /// Whether the peer has committed our `BYE`.
    pub(crate) fn is_bye_committed(&self) -> bool {
        self.bye().is_some_and(|bye| self.first() > bye)
    }

    /// Retains a message and returns its index.
    pub(crate) fn push(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        if self.bye.is_some() {
            return Err(Unsendable::Ended);
        }
        let index = self.next();
        if let Head::Bye { code } = head {
            let reason = core::str::from_utf8(payload).unwrap_or_default().into();
            self.bye = Some(Box::new(Bye {
                index,
                code,
                reason,
            }));
        } else {
            if payload.len() as u64 > self.max_message {
                return Err(Unsendable::TooLarge);
            }
            let cost = payload.len() as u64 + OVERHEAD;
            // One always fits, however small the bound.
            if self.log.cost() > 0 && self.log.cost() + cost > self.bound {
                return Err(Unsendable::Full);
            }
        }
        self.log.push(head, payload, self.longest());
        Ok(index)
    }

    /// Retains messages that are `DATA` frames already, in order, as many as fit. Returns the bytes of their frames.
    pub(crate) fn push_frames(&mut self, frames: &[u8]) -> usize {
        if self.bye.is_some() {
            return 0;
        }
        let longest = self
            .longest()
            .min(usize::try_from(self.max_message).unwrap_or(usize::MAX));
        let room = self.bound.saturating_sub(self.log.cost());
        self.log.push_frames(frames, longest, room)
    }

    /// Whether what can be sent fills a batch.
    pub(crate) fn is_batch_full(&self) -> bool {
        self.is_ready() && self.log.behind_bytes(self.cursor) >= self.batch as u64
    }

    /// Retains the `ERROR` that takes the place of an undelivered response, unless the session is about to end. The bound does not stop it: the response
    /// that it replaces was released just now.
    pub(crate) fn push_undelivered(&mut self, to: u64) {
        if self.bye.is_none() {
            let code = UNDELIVERED;
            self.log.push(Head::Error { to, code }, &[], self.longest());
        }
    }

    /// The longest body of a frame.
    fn longest(&self) -> usize {
        self.batch - BEFORE - BEHIND
    }

    /// Sets what the peer accepts. Messages that turn out to be too large are replaced.
    pub(crate) fn agree(&mut self, max_message: u64, max_batch: u64) {
        if self.max_message == max_message {
            return;
        }
        self.max_message = max_message;
        self.batch = self.batch.min(max_batch as usize);
        for index in self.first()..self.next() {
            let message = self.log.message(index);
            if message.is_some_and(|message| message.payload.len() as u64 > max_message) {
                self.void(index);
            }
        }
    }

    fn void(&mut self, index: u64) {
        if !self.voids.contains(&index) && self.bye() != Some(index) {
            self.voids.push(index);
        }
    }

    /// Resumes at the peer's position. Returns false if there is no such position.
    #[must_use]
    pub(crate) fn resume(&mut self, resumed: bool, received: u64, parts: u64, credit: u64) -> bool {
        if self.poison.resume(resumed, received, parts) {
            self.void(received);
        }
        // `VOID` discards parts.
        let parts = if self.voids.contains(&received) {
            0
        } else {
            parts
        };
        let Some(cursor) = self.log.cursor(received, parts) else {
            return false;
        };
        self.cursor = cursor;
        self.spent = 0;
        self.granted = credit;
        true
    }

    /// Why the two positions do not match, if they do not. `received`: this side has received every message below it.
    pub(crate) fn mismatch(&self, theirs: &Positions, received: u64) -> Option<Refusal> {
        if theirs.committed < self.acked || theirs.received > self.sent || received > theirs.next {
            // A side is before a position that it had reached earlier.
            return Some(Refusal::Rewound);
        }
        if theirs.received < self.first() || received < theirs.first {
            // A side needs messages that the other has released.
            return Some(Refusal::Behind);
        }
        None
    }

    /// Forgets what was sent before: new messages get provisional indices until [`adopt`](Self::adopt).
    pub(crate) fn forget(&mut self) {
        self.provisional = true;
    }

    /// Whether indices are provisional.
    pub(crate) fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// The sender forgot everything: its messages get the indices after the peer's position.
    pub(crate) fn adopt(&mut self, next: u64, committed: u64) {
        self.log.rebase(next);
        if let Some(bye) = &mut self.bye {
            bye.index += next;
        }
        self.sent = next;
        self.acked = committed;
        self.provisional = false;
        self.adopted = true;
    }

    /// The connection ended.
    pub(crate) fn disconnected(&mut self, now: Time, blame: Blame) {
        self.poison.disconnected(now, blame, self.cursor);
        self.company_left();
        self.granted = 0;
        self.spent = 0;
    }

    /// The peer has committed every message below. Returns those among them that it never received.
    pub(crate) fn handle_ack(
        &mut self,
        below: u64,
    ) -> Result<Vec<SessionMessage>, SessionViolation> {
        if below < self.acked {
            return Err(SessionViolation::AckBehind);
        }
        if below > self.cursor.index {
            return Err(SessionViolation::AckAhead);
        }
        Ok(self.acknowledge(below))
    }

    /// The session has ended, and the peer had committed every message below, as far as that is possible. Returns those that it never received.
    pub(crate) fn handle_ended(&mut self, below: u64) -> Vec<SessionMessage> {
        self.acknowledge(below.clamp(self.acked, self.sent.max(self.acked)))
    }

    fn acknowledge(&mut self, below: u64) -> Vec<SessionMessage> {
        self.acked = below;
        let mut undelivered = Vec::new();
        for index in core::mem::take(&mut self.voids) {
            if index < below {
                undelivered.extend(self.log.message(index));
            } else {
                self.voids.push(index);
            }
        }
        self.log.release(below);
        undelivered
    }

    pub(crate) fn handle_credit(&mut self, total: u64) -> Result<(), SessionViolation> {
        if total < self.granted {
            return Err(SessionViolation::CreditBehind);
        }
        self.granted = total;
        Ok(())
    }

    pub(crate) fn handle_pong(&mut self, number: u64) {
        self.poison.answered(number);
    }

    pub(crate) fn poison(&mut self) -> &mut Poison {
        &mut self.poison
    }

    /// Whether a message frame can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        self.cursor.index < self.next()
            && self.spent < self.granted
            && self.poison.allows(self.cursor.index)
    }

    /// The cost of what was not sent on this connection. Not less than it is: `PART` frames and heads count, too.
    fn unsent(&self) -> u64 {
        OVERHEAD * self.next().saturating_sub(self.cursor.index) + self.log.bytes_from(self.cursor)
    }

    /// Whether a message of so many bytes would be sent at once, with everything before it and within the credit; or at least everything below `since` was
    /// sent, and there is credit.
    pub(crate) fn takes(&self, bytes: usize, since: u64) -> bool {
        let cost = bytes as u64 + OVERHEAD;
        let unsent = self.unsent();
        let at_once = unsent < self.batch as u64 / 2 && self.spent + unsent < self.granted;
        let in_turn = self.cursor.index >= since && self.spent < self.granted;
        (at_once || in_turn)
            && self.bye.is_none()
            && self.poison.allows(self.next())
            && (self.log.cost() == 0 || self.log.cost() + cost <= self.bound)
    }

    /// Whether messages that could be sent wait for others. Not those that fill a batch, or that no other can join.
    pub(crate) fn waits_for_company(&mut self, now: Time) -> bool {
        let (unsent, longest, retained) = (self.unsent(), self.longest(), self.log.cost());
        let Some(company) = &mut self.company else {
            return false;
        };
        self.bye.is_none()
            && unsent < longest as u64
            && self.spent + unsent < self.granted
            && retained < company.most
            && company.waits(now)
    }

    /// What waited was sent, or its connection is gone.
    fn company_left(&mut self) {
        if let Some(company) = &mut self.company {
            company.wait = Wait::None;
        }
    }

    pub(crate) fn poll_timeout(&self) -> Time {
        match self.company.as_deref() {
            Some(Company {
                wait: Wait::Until(at),
                ..
            }) => *at,
            _ => NEVER,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Time) {
        if self.poll_timeout() <= now
            && let Some(company) = &mut self.company
        {
            company.wait = Wait::Over;
        }
    }

    /// Whether every message below this index was sent on this connection.
    pub(crate) fn is_sent(&self, below: u64) -> bool {
        self.cursor.index >= below
    }

    /// Appends frames until the batch is full, the credit is used up, or nothing is left.
    pub(crate) fn write(&mut self, now: Time, out: &mut Vec<u8>) {
        self.company_left();
        while self.is_ready() {
            let index = self.cursor.index;
            if self.voids.contains(&index) {
                if out.len() + 2 > self.batch - BEHIND {
                    break;
                }
                out.extend_from_slice(&[kind::VOID, 0]);
                self.spent += OVERHEAD;
                self.cursor = self.log.skip(self.cursor);
            } else {
                let until = match self.poison.is_careful() {
                    true => index + 1,
                    false => self.next_void(),
                };
                let room = (self.batch - BEHIND).saturating_sub(out.len());
                let credit = self.granted - self.spent;
                let (behind, frames, spent) = self.log.run(self.cursor, until, room, credit);
                if frames.is_empty() {
                    break;
                }
                out.extend_from_slice(frames);
                self.spent += spent;
                self.cursor = behind;
            }
            self.sent = self.sent.max(self.cursor.index);
            self.poison.sent(now, self.cursor.index);
        }
    }

    /// The first message from the cursor on that `VOID` replaces.
    fn next_void(&self) -> u64 {
        let ahead = |void: &u64| *void >= self.cursor.index;
        let voids = self.voids.iter().copied().filter(ahead);
        voids.min().unwrap_or(u64::MAX)
    }

    /// Gives every message that is not committed, the oldest first, and says of each whether it was sent whole: the peer may have acted on it.
    pub(crate) fn take_uncommitted(&mut self, take: &mut dyn FnMut(SessionMessage, bool)) {
        for index in self.first()..self.next() {
            if let Some(message) = self.log.message(index)
                && !matches!(message.head, Head::Bye { .. })
            {
                take(message, index < self.sent);
            }
        }
        self.log.restart(self.next());
    }

    /// The same as two lists: what was sent whole, and what was not.
    pub(crate) fn take_uncommitted_lists(&mut self) -> (Vec<SessionMessage>, Vec<SessionMessage>) {
        let (mut in_doubt, mut never_sent) = (Vec::new(), Vec::new());
        self.take_uncommitted(&mut |message, sent| match sent {
            true => in_doubt.push(message),
            false => never_sent.push(message),
        });
        (in_doubt, never_sent)
    }
}
