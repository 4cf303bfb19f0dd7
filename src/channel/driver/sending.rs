//! The half of a turn that sends: takes waiting sends out of the queue, and hands messages over.

use super::{Driver, TURN, Turn};
use crate::channel::outgoing::Accepted;
use crate::channel::wait_queue::Stage;
use crate::error::{SendError, SendErrorKind};
use crate::message::Message;
#[cfg(feature = "session")]
use crate::requests::Load;
use core::task::Context;

/// The largest number of sends in a row without a turn of the driver. The next one waits for a turn, so that a task that only sends lets others run.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
const MOST_DIRECT: u8 = 128;

impl Driver {
    /// `open`: the connection is known to be open.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, mut open: bool) -> Turn {
        let mut left = TURN;
        loop {
            if self.next.taken.is_some() {
                left -= 1;
                open = self.settle(left);
                continue;
            }
            if self.sent.messages > 0 {
                self.settle(left);
                continue;
            }
            if !self.next.room.awaited {
                return self.rest(open);
            }
            if left == 0 {
                return Turn::Over;
            }
            if self.link.poll_room(cx).is_pending() {
                return Turn::Waiting;
            }
            if !self.link.is_open() {
                self.stop_sending();
                return Turn::Waiting;
            }
            open = true;
            self.see_room(left);
        }
    }

    /// The queue is empty: all capacity is available to `try_send`.
    fn rest(&mut self, open: bool) -> Turn {
        if !open && !self.link.is_open() {
            self.stop_sending();
        } else if self.next.room.bytes < self.low {
            self.see_room(0);
        }
        Turn::Waiting
    }

    /// The capacity that waiting entries leave for values.
    #[inline]
    fn capacity(&self) -> usize {
        #[cfg(not(feature = "session"))]
        return self.link.capacity();
        #[cfg(feature = "session")]
        self.link.capacity().saturating_sub(self.waiting)
    }

    /// Asks the platform for the capacity.
    fn see_room(&mut self, left: usize) {
        let room = self.capacity();
        self.low = (room / 2).max(1);
        let room = if left > 0 { room.max(1) } else { room };
        self.mailbox.set_room(room, &mut self.next, left);
    }

    /// Hands over accepted messages, before any in the queue: there was capacity when they were accepted.
    pub(in crate::channel) fn hand_over_accepted(&mut self, accepted: Accepted) {
        // A session's are in the run, others among the messages.
        #[cfg(feature = "session")]
        if !accepted.run.is_empty() {
            self.hand_over_run(accepted.run);
        }
        #[cfg(feature = "reconnect")]
        let mut kept = Vec::new();
        for message in accepted.messages {
            if let Err(error) = self.hand_over(message) {
                #[cfg(feature = "reconnect")]
                if error.kind == SendErrorKind::NotOpen && self.will_reconnect() {
                    kept.push(error.value);
                    continue;
                }
                // Nothing waits for the result, so count it.
                self.mailbox.count_lost(error.value.len(), error.kind);
            }
        }
        #[cfg(feature = "reconnect")]
        self.mailbox.restore(kept);
    }

    /// Hands a message over for a sender, between two turns. Returns the message if it has to wait.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(in crate::channel) fn hand_over_directly(
        &mut self,
        message: Message,
    ) -> Result<(), Message> {
        let bytes = message.len();
        if self.capacity() == 0 || self.direct == MOST_DIRECT {
            self.direct = 0;
            return Err(message);
        }
        // The flush may wait for the answers to messages that were read before. The driver flushes when the task yields.
        let more = self.mailbox.incoming.waiting() > 0;
        let left = self.link.send_at_once(message, more)?;
        self.direct += 1;
        let room = self.capacity();
        self.next.room = self.mailbox.count_direct(bytes, room, left);
        Ok(())
    }

    fn hand_over(&mut self, message: Message) -> Result<(), SendError<Message>> {
        let bytes = message.len();
        self.link.send_now(message)?;
        self.sent.count(bytes);
        Ok(())
    }

    /// Hands over the message that was taken out of the queue.
    fn hand_over_taken(&mut self, message: Message) -> Result<(), SendError<Message>> {
        #[cfg(feature = "session")]
        if let Some(kind) = self.next.kind.take() {
            return self.hand_over_load(Load::new(kind, message));
        }
        self.hand_over(message)
    }

    /// Hands over the send that was taken, and reports the results to the handles. Takes the next one if `most` is above 0. Returns whether it was
    /// sent.
    #[inline(never)]
    pub(super) fn settle(&mut self, most: usize) -> bool {
        let mut became = Stage::NotOpen;
        let settled = match self.next.taken.take() {
            Some((key, mut message)) => {
                if let Some(sending) = message.take() {
                    match self.hand_over_taken(sending) {
                        Ok(()) => became = Stage::Free,
                        Err(error) => {
                            if error.kind == SendErrorKind::SendRefused {
                                became = Stage::Refused;
                            }
                            message = Some(error.value);
                        }
                    }
                } else if self.link.is_open() {
                    // A permit.
                    became = Stage::Free;
                }
                #[cfg(feature = "reconnect")]
                if became == Stage::NotOpen && self.will_reconnect() {
                    self.mailbox.pause(None);
                    became = Stage::Waiting;
                }
                Some((key, became, message))
            }
            None => None,
        };
        let counts = core::mem::take(&mut self.sent);
        self.mailbox.settle(settled, &counts, &mut self.next, most);
        became == Stage::Free
    }
}
