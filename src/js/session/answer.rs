//! What a turn answers: one array of bytes.
//!
//! | part | what it has |
//! | --- | --- |
//! | head | 12 words of 32 bits, little-endian: see [`End::answer`] |
//! | lengths | a word for each batch to send |
//! | items | four words each: kind, length of the payload, and a number in two halves |
//! | batches | one after the other |
//! | payloads | of the items, one after the other |

use super::End;
use crate::reconnect::State;
use crate::session::ClientPhase;

/// What an item is. The lowest bit of an even one with a payload says that it is text.
pub(super) mod item {
    /// A message: 0 if binary, 1 if text.
    pub(in super::super) const UNDELIVERED: u32 = 2;
    pub(in super::super) const IN_DOUBT: u32 = 4;
    pub(in super::super) const NEVER_SENT: u32 = 6;
    /// A message of the peer's could not be delivered.
    pub(in super::super) const MISSING: u32 = 8;
    pub(in super::super) const RESUMED: u32 = 9;
    /// Its number is 1 if a new session begins, its payload why.
    pub(in super::super) const LOST: u32 = 10;
    /// Its number has the code and flags, its payload the reason.
    pub(in super::super) const ENDED: u32 = 11;
    /// The session did not begin.
    pub(in super::super) const NO_SESSION: u32 = 12;
    pub(in super::super) const LATER: u32 = 13;
    pub(in super::super) const REFUSED: u32 = 14;
    /// A request of the peer's, with its index.
    pub(in super::super) const REQUEST: u32 = 16;
    /// What the peer answered to a request of ours, by its index: a response; an error, or 21 if its response could not be delivered.
    pub(in super::super) const RESPONSE: u32 = 18;
    pub(in super::super) const FAILED: u32 = 20;
    /// The peer does not need the answer to its request, by its index, any more.
    pub(in super::super) const CANCELLED: u32 = 22;
    /// A request of ours has this index. The payload is its name.
    pub(in super::super) const SENT: u32 = 23;
    /// A request of ours, by its index, was never sent.
    pub(in super::super) const UNSENT: u32 = 24;
    /// A request of ours, by its index, did not arrive and will not.
    pub(in super::super) const UNDELIVERABLE: u32 = 25;
    /// A request of ours, by its name, is larger than the peer accepts.
    pub(in super::super) const UNSENDABLE: u32 = 26;
}

/// Flags of the first word.
pub(super) mod order {
    /// Close the connection, by the code and the reason that follow the payloads.
    pub(in super::super) const LEAVE: u32 = 1;
    /// Make a connection. It replaces one that is being made.
    pub(in super::super) const CONNECT: u32 = 2;
    /// Give up the connection that is being made.
    pub(in super::super) const ABANDON: u32 = 4;
    /// Close the connection once the batches are sent.
    pub(in super::super) const ABORT: u32 = 8;
    /// There is more to read, to send or to do: another turn.
    pub(in super::super) const AGAIN: u32 = 16;
    /// There is more to read once some of it was read.
    pub(in super::super) const UNREAD: u32 = 32;
}

/// Bytes of batches in one answer.
const SEND_BUFFER: usize = 128 * 1024;
/// No time, or no delay.
const NEVER: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Answer {
    orders: u32,
    code: u16,
    reason: &'static str,
    lengths: Vec<u32>,
    batches: Vec<u8>,
    items: Vec<u32>,
    payloads: Vec<u8>,
    /// Items that come behind every message that has arrived.
    deferred: Vec<(u32, u64, Vec<u8>)>,
    end: Option<(u32, String)>,
    /// Everything was read in this turn.
    all_read: bool,
}

impl Answer {
    pub(super) fn order(&mut self, order: u32) {
        self.orders |= order;
    }

    pub(super) fn leave(&mut self, code: u16, reason: &'static str) {
        self.orders |= order::LEAVE;
        self.code = code;
        self.reason = reason;
    }

    pub(super) fn item(&mut self, kind: u32, number: u64, payload: &[u8]) {
        let halves = [number as u32, (number >> 32) as u32];
        self.items
            .extend_from_slice(&[kind, payload.len() as u32, halves[0], halves[1]]);
        self.payloads.extend_from_slice(payload);
    }

