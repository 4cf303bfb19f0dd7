//! One direction, at its receiver: which messages are unread, committed and acknowledged, and the credit granted.

use super::clock::{MS, NEVER, Time};
use super::retained::cost;
use super::wire::{Head, OVERHEAD, kind, split};
use super::{Run, SessionMessage, SessionViolation};
use crate::message::Message;
use crate::queue::Queue;

/// The longest time that a commit waits for another frame to go with its `ACK`.
const ACK_DELAY: Time = 200 * MS;
/// This much committed cost is acknowledged at once.
const ACK_COST: u64 = 64 * 1024;

/// What waits to be read.
#[derive(Debug)]
enum Unread {
    Message(SessionMessage),
    /// Values in a row, and the index of the first.
    Run(u64, Run),
}

#[derive(Debug)]
pub(crate) struct Incoming {
    window: u64,
    max_message: u64,
    queue: Queue<Unread>,
    /// The cost of the queue.
    unread: u64,
    /// The index of the next message.
    received: u64,
    /// The highest value of `received` so far.
    highest: u64,
    /// The sender can send nothing below this index again.
    floor: u64,
    read: u64,
    committed: u64,
    /// Every message below it was acknowledged.
    told: u64,
    /// The cost of the messages that were read but not committed.
    uncommitted: u64,
    /// The cost of the messages that were committed but not acknowledged.
    untold: u64,
    /// Commits below this index are acknowledged at once.
    eager: u64,
    /// When the oldest of these commits must be acknowledged; [`NEVER`] if there is none.
    ack_at: Time,
    /// The parts of the next message.
    assembly: Vec<u8>,
    parts: u64,
    /// The cost that arrived on this connection, and the cost granted for it.
    arrived: u64,
    granted: u64,
    /// `BYE` arrived: its code and reason.
    bye: Option<Box<(u16, String)>>,
    /// The application reads no more and takes responsibility: messages that arrive are committed and discarded.
    discards: bool,
    /// We have sent `BYE`: messages that arrive are discarded and not committed.
    closed: bool,
    /// A message was discarded because of that.
    dropped: bool,
}

