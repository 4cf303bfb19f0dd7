//! What the owner of the stream is to do: events, bytes to write, the next deadline, the end.

use super::{Connection, ConnectionEvent, pong_cost};
use crate::proto::role::Role;
use crate::proto::state::State;
use core::time::Duration;
use std::collections::VecDeque;

impl Connection {
    /// The next event.
    #[inline]
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        let event = self.events.pop_front();
        match &event {
            Some(ConnectionEvent::Message(message)) => {
                self.undelivered = self.undelivered.saturating_sub(message.cost());
            }
            Some(ConnectionEvent::Pong(payload)) => {
                self.undelivered = self.undelivered.saturating_sub(pong_cost(payload));
            }
            _ => {}
        }
        event
    }

    /// Nothing is to be read or written: releases memory that an idle connection does not need.
    #[inline]
    pub fn rest(&mut self) {
        self.outgoing.rest();
        // The handshake's event was the first; messages mostly need none.
        if self.events.capacity() > 0 && self.events.is_empty() {
            self.events = VecDeque::new();
            self.outgoing.give_back();
        }
    }

    /// The next bytes to write. Write them, then call [`handle_transmitted`](Self::handle_transmitted), until there are none.
    ///
    /// Usually these are all bytes. They are only the first run if a ping or a pong has to go between the frames of a message, and after
    /// [`write_vectored`](Self::write_vectored).
    #[inline]
    pub fn outgoing(&self) -> &[u8] {
        self.outgoing.first()
    }

    /// How many bytes are still to be written.
    #[inline]
    pub fn unsent(&self) -> usize {
        self.outgoing.len()
    }

    /// The stream accepts several runs of bytes in one write, so large payloads are not copied. [`outgoing_runs`](Self::outgoing_runs) returns all
    /// runs. Default: off.
    pub fn write_vectored(&mut self) {
        self.outgoing.vectored = true;
    }

    /// Fills `runs` with the bytes to write, in order, as far as they fit, and returns the number of runs. Write them, then call
    /// [`handle_transmitted`](Self::handle_transmitted).
    pub fn outgoing_runs<'a>(&'a self, runs: &mut [&'a [u8]]) -> usize {
        self.outgoing.runs(runs)
    }

    /// Whether [`outgoing`](Self::outgoing) has all bytes to write.
    #[inline]
    pub fn is_one_run(&self) -> bool {
        self.outgoing.is_one_run()
    }

    /// All bytes to write, if they are one large payload and what comes before it.
    #[inline]
    pub fn outgoing_pair(&self) -> Option<[&[u8]; 2]> {
        self.outgoing.pair()
    }

    /// All that waits to be written, if that is one large payload in two frames.
    #[inline]
    pub(crate) fn outgoing_two_pairs(&self) -> Option<[&[u8]; 4]> {
        self.outgoing.two_pairs()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. Any other call may change it.
    #[inline]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.deadline
    }

    /// Whether everything was written and the writing half of the stream has to be shut down.
    ///
    /// After a closing handshake a client leaves that to the server: RFC 6455 §7.1.1, the server "MUST close the connection immediately", the client
    /// "SHOULD wait". Reading continues until the stream ends or the timeout, so that no reset overtakes our last frame.
    #[inline]
    pub fn wants_shutdown(&self) -> bool {
        let over = match self.state {
            State::Refusing | State::Ending | State::Flushing | State::Closed => true,
            State::CloseDone => self.role == Role::Server,
            _ => false,
        };
        over && self.outgoing.len() == 0
    }

    /// Whether nothing more happens and the stream can be dropped. Events may still be queued.
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.state == State::Closed
    }
}