    /// An item behind every message that has arrived.
    pub(super) fn defer(&mut self, kind: u32, number: u64, payload: Vec<u8>) {
        self.deferred.push((kind, number, payload));
    }

    /// Every message was read.
    pub(super) fn undefer(&mut self) {
        self.all_read = true;
        for (kind, number, payload) in core::mem::take(&mut self.deferred) {
            self.item(kind, number, &payload);
        }
    }

    /// The end, behind all that.
    pub(super) fn end(&mut self, flags: u32, reason: &str) {
        self.end = Some((flags, reason.into()));
    }

    pub(super) fn take_end(&mut self) -> Option<(u32, String)> {
        self.end.take()
    }

    /// Whether nothing is left to read.
    pub(super) fn is_all_read(&self, held: bool) -> bool {
        self.all_read && !held && self.deferred.is_empty()
    }

    /// Whether the answer has room for another batch.
    pub(super) fn takes_batch(&self) -> bool {
        self.batches.len() < SEND_BUFFER
    }

    pub(super) fn batch(&mut self, batch: &[u8]) {
        self.lengths.push(batch.len() as u32);
        self.batches.extend_from_slice(batch);
    }
}

impl End {
    /// The state of `session_status.js`: connecting, open, reconnecting, closing, closed.
    fn state(&self) -> u32 {
        match self.client.phase() {
            _ if self.ended => 4,
            _ if !self.begun => 0,
            _ if self.closing => 3,
            ClientPhase::Open => 1,
            ClientPhase::Ended if self.lost.is_none() => 3,
            _ => 2,
        }
    }

    /// The answer, which begins with: orders; state; the cost that may still be sent; the cost that is retained; the delay until the next turn; the
    /// number of the attempt; the delay of the next attempt; the index below which everything is committed, and the next one, modulo 2^32; the largest
    /// message that the peer accepts; how many batches; how many items.
    pub(super) fn answer(&mut self) -> Vec<u8> {
        let now = self.now();
        let held: usize = self.held.iter().map(|load| load.payload.len() + 32).sum();
        let retained = self.client.retained() as usize + held;
        let room = match held {
            0 => self.high_water_mark.saturating_sub(retained),
            _ => 0,
        };
        let delay = |at: core::time::Duration| {
            // Not before it.
            let millis = at.saturating_sub(now).as_micros().div_ceil(1000);
            u32::try_from(millis).unwrap_or(NEVER - 1).min(NEVER - 1)
        };
        let retry = match self.again.state() {
            State::Waiting { at } if self.begun && !self.ended => {
                Some(core::time::Duration::from_millis(at))
            }
            _ => None,
        };
        let times = [self.client.poll_timeout(), retry];
        let wake = times.into_iter().flatten().min().filter(|_| !self.ended);
        let (_, next) = self.client.next();
        let next = next.wrapping_add(self.held.len() as u64);
        let mut answer = core::mem::take(&mut self.answer);
        // They wait for the next turn.
        self.answer.deferred = core::mem::take(&mut answer.deferred);
        self.answer.end = answer.end.take();
        if !answer.takes_batch() {
            answer.orders |= order::AGAIN;
        }
        if self.client.held() > 0 {
            answer.orders |= order::UNREAD;
        }
        let head = [
            answer.orders,
            self.state(),
            room as u32,
            retained as u32,
            wake.map_or(NEVER, delay),
            self.again.attempt(),
            retry.map_or(NEVER, delay),
            self.client.committed() as u32,
            next as u32,
            self.client.max_message().min(u64::from(u32::MAX)) as u32,
            answer.lengths.len() as u32,
            (answer.items.len() / 4) as u32,
        ];
        let words = [&head[..], &answer.lengths, &answer.items];
        let mut bytes: Vec<u8> = Vec::with_capacity(
            words.iter().map(|words| words.len() * 4).sum::<usize>()
                + answer.batches.len()
                + answer.payloads.len()
                + 64,
        );
        for words in words {
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        bytes.extend_from_slice(&answer.batches);
        bytes.extend_from_slice(&answer.payloads);
        if answer.orders & order::LEAVE != 0 {
            bytes.extend_from_slice(&answer.code.to_le_bytes());
            bytes.extend_from_slice(answer.reason.as_bytes());
        }
        bytes
    }
}
