//! The state machine of one connection as a table: what may be sent, what happens to an arriving message, and how it ended.
//!
//! Pure: no I/O, no clock, no waker. Its methods say what happened and return what to do. `M` stands for a payload: a [`Message`], or its length if
//! the message is elsewhere.
//!
//! | event | connecting | open | closing | closed |
//! | --- | --- | --- | --- | --- |
//! | [`opened`](Life::opened) | open | | | |
//! | [`arrived`](Life::arrived) | discarded | kept, dropped, or past the limit: closing, by us | kept; discarded if we began | discarded |
//! | [`close`](Life::close) | closed: cancelled | closing, by us | | |
//! | [`closing`](Life::closing), the first sign of an end | | closing | | |
//! | [`ended`](Life::ended) | closed | closed | closed | |
//!
//! An empty field changes nothing. The state only moves to the right, so every end is reported once.

use super::inbox::{Inbox, Put, Weighed};
use super::{Dropped, MESSAGE_TOO_BIG, RECEIVE_BUFFER_FULL};
use crate::error::RecvError;
use crate::message::{CloseInfo, ClosedBy, Message};

/// How a connection stands.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    #[cfg_attr(
        not(all(target_family = "wasm", target_os = "unknown")),
        allow(dead_code, reason = "natively a connection is made before it has a life")
    )]
    Connecting,
    Open,
    Closing,
    Closed(CloseInfo),
}

/// What is to be done about a message that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Arrived {
    /// It waits to be read. This many older ones were dropped for it.
    Kept(usize),
    /// Nothing: the overflow policy dropped it.
    Dropped,
    /// Nothing: it is not shown.
    Discarded,
    /// It was one too many: close with this code and reason. It is not shown.
    Close(u16, &'static str),
}

/// How reading ends: without an error, or the error was already reported.
const TOLD: u16 = 0;
/// … with an error, unless the end is clean.
const UNTOLD: u16 = 1;

#[derive(Debug)]
pub(crate) struct Life<M = Message> {
    phase: Phase,
    /// We began the end: nothing more is shown, as in every browser (WHATWG WebSockets §4, "message" when not OPEN).
    ours: bool,
    /// Nobody will read any more.
    unread: bool,
    /// How reading ends: [`TOLD`], [`UNTOLD`], or the code with which we close for a limit of ours.
    reading: u16,
    inbox: Inbox<M>,
    /// What arrived, shown or not.
    messages: u64,
    bytes: u64,
}

impl<M: Weighed> Life<M> {
    pub(crate) fn new(phase: Phase, inbox: Inbox<M>) -> Self {
        Self {
            phase,
            ours: false,
            unread: false,
            reading: UNTOLD,
            inbox,
            messages: 0,
            bytes: 0,
        }
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Whether we began the end.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours
    }

    /// Whether what arrives from now on is not shown.
    pub(crate) fn discards(&self) -> bool {
        self.ours || self.unread || matches!(self.phase, Phase::Connecting | Phase::Closed(_))
    }

    pub(crate) fn inbox(&self) -> &Inbox<M> {
        &self.inbox
    }

    /// Messages that arrived, shown or not, and their bytes.
    pub(crate) fn received(&self) -> (u64, u64) {
        (self.messages, self.bytes)
    }