impl Incoming {
    pub(crate) fn new(window: u64, max_message: u64) -> Self {
        Self {
            window,
            max_message,
            queue: Queue::default(),
            unread: 0,
            received: 0,
            highest: 0,
            floor: 0,
            read: 0,
            committed: 0,
            told: 0,
            uncommitted: 0,
            untold: 0,
            eager: 0,
            ack_at: NEVER,
            assembly: Vec::new(),
            parts: 0,
            arrived: 0,
            granted: 0,
            bye: None,
            discards: false,
            closed: false,
            dropped: false,
        }
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn committed(&self) -> u64 {
        self.committed
    }

    pub(crate) fn parts(&self) -> u64 {
        self.parts
    }

    /// The cost of what it holds: the queue and the parts.
    pub(crate) fn held(&self) -> u64 {
        self.unread + self.assembly.len() as u64
    }

    /// The code and reason of the `BYE` that arrived.
    pub(crate) fn bye(&self) -> Option<&(u16, String)> {
        self.bye.as_deref()
    }

    pub(crate) fn is_bye_committed(&self) -> bool {
        self.bye.is_some() && self.committed == self.received
    }

    /// The peer's `BYE` arrived, and nothing more before it will be committed.
    pub(crate) fn is_over(&self) -> bool {
        self.is_bye_committed() || self.closed && self.bye.is_some()
    }

    /// The receiver forgot everything: it continues where the sender begins.
    pub(crate) fn adopt(&mut self, first: u64) {
        *self = Self {
            received: first,
            highest: first,
            read: first,
            committed: first,
            told: first,
            granted: self.granted,
            discards: self.discards,
            closed: self.closed,
            ..Self::new(self.window, self.max_message)
        };
    }

    /// The sender forgot what it had sent: it continues after everything that ever arrived. What was lost of that stays lost.
    pub(crate) fn outlive(&mut self, now: Time) {
        self.assembly = Vec::new();
        self.parts = 0;
        self.floor = self.highest;
        self.fill(now);
    }

    /// Fills the indices that nobody can send again with `VOID`.
    fn fill(&mut self, now: Time) {
        while self.received < self.floor {
            let nothing = SessionMessage {
                index: self.received,
                head: Head::Void,
                payload: Message::Binary(Vec::new()),
            };
            self.enqueue(nothing);
        }
        self.tidy(now);
    }

    fn enqueue(&mut self, message: SessionMessage) {
        self.received += 1;
        self.highest = self.highest.max(self.received);
        self.unread += message.cost();
        self.queue.push_back(Unread::Message(message));
    }

    /// Goes back to the last commit: the receiver lost the messages after it.
    pub(crate) fn fall_back(&mut self, now: Time) {
        *self = Self {
            received: self.committed,
            highest: self.highest,
            floor: self.floor,
            read: self.committed,
            committed: self.committed,
            told: self.told,
            discards: self.discards,
            closed: self.closed,
            ..Self::new(self.window, self.max_message)
        };
        self.fill(now);
    }

    /// A connection begins. Returns its first credit.
    pub(crate) fn connect(&mut self) -> u64 {
        self.arrived = 0;
        self.granted = self.window.saturating_sub(self.unread);
        self.granted
    }

    #[inline]
    fn charge(&mut self, kind: u8, body: usize) -> Result<(), SessionViolation> {
        if self.bye.is_some() {
            return Err(SessionViolation::AfterBye);
        }
        if self.arrived >= self.granted {
            return Err(SessionViolation::CreditExceeded);
        }
        self.arrived += cost(kind, body);
        Ok(())
    }

    pub(crate) fn handle_part(&mut self, part: &[u8]) -> Result<(), SessionViolation> {
        self.charge(kind::PART, part.len())?;
        if (self.assembly.len() + part.len()) as u64 > self.max_message {
            return Err(SessionViolation::MessageTooLong);
        }
        self.assembly.extend_from_slice(part);
        self.parts += 1;
        Ok(())
    }

    /// Takes values in a row from the front of a batch's frames. It leaves what is not a value, what is alone, and what breaks a rule:
    /// [`handle_last`](Self::handle_last) says which rule.
    pub(crate) fn handle_run(&mut self, frames: &mut &[u8]) {
        if self.parts > 0 || self.bye.is_some() || self.closed || self.discards {
            return;
        }
        let all = *frames;
        let (mut rest, mut end) = (all, 0);
        let (mut len, mut bytes) = (0, 0);
        let mut arrived = self.arrived;
        while arrived < self.granted
            && let Ok((kind @ (kind::DATA_TEXT | kind::DATA_BINARY), body)) = split(&mut rest)
            && body.len() as u64 <= self.max_message
            && (kind == kind::DATA_BINARY || core::str::from_utf8(body).is_ok())
        {
            arrived += body.len() as u64 + OVERHEAD;
            len += 1;
            bytes += body.len();
            end = all.len() - rest.len();
        }
        let (Some((taken, rest)), 2..) = (all.split_at_checked(end), len) else {
            return;
        };
        *frames = rest;
        let run = Run::of(taken.to_vec(), len, bytes);
        self.unread += run.cost();
        self.queue.push_back(Unread::Run(self.received, run));
        self.arrived = arrived;
        self.received += len as u64;
        self.highest = self.highest.max(self.received);
    }

    /// Handles the end of a message. `answerable`: no message of the other direction with this index or a higher one has been sent.
    pub(crate) fn handle_last(
        &mut self,
        now: Time,
        head: Head,
        rest: &[u8],
        answerable: u64,
    ) -> Result<(), SessionViolation> {
        self.charge(head.kind(), head.fields_len() + rest.len())?;
        match head {
            Head::Response { to, .. } | Head::Error { to, .. } if to >= answerable => {
                return Err(SessionViolation::Reference);
            }
            Head::Cancel { to } if to >= self.received => return Err(SessionViolation::Reference),
            _ => {}
        }
        let parts = core::mem::take(&mut self.parts);
        let mut payload = core::mem::take(&mut self.assembly);
        if head == Head::Void {
            payload = Vec::new();
        } else if parts > 0 && !head.takes_parts() {
            return Err(SessionViolation::Unfinished);
        } else if (payload.len() + rest.len()) as u64 > self.max_message {
            return Err(SessionViolation::MessageTooLong);
        }
        payload.extend_from_slice(rest);
        let payload = if head.is_text() {
            Message::Text(String::from_utf8(payload).map_err(|_| SessionViolation::Utf8)?)
        } else {
            Message::Binary(payload)
        };
        let message = SessionMessage {
            index: self.received,
            head,
            payload,
        };
        if let (Head::Bye { code }, Message::Text(reason)) = (head, &message.payload) {
            self.bye = Some(Box::new((code, reason.clone())));
            self.eager = self.received + 1;
        }
        self.enqueue(message);
        self.tidy(now);
        Ok(())
    }

    /// The sender asks for an `ACK` of each commit at once.
    pub(crate) fn handle_flush(&mut self) {
        self.eager = self.received;
    }

    /// Takes the oldest unread message.
    pub(crate) fn read(&mut self) -> Option<SessionMessage> {
        let message = match self.queue.pop_front()? {
            Unread::Message(message) => message,
            Unread::Run(index, mut run) => {
                let payload = run.take()?;
                if !run.is_empty() {
                    self.queue.push_front(Unread::Run(index + 1, run));
                }
                let text = matches!(payload, Message::Text(_));
                SessionMessage {
                    index,
                    head: Head::Data { text },
                    payload,
                }
            }
        };
        self.count_read(1, message.cost());
        Some(message)
    }

    /// Takes the oldest unread messages if they are values in a row. With the index of the first.
    pub(crate) fn read_run(&mut self) -> Option<(u64, Run)> {
        let Unread::Run(..) = self.queue.front()? else {
            return None;
        };
        let Unread::Run(index, run) = self.queue.pop_front()? else {
            return None;
        };
        self.count_read(run.len() as u64, run.cost());
        Some((index, run))
    }

    fn count_read(&mut self, messages: u64, cost: u64) {
        self.unread -= cost;
        self.uncommitted += cost;
        self.read += messages;
    }

    /// Commits the messages below this index that were read. The cost of some of them is their share of the cost of all that were read.
    pub(crate) fn commit(&mut self, now: Time, below: u64) {
        let below = below.min(self.read);
        if self.committed < below {
            let (some, all) = (below - self.committed, self.read - self.committed);
            let cost = self.uncommitted.saturating_mul(some) / all;
            self.uncommitted -= cost;
            self.untold += cost;
            self.committed = below;
        }
        if self.committed > self.told {
            self.ack_at = self.ack_at.min(now + ACK_DELAY);
        }
    }

    /// The application reads no more, and takes responsibility for what arrives.
    pub(crate) fn stop_reading(&mut self, now: Time) {
        self.discards = true;
        self.tidy(now);
    }

    /// We have sent `BYE`.
    pub(crate) fn close(&mut self, now: Time) {
        self.closed = true;
        self.tidy(now);
    }

    /// Discards messages that nobody will read.
    fn tidy(&mut self, now: Time) {
        if self.closed {
            while let Some(unread) = self.queue.pop_front() {
                let message = match unread {
                    Unread::Message(message) => message,
                    Unread::Run(_, run) => {
                        self.unread -= run.cost();
                        self.dropped = true;
                        continue;
                    }
                };
                self.unread -= message.cost();
                // A `BYE` can be acknowledged if nothing was lost before it.
                let harmless = matches!(message.head, Head::Bye { .. })
                    && !self.dropped
                    && self.read == self.committed;
                if harmless {
                    self.uncommitted += message.cost();
                    self.read += 1;
                    self.commit(now, self.read);
                } else {
                    self.dropped = true;
                }
            }
        } else if self.discards {
            while self.read_run().is_some() || self.read().is_some() {}
            self.commit(now, self.read);
        }
    }

    /// Whether there are commits to acknowledge.
    pub(crate) fn is_untold(&self) -> bool {
        self.committed > self.told
    }

    /// Whether they must be acknowledged now, even alone in a batch.
    pub(crate) fn is_ack_due(&self, now: Time, retention: u64) -> bool {
        self.is_untold()
            && (self.told < self.eager
                || self.ack_at <= now
                || self.untold >= ACK_COST.min(self.window / 2).min(retention / 2))
    }

    /// When they must be; [`NEVER`] if there are none.
    pub(crate) fn ack_at(&self) -> Time {
        match self.is_untold() {
            true => self.ack_at,
            false => NEVER,
        }
    }

    /// Takes the number for an `ACK`.
    pub(crate) fn tell(&mut self) -> u64 {
        self.told = self.committed;
        self.untold = 0;
        self.ack_at = NEVER;
        self.committed
    }

    /// Takes the total for a `CREDIT`, if one is due.
    pub(crate) fn grant(&mut self) -> Option<u64> {
        let total = self.grantable();
        self.is_grant_due().then(|| {
            self.granted = total;
            total
        })
    }

    /// The cost of parts is granted again as they arrive. Otherwise a message larger than the window would never be complete.
    fn grantable(&self) -> u64 {
        (self.arrived + self.window).saturating_sub(self.unread)
    }

    pub(crate) fn is_grant_due(&self) -> bool {
        let total = self.grantable();
        total > self.granted
            && (total - self.granted >= self.window / 2 || self.granted <= self.arrived)
    }
}

impl SessionMessage {
    /// Its cost while it is unread.
    pub(crate) fn cost(&self) -> u64 {
        self.payload.len() as u64 + OVERHEAD
    }
}
