//! What goes down: what was taken without waiting, the line of those who wait, and the room that there is.

use super::driver::Driver;
use super::line::{Key, Line};
use crate::error::SendErrorKind;
use crate::message::Message;

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

/// Counts of what was handed over.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Sent {
    /// One more.
    pub(super) fn count(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}

/// Counts of what was taken without waiting and could not be handed over.
#[derive(Default)]
pub(super) struct Lost {
    pub(super) messages: u64,
    pub(super) bytes: usize,
    /// Why, until somebody has been told.
    pub(super) kind: Option<SendErrorKind>,
}

/// What was taken without waiting, and how the driver hands it over: a function, so that a program in which everybody waits has nothing of it.
pub(super) struct Accepted {
    pub(super) messages: Vec<Message>,
    pub(super) bytes: usize,
    pub(super) hand_over: fn(&mut Driver, Vec<Message>),
}

pub(super) struct Outgoing {
    /// Handed over before anything in line.
    pub(super) accepted: Option<Box<Accepted>>,
    pub(super) line: Line,
    /// Bytes that may be taken without waiting: at least so many, as the driver last saw it less what was taken since.
    pub(super) room: usize,
    /// Somebody found no room: the driver shall look for it.
    pub(super) wants_room: bool,
    /// How far what was taken or sent has come, as the driver last saw it.
    pub(super) progress: Progress,
    /// Counts since the channel opened.
    pub(super) sent: Sent,
    pub(super) lost: Lost,
}

impl Outgoing {
    pub(super) fn new(room: usize) -> Self {
        Self {
            accepted: None,
            line: Line::new(),
            room,
            wants_room: false,
            progress: Progress::Drained,
            sent: Sent::default(),
            lost: Lost::default(),
        }
    }

    /// Whether a message may be taken without waiting.
    pub(super) fn has_room(&self) -> bool {
        self.line.is_empty() && self.room > 0
    }

    /// Whether nothing is before a message that is handed over now.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) fn is_clear(&self) -> bool {
        self.line.is_empty() && self.accepted.is_none()
    }

    pub(super) fn accept(&mut self, message: Message) {
        let bytes = message.len();
        self.room = self.room.saturating_sub(bytes.max(1));
        self.progress = Progress::Underway;
        let accepted = self.accepted.get_or_insert_with(|| {
            Box::new(Accepted {
                messages: Vec::new(),
                bytes: 0,
                hand_over: Driver::hand_over_accepted,
            })
        });
        accepted.messages.push(message);
        accepted.bytes += bytes;
    }

    /// Whether somebody waits for room. What was taken without waiting meanwhile goes first, in the driver's next turn.
    pub(super) fn awaits_room(&self) -> bool {
        self.accepted.is_none() && (self.wants_room || !self.line.is_empty())
    }

    /// Takes the first out of the line if there is room: it may pass the room, as a `send` with room may.
    pub(super) fn take(&mut self) -> Option<Taken> {
        if self.room == 0 || self.accepted.is_some() {
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

    pub(super) fn count(&mut self, sent: &Sent) {
        self.sent.messages += sent.messages;
        self.sent.bytes += sent.bytes;
    }

    /// The end: what was taken without waiting is lost, and counted. It comes back to be dropped.
    pub(super) fn end(&mut self) -> Option<Box<Accepted>> {
        let accepted = self.accepted.take();
        if let Some(accepted) = &accepted {
            self.lost.messages += accepted.messages.len() as u64;
            self.lost.bytes += accepted.bytes;
        }
        accepted
    }
}
