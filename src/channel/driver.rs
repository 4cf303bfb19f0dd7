//! The task that owns the socket: takes sends down, brings messages up.

use super::line::Outcome;
use super::mailbox::{Look, Mailbox, Room, Wanted, Work};
use super::outgoing::{Sent, Taken};
use super::task;
use crate::error::{SendError, SendErrorKind};
use crate::message::{By, Closed, Message};
use crate::socket::Socket;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::Arc;

/// Messages moved in one turn before other tasks get theirs.
const TURN: usize = 64;

/// Drives `socket`, in a task of its own, until it ends or until no handle is left.
pub(super) fn start(mut socket: Socket) -> Arc<Mailbox> {
    let mailbox = Arc::new(Mailbox::new(&mut socket));
    let driver = Driver {
        socket,
        mailbox: mailbox.clone(),
        low: 1,
        room: Room::default(),
        look: None,
        batch: Vec::new(),
        sent: Sent::default(),
        wakers: Vec::new(),
    };
    task::spawn(driver);
    mailbox
}

pub(super) struct Driver {
    socket: Socket,
    mailbox: Arc<Mailbox>,
    /// Below that much room the platform is asked how much there is by now: asking is a call out of wasm.
    low: usize,
    /// As the handles and the last look at the platform left it.
    room: Room,
    look: Option<Look>,
    /// Sends that were taken out of the line and are not settled: none between turns, nor are the two below. They are kept for their memory.
    batch: Vec<Taken>,
    sent: Sent,
    wakers: Vec<Option<Waker>>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.turn(cx)
    }
}

impl Driver {
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let begun = self.mailbox.begin_turn(&mut self.batch, TURN, cx.waker());
        let work = match begun {
            Some((work, room)) => {
                self.look = work.look;
                self.room = room;
                work
            }
            None => Work::default(),
        };
        self.hand_over_accepted(work.accepted);
        match work.wanted {
            Wanted::Nothing => {}
            // The arguments were checked by whoever wants it.
            Wanted::Close(code, reason) => {
                self.socket.begin_close(code, &reason);
                self.mailbox.stop_sending();
            }
            Wanted::End(code, reason) => {
                self.socket.begin_close(code, &reason);
                let _ = self.socket.poll_handed_over(cx);
                self.settle();
                // Nobody waits for the peer's answer; a `Control` that watches learns who ended it.
                self.mailbox.end(Some(Closed::lost(By::Us)));
                return Poll::Ready(());
            }
        }
        let (received, heard) = self.poll_receive(cx);
        if received == Turn::Ended {
            self.hand_over_batch();
            self.settle();
            self.mailbox.end(self.socket.closure().cloned());
            return Poll::Ready(());
        }
        let sent = self.poll_send(cx, heard);
        let _ = self.socket.poll_handed_over(cx);
        if let Some(look) = self.look
            && !look(&self.mailbox, &mut self.socket, cx)
        {
            self.look = None;
        }
        if received == Turn::Over || sent == Turn::Over {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// And whether there was a message: then the connection is open, and need not be asked.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> (Turn, bool) {
        // Several messages may have arrived since the last turn, and been too many among themselves.
        if self.mailbox.below {
            self.mailbox.set_dropped(self.socket.dropped());
        }
        for count in 0..TURN {
            if !self.mailbox.has_room_to_receive() {
                return (Turn::Waiting, count > 0);
            }
            match self.socket.poll_message(cx) {
                Poll::Ready(Some(message)) => {
                    if let Some((code, reason)) = self.mailbox.incoming.arrive(Some(message)) {
                        self.socket.begin_close(code, reason);
                        // Before those behind it in line.
                        self.hand_over_batch();
                        self.settle();
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
        let mut left = TURN;
        loop {
            left = left.saturating_sub(self.batch.len());
            if let Some(sent) = self.hand_over_batch() {
                open = sent;
            }
            if !self.batch.is_empty() || self.sent.is_some() {
                self.settle_and_take(left);
            }
            if !self.batch.is_empty() {
                continue;
            }
            if !self.room.awaited {
                return self.rest(open);
            }
            if left == 0 {
                return Turn::Over;
            }
            if self.socket.poll_room(cx).is_pending() {
                return Turn::Waiting;
            }
            if !self.socket.is_open() {
                self.mailbox.stop_sending();
                return Turn::Waiting;
            }
            open = true;
            self.see_room(left);
        }
    }

    /// Nobody waits: what room there is can be taken without.
    fn rest(&mut self, open: bool) -> Turn {
        if !open && !self.socket.is_open() {
            self.mailbox.stop_sending();
        } else if self.room.bytes < self.low {
            self.see_room(0);
        }
        Turn::Waiting
    }

    /// Asks the platform how much room there is.
    fn see_room(&mut self, left: usize) {
        let room = self.socket.room();
        self.low = (room / 2).max(1);
        let room = if left > 0 { room.max(1) } else { room };
        self.room = self.mailbox.set_room(room, &mut self.batch, left);
    }

    /// What was taken without waiting goes first: room was seen when it was taken.
    fn hand_over_accepted(&mut self, accepted: VecDeque<Message>) {
        for message in accepted {
            // Nobody waits to be told, so it is counted.
            if let Err(error) = self.hand_over(message) {
                self.sent.unsent_messages += 1;
                self.sent.unsent_bytes += error.value.as_ref().map_or(0, Message::len);
                self.sent.unsent = Some(error.kind);
            }
        }
    }

    /// Whether the last of the batch was sent; none if there is no batch.
    fn hand_over_batch(&mut self) -> Option<bool> {
        let mut open = None;
        let mut batch = core::mem::take(&mut self.batch);
        for taken in &mut batch {
            taken.outcome = match taken.message.take() {
                Some(message) => self.hand_over(message),
                // A permit.
                None if self.socket.is_open() => Ok(()),
                None => Err(Box::new(SendError::new(None, SendErrorKind::NotOpen))),
            };
            open = Some(taken.outcome.is_ok());
        }
        self.batch = batch;
        open
    }

    fn hand_over(&mut self, message: Message) -> Outcome {
        let bytes = message.len();
        let sent = self.socket.send_now(message);
        sent.map_err(|error| Box::new(error.map(Some)))?;
        self.sent.messages += 1;
        self.sent.bytes += bytes as u64;
        Ok(())
    }

    fn settle(&mut self) {
        if !self.batch.is_empty() || self.sent.is_some() {
            self.settle_and_take(0);
        }
    }

    fn settle_and_take(&mut self, left: usize) {
        self.room = self
            .mailbox
            .settle(&mut self.batch, &mut self.sent, left, &mut self.wakers);
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
