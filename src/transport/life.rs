//! The life of one connection as a table: what may be sent, what becomes of a message that arrives, and which end it has.
//!
//! Pure: no I/O, no clock, no waker. It is told what happened and says what to do. `M` stands for a payload: a [`Message`], or its length where
//! somebody else keeps it.
//!
//! | told | connecting | open | closing | closed |
//! | --- | --- | --- | --- | --- |
//! | [`opened`](Life::opened) | open | | | |
//! | [`arrived`](Life::arrived) | discarded | kept, dropped, or one too many: closing, by us | kept; discarded if we began | discarded |
//! | [`close`](Life::close) | closed: given up | closing, by us | | |
//! | [`closing`](Life::closing), the first sign of an end | | closing | | |
//! | [`ended`](Life::ended) | closed | closed | closed | |
//!
//! An empty field changes nothing. It only ever goes to the right, so that every end is told once.

use super::inbox::{Inbox, Put, Weighed};
use super::{Dropped, MESSAGE_TOO_BIG, RECEIVE_BUFFER_FULL};
use crate::message::{CloseInfo, ClosedBy, Message};
use std::collections::VecDeque;

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
    Closed(
        #[cfg_attr(
            not(all(target_family = "wasm", target_os = "unknown")),
            allow(dead_code, reason = "natively the driver knows it")
        )]
        CloseInfo,
    ),
}

/// What is to be done about a message that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Arrived {
    /// It waits to be read, and so many older ones were dropped for it.
    Kept(usize),
    /// Nothing: the overflow policy dropped it.
    Dropped,
    /// Nothing: it is not shown.
    Discarded,
    /// It was one too many: close with this code and reason. It is not shown.
    Close(u16, &'static str),
}

/// What is to be done about a call to close.
#[derive(Debug, PartialEq)]
pub(crate) enum Began {
    /// Begin the closing handshake.
    Handshake,
    /// Give the attempt to connect up. The end has come.
    GiveUp,
    /// Nothing: the end has begun already.
    Nothing,
}

#[derive(Debug)]
pub(crate) struct Life<M = Message> {
    phase: Phase,
    /// We began the end: nothing more is shown, as in every browser (WHATWG WebSockets §4, "message" when not OPEN).
    ours: bool,
    /// Nobody will read any more.
    unread: bool,
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

