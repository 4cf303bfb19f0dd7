//! The client's end of a session: it owns the session's machine, its connection, and what makes the next one.
//!
//! | the machine says | what is done |
//! | --- | --- |
//! | `Opened` | the connection counts as open |
//! | `Later`, `Dropped` | the connection is closed, and another one made as the policy says |
//! | `Move` | another one is made; this one serves until then |
//! | `Undelivered` | the receiver is told |
//! | `Lost` | the receiver is told behind everything that came; then it ends, or a new session begins |
//! | `Ended` | it ends, behind everything that came |

mod connection;
mod greeting;
mod takes;

pub(super) use greeting::{Beginning, begin};

use super::link::{Begin, End, Item};
use super::mailbox::Status;
use super::reconnecting::Reconnecting;
use crate::error::{Lost, LostReason, RecvError, SendError, SendErrorKind};
use crate::lifecycle::Event as Heard;
use crate::message::{CloseInfo, ClosedBy, Message, OpenInfo};
use crate::random::jitter;
use crate::session::wire::Head;
use crate::session::{
    Blame, Client, ClientEvent, ClientPhase, OnLost, SessionMessage, Settings, Unsendable,
};
use crate::socket::Socket;
use crate::time::{Instant, Sleep, sleep};
use crate::transport::ConnectionLost;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;
use takes::Takes;

/// Bytes that are read ahead of the receiver.
const READ_AHEAD: usize = 64 * 1024;

pub(super) struct ClientEnd {
    client: Client,
    settings: Settings,
    on_lost: OnLost,
    again: Reconnecting,
    /// The connection, open or greeting.
    socket: Option<Socket>,
    /// The socket had no room when a batch was written to it.
    full: bool,
    /// The server asked for another connection; this one serves until it is there.
    moving: bool,
    opened: Option<Box<OpenInfo>>,
    /// All times count from here.
    clock: Instant,
    timer: Option<(Duration, Sleep)>,
    /// Messages that wait for room among those that are retained.
    held: VecDeque<Message>,
    takes: Takes,
    /// Errors for the receiver, each behind everything that came before it.
    errors: VecDeque<RecvError>,
    high_water_mark: usize,
    receive_buffer: usize,
    /// Our end has begun.
    closing: bool,
    /// The peer's has.
    closes: bool,
    unread: bool,
    /// There is something to do in another turn.
    stirred: bool,
    flushes: Option<u64>,
    status: Status,
    news: bool,
    resumed: u64,
    lost: Option<LostReason>,
    ended: Option<CloseInfo>,
}

/// What begins a session.
struct Parts {
    client: Client,
    settings: Settings,
    on_lost: OnLost,
    again: Reconnecting,
    socket: Socket,
    clock: Instant,
    high_water_mark: usize,
    receive_buffer: usize,
}

/// A machine for a new session.
fn client(settings: &Settings) -> Client {
    let instance = u64::from(jitter()) << 32 | u64::from(jitter());
    Client::new(settings.clone(), instance)
}

