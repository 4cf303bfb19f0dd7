//! Makes a channel's next connection.

use super::mailbox::Status;
use super::source::{Opening, Source};
use crate::lifecycle::{Event, Lifecycle};
use crate::message::{CloseInfo, ClosedBy};
use crate::random::jitter;
use crate::reconnect::{Reconnect, ReconnectReason, State, Supervisor};
use crate::socket::Socket;
use crate::time::{Instant, Sleep, elapsed_ms, sleep};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

/// How often to ask the browser for a network while it is offline: Chromium has no event for it in workers.
const LOOK_MS: u64 = 1000;

/// What a [`Control`](super::Control) requests. Functions, so that programs that do not use them do not link them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Orders {
    /// Suspend or resume: the last request counts.
    pub(super) suspend: Option<fn(&mut Reconnecting)>,
    pub(super) now: Option<fn(&mut Reconnecting)>,
}

/// When an attempt to connect begins: part of [`Status::Reconnecting`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RetryAt {
    origin: Instant,
    /// Milliseconds since `origin`.
    at: u64,
}

impl RetryAt {
    /// The time from now until then; 0 when it has come.
    pub fn remaining(&self) -> Duration {
        Duration::from_millis(self.at).saturating_sub(self.origin.elapsed())
    }
}

impl fmt::Debug for RetryAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RetryAt").field(&self.remaining()).finish()
    }
}

pub(super) struct Reconnecting {
    source: Source,
    supervisor: Supervisor,
    lifecycle: Lifecycle,
    /// The time from which all times count, in milliseconds.
    origin: Instant,
    /// Fires at the next attempt, or at the next check for a network.
    timer: Option<(u64, Sleep)>,
    /// The current attempt. Dropped, and so closed, before the next one begins.
    opening: Option<Pin<Box<Opening>>>,
    reason: Arc<ReconnectReason>,
    attempts: u32,
}

impl Reconnecting {
    /// For a connection that has just been made from this source.
    pub(super) fn new(source: Source, policy: Reconnect) -> Self {
        let origin = Instant::now();
        Self {
            source,
            supervisor: Supervisor::new(policy, 0),
            lifecycle: Lifecycle::new(),
            origin,
            timer: None,
            opening: None,
            reason: Arc::new(ReconnectReason::Requested),
            attempts: 0,
        }
    }

    fn now(&self) -> u64 {
        elapsed_ms(self.origin)
    }

