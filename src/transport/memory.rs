//! Two connected ends in memory.

use super::{ConnectionLost, Limits, Transport};
use crate::lock::Lock;
use crate::message::{CloseInfo, ClosedBy, Event, Message};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::Arc;

/// Two transports that are connected to each other, open. Unread messages of one end count against the other's send high-water mark, so that a slow
/// reader makes the writer wait.
///
/// Of the limits, `send_high_water_mark` and `max_message` hold, for both ends; a larger message closes with 1009, as natively. The receive buffer is the other
/// end's high-water mark, nothing overflows, and the closing handshake takes no time: the end that closes sees nothing any more, and the other one what was
/// sent before, and then the end.
pub(crate) fn pair(limits: &Limits) -> (Box<dyn Transport>, Box<dyn Transport>) {
    let shared = Arc::new(Lock::new([Side::default(), Side::default()]));
    let end = |side| {
        Box::new(Memory {
            shared: shared.clone(),
            side,
            limits: limits.clone(),
        })
    };
    (end(0), end(1))
}

struct Memory {
    shared: Arc<Lock<[Side; 2]>>,
    side: usize,
    limits: Limits,
}

/// The events that one end will get, and its wakers.
#[derive(Default)]
struct Side {
    inbox: VecDeque<Message>,
    inbox_bytes: usize,
    closed: Option<CloseInfo>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Side {
    fn wake(&mut self) -> [Option<Waker>; 2] {
        [self.reader.take(), self.writer.take()]
    }

    fn end(&mut self, code: u16, reason: &str, by: ClosedBy) {
        self.closed
            .get_or_insert_with(|| CloseInfo::new(code, reason, true, by));
    }
}

impl Memory {
    /// Ours and theirs.
    fn sides<T>(&self, change: impl FnOnce(&mut Side, &mut Side) -> T) -> T {
        let mut sides = self.shared.lock();
        let [first, second] = &mut *sides;
        match self.side {
            0 => change(first, second),
            _ => change(second, first),
        }
    }

    /// Ready when the other end has read as much as `done` wants, or never will.
    fn poll_until(&mut self, cx: &mut Context<'_>, done: fn(&Side, &Limits) -> bool) -> Poll<()> {
        self.sides(|ours, theirs| {
            if ours.closed.is_some() || done(theirs, &self.limits) {
                return Poll::Ready(());
            }
            ours.writer = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Both ends at once: in memory the closing handshake takes no time.
    fn end(&self, code: u16, reason: &str) {
        let wakers = self.sides(|ours, theirs| {
            ours.end(code, "", ClosedBy::Local);
            // As in every browser: after our own close nothing more is shown.
            ours.inbox.clear();
            ours.inbox_bytes = 0;
            theirs.end(code, reason, ClosedBy::Remote);
            [ours.wake(), theirs.wake()]
        });
        wake(wakers.into_iter().flatten());
    }
}

impl crate::transport::Sealed for Memory {}

impl Transport for Memory {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let (event, writer) = self.sides(|ours, theirs| {
            if let Some(message) = ours.inbox.pop_front() {
                ours.inbox_bytes -= message.cost();
                return (Poll::Ready(Event::Message(message)), theirs.writer.take());
            }
            if let Some(closed) = &ours.closed {
                return (Poll::Ready(Event::Closed(closed.clone())), None);
            }
            ours.reader = Some(cx.waker().clone());
            (Poll::Pending, None)
        });
        wake([writer]);
        event
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_until(cx, |theirs, limits| {
            theirs.inbox_bytes < limits.send_high_water_mark.max(1)
        })
    }

    fn send(&mut self, message: Message) -> Result<(), Message> {
        if !self.is_open() {
            return Err(message);
        }
        if message.len() > self.limits.max_message {
            // What the other end would do: RFC 6455 §7.4.1, 1009.
            let wakers = self.sides(|ours, theirs| {
                theirs.end(1009, "", ClosedBy::Local);
                ours.end(1009, "", ClosedBy::Remote);
                [ours.wake(), theirs.wake()]
            });
            wake(wakers.into_iter().flatten());
            return Ok(());
        }
        let reader = self.sides(|_, theirs| {
            theirs.inbox_bytes += message.cost();
            theirs.inbox.push_back(message);
            theirs.reader.take()
        });
        wake([reader]);
        Ok(())
    }

    /// There is nothing to flush.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn send_at_once(&mut self, message: Message, _more: bool) -> Result<bool, Message> {
        self.send(message)?;
        Ok(false)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        Poll::Ready(Ok(()))
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        self.poll_until(cx, |theirs, _| theirs.inbox.is_empty())
            .map(Ok)
    }

    fn close(&mut self, code: u16, reason: &str) {
        if self.is_open() {
            self.end(code, reason);
        }
    }

    fn is_open(&self) -> bool {
        self.sides(|ours, _| ours.closed.is_none())
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn capacity(&self) -> usize {
        let watermark = self.limits.send_high_water_mark.max(1);
        self.sides(|_, theirs| watermark.saturating_sub(theirs.inbox_bytes))
    }

    fn has_receive_backpressure(&self) -> bool {
        true
    }

    fn buffered_amount(&self) -> usize {
        self.sides(|_, theirs| theirs.inbox.iter().map(Message::len).sum())
    }
}

/// Without a code, as every transport: the peer sees 1005.
impl Drop for Memory {
    fn drop(&mut self) {
        if self.is_open() {
            self.end(1005, "");
        }
    }
}

fn wake(wakers: impl IntoIterator<Item = Option<Waker>>) {
    for waker in wakers.into_iter().flatten() {
        waker.wake();
    }
}
