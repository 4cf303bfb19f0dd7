//! The number of locks a message takes, and a transport that calls back while it is called.

#![allow(clippy::unwrap_used)]

use super::Channel;
use super::mailbox::{Mailbox, Next};
use crate::codec::Text;
use crate::lock::taken;
use crate::message::{CloseInfo, Event, Message, OpenInfo};
use crate::socket::Socket;
use crate::transport::{ConnectionLost, Limits, Transport};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::Barrier;
use std::sync::atomic::Ordering;

/// Sends every message back, without a lock. Each call wakes the waiting reader several times.
struct Loopback {
    limits: Limits,
    queue: VecDeque<Message>,
    reader: Option<Waker>,
}

impl crate::transport::Sealed for Loopback {}

impl Transport for Loopback {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Some(message) = self.queue.pop_front() {
            return Poll::Ready(Event::Message(message));
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn send(&mut self, message: Message) -> Result<(), Message> {
        self.queue.push_back(message);
        for _ in 0..3 {
            self.reader.iter().for_each(Waker::wake_by_ref);
        }
        Ok(())
    }

    /// There is nothing to flush, as over a stream that takes everything.
    fn send_at_once(&mut self, message: Message, _more: bool) -> Result<bool, Message> {
        self.send(message)?;
        Ok(false)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        Poll::Ready(Ok(()))
    }

    fn poll_drained(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        Poll::Ready(Ok(()))
    }

    fn close(&mut self, _code: u16, _reason: &str) {}

    fn is_open(&self) -> bool {
        true
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn capacity(&self) -> usize {
        1 << 20
    }

    fn has_receive_backpressure(&self) -> bool {
        true
    }

    fn buffered_amount(&self) -> usize {
        0
    }
}

fn socket() -> Socket {
    let transport = Loopback {
        limits: Limits::default(),
        queue: VecDeque::new(),
        reader: None,
    };
    Socket::from_transport(Box::new(transport), OpenInfo::default())
}

fn channel() -> Channel<String, String> {
    Channel::from_socket(socket(), Text)
}

#[tokio::test]
async fn a_message_sent_or_received_takes_three_locks_at_most() {
    const MESSAGES: usize = 100;
    let mut channel = channel();
    channel.send("first".into()).await.unwrap();
    channel.next().await.unwrap().unwrap();
    let before = taken();
    for _ in 0..MESSAGES {
        channel.send("again".into()).await.unwrap();
        channel.next().await.unwrap().unwrap();
    }
    let each = (taken() - before) as f64 / MESSAGES as f64;
    assert!(each <= 6.0, "{each} to send and to receive one");
}

#[tokio::test]
async fn a_transport_that_calls_back_is_given_a_message_once() {
    let mut channel = channel();
    let control = channel.control();
    for number in 0..10 {
        channel.send(number.to_string()).await.unwrap();
    }
    for number in 0..10 {
        assert_eq!(channel.next().await.unwrap().unwrap(), number.to_string());
    }
    let stats = control.stats();
    assert_eq!((stats.sent_messages, stats.received_messages), (10, 10));
    control.abort();
    let closed: CloseInfo = control.closed().await;
    assert_eq!(closed.unsent_bytes, 0);
}

/// A handle does not wake a driver that is already notified. So the driver clears `notified` only together with setting its waker, under the lock.
#[test]
fn a_turn_clears_notified_under_the_lock() {
    let mut socket = socket();
    let incoming = socket.incoming();
    let mailbox = &Mailbox::new(&mut super::link::Link::Socket(socket), incoming);
    let begins = &Barrier::new(2);
    std::thread::scope(|scope| {
        let notified = mailbox.while_locked(|notified| {
            scope.spawn(|| {
                begins.wait();
                mailbox.begin_turn(&mut Next::default(), Waker::noop());
            });
            begins.wait();
            // The other thread waits for the lock by then.
            (0..100_000).all(|_| {
                std::thread::yield_now();
                notified.load(Ordering::Relaxed)
            })
        });
        assert!(notified);
    });
    mailbox.while_locked(|notified| assert!(!notified.load(Ordering::Relaxed)));
}
