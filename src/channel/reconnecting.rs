//! Makes a channel's next connection.

use super::mailbox::Status;
use super::source::{Opening, Source};
use crate::lifecycle::{Event, Lifecycle};
use crate::message::{CloseInfo, ClosedBy};
use crate::random::jitter;
use crate::reconnect::{Reconnect, ReconnectReason, State, Supervisor};
use crate::socket::Socket;
use crate::time::{Instant, Sleep, elapsed_ms, sleep_ms};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

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
    /// None before the first attempt.
    pub(super) source: Option<Source>,
    supervisor: Supervisor,
    /// The time from which all times count, in milliseconds.
    origin: Instant,
    step: Step,
    reason: Arc<ReconnectReason>,
}

/// What is under way.
enum Step {
    None,
    /// Waiting for an attempt or for the next check for a network. An attempt that moves is checked again when this is over.
    Timer(Sleep),
    /// An attempt. Dropping it closes its connection before the next one begins.
    Opening(Pin<Box<Opening>>),
}

impl Reconnecting {
    pub(super) fn new(policy: Reconnect) -> Self {
        Self {
            source: None,
            supervisor: Supervisor::new(policy, 0),
            origin: Instant::now(),
            step: Step::None,
            reason: Arc::new(ReconnectReason::Requested),
        }
    }

    fn now(&self) -> u64 {
        elapsed_ms(self.origin)
    }

    /// The connection counts as open.
    pub(super) fn opened(&mut self) {
        self.supervisor.opened(self.now());
    }

    /// Whether a connection is wanted and open.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.supervisor.state(), State::Open)
    }

    /// The attempt that is next, or under way, or made the connection that is open.
    pub(super) fn attempt(&self) -> u32 {
        self.supervisor.attempt()
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
        self.set_reason(ReconnectReason::Suspended);
        self.supervisor.suspend();
    }

    pub(super) fn resume(&mut self) {
        self.supervisor.resume(self.now(), jitter());
    }

    pub(super) fn reconnect_now(&mut self) {
        if self.is_open() {
            self.set_reason(ReconnectReason::Requested);
        }
        self.supervisor.reconnect_now(self.now(), jitter());
    }

    /// Handles an event of the page or of its network.
    pub(super) fn hear(&mut self, event: Event) {
        let now = self.now();
        if event == Event::Restored {
            self.set_reason(ReconnectReason::Restored);
            self.supervisor.restored(now, jitter());
        } else if !self.look_for_network(now) && Lifecycle::is_visible() {
            self.supervisor.seen(now);
        }
    }

    /// The connection ended, or the attempt failed. Returns whether there will be another attempt.
    pub(super) fn retry(&mut self, reason: ReconnectReason) -> bool {
        let now = self.now();
        let (cause, asked) = reason.cause();
        self.set_reason(reason);
        self.look_for_network(now);
        self.supervisor.lost(now, cause, asked, jitter());
        !matches!(self.supervisor.state(), State::Ended(_))
    }

    fn set_reason(&mut self, reason: ReconnectReason) {
        self.reason = Arc::new(reason);
    }

    /// Asks the browser whether it is offline. Returns whether that changed.
    fn look_for_network(&mut self, now: u64) -> bool {
        let offline = Lifecycle::is_offline();
        self.supervisor.look_for_network(offline, now)
    }

    /// The next connection; `None` when there will be none. Whoever gets it says when it counts as [`opened`](Self::opened), or is lost.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Socket>> {
        loop {
            let now = self.now();
            match self.supervisor.state() {
                State::Waiting { at } => {
                    if self.supervisor.due(now) {
                        self.step = Step::None;
                    } else {
                        ready!(self.poll_timer(at, now, cx));
                    }
                }
                State::Connecting => {
                    if let Step::Opening(opening) = &mut self.step {
                        let opened = ready!(opening.as_mut().poll(cx));
                        self.step = Step::None;
                        match opened {
                            Ok(socket) => return Poll::Ready(Some(socket)),
                            Err(error) => {
                                self.retry(ReconnectReason::Failed(Box::new(error)));
                            }
                        }
                    } else if let Some(source) = &mut self.source {
                        let attempt = self.supervisor.attempt();
                        let opening = source.attempt(attempt, Some(&self.reason));
                        self.step = Step::Opening(opening);
                    } else {
                        return Poll::Ready(None);
                    }
                }
                State::Open | State::Suspended => {
                    self.step = Step::None;
                    return Poll::Pending;
                }
                State::Ended(_) => return Poll::Ready(None),
            }
        }
    }

    /// Ready when it is time to check again.
    fn poll_timer(&mut self, at: u64, now: u64, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.step {
            Step::Timer(timer) => {
                ready!(Pin::new(timer).poll(cx));
                self.step = Step::None;
                if self.supervisor.is_offline() {
                    self.look_for_network(now);
                }
            }
            _ => {
                let pause = self.supervisor.pause(at, now);
                self.step = Step::Timer(sleep_ms(pause));
            }
        }
        Poll::Ready(())
    }

    /// The status between two connections.
    pub(super) fn status(&self) -> Status {
        let next_retry_at = match self.supervisor.state() {
            State::Waiting { at } => Some(RetryAt {
                origin: self.origin,
                at,
            }),
            _ => None,
        };
        Status::Reconnecting {
            attempt: self.attempt(),
            reason: self.reason.clone(),
            next_retry_at,
        }
    }

    /// The end, after the last attempt.
    pub(super) fn gave_up(&self) -> CloseInfo {
        CloseInfo::new(1006, "reconnecting failed", false, ClosedBy::Error)
    }
}

/// By the default policy.
#[cfg(feature = "session")]
impl Default for Reconnecting {
    fn default() -> Self {
        Self::new(Reconnect::default())
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

    /// Whether the connection that there is, open or not yet, is the wanted one.
    pub(super) fn keeps(&self) -> bool {
        matches!(self.supervisor.state(), State::Open | State::Connecting)
    }

    /// Whether there is to be no connection.
    pub(super) fn is_suspended(&self) -> bool {
        matches!(self.supervisor.state(), State::Suspended)
    }

    /// Makes the next attempt now, also while suspended.
    pub(super) fn hurry(&mut self) {
        self.resume();
        if !self.is_open() {
            self.reconnect_now();
        }
    }
}
