//! The task that owns the socket: takes offers down, brings messages up.

use super::mailbox::{Mailbox, Wanted};
use crate::message::{By, Closed};
use crate::socket::Socket;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use futures_sink::Sink;
use std::sync::Arc;

/// Messages moved in one turn before other tasks get theirs.
const TURN: usize = 64;

/// Drives `socket` until it ends or until no handle is left.
pub(super) fn drive(socket: Socket, mailbox: Arc<Mailbox>) -> impl Future<Output = ()> {
    let mut driver = Driver { socket, mailbox };
    poll_fn(move |cx| driver.poll(cx))
}

struct Driver {
    socket: Socket,
    mailbox: Arc<Mailbox>,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.mailbox.wanted(cx) {
            Wanted::Nothing => {}
            // The arguments were checked by whoever wants it.
            Wanted::Close(code, reason) => {
                let _ = self.socket.close(code, &reason);
                self.mailbox.stop_sending();
            }
            Wanted::End => {
                let _ = self.socket.close(1000, "");
                let _ = Pin::new(&mut self.socket).poll_flush(cx);
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
        let _ = Pin::new(&mut self.socket).poll_flush(cx);
        if received == Turn::Over || sent == Turn::Over {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Turn {
        for _ in 0..TURN {
            if !self.mailbox.has_room() {
                return Turn::Waiting;
            }
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(message)) => self.mailbox.deliver(message),
                Poll::Ready(None) => return Turn::Ended,
                Poll::Pending => return Turn::Waiting,
            }
        }
        Turn::Over
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Turn {
        if !self.socket.is_open() {
            self.mailbox.stop_sending();
        }
        for _ in 0..TURN {
            if !self.mailbox.has_offers() {
                return Turn::Waiting;
            }
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Pending => return Turn::Waiting,
                Poll::Ready(Err(_)) => {
                    self.mailbox.stop_sending();
                    return Turn::Waiting;
                }
                Poll::Ready(Ok(())) => {
                    let Some(offer) = self.mailbox.next_offer() else {
                        continue;
                    };
                    let Some(message) = offer.take() else {
                        continue;
                    };
                    offer.settle(self.socket.send_now(message).map_err(|error| error.kind));
                }
            }
        }
        Turn::Over
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
