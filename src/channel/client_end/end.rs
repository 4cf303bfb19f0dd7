//! What the driver asks of a client's end.

use super::{ClientEnd, ClientPhase};
use crate::channel::link::{Begin, End, Item};
use crate::channel::mailbox::Status;
use crate::error::{RecvError, SendError, SendErrorKind};
use crate::lifecycle::Event as Heard;
use crate::message::{CloseInfo, Message, OpenInfo};
use crate::requests::{Asked, Kind, Load, MOST, Order, Requests};
use crate::session::wire::Head;
use crate::session::{Run, Unsendable};
use crate::transport::ConnectionLost;
use crate::waker::wake;
use core::task::{Context, Poll};
use std::sync::Arc;

/// Bytes that are read ahead of the receiver.
const READ_AHEAD: usize = 64 * 1024;

impl End for ClientEnd {
    fn begin_turn(&mut self, turn: Begin, cx: &mut Context<'_>) {
        self.again.obey(turn.orders);
        let mut heard = false;
        while let Some(page) = &mut self.page
            && let Poll::Ready(event) = page.poll(cx)
        {
            self.again.hear(event);
            heard = true;
            if event == Heard::Restored {
                self.moving = false;
            }
        }
        if self.again.is_suspended() {
            self.moving = false;
        }
        let now = self.now();
        let below = self.takes.taken(turn.taken);
        if !self.closing {
            let read_for_end = turn.ends && self.closes;
            let below = match read_for_end {
                true => self.takes.behind(),
                false => below,
            };
            self.client.commit(now, below);
        }
        if heard {
            // A hint, and no proof: the peer is asked.
            self.client.probe(now);
        }
        for order in self.requests.take_orders(cx.waker()) {
            self.post(order);
        }
        self.hear();
        self.drive(cx);
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if !self.unread
            && let Some((index, run)) = self.client.read_run()
        {
            self.takes.give_run(index, run.len());
            return Poll::Ready(Some(Item::Run(run)));
        }
        // A peer that takes no errors does not make this side hold more of them.
        while self.held.len() < 2 * MOST
            && let Some(received) = self.client.read()
        {
            match received.head {
                Head::Data { .. } if !self.unread => {
                    self.takes.give(received.index);
                    return Poll::Ready(Some(Item::Message(received.payload)));
                }
                Head::Void => {
                    self.takes.pass(received.index);
                    return Poll::Ready(Some(Item::Error(Box::new(RecvError::Missing))));
                }
                Head::Bye { .. } => {
                    self.takes.pass(received.index);
                    self.closes = true;
                    // What the receiver has taken may be all there is.
                    cx.waker().wake_by_ref();
                }
                Head::Request { .. } if !self.unread => {
                    let index = received.index;
                    match Asked::new(&self.requests, index, received.payload) {
                        Some(asked) => {
                            self.takes.give(index);
                            return Poll::Ready(Some(Item::Request(Box::new(asked))));
                        }
                        None => self.refuse(index, "too many requests wait for an answer"),
                    }
                }
                Head::Request { .. } => self.refuse(received.index, "nobody reads here"),
                _ => {
                    self.takes.pass(received.index);
                    self.passed = true;
                    wake(self.requests.hear(received));
                }
            }
        }
        if let Some(error) = self.errors.pop_front() {
            return Poll::Ready(Some(Item::Error(Box::new(error))));
        }
        if self.ended.is_some() {
            return Poll::Ready(None);
        }
        match self.lost.take() {
            Some(reason) => {
                // The next turn goes on from there.
                cx.waker().wake_by_ref();
                Poll::Ready(Some(Item::Error(Box::new(self.tell_lost(reason)))))
            }
            None => Poll::Pending,
        }
    }

    fn capacity(&self) -> usize {
        if !self.goes_on() || !self.held.is_empty() || self.client.phase() == ClientPhase::Ended {
            return 0;
        }
        self.high_water_mark
            .saturating_sub(self.client.retained() as usize)
    }

    fn poll_room(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        if self.capacity() > 0 || !self.goes_on() {
            return Poll::Ready(());
        }
        // An acknowledgement wakes the driver, as every batch.
        Poll::Pending
    }

    fn takes(&mut self, bytes: usize, since: &mut Option<u64>) -> bool {
        let (_, next) = self.client.next();
        let since = *since.get_or_insert(next);
        !self.full && self.capacity() > 0 && self.client.takes(bytes, since)
    }

