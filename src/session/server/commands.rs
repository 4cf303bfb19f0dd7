//! What a handler asks of its session.

use super::{Server, ServerEvent, ServerPhase};
use crate::session::clock::time;
use crate::session::outgoing::Unsendable;
use crate::session::poison::Blame;
use crate::session::violation::CLOSE;
use crate::session::wire::Head;
use crate::session::{Run, SessionMessage};
use core::time::Duration;

impl Server {
    /// Retains a message and returns its index.
    ///
    /// # Errors
    /// Each of [`Unsendable`] but `Close`.
    pub fn send(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        if matches!(self.phase, ServerPhase::Ended | ServerPhase::Pending) {
            return Err(Unsendable::Ended);
        }
        self.exchange.send(head, payload)
    }

    /// Whether there is a connection that takes a message of so many bytes now: see [`Client::takes`](crate::session::Client::takes).
    pub fn takes(&self, bytes: usize, since: u64) -> bool {
        self.phase == ServerPhase::Attached && self.exchange.outgoing.takes(bytes, since)
    }

    /// Retains values that are `DATA` frames already, as many as fit. Returns the bytes of their frames.
    #[allow(dead_code, reason = "the server is native")]
    pub(crate) fn send_frames(&mut self, frames: &[u8]) -> usize {
        match self.phase {
            ServerPhase::Ended | ServerPhase::Pending => 0,
            _ => self.exchange.outgoing.push_frames(frames),
        }
    }

    /// The oldest unread message. [`commit`](Self::commit) commits it.
    pub fn read(&mut self) -> Option<SessionMessage> {
        self.exchange.incoming.read()
    }

    /// The oldest unread messages, if they are values in a row, and the index of the first.
    #[allow(dead_code, reason = "the server is native")]
    pub(crate) fn read_run(&mut self) -> Option<(u64, Run)> {
        self.exchange.incoming.read_run()
    }

    /// Commits the messages below this index that were read.
    pub fn commit(&mut self, now: Duration, below: u64) {
        self.exchange.incoming.commit(time(now), below);
        self.settle(now);
    }

    /// The application will read nothing more and takes responsibility: messages that arrive are committed and discarded.
    pub fn stop_reading(&mut self, now: Duration) {
        self.exchange.incoming.stop_reading(time(now));
        self.settle(now);
    }

    /// Asks the client to commit and acknowledge everything sent so far without delay.
    pub fn flush(&mut self) {
        self.exchange.flush();
    }

    /// Asks the client to reconnect after `after` at the earliest, because this node is being taken down. Returns false without a connection.
    pub fn ask_to_move(&mut self, after: Duration) -> bool {
        self.exchange.ask_to_move(after)
    }

    /// Ends the session after everything sent so far, within the close timeout. Unread messages, and messages that arrive from now on, are discarded.
    /// They are not acknowledged, so the client learns that they were not delivered.
    ///
    /// # Errors
    /// [`Unsendable::Close`] for a code other than 1000 and 3000 to 4999, or a reason of more than 123 bytes; [`Unsendable::Ended`] if the session
    /// has ended or is ending.
    pub fn close(&mut self, now: Duration, code: u16, reason: &str) -> Result<(), Unsendable> {
        if matches!(self.phase, ServerPhase::Ended | ServerPhase::Pending) {
            return Err(Unsendable::Ended);
        }
        self.exchange.close(time(now), code, reason)?;
        let patience = Duration::from_millis(self.settings.close_ms);
        self.close_by = Some(now.saturating_add(patience));
        self.settle(now);
        Ok(())
    }

    /// After the end: the messages that were not committed. The first list may have been acted on by the client; the second was never sent whole.
    pub fn take_uncommitted(&mut self) -> (Vec<SessionMessage>, Vec<SessionMessage>) {
        self.exchange.outgoing.take_uncommitted_lists()
    }

    /// Goes back to the last commit: the session moved to another node, or its handler restarted. The client sends the uncommitted messages again.
    /// Those that it forgot in a reload arrive as [`Head::Void`], because nobody can send them again.
    pub fn fall_back(&mut self, now: Duration) {
        if let Some(connection) = self.connection {
            self.events.push_back(ServerEvent::Close {
                connection,
                batch: None,
                code: CLOSE,
                reason: "moved",
            });
            self.disconnected(now, connection, Blame::Innocent);
        }
        self.exchange.incoming.fall_back(time(now));
    }
}
