//! The task that owns the socket: takes offers down, brings messages up.

use super::mailbox::{Mailbox, Wanted};
use super::task;
use crate::error::SendError;
use crate::message::{By, Closed, Message};
use crate::socket::Socket;
use crate::transport::{TOO_BIG, TOO_BIG_REASON};
use core::future::poll_fn;
use core::task::{Context, Poll};
use std::sync::Arc;

/// Messages moved in one turn before other tasks get theirs.
const TURN: usize = 64;

/// Drives `socket`, in a task of its own, until it ends or until no handle is left.
pub(super) fn start(socket: Socket) -> Arc<Mailbox> {
    let mailbox = Arc::new(Mailbox::new(&socket));
    let mut driver = Driver {
        socket,
        mailbox: mailbox.clone(),
        rested: false,
    };
    task::spawn(poll_fn(move |cx| driver.poll(cx)));
    mailbox
}

struct Driver {
    socket: Socket,
    mailbox: Arc<Mailbox>,
    /// Nothing was handed over since the whole line was seen free, so there is nothing to ask the platform for.
    rested: bool,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.mailbox.wanted(cx) {
            Wanted::Nothing => {}
            // The arguments were checked by whoever wants it.
            Wanted::Close(code, reason) => {
                self.hand_over_accepted();
                self.socket.begin_close(code, &reason);
                self.mailbox.stop_sending();
            }
            Wanted::End(code, reason) => {
                self.hand_over_accepted();
                self.socket.begin_close(code, &reason);
                let _ = self.socket.poll_handed_over(cx);
                // Nobody waits for the peer's answer; a `Control` that watches learns who ended it.
                self.mailbox.end(Some(Closed::lost(By::Us)));
                return Poll::Ready(());
            }
        }
        let received = self.poll_receive(cx);
        if received == Turn::Ended {
            self.mailbox.end(self.socket.closure().cloned());
            return Poll::Ready(());
        }
        let sent = self.poll_send(cx);
        let _ = self.socket.poll_handed_over(cx);
        if let Some(look) = self.mailbox.look() {
            look(&self.mailbox, &mut self.socket, cx);
        }
        if received == Turn::Over || sent == Turn::Over {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Turn {
        // Several messages may have arrived since the last turn, and been too many among themselves.
        self.mailbox.set_dropped(self.socket.dropped());
        for _ in 0..TURN {
            if !self.mailbox.has_room_to_receive() {
                return Turn::Waiting;
            }
            match self.socket.poll_message(cx) {
                Poll::Ready(Some(message)) => {
                    if !self.mailbox.deliver(message) {
                        self.socket.begin_close(TOO_BIG, TOO_BIG_REASON);
                        self.mailbox.stop_sending();
                    }
                }
                Poll::Ready(None) => return Turn::Ended,
                Poll::Pending => return Turn::Waiting,
            }
        }
        Turn::Over
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Turn {
        self.hand_over_accepted();
        if !self.socket.is_open() {
            self.mailbox.stop_sending();
            return Turn::Waiting;
        }
        for _ in 0..TURN {
            if !self.mailbox.awaits_room() {
                return self.rest();
            }
            match self.socket.poll_room(cx) {
                Poll::Pending => {
                    self.mailbox.set_room(0);
                    return Turn::Waiting;
                }
                Poll::Ready(false) => {
                    self.mailbox.stop_sending();
                    return Turn::Waiting;
                }
                Poll::Ready(true) => {
                    let Some(offer) = self.mailbox.next_offer() else {
                        // It is room that is waited for.
                        self.rested = false;
                        return self.rest();
                    };
                    let Some(offered) = offer.take() else {
                        continue;
                    };
                    // An offer of nothing is a permit.
                    offer.settle(offered.map_or(Ok(()), |message| {
                        self.hand_over(message).map_err(|error| error.kind)
                    }));
                }
            }
        }
        Turn::Over
    }

    /// What was taken without waiting goes first: room was seen when it was taken.
    fn hand_over_accepted(&mut self) {
        while self.mailbox.has_accepted() && self.socket.is_open() {
            let Some(message) = self.mailbox.next_accepted() else {
                return;
            };
            // Refused by the platform: nobody waits to be told, so it is counted.
            if let Err(refused) = self.hand_over(message) {
                self.mailbox.count_unsent(&refused.value);
            }
        }
    }

    /// Nobody waits: what room there is can be taken without.
    fn rest(&mut self) -> Turn {
        if !self.rested {
            self.mailbox.set_room(self.socket.room());
            self.rested = self.socket.buffered_amount() == 0;
        }
        Turn::Waiting
    }

    fn hand_over(&mut self, message: Message) -> Result<(), SendError<Message>> {
        let bytes = message.len();
        self.rested = false;
        self.socket.send_now(message)?;
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
