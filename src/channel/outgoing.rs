//! Outgoing messages: those accepted without waiting, the queue of waiting sends, and the capacity.

use super::driver::Driver;
use super::wait_queue::{Key, WaitQueue};
use crate::error::SendErrorKind;
use crate::message::Message;
#[cfg(feature = "session")]
use crate::session::{Run, wire::OVERHEAD};

/// The progress of everything to be sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// Some of it is still in the channel.
    Underway,
    /// The platform has it.
    HandedOver,
    /// The platform has passed it on.
    Drained,
}

/// A send that the driver took out of the queue: the message, or none for a permit.
pub(super) type Taken = (Key, Option<Message>);

/// Counts of messages that were handed over.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Sent {
    /// Counts one more.
    pub(super) fn count(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}

/// Counts of accepted messages that could not be handed over.
#[derive(Default)]
pub(super) struct Lost {
    pub(super) messages: u64,
    pub(super) bytes: usize,
    /// The error to report; none once it was reported.
    pub(super) kind: Option<SendErrorKind>,
}

/// Accepted messages, and how the driver hands them over. A function, so that programs that always wait do not link it.
pub(super) struct Accepted {
    pub(super) messages: Vec<Message>,
    pub(super) bytes: usize,
    pub(super) hand_over: fn(&mut Driver, Accepted),
    /// The values of a session, instead of `messages`.
    #[cfg(feature = "session")]
    pub(super) run: Run,
}

pub(super) struct Outgoing {
    /// Handed over before anything in the queue.
    pub(super) accepted: Option<Box<Accepted>>,
    pub(super) queue: WaitQueue,
    /// Bytes that `try_send` may accept. A lower bound: the driver's last query minus the bytes accepted since.
    pub(super) room: usize,
    /// A sender found no capacity, so the driver has to query it.
    pub(super) wants_room: bool,
    /// The progress of accepted and sent messages, as the driver last saw it.
    pub(super) progress: Progress,
    /// Counts since the channel opened.
    pub(super) sent: Sent,
    /// None until something is lost: most channels never lose anything.
    lost: Option<Box<Lost>>,
}

impl Outgoing {
    pub(super) fn new(room: usize) -> Self {
        Self {
            accepted: None,
            queue: WaitQueue::new(),
            room,
            wants_room: false,
            progress: Progress::Drained,
            sent: Sent::default(),
            lost: None,
        }
    }

    /// Whether `try_send` may accept a message.
    pub(super) fn has_room(&self) -> bool {
        self.queue.is_empty() && self.room > 0
    }

    /// Whether a message can be handed over now, before anything else.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) fn is_clear(&self) -> bool {
        self.queue.is_empty() && self.accepted.is_none()
    }

    pub(super) fn accept(&mut self, message: Message) {
        let bytes = message.len();
        let accepted = self.accepted(bytes);
        accepted.messages.push(message);
    }

    /// Accepts values of a session. Each counts what it will cost when it is retained.
    #[cfg(feature = "session")]
    pub(super) fn accept_run(&mut self, values: &mut Run) {
        let cost = values.frames().len() + values.len() * OVERHEAD as usize;
        self.room = self.room.saturating_sub(cost);
        let run = &mut self.accepted(values.bytes()).run;
        match run.is_empty() && values.len() > 1 {
            true => core::mem::swap(run, values),
            false => run.append(values),
        }
    }

    /// The bytes of the values of a session that the driver does not have yet.
    #[cfg(all(feature = "session", target_family = "wasm", target_os = "unknown"))]
    pub(super) fn accepted_bytes(&self) -> usize {
        self.accepted.as_ref().map_or(0, |accepted| accepted.bytes)
    }

    /// Where so many bytes more are put.
    fn accepted(&mut self, bytes: usize) -> &mut Accepted {
        self.room = self.room.saturating_sub(bytes.max(1));
        self.progress = Progress::Underway;
        let accepted = self.accepted.get_or_insert_with(|| {
            Box::new(Accepted {
                messages: Vec::new(),
                bytes: 0,
                hand_over: Driver::hand_over_accepted,
                #[cfg(feature = "session")]
                run: Run::default(),
            })
        });
        accepted.bytes += bytes;
        accepted
    }

    /// Whether a send waits for capacity. Messages accepted meanwhile go first, in the driver's next turn.
    pub(super) fn awaits_room(&self) -> bool {
        self.accepted.is_none() && (self.wants_room || !self.queue.is_empty())
    }

    /// Takes the first send out of the queue if there is any capacity. Its size may exceed the capacity.
    pub(super) fn take(&mut self) -> Option<Taken> {
        if self.room == 0 || self.accepted.is_some() {
            return None;
        }
        let taken = self.queue.pop();
        if let Some((_, Some(message))) = &taken {
            self.room = self.room.saturating_sub(message.len().max(1));
            self.progress = Progress::Underway;
        }
        taken
    }

    /// Sets how many bytes `try_send` may accept from now on.
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

    /// What was lost so far, if anything.
    pub(super) fn lost(&self) -> Option<&Lost> {
        self.lost.as_deref()
    }

    /// What was lost so far, to add to it.
    pub(super) fn lost_mut(&mut self) -> &mut Lost {
        self.lost.get_or_insert_default()
    }

    /// The error to report for what was lost, once.
    pub(super) fn take_lost_kind(&mut self) -> Option<SendErrorKind> {
        self.lost.as_mut()?.kind.take()
    }

    /// The channel ends: accepted messages are lost and counted. They are returned to be dropped.
    pub(super) fn end(&mut self) -> Option<Box<Accepted>> {
        let accepted = self.accepted.take();
        if let Some(accepted) = &accepted {
            let lost = self.lost_mut();
            lost.messages += accepted.messages.len() as u64;
            #[cfg(feature = "session")]
            {
                lost.messages += accepted.run.len() as u64;
            }
            lost.bytes += accepted.bytes;
        }
        accepted
    }
}