    /// Whether a connection is wanted and open.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.supervisor.state(), State::Open)
    }

    /// Carries out the application's requests.
    pub(super) fn obey(&mut self, orders: Orders) {
        if let Some(suspend) = orders.suspend {
            suspend(self);
        }
        if let Some(now) = orders.now {
            now(self);
        }
    }

    pub(super) fn suspend(&mut self) {
        self.reason = Arc::new(ReconnectReason::Suspended);
        self.supervisor.suspend();
    }

    pub(super) fn resume(&mut self) {
        self.supervisor.resume(self.now(), jitter());
    }

    pub(super) fn reconnect_now(&mut self) {
        if self.is_open() {
            self.reason = Arc::new(ReconnectReason::Requested);
        }
        self.supervisor.reconnect_now(self.now(), jitter());
    }

    /// Handles events of the page and of its network. Returns the one that says most.
    pub(super) fn hear(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        let mut heard = None;
        while let Poll::Ready(event) = self.lifecycle.poll(cx) {
            let now = self.now();
            if event == Event::Restored {
                heard = Some(event);
                self.reason = Arc::new(ReconnectReason::Restored);
                self.supervisor.restored(now, jitter());
            } else {
                heard.get_or_insert(event);
                if !self.look_for_network(now) && Lifecycle::is_visible() {
                    self.supervisor.seen(now);
                }
            }
        }
        heard
    }

    /// The connection counts as open.
    pub(super) fn opened(&mut self) {
        self.supervisor.opened(self.now());
    }

    /// The connection ended. Returns whether there will be another.
    pub(super) fn lost(&mut self, closed: CloseInfo) -> bool {
        self.wait(ReconnectReason::Closed(closed));
        !matches!(self.supervisor.state(), State::Ended(_))
    }

    fn wait(&mut self, reason: ReconnectReason) {
        let now = self.now();
        let (cause, asked) = reason.cause();
        self.reason = Arc::new(reason);
        self.look_for_network(now);
        self.supervisor.lost(now, cause, asked, jitter());
    }

    /// Asks the browser whether it is offline. Returns whether that changed.
    fn look_for_network(&mut self, now: u64) -> bool {
        let offline = Lifecycle::is_offline();
        let news = offline != self.supervisor.is_offline();
        if news {
            self.supervisor.set_offline(offline, now);
        }
        news
    }

    /// The next connection, and the number of its attempt; `None` when there will be none. Whoever gets it says when it counts as
    /// [`opened`](Self::opened), or is lost.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Socket, u32)>> {
        loop {
            let now = self.now();
            match self.supervisor.state() {
                State::Waiting { at, .. } => {
                    self.opening = None;
                    if self.supervisor.due(now) {
                        continue;
                    }
                    ready!(self.poll_timer(at, now, cx));
                }
                State::Connecting { attempt } => {
                    self.timer = None;
                    self.attempts = attempt;
                    let opening = self.opening.get_or_insert_with(|| {
                        let reason = Some(self.reason.clone());
                        self.source.attempt(attempt, reason)
                    });
                    match ready!(opening.as_mut().poll(cx)) {
                        Ok(socket) => {
                            self.opening = None;
                            return Poll::Ready(Some((socket, attempt)));
                        }
                        Err(error) => {
                            self.opening = None;
                            self.wait(ReconnectReason::Failed(Box::new(error)));
                        }
                    }
                }
                State::Open | State::Suspended => {
                    (self.opening, self.timer) = (None, None);
                    return Poll::Pending;
                }
                State::Ended(_) => return Poll::Ready(None),
            }
        }
    }

    /// Ready when it is time to check again.
    fn poll_timer(&mut self, at: u64, now: u64, cx: &mut Context<'_>) -> Poll<()> {
        let offline = self.supervisor.is_offline();
        if self.timer.as_ref().is_none_or(|(until, _)| *until != at) {
            let delay = at.saturating_sub(now);
            let delay = if offline { delay.min(LOOK_MS) } else { delay };
            self.timer = Some((at, sleep(Duration::from_millis(delay))));
        }
        if let Some((_, timer)) = &mut self.timer {
            ready!(Pin::new(timer).poll(cx));
        }
        self.timer = None;
        if offline {
            self.look_for_network(self.now());
        }
        Poll::Ready(())
    }

    /// The status between two connections.
    pub(super) fn status(&self) -> Status {
        let (attempt, next_retry_at) = match self.supervisor.state() {
            State::Waiting { attempt, at } => {
                let origin = self.origin;
                (attempt, Some(RetryAt { origin, at }))
            }
            State::Connecting { attempt } => (attempt, None),
            _ => (self.attempts, None),
        };
        Status::Reconnecting {
            attempt,
            reason: self.reason.clone(),
            next_retry_at,
        }
    }

    /// The end, after the last attempt.
    pub(super) fn gave_up(&self) -> CloseInfo {
        let mut closed = CloseInfo::lost(ClosedBy::Error);
        closed.reason = String::from("reconnecting failed");
        closed
    }
}

/// For sessions.
#[cfg(feature = "session")]
impl Reconnecting {
    /// The first retry after a drop comes within this time.
    pub(super) fn set_spread(&mut self, spread: Duration) {
        if !spread.is_zero() {
            self.supervisor.set_spread(spread);
        }
    }

    /// There is to be another connection for this reason. Returns whether there will be one.
    pub(super) fn retry(&mut self, reason: ReconnectReason) -> bool {
        self.wait(reason);
        !matches!(self.supervisor.state(), State::Ended(_))
    }

    /// Whether the connection that there is, open or not yet, is the wanted one.
    pub(super) fn keeps(&self) -> bool {
        matches!(
            self.supervisor.state(),
            State::Open | State::Connecting { .. }
        )
    }

    /// Makes the next attempt now, also while suspended.
    pub(super) fn hurry(&mut self) {
        self.resume();
        if !self.is_open() {
            self.reconnect_now();
        }
    }
}
