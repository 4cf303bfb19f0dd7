//! What goes down: what was taken without waiting, the line of those who wait, and the room that there is.

use super::line::{Key, Line};
use crate::error::SendErrorKind;
use crate::message::Message;
use std::collections::VecDeque;

/// How far everything that was to be sent has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// Some of it is still ours.
    Underway,
    /// The platform has it.
    HandedOver,
    /// The platform has passed it on.
    Drained,
}

/// A send that the driver took out of the line: the message, or none for a permit.
pub(super) type Taken = (Key, Option<Message>);

/// Counts of one turn of the driver.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) unsent_messages: u64,
    pub(super) unsent_bytes: usize,
    /// Why what was taken without waiting could not be handed over.
    pub(super) unsent: Option<SendErrorKind>,
}

impl Sent {
    pub(super) fn is_some(&self) -> bool {
        self.messages > 0 || self.unsent_messages > 0
    }
}

pub(super) struct Outgoing {
    /// Taken without waiting; handed over before anything in line.
    pub(super) accepted: VecDeque<Message>,
    pub(super) line: Line,
    /// Bytes that may be taken without waiting: at least so many, as the driver last saw it less what was taken since.
    pub(super) room: usize,
    /// Somebody found no room: the driver shall look for it.
    pub(super) wants_room: bool,
    /// How far what was taken or sent has come, as the driver last saw it.
    pub(super) progress: Progress,
    /// Counts since the channel opened. `unsent` is there until somebody has been told.
    pub(super) total: Sent,
}

impl Outgoing {
    pub(super) fn new(room: usize) -> Self {
        Self {
            accepted: VecDeque::new(),
            line: Line::new(),
            room,
            wants_room: false,
            progress: Progress::Drained,
            total: Sent::default(),
        }
    }

    /// Whether a message may be taken without waiting.
    pub(super) fn has_room(&self) -> bool {
        self.line.is_empty() && self.room > 0
    }

    pub(super) fn accept(&mut self, message: Message) {
        self.room = self.room.saturating_sub(message.len().max(1));
        self.progress = Progress::Underway;
        self.accepted.push_back(message);
    }

    /// Whether somebody waits for room.
    pub(super) fn awaits_room(&self) -> bool {
        !self.line.is_empty() || self.wants_room
    }

    /// Takes the first out of the line if there is room: it may pass the room, as a `send` with room may.
    pub(super) fn take(&mut self) -> Option<Taken> {
        if self.room == 0 {
            return None;
        }
        let taken = self.line.pop();
        if let Some((_, Some(message))) = &taken {
            self.room = self.room.saturating_sub(message.len().max(1));
            self.progress = Progress::Underway;
        }
        taken
    }

    /// How many bytes may be taken without waiting from now on.
    pub(super) fn set_room(&mut self, room: usize) {
        self.room = room;
        if room > 0 {
            self.wants_room = false;
        }
    }

    pub(super) fn count(&mut self, sent: Sent) {
        let total = &mut self.total;
        total.messages += sent.messages;
        total.bytes += sent.bytes;
        total.unsent_messages += sent.unsent_messages;
        total.unsent_bytes += sent.unsent_bytes;
        if sent.unsent.is_some() {
            total.unsent = sent.unsent;
        }
    }

    /// The end: what was taken without waiting is lost, and counted. It comes back to be dropped.
    pub(super) fn end(&mut self) -> VecDeque<Message> {
        let lost = core::mem::take(&mut self.accepted);
        for message in &lost {
            self.total.unsent_messages += 1;
            self.total.unsent_bytes += message.len();
        }
        lost
    }
}