    /// The handshake has succeeded. False if nobody waited for it any more.
    #[cfg(any(test, all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn opened(&mut self) -> bool {
        let connecting = matches!(self.phase, Phase::Connecting);
        if connecting {
            self.phase = Phase::Open;
        }
        connecting
    }

    /// A message has arrived; none stands for one that is larger than is taken.
    pub(crate) fn arrived(&mut self, message: Option<M>) -> Arrived {
        if let Some(message) = &message {
            self.messages += 1;
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
        self.ours = true;
        self.closing();
        Arrived::Close(code, reason)
    }

    /// We want the end.
    pub(crate) fn close(&mut self) -> Began {
        match self.phase {
            Phase::Connecting => {
                self.ours = true;
                self.phase = Phase::Closed(CloseInfo::lost(ClosedBy::Local));
                Began::GiveUp
            }
            Phase::Open => {
                self.ours = true;
                self.phase = Phase::Closing;
                Began::Handshake
            }
            Phase::Closing | Phase::Closed(_) => Began::Nothing,
        }
    }

    /// The first sign of an end that the other side began. What it had sent before still arrives.
    pub(crate) fn closing(&mut self) {
        if matches!(self.phase, Phase::Open) {
            self.phase = Phase::Closing;
        }
    }

    /// The end. False if it had come before.
    pub(crate) fn ended(&mut self, closed: CloseInfo) -> bool {
        if matches!(self.phase, Phase::Closed(_)) {
            return false;
        }
        self.phase = Phase::Closed(closed);
        true
    }

    /// Nobody reads any more. What waited is given back, to be dropped by whoever asks.
    pub(crate) fn stop_reading(&mut self) -> VecDeque<M> {
        self.unread = true;
        self.inbox.take()
    }

    /// The oldest unread message.
    pub(crate) fn next(&mut self) -> Option<M> {
        self.inbox.pop()
    }

    /// Drops the oldest unread message for want of a reader, and counts it.
    pub(crate) fn drop_oldest(&mut self) -> Option<M> {
        self.inbox.drop_oldest()
    }

    /// Messages that the overflow policy dropped, ever.
    pub(crate) fn dropped(&self) -> Dropped {
        self.inbox.dropped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Overflow;

    /// In the order of the table's columns; the last is by whom it was closed.
    fn each() -> [Life; 5] {
        let new = |phase| {
            Life::new(
                phase,
                Inbox::new(Message::from("x").cost(), Overflow::Close),
            )
        };
        let mut ours = new(Phase::Open);
        ours.close();
        [
            new(Phase::Connecting),
            new(Phase::Open),
            new(Phase::Closing),
            ours,
            new(Phase::Closed(CloseInfo::lost(ClosedBy::Remote))),
        ]
    }

    fn column(phase: &Phase) -> &'static str {
        match phase {
            Phase::Connecting => "connecting",
            Phase::Open => "open",
            Phase::Closing => "closing",
            Phase::Closed(closed) if closed.by == ClosedBy::Remote => "closed before",
            Phase::Closed(_) => "closed",
        }
    }

    /// What a step says in each column, and where it leads.
    fn row<T: core::fmt::Debug>(step: impl Fn(&mut Life) -> T) -> [String; 5] {
        each().map(|mut life| {
            let told = step(&mut life);
            let told = format!("{told:?}, {}", column(life.phase()));
            told
        })
    }

    #[test]
    fn every_field_of_the_table() {
        let closed = || CloseInfo::new(4000, "", true, ClosedBy::Local);
        let rows = [
            row(Life::opened),
            row(|life| life.arrived(Some("x".into()))),
            row(|life| {
                let _ = life.arrived(Some("x".into()));
                life.arrived(Some("x".into()))
            }),
            row(|life| life.arrived(None)),
            row(Life::close),
            row(Life::closing),
            row(|life| life.ended(closed())),
        ];
        let expected = [
            [
                "true, open",
                "false, open",
                "false, closing",
                "false, closing",
                "false, closed before",
            ],
            [
                "Discarded, connecting",
                "Kept(0), open",
                "Kept(0), closing",
                "Discarded, closing",
                "Discarded, closed before",
            ],
            [
                "Discarded, connecting",
                "Close(3013, \"receive buffer full\"), closing",
                "Close(3013, \"receive buffer full\"), closing",
                "Discarded, closing",
                "Discarded, closed before",
            ],
            [
                "Discarded, connecting",
                "Close(3009, \"message too big\"), closing",
                "Close(3009, \"message too big\"), closing",
                "Discarded, closing",
                "Discarded, closed before",
            ],
            [
                "GiveUp, closed",
                "Handshake, closing",
                "Nothing, closing",
                "Nothing, closing",
                "Nothing, closed before",
            ],
            [
                "(), connecting",
                "(), closing",
                "(), closing",
                "(), closing",
                "(), closed before",
            ],
            [
                "true, closed",
                "true, closed",
                "true, closed",
                "true, closed",
                "false, closed before",
            ],
        ];
        assert_eq!(
            rows.map(|row| row.to_vec()),
            expected.map(|row| row.map(String::from).to_vec())
        );
    }

    #[test]
    fn after_an_overflow_nothing_more_is_shown_and_what_came_before_is() {
        let [_, mut open, mut closing, ..] = each();
        for life in [&mut open, &mut closing] {
            assert_eq!(life.arrived(Some("x".into())), Arrived::Kept(0));
            assert!(matches!(life.arrived(Some("y".into())), Arrived::Close(..)));
            assert_eq!(life.next(), Some("x".into()));
            assert_eq!(life.arrived(Some("z".into())), Arrived::Discarded);
            assert_eq!((life.next(), life.received()), (None, (3, 3)));
        }
    }

    #[test]
    fn without_a_reader_messages_are_counted_and_discarded() {
        let [_, mut life, ..] = each();
        assert_eq!(life.arrived(Some("x".into())), Arrived::Kept(0));
        assert_eq!(life.stop_reading().len(), 1);
        for _ in 0..3 {
            assert_eq!(life.arrived(Some("x".into())), Arrived::Discarded);
        }
        assert_eq!(life.received(), (4, 4));
    }
}
