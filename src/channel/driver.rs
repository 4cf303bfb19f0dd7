//! The task that owns the link: a socket, or one end of a session. It hands messages over and collects those that arrive.

#[cfg(feature = "reconnect")]
mod reconnect;
mod sending;
#[cfg(feature = "session")]
mod session;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use super::direct;
use super::link::{Item, Link};
use super::mailbox::{Look, Mailbox, Next};
use super::outgoing::Sent;
#[cfg(feature = "reconnect")]
use super::reconnecting::Reconnecting;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use super::task;
#[cfg(feature = "lifecycle")]
use crate::lifecycle::{Event, Lifecycle};
use crate::message::{CloseInfo, ClosedBy};
use crate::socket::Socket;
use core::task::{Context, Poll};
#[cfg(feature = "reconnect")]
use reconnect::Turned;
use std::sync::Arc;

/// The largest number of messages in one turn. Then other tasks get theirs.
const TURN: usize = 64;

/// Drives `socket`, in a task of its own, until it ends or until no handle is left.
#[cfg(not(feature = "reconnect"))]
pub(super) fn start(mut socket: Socket) -> Arc<Mailbox> {
    let incoming = socket.incoming();
    let mut link = Link::Socket(socket);
    let mailbox = Arc::new(Mailbox::new(&mut link, incoming));
    spawn(Driver::new(link, mailbox))
}

/// Drives `socket`, in a task of its own, until it ends or until no handle is left.
#[cfg(feature = "reconnect")]
pub(super) fn start(socket: Socket) -> Arc<Mailbox> {
    start_again(socket, None)
}

/// As `start`, and with `again` also makes the next connection when one is lost.
#[cfg(feature = "reconnect")]
pub(super) fn start_again(mut socket: Socket, again: Option<Box<Reconnecting>>) -> Arc<Mailbox> {
    let incoming = match again {
        Some(_) => socket.own_incoming(),
        None => socket.incoming(),
    };
    let mut link = Link::Socket(socket);
    let mailbox = Arc::new(Mailbox::new(&mut link, incoming));
    let mut driver = Driver::new(link, mailbox);
    driver.again = again;
    if let Some(again) = &mut driver.again {
        again.opened();
    }
    spawn(driver)
}

/// Drives one end of a session, in a task of its own, until the session ends.
#[cfg(feature = "session")]
pub(super) fn start_end(end: Box<dyn super::link::End>) -> Arc<Mailbox> {
    let mut link = Link::Session(end);
    let mailbox = Arc::new(Mailbox::new(&mut link, session::incoming()));
    let mut driver = Driver::new(link, mailbox);
    // The end itself hears of the page.
    driver.page = None;
    spawn(driver)
}

fn spawn(driver: Driver) -> Arc<Mailbox> {
    let mailbox = driver.mailbox.clone();
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    task::spawn(driver);
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    direct::spawn(mailbox.clone(), driver);
    mailbox
}

pub(super) struct Driver {
    link: Link,
    mailbox: Arc<Mailbox>,
    /// Below this capacity the driver asks the platform for the current one, which is a call out of wasm.
    low: usize,
    look: Option<Look>,
    /// A send that was taken out of the queue and is not settled; none between turns.
    next: Next,
    sent: Sent,
    /// The cost of the entries that wait.
    #[cfg(feature = "session")]
    waiting: usize,
    /// Messages in a row that senders handed over themselves.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    direct: u8,
    /// The events of the page; none for a session, which receives them itself.
    #[cfg(feature = "lifecycle")]
    page: Option<Lifecycle>,
    /// Makes the next connection; none if this one is the last.
    #[cfg(feature = "reconnect")]
    again: Option<Box<Reconnecting>>,
    /// The socket has ended, and the next one is not open yet.
    #[cfg(feature = "reconnect")]
    away: bool,
}

impl Driver {
    fn new(link: Link, mailbox: Arc<Mailbox>) -> Self {
        Self {
            link,
            mailbox,
            low: 1,
            look: None,
            next: Next::default(),
            sent: Sent::default(),
            #[cfg(feature = "session")]
            waiting: 0,
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            direct: 0,
            #[cfg(feature = "lifecycle")]
            page: Some(Lifecycle::new()),
            #[cfg(feature = "reconnect")]
            again: None,
            #[cfg(feature = "reconnect")]
            away: false,
        }
    }