    /// The handshake has succeeded. False if the wait for it was cancelled.
    #[cfg(any(test, all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn opened(&mut self) -> bool {
        let connecting = matches!(self.phase, Phase::Connecting);
        if connecting {
            self.phase = Phase::Open;
        }
        connecting
    }

    /// A message has arrived; none stands for one that is too large.
    pub(crate) fn arrived(&mut self, message: Option<M>) -> Arrived {
        if let Some(message) = &message {
            self.messages += message.messages() as u64;
            self.bytes += message.bytes() as u64;
        }
        if self.discards() {
            return Arrived::Discarded;
        }
        let (code, reason) = match message.map(|message| self.inbox.put(message)) {
            Some(Put::Kept(displaced)) => return Arrived::Kept(displaced),
            Some(Put::Dropped) => return Arrived::Dropped,
            Some(Put::Full) => RECEIVE_BUFFER_FULL,
            None => MESSAGE_TOO_BIG,
        };
        self.reading = code;
        self.ours = true;
        self.closing();
        Arrived::Close(code, reason)
    }

    /// We begin to end it. An attempt to connect is cancelled by dropping it instead.
    pub(crate) fn close(&mut self) {
        if matches!(self.phase, Phase::Open) {
            self.ours = true;
            self.reading = TOLD;
            self.phase = Phase::Closing;
        }
    }

    /// The first sign of an end that the other side began. What it had sent before still arrives.
    pub(crate) fn closing(&mut self) {
        if matches!(self.phase, Phase::Open) {
            self.phase = Phase::Closing;
        }
    }

    /// The end. A channel reports it again, with what it knows in addition.
    pub(crate) fn ended(&mut self, closed: CloseInfo) {
        if self.reading == UNTOLD {
            if closed.was_clean && matches!(closed.code, 1000 | 1005) {
                self.reading = TOLD;
            } else if matches!(closed.code, 1009 | 3009) && closed.by == ClosedBy::Local {
                // The transport's own limit, by the code that it may send.
                self.reading = MESSAGE_TOO_BIG.0;
            }
        }
        self.phase = Phase::Closed(closed);
    }

    /// The error with which reading ends, once: where messages may be missing.
    pub(crate) fn end_error(&mut self) -> Option<RecvError> {
        let Phase::Closed(closed) = &self.phase else {
            return None;
        };
        let how = core::mem::replace(&mut self.reading, TOLD);
        if how == TOLD {
            return None;
        }
        let closed = closed.clone();
        Some(match how {
            UNTOLD => RecvError::ChannelClosed(closed),
            _ if how == MESSAGE_TOO_BIG.0 => RecvError::MessageTooBig(closed),
            _ => RecvError::ReceiveBufferFull(closed),
        })
    }

    /// The end was reported in another way.
    #[cfg(feature = "session")]
    pub(crate) fn tell_end(&mut self) {
        self.reading = TOLD;
    }

    /// Whether everything was read and the end was reported.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed(_)) && self.inbox.is_empty() && self.reading == TOLD
    }

    /// The reader is gone. Unread messages are dropped; they are bytes, so dropping them calls no foreign code.
    pub(crate) fn stop_reading(&mut self) {
        self.unread = true;
        self.inbox.clear();
    }

    /// Puts a message back in front of all others.
    #[cfg(feature = "session")]
    pub(crate) fn put_back(&mut self, message: M) {
        self.inbox.put_back(message);
    }

    /// The oldest unread message.
    pub(crate) fn next(&mut self) -> Option<M> {
        self.inbox.pop()
    }

    /// The oldest unread message was taken with [`next`](Self::next) to be dropped because nothing reads. Counts it. Reading then ends with an error.
    #[cfg(feature = "session")]
    pub(crate) fn count_dropped(&mut self, bytes: usize) {
        self.inbox.count_dropped(bytes);
        if self.reading == UNTOLD {
            self.reading = RECEIVE_BUFFER_FULL.0;
        }
    }

    /// Drops the oldest unread message because nothing reads, and counts it. Reading then ends with an error.
    #[cfg_attr(feature = "session", allow(dead_code, reason = "it would drop a run whole"))]
    pub(crate) fn drop_oldest(&mut self) -> Option<M> {
        let oldest = self.inbox.drop_oldest();
        if oldest.is_some() && self.reading == UNTOLD {
            self.reading = RECEIVE_BUFFER_FULL.0;
        }
        oldest
    }

    /// Messages that the overflow policy dropped, ever.
    pub(crate) fn dropped(&self) -> Dropped {
        self.inbox.dropped()
    }
}

#[cfg(test)]
mod tests;