impl ClientEnd {
    fn new(parts: Parts) -> Self {
        let mut socket = parts.socket;
        Self {
            client: parts.client,
            settings: parts.settings,
            on_lost: parts.on_lost,
            again: parts.again,
            opened: socket.take_opened(),
            socket: Some(socket),
            full: false,
            moving: false,
            clock: parts.clock,
            timer: None,
            held: VecDeque::new(),
            takes: Takes::default(),
            errors: VecDeque::new(),
            high_water_mark: parts.high_water_mark.max(1),
            receive_buffer: parts.receive_buffer,
            closing: false,
            closes: false,
            unread: false,
            stirred: false,
            flushes: None,
            status: Status::Open,
            news: false,
            resumed: 0,
            lost: None,
            ended: None,
        }
    }

    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Takes in what the machine says.
    fn hear(&mut self, now: Duration) {
        while let Some(event) = self.client.poll_event() {
            match event {
                ClientEvent::Opened {
                    resumed, spread, ..
                } => {
                    self.resumed += u64::from(resumed);
                    self.again.set_spread(spread);
                    self.again.opened();
                }
                ClientEvent::Later { after, .. } => {
                    self.retry(crate::ReconnectReason::Later { after })
                }
                ClientEvent::Move { after } => {
                    self.moving = true;
                    self.want(crate::ReconnectReason::Moved { after });
                }
                ClientEvent::Dropped(why) => {
                    let (code, reason) = why.close();
                    self.leave(code, reason);
                    self.want(crate::ReconnectReason::Session { why: reason });
                }
                ClientEvent::Undelivered(received) => self.undelivered(received),
                ClientEvent::Lost(refusal) => {
                    self.leave(3001, "lost");
                    self.lost = Some(LostReason::Refused(refusal));
                }
                ClientEvent::Ended {
                    code,
                    reason,
                    ours,
                    clean,
                } => {
                    self.leave(1000, "");
                    let by = match ours {
                        true => ClosedBy::Local,
                        false => ClosedBy::Remote,
                    };
                    let mut closed = CloseInfo::new(code, reason, clean, by);
                    let (in_doubt, never_sent) = self.take_uncommitted();
                    let left = in_doubt.iter().chain(&never_sent);
                    closed.unsent_bytes = left.map(Message::len).sum();
                    self.ended = Some(closed);
                }
            }
        }
        // Room may have come with it.
        self.push_held();
        if self
            .flushes
            .is_some_and(|upto| self.client.committed() >= upto)
        {
            self.flushes = None;
        }
        if self.unread && self.client.phase() != ClientPhase::Ended {
            self.client.stop_reading(now);
        }
    }

    /// The connection is of no use any more; another one is wanted.
    fn retry(&mut self, reason: crate::ReconnectReason) {
        self.leave(1000, "");
        self.want(reason);
    }

    fn want(&mut self, reason: crate::ReconnectReason) {
        if !self.again.retry(reason) {
            self.give_up(self.again.gave_up());
        }
    }

    /// No other connection will be made.
    fn give_up(&mut self, closed: CloseInfo) {
        self.leave(1000, "");
        if self.lost.is_none() && self.ended.is_none() {
            self.lost = Some(LostReason::GaveUp(closed));
        }
    }

    fn undelivered(&mut self, received: SessionMessage) {
        if let Head::Data { .. } = received.head {
            let undelivered = crate::error::Undelivered::new(received.payload);
            self.errors
                .push_back(RecvError::Undelivered(Box::new(undelivered)));
        }
    }

    fn take_uncommitted(&mut self) -> (Vec<Message>, Vec<Message>) {
        let (in_doubt, never_sent) = self.client.take_uncommitted();
        let in_doubt = in_doubt.into_iter().map(|one| one.payload);
        let never_sent = never_sent.into_iter().map(|one| one.payload);
        let never_sent = never_sent.chain(self.held.drain(..));
        (in_doubt.collect(), never_sent.collect())
    }

    /// The session is lost, and everything that came was given: tells it, and begins a new one if that is wanted.
    fn tell_lost(&mut self, reason: LostReason) -> RecvError {
        let (in_doubt, never_sent) = self.take_uncommitted();
        let mut lost = Lost::new(reason, in_doubt, never_sent);
        // One that was never open is not renewed: it would be refused again.
        let begun = self.client.ticket().is_some();
        lost.renewed = self.on_lost == OnLost::Renew
            && begun
            && !self.closing
            && matches!(lost.reason, LostReason::Refused(_))
            && self
                .again
                .retry(crate::ReconnectReason::Session { why: "lost" });
        if lost.renewed {
            self.client = client(&self.settings);
            self.takes.restart();
            self.flushes = None;
            self.closes = false;
        } else {
            let mut closed = match &lost.reason {
                LostReason::GaveUp(closed) => closed.clone(),
                LostReason::Refused(_) => CloseInfo::lost(ClosedBy::Error),
            };
            if closed.reason.is_empty() {
                closed.reason = "session lost".into();
            }
            closed.unsent_bytes = lost.bytes();
            self.ended = Some(closed);
        }
        RecvError::SessionLost(Box::new(lost))
    }

    /// The end has not begun, or is not known here.
    fn goes_on(&self) -> bool {
        !self.closing && !self.closes && self.ended.is_none()
    }