    pub(super) fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        #[cfg(feature = "lifecycle")]
        if self.was_restored(cx) {
            return Poll::Ready(());
        }
        #[cfg_attr(not(feature = "reconnect"), allow(unused_mut))]
        let mut work = self.mailbox.begin_turn(&mut self.next, cx.waker());
        #[cfg(feature = "reconnect")]
        match self.stay_connected(&mut work, cx) {
            Turned::Open => {}
            Turned::Away => return Poll::Pending,
            Turned::Over => return Poll::Ready(()),
        }
        #[cfg(feature = "session")]
        self.begin_session_turn(work.as_mut(), cx);
        if let Some(work) = work {
            self.look = work.look;
            #[cfg(not(feature = "session"))]
            let ends = work.ends;
            #[cfg(feature = "session")]
            let ends = work.ends && !self.delivers_end(&work);
            if let Some(accepted) = work.accepted {
                (accepted.hand_over)(self, *accepted);
            }
            if let Some(close) = work.close {
                let (code, reason) = *close;
                self.end_for_good();
                // The caller checked the arguments.
                if ends {
                    self.link.abort(code, &reason, cx);
                    self.settle(0);
                    // Nothing waits for the peer's answer. A `Control` that watches sees who closed.
                    #[cfg_attr(
                        all(target_family = "wasm", target_os = "unknown"),
                        expect(unused_mut, reason = "a browser still sends what it has")
                    )]
                    let mut closed = CloseInfo::lost(ClosedBy::Local);
                    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
                    if work.aborted {
                        closed.unsent_bytes = self.link.buffered_amount();
                    }
                    self.mailbox.end(closed);
                    return Poll::Ready(());
                }
                self.link.begin_close(code, &reason);
                self.mailbox.stop_sending();
            }
        }
        let (received, heard) = self.poll_receive(cx);
        #[cfg(feature = "reconnect")]
        if received == Turn::Ended && self.goes_on() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if received == Turn::Ended {
            self.settle(0);
            // Dropping the driver reports the end.
            return Poll::Ready(());
        }
        #[cfg(not(feature = "session"))]
        let sent = self.poll_send(cx, heard);
        #[cfg(feature = "session")]
        let sent = match self.hand_over_entries(cx) {
            true => Turn::Waiting,
            false => self.poll_send(cx, heard),
        };
        self.link.end_turn(cx);
        if let Some(look) = self.look
            && !look(&self.mailbox, &mut self.link, cx)
        {
            self.look = None;
        }
        #[cfg(feature = "session")]
        self.end_session_turn();
        if received == Turn::Over || sent == Turn::Over {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Handles events of the page and of its network. Returns whether the page returned from the back/forward cache or from a freeze and no connection
    /// follows. Then the channel ends. Browsers have cut its connection, or will in this turn of the event loop; they still report it as open, and lose
    /// what is sent.
    #[cfg(feature = "lifecycle")]
    fn was_restored(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(page) = &mut self.page else {
            return false;
        };
        while let Poll::Ready(event) = page.poll(cx) {
            #[cfg(feature = "reconnect")]
            if let Some(again) = &mut self.again {
                again.hear(event);
                continue;
            }
            if event == Event::Restored {
                let by = match self.mailbox.incoming.is_ours() {
                    true => ClosedBy::Local,
                    false => ClosedBy::Error,
                };
                self.mailbox.end(CloseInfo::lost(by));
                return true;
            }
        }
        false
    }

    /// Also returns whether a message arrived. If so the connection is open, and the platform need not be asked.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> (Turn, bool) {
        // Several messages may have arrived since the last turn, and together exceed the limit.
        if self.mailbox.incoming.below {
            self.mailbox.set_dropped(self.link.dropped());
        }
        for count in 0..TURN {
            if !self.mailbox.has_room_to_receive() {
                return (Turn::Waiting, count > 0);
            }
            match self.link.poll_item(cx) {
                Poll::Ready(Some(Item::Message(message))) => {
                    if let Some((code, reason)) = self.mailbox.incoming.arrive(Some(message)) {
                        self.end_for_good();
                        self.link.begin_close(code, reason);
                        // This send was queued before those that fail now.
                        self.settle(0);
                        self.mailbox.stop_sending();
                    }
                }
                #[cfg(feature = "session")]
                Poll::Ready(Some(Item::Run(run))) => self.mailbox.incoming.arrive_run(run),
                #[cfg(feature = "session")]
                Poll::Ready(Some(Item::Error(error))) => self.note(*error),
                #[cfg(feature = "session")]
                Poll::Ready(Some(Item::Request(asked))) => self.mailbox.incoming.ask(asked),
                Poll::Ready(None) => return (Turn::Ended, false),
                Poll::Pending => return (Turn::Waiting, count > 0),
            }
        }
        (Turn::Over, true)
    }

    /// No connection follows this one.
    #[inline]
    fn end_for_good(&mut self) {
        #[cfg(feature = "reconnect")]
        {
            self.again = None;
        }
    }

    /// Nothing more can be sent on this connection. Waiting sends fail, unless another connection follows.
    #[inline]
    fn stop_sending(&self) {
        #[cfg(feature = "reconnect")]
        if self.will_reconnect() {
            return self.mailbox.pause(None);
        }
        self.mailbox.stop_sending();
    }
}

/// How one direction's turn ended.
#[derive(PartialEq)]
enum Turn {
    /// Nothing more to do until something happens.
    Waiting,
    /// There is more to do, after other tasks.
    Over,
    /// The connection has ended.
    Ended,
}

impl Driver {
    /// How the connection ended.
    #[cfg(any(feature = "reconnect", all(target_family = "wasm", target_os = "unknown")))]
    fn closed(&self) -> CloseInfo {
        let closed = self.link.close_info().cloned();
        closed.unwrap_or_else(|| CloseInfo::lost(ClosedBy::Error))
    }
}

/// No wait stays pending, however the driver ends, even if a runtime shuts down.
impl Drop for Driver {
    fn drop(&mut self) {
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        let closed = self.last_turn();
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        let closed = self.closed();
        self.mailbox.end(closed);
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Driver {
    /// A runtime that shuts down drops the driver while the connection is open. Accepted messages are handed over as far as the platform accepts them
    /// at once; the rest is counted.
    fn last_turn(&mut self) -> CloseInfo {
        if let Some(closed) = self.link.close_info() {
            return closed.clone();
        }
        if let Some(accepted) = self.mailbox.take_accepted() {
            (accepted.hand_over)(self, *accepted);
            self.settle(0);
        }
        // Nothing is left to wake.
        let at_once = &mut Context::from_waker(core::task::Waker::noop());
        self.link.end_turn(at_once);
        let mut closed = CloseInfo::lost(ClosedBy::Error);
        closed.unsent_bytes = self.link.buffered_amount();
        closed
    }
}