    fn is_open(&self) -> bool {
        self.goes_on()
    }

    fn send(&mut self, load: Load) -> Result<(), SendError<Message>> {
        if !self.goes_on() {
            return Err(SendError::new(load.message, SendErrorKind::NotOpen));
        }
        let kind = load.kind;
        if !self.requests.is_awaited(&kind) {
            return Ok(());
        }
        let pushed = match self.held.is_empty() {
            true => self.push(&load),
            false => Err(Unsendable::Full),
        };
        match pushed {
            Ok(()) => {}
            // Also if the session is lost and about to be renewed.
            Err(Unsendable::Full | Unsendable::Ended) => self.held.push_back(load),
            Err(_) => return Err(SendError::new(load.message, SendErrorKind::SendRefused)),
        }
        self.requests.answered(&kind);
        Ok(())
    }

    fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    fn send_all(&mut self, mut run: Run, refused: &mut dyn FnMut(usize, SendErrorKind)) {
        while !run.is_empty() {
            // Without a copy of each, as long as there is room.
            if self.held.is_empty() && self.goes_on() {
                let frames = self.client.send_frames(run.frames());
                run.skip_frames(frames);
            }
            let Some(message) = run.take() else {
                return;
            };
            let bytes = message.len();
            if let Err(error) = self.send(Load::new(Kind::Value, message)) {
                refused(bytes, error.kind);
            }
        }
    }

    fn close(&mut self, code: u16, reason: &str) {
        if core::mem::replace(&mut self.closing, true) {
            return;
        }
        let now = self.now();
        // A code that only an open connection may say.
        let code = match code {
            3000..=4999 => code,
            _ => 1000,
        };
        if self.client.close(now, code, reason).is_ok() && self.client.phase() != ClientPhase::Open
        {
            self.again.hurry();
            self.stirred = true;
        }
        self.hear();
    }

    fn abort(&mut self, code: u16, reason: &str, cx: &mut Context<'_>) {
        self.close(code, reason);
        self.transmit(true, cx);
        self.leave(1000, "");
    }

    fn stop_reading(&mut self) {
        // Answers of requests are still read.
        if !core::mem::replace(&mut self.unread, true) {
            self.takes.forget();
            self.passed = true;
        }
    }

    fn end_turn(&mut self, cx: &mut Context<'_>) {
        if core::mem::take(&mut self.passed) && !self.closing {
            let now = self.now();
            self.client.commit(now, self.takes.below());
        }
        let all = self.turn.may_write();
        // A full batch need not wait.
        if (all || self.client.is_batch_full()) && self.transmit(all, cx) {
            self.turn.wrote(cx);
        }
        self.note_status();
        self.arm(cx);
        // What happened behind the place where it is asked for.
        if core::mem::take(&mut self.stirred) {
            cx.waker().wake_by_ref();
        }
    }

    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        let (_, next) = self.client.next();
        if self.held.is_empty() && self.client.committed() >= next {
            return Poll::Ready(Ok(()));
        }
        if self.flushes.is_none_or(|upto| upto < next) {
            self.flushes = Some(next);
            self.client.flush();
            self.transmit(true, cx);
        }
        Poll::Pending
    }

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn is_turn_due(&self) -> bool {
        !self.turn.may_write()
    }

    fn awaits_takes(&self) -> bool {
        self.takes.any() && !self.client.is_ack_pending() || self.closes && self.takes.any()
    }

    fn retained(&self) -> usize {
        let held: usize = self.held.iter().map(|load| load.message.cost()).sum();
        held + self.client.retained() as usize
    }

    fn resumed(&self) -> u64 {
        self.resumed
    }

    fn news(&mut self) -> Option<Status> {
        core::mem::take(&mut self.news).then(|| self.status.clone())
    }

    fn closed(&self) -> Option<&CloseInfo> {
        self.ended.as_ref()
    }

    fn take_opened(&mut self) -> Option<Box<OpenInfo>> {
        self.opened.take()
    }

    fn read_ahead(&self) -> usize {
        READ_AHEAD
    }

    fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }
}

impl ClientEnd {
    /// Answers a request with an error, as nobody else does.
    fn refuse(&mut self, to: u64, why: &'static str) {
        self.takes.pass(to);
        self.passed = true;
        self.post(Order::Refuse { to, why });
    }
}
