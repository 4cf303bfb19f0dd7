//! The connection of a client's end: it is made, read, written and left.

use super::{Blame, ClientEnd, ClientPhase};
use crate::message::{CloseInfo, ClosedBy, Message};
use crate::reconnect::ReconnectReason;
use core::task::{Context, Poll};

/// Batches that are read in one turn before other tasks get theirs.
const TURN: usize = 16;

impl ClientEnd {
    /// Reads what has come, judges deadlines behind it, and makes the next connection if there is none.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if self.socket.is_some() && !self.moving && !self.again.keeps() {
            // The application, or the page, wants another one, or none.
            let now = self.now();
            self.client.disconnected(now, Blame::Innocent);
            self.leave(1000, "");
            self.hear();
        }
        let all = self.read(cx);
        let now = self.now();
        if all && self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
            self.hear();
        }
        self.connect(cx);
    }

    /// Reads from the connection. False if there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        for _ in 0..TURN {
            let Some(socket) = &mut self.socket else {
                return true;
            };
            let Poll::Ready(message) = socket.poll_message(cx) else {
                return true;
            };
            match message {
                Some(message) => self.arrived(message),
                None => self.dropped(self.now()),
            }
            self.hear();
        }
        cx.waker().wake_by_ref();
        false
    }

    /// A message of the connection.
    pub(super) fn arrived(&mut self, message: Message) {
        let now = self.now();
        match message {
            Message::Binary(batch) => self.client.handle_batch(now, &batch),
            Message::Text(_) => self.client.handle_text(now),
        }
    }

    /// The connection ended by itself.
    fn dropped(&mut self, now: core::time::Duration) {
        let closed = self
            .socket
            .take()
            .and_then(|socket| socket.close_info().cloned());
        let closed = closed.unwrap_or_else(|| CloseInfo::lost(ClosedBy::Error));
        let blame = match closed.by {
            // Firefox ends a page's sockets by itself.
            ClosedBy::Unknown => Blame::Innocent,
            _ => Blame::of_code(closed.code),
        };
        self.client.disconnected(now, blame);
        let moving = core::mem::take(&mut self.moving);
        if !moving && !self.again.retry(ReconnectReason::Closed(closed.clone())) {
            self.give_up(closed);
        }
    }

    /// Makes a connection if one is wanted, and greets on it.
    fn connect(&mut self, cx: &mut Context<'_>) {
        if self.socket.is_some() && !self.moving || self.client.phase() == ClientPhase::Ended {
            return;
        }
        match self.again.poll(cx) {
            Poll::Ready(Some(socket)) => {
                let now = self.now();
                self.client.disconnected(now, Blame::Innocent);
                self.leave(1000, "");
                self.moving = false;
                self.full = false;
                self.socket = Some(socket);
                self.client.connected(now);
                self.hear();
                // To read from it.
                cx.waker().wake_by_ref();
            }
            Poll::Ready(None) => self.give_up(self.again.gave_up()),
            Poll::Pending => {}
        }
    }

    /// Closes the connection, if there is one, and does not wait for the peer.
    pub(super) fn leave(&mut self, code: u16, reason: &str) {
        self.moving = false;
        if let Some(mut socket) = self.socket.take() {
            socket.begin_close(code, reason);
        }
    }

    /// Writes batches while the connection has room: `all`, or those that are full. Whether there were any.
    pub(super) fn transmit(&mut self, all: bool, cx: &mut Context<'_>) -> bool {
        let now = self.now();
        let mut wrote = false;
        let mut batch = Vec::new();
        while let Some(socket) = &mut self.socket {
            if self.full {
                if socket.poll_room(cx).is_pending() {
                    break;
                }
                self.full = false;
            }
            if !all && !self.client.is_batch_full() || !self.client.poll_transmit(now, &mut batch) {
                break;
            }
            let sending = core::mem::take(&mut batch);
            // One that has ended says so when it is read.
            let _ = socket.send_now(Message::Binary(sending));
            self.full = socket.capacity() == 0;
            wrote = true;
        }
        if let Some(socket) = &mut self.socket {
            let _ = socket.poll_handed_over(cx);
        }
        self.hear();
        wrote
    }
}