    fn push(&mut self, message: &Message) -> Result<(), Unsendable> {
        let text = matches!(message, Message::Text(_));
        self.client
            .send(Head::Data { text }, message.as_bytes())
            .map(drop)
    }

    fn push_held(&mut self) {
        while let Some(message) = self.held.pop_front() {
            if self.push(&message) == Err(Unsendable::Full) {
                self.held.push_front(message);
                return;
            }
        }
    }

    /// Compares the status with the one that was told.
    fn note_status(&mut self) {
        let status = match self.client.phase() {
            ClientPhase::Open => Status::Open,
            _ => self.again.status(),
        };
        if status != self.status {
            self.status = status;
            self.news = true;
        }
    }
}

impl End for ClientEnd {
    fn begin_turn(&mut self, turn: Begin, cx: &mut Context<'_>) {
        self.again.obey(turn.orders);
        let heard = self.again.hear(cx);
        if heard == Some(Heard::Restored) {
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
        if heard.is_some() {
            // A hint, and no proof: the peer is asked.
            self.client.probe(now);
        }
        self.hear(now);
        self.drive(cx);
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        while let Some(received) = self.client.read() {
            match received.head {
                Head::Data { .. } => {
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
                _ => self.takes.pass(received.index),
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

    fn is_open(&self) -> bool {
        self.goes_on()
    }

    fn send(&mut self, message: Message) -> Result<(), SendError<Message>> {
        if !self.goes_on() {
            return Err(SendError::new(message, SendErrorKind::NotOpen));
        }
        if !self.held.is_empty() {
            self.held.push_back(message);
            return Ok(());
        }
        match self.push(&message) {
            Ok(()) => Ok(()),
            // Also if the session is lost and about to be renewed.
            Err(Unsendable::Full | Unsendable::Ended) => {
                self.held.push_back(message);
                Ok(())
            }
            Err(_) => Err(SendError::new(message, SendErrorKind::SendRefused)),
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
        self.hear(now);
    }

    fn abort(&mut self, code: u16, reason: &str, cx: &mut Context<'_>) {
        self.close(code, reason);
        self.transmit(cx);
        self.leave(1000, "");
    }

    fn stop_reading(&mut self) {
        if !core::mem::replace(&mut self.unread, true) {
            let now = self.now();
            self.client.stop_reading(now);
        }
    }

    fn end_turn(&mut self, cx: &mut Context<'_>) {
        if core::mem::take(&mut self.stirred) {
            cx.waker().wake_by_ref();
        }
        self.transmit(cx);
        self.arm(cx);
        self.note_status();
    }

    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        let (_, next) = self.client.next();
        if self.held.is_empty() && self.client.committed() >= next {
            return Poll::Ready(Ok(()));
        }
        if self.flushes.is_none_or(|upto| upto < next) {
            self.flushes = Some(next);
            self.client.flush();
            self.transmit(cx);
        }
        Poll::Pending
    }

    fn awaits_takes(&self) -> bool {
        self.takes.any() && !self.client.is_ack_pending() || self.closes && self.takes.any()
    }

    fn retained(&self) -> usize {
        let held: usize = self.held.iter().map(Message::cost).sum();
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

/// A timer for a time of the session's clock, unless an earlier one is set.
fn arm(timer: &mut Option<(Duration, Sleep)>, at: Duration, now: Duration) {
    if timer.as_ref().is_none_or(|(earlier, _)| at < *earlier) {
        *timer = Some((at, sleep(at.saturating_sub(now))));
    }
}

impl ClientEnd {
    /// Has the driver woken at the machine's next deadline. A timer that is earlier stays: deadlines mostly move away, and a timer is a call of the
    /// platform.
    fn arm(&mut self, cx: &mut Context<'_>) {
        let now = self.now();
        let Some(at) = self.client.poll_timeout() else {
            self.timer = None;
            return;
        };
        loop {
            arm(&mut self.timer, at, now);
            let Some((_, timer)) = &mut self.timer else {
                return;
            };
            if Pin::new(timer).poll(cx).is_pending() {
                return;
            }
            self.timer = None;
            if at <= now {
                cx.waker().wake_by_ref();
                return;
            }
        }
    }
}
