//! What an application asks of a client's session.

use super::{Client, ClientPhase};
use crate::session::clock::time;
use crate::session::outgoing::Unsendable;
use crate::session::wire::Head;
use crate::session::{Run, SessionMessage};
use core::time::Duration;

impl Client {
    /// Retains a message and returns its index. It is sent at once if connected, otherwise on the next connection.
    ///
    /// # Errors
    /// Each of [`Unsendable`] but `Close`.
    pub fn send(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        if self.phase == ClientPhase::Ended {
            return Err(Unsendable::Ended);
        }
        self.exchange.send(head, payload)
    }

    /// Retains values that are `DATA` frames already, as many as fit. Returns the bytes of their frames.
    pub(crate) fn send_frames(&mut self, frames: &[u8]) -> usize {
        match self.phase {
            ClientPhase::Ended => 0,
            _ => self.exchange.outgoing.push_frames(frames),
        }
    }

    /// Whether there is a connection that takes a message of so many bytes now: everything before it was sent or goes with it, and there is credit. An
    /// application may wait for this with a message that another may replace meanwhile: see [`EntryQueue`](crate::session::EntryQueue).
    ///
    /// `since`: the index that was next when the message began to wait. If everything below it was sent, the message has its turn, although others were sent
    /// meanwhile.
    pub fn takes(&self, bytes: usize, since: u64) -> bool {
        self.phase == ClientPhase::Open && self.exchange.outgoing.takes(bytes, since)
    }

    /// The oldest unread message. [`commit`](Self::commit) commits it.
    pub fn read(&mut self) -> Option<SessionMessage> {
        self.exchange.incoming.read()
    }

    /// The oldest unread messages, if they are values in a row, and the index of the first.
    pub(crate) fn read_run(&mut self) -> Option<(u64, Run)> {
        self.exchange.incoming.read_run()
    }

    /// Commits the messages below this index that were read.
    pub fn commit(&mut self, now: Duration, below: u64) {
        let now = time(now);
        self.exchange.incoming.commit(now, below);
        self.settle(now);
    }

    /// The application will read nothing more and takes responsibility: messages that arrive are committed and discarded.
    pub fn stop_reading(&mut self, now: Duration) {
        let now = time(now);
        self.exchange.incoming.stop_reading(now);
        self.settle(now);
    }

    /// Asks the peer to commit and acknowledge everything sent so far without delay. It is done when [`committed`](Self::committed) reaches it.
    pub fn flush(&mut self) {
        self.exchange.flush();
    }

    /// Sends a `PING` now, after the page slept or the network changed.
    pub fn probe(&mut self, now: Duration) {
        let now = time(now);
        self.exchange.ask(now);
    }

    /// Ends the session after everything sent so far, within the close timeout. Unread messages, and messages that arrive from now on, are discarded,
    /// as by a socket after `close()`. They are not acknowledged, so the server learns that they were not delivered.
    ///
    /// # Errors
    /// [`Unsendable::Close`] for a code other than 1000 and 3000 to 4999, or a reason of more than 123 bytes; [`Unsendable::Ended`] if the session
    /// has ended or is ending.
    pub fn close(&mut self, now: Duration, code: u16, reason: &str) -> Result<(), Unsendable> {
        let now = time(now);
        if self.phase == ClientPhase::Ended {
            return Err(Unsendable::Ended);
        }
        self.exchange.close(now, code, reason)?;
        self.close_by = now + time(self.settings.close_timeout);
        self.settle(now);
        Ok(())
    }

    /// After the end: the messages that were not committed. The first list may have been acted on by the peer; the second was never sent whole.
    pub fn take_uncommitted(&mut self) -> (Vec<SessionMessage>, Vec<SessionMessage>) {
        self.exchange.outgoing.take_uncommitted_lists()
    }

    /// The same, without lists in between: whether a message was sent whole is said of each.
    pub(crate) fn give_uncommitted(&mut self, take: &mut dyn FnMut(SessionMessage, bool)) {
        self.exchange.outgoing.take_uncommitted(take);
    }
}
