//! The task that owns the socket: takes offers down, brings messages up.

use super::mailbox::{Mailbox, Wanted};
use super::offer::Outcome;
use super::task;
use crate::error::{SendError, SendErrorKind};
use crate::message::{By, Closed, Message};
use crate::socket::Socket;
use crate::transport::RECEIVE_BUFFER_FULL;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

/// Messages moved in one turn before other tasks get theirs.
const TURN: usize = 64;

/// Drives `socket`, in a task of its own, until it ends or until no handle is left.
pub(super) fn start(socket: Socket) -> Arc<Mailbox> {
    let mailbox = Arc::new(Mailbox::new(&socket));
    let driver = Driver {
        socket,
        mailbox: mailbox.clone(),
        low: 1,
    };
    task::spawn(driver);
    mailbox
}

pub(super) struct Driver {
    socket: Socket,
    mailbox: Arc<Mailbox>,
    /// Below that much room the platform is asked how much there is by now: asking is a call out of wasm.
    low: usize,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.turn(cx)
    }
}

impl Driver {
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let wanted = self.mailbox.wanted(cx);
        self.hand_over_accepted();
        match wanted {
            Wanted::Nothing => {}
            // The arguments were checked by whoever wants it.
            Wanted::Close(code, reason) => {
                self.socket.begin_close(code, &reason);
                self.mailbox.stop_sending();
            }
            Wanted::End(code, reason) => {
                self.socket.begin_close(code, &reason);
                let _ = self.socket.poll_handed_over(cx);
                // Nobody waits for the peer's answer; a `Control` that watches learns who ended it.
                self.mailbox.end(Some(Closed::lost(By::Us)));
                return Poll::Ready(());
            }
        }
        let (received, heard) = self.poll_receive(cx);
        if received == Turn::Ended {
            self.mailbox.end(self.socket.closure().cloned());
            return Poll::Ready(());
        }
        let sent = self.poll_send(cx, heard);
        let _ = self.socket.poll_handed_over(cx);
        if let Some(look) = self.mailbox.look() {
            look(&self.mailbox, &mut self.socket, cx);
        }
        if received == Turn::Over || sent == Turn::Over {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// And whether there was a message: then the connection is open, and need not be asked.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> (Turn, bool) {
        // Several messages may have arrived since the last turn, and been too many among themselves.
        self.mailbox.set_dropped(self.socket.dropped());
        for count in 0..TURN {
            if !self.mailbox.has_room_to_receive() {
                return (Turn::Waiting, count > 0);
            }
            match self.socket.poll_message(cx) {
                Poll::Ready(Some(message)) => {
                    if !self.mailbox.deliver(message) {
                        let (code, reason) = RECEIVE_BUFFER_FULL;
                        self.socket.begin_close(code, reason);
                        self.mailbox.stop_sending();
                    }
                }
                Poll::Ready(None) => return (Turn::Ended, false),
                Poll::Pending => return (Turn::Waiting, count > 0),
            }
        }
        (Turn::Over, true)
    }

    /// `open`: it is known that the connection is open.
    fn poll_send(&mut self, cx: &mut Context<'_>, mut open: bool) -> Turn {
        for _ in 0..TURN {
            if !self.mailbox.awaits_room() {
                return self.rest(open);
            }
            if self.mailbox.room() == 0 && self.socket.poll_room(cx).is_pending() {
                return Turn::Waiting;
            }
            let Some(offer) = self.mailbox.next_offer() else {
                // It is room that is waited for.
                self.low = usize::MAX;
                return self.rest(false);
            };
            let outcome = match offer.take() {
                None => continue,
                Some(Some(message)) => self.hand_over(message),
                // A permit.
                Some(None) if self.socket.is_open() => Ok(()),
                Some(None) => Err(Box::new(SendError::new(None, SendErrorKind::NotOpen))),
            };
            open = outcome.is_ok();
            offer.settle(outcome);
        }
        Turn::Over
    }

    /// Nobody waits: what room there is can be taken without.
    fn rest(&mut self, open: bool) -> Turn {
        if !open && !self.socket.is_open() {
            self.mailbox.stop_sending();
        } else if self.mailbox.room() < self.low {
            let room = self.socket.room();
            self.low = (room / 2).max(1);
            self.mailbox.set_room(room);
        }
        Turn::Waiting
    }

    /// What was taken without waiting goes first: room was seen when it was taken.
    fn hand_over_accepted(&mut self) {
        while let Some(message) = self.mailbox.next_accepted() {
            // Nobody waits to be told, so it is counted.
            if let Err(unsent) = self.hand_over(message) {
                self.mailbox.count_unsent(*unsent);
            }
        }
    }

    fn hand_over(&mut self, message: Message) -> Outcome {
        let bytes = message.len();
        let sent = self.socket.send_now(message);
        sent.map_err(|error| Box::new(error.map(Some)))?;
        self.mailbox.count_sent(bytes);
        Ok(())
    }
}

/// How one direction's turn ended.
#[derive(PartialEq)]
enum Turn {
    /// Nothing more to do until something happens.
    Waiting,
    /// There is more, but others come first.
    Over,
    /// The connection has ended.
    Ended,
}

/// However the driver goes, a runtime that shuts down included, nobody waits for it in vain.
impl Drop for Driver {
    fn drop(&mut self) {
        self.mailbox.end(self.socket.closure().cloned());
    }
}
