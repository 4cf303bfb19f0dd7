//! Unread messages, shared by the producer (a transport or a channel's driver) and the reader.
//!
//! The lock is never held while calling foreign code: wakers are taken out and woken after it is released.

#[cfg(feature = "reconnect")]
mod gaps;
#[cfg(feature = "session")]
mod session;

use super::inbox::Inbox;
use super::life::{Arrived, Life, Phase};
#[cfg(feature = "session")]
use super::parcel::Parcel;
use super::{Dropped, Limits, Overflow};
use crate::error::RecvError;
use crate::lock::{Guard, Lock};
use crate::message::{CloseInfo, ClosedBy, Message};
#[cfg(feature = "session")]
use crate::session::Run;
use crate::time::Instant;
use crate::waker::{keep, wake};
#[cfg(feature = "session")]
use core::sync::atomic::AtomicBool;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
#[cfg(feature = "reconnect")]
use gaps::Gaps;
use std::sync::Arc;

#[cfg(not(feature = "session"))]
type Parcel = Message;

/// The one bounded queue between the platform and the reader.
pub struct Incoming {
    /// The transport has a queue of its own below, which may drop messages.
    pub(crate) below: bool,
    state: Lock<State>,
    /// Messages that had left when the reader asked for the next one. Counted for sessions only.
    #[cfg(feature = "session")]
    taken: AtomicUsize,
    #[cfg(feature = "session")]
    of_session: bool,
    /// The reader takes requests. Otherwise they are refused when they are next.
    #[cfg(feature = "session")]
    answers: AtomicBool,
    /// What waits to be read, as it counts against a bound: 0 once nothing more is shown. So that the driver need not lock to see it.
    waiting: AtomicUsize,
    /// Pongs that came, where the transport counts them.
    pongs: AtomicU64,
}

pub(crate) struct State {
    life: Life<Parcel>,
    /// The run that is being read, a value at a time.
    #[cfg(feature = "session")]
    open: Option<Box<Run>>,
    reader: Option<Waker>,
    /// Woken whenever there is something to read, and at the end.
    hook: Option<Waker>,
    /// When the last pong came.
    last_pong: Option<Instant>,
    #[cfg(feature = "reconnect")]
    gaps: Gaps,
}

#[cfg(not(feature = "session"))]
impl State {
    fn next(&mut self) -> Option<Message> {
        self.life.next()
    }

    fn drop_oldest(&mut self) -> Option<Message> {
        self.life.drop_oldest()
    }

    fn cost(&self) -> usize {
        self.life.inbox().bytes()
    }
}

/// Counts of what arrived.
pub(crate) struct Received {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) queued: usize,
    pub(crate) dropped: Dropped,
}

impl Incoming {
    /// A queue that overflows at the receive buffer.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn bounded(phase: Phase, limits: &Limits) -> Arc<Self> {
        Self::new(phase, limits.receive_buffer, limits.overflow, false)
    }

    /// For a connection that is already open. `limits` gives the bound; without them the producer keeps to one.
    pub(crate) fn open(limits: Option<&Limits>) -> Arc<Self> {
        let (bound, overflow) = limits.map_or((usize::MAX, Overflow::Close), |limits| {
            (limits.receive_buffer, limits.overflow)
        });
        Self::new(Phase::Open, bound, overflow, limits.is_some())
    }

    fn new(phase: Phase, bound: usize, overflow: Overflow, below: bool) -> Arc<Self> {
        Arc::new(Self::of(phase, bound, overflow, below))
    }

    fn of(phase: Phase, bound: usize, overflow: Overflow, below: bool) -> Self {
        Self {
            below,
            state: Lock::new(State {
                life: Life::new(phase, Inbox::new(bound, overflow)),
                #[cfg(feature = "session")]
                open: None,
                reader: None,
                hook: None,
                last_pong: None,
                #[cfg(feature = "reconnect")]
                gaps: Gaps::default(),
            }),
            #[cfg(feature = "session")]
            taken: AtomicUsize::new(0),
            #[cfg(feature = "session")]
            of_session: false,
            #[cfg(feature = "session")]
            answers: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            pongs: AtomicU64::new(0),
        }
    }

    /// So many pongs have come.
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    #[inline]
    pub(crate) fn note_pongs(&self, count: u64) {
        if self.pongs.load(Ordering::Relaxed) != count {
            self.note_new_pongs(count);
        }
    }

    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    #[cold]
    fn note_new_pongs(&self, count: u64) {
        self.lock().last_pong = Some(Instant::now());
        self.pongs.store(count, Ordering::Relaxed);
    }

    /// How many pongs came, and how long ago the last one did; also after the end.
    pub(crate) fn pongs(&self) -> (u64, Option<Duration>) {
        let last = self.lock().last_pong;
        let count = self.pongs.load(Ordering::Relaxed);
        (count, last.map(|last| last.elapsed()))
    }

    #[inline(never)]
    fn lock(&self) -> Guard<'_, State> {
        self.state.lock()
    }

    /// The handshake has succeeded.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn opened(&self) {
        self.lock().life.opened();
    }

    /// How it stands.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    #[inline(never)]
    pub(crate) fn phase(&self) -> Phase {
        self.lock().life.phase().clone()
    }

    /// Whether we began the end.
    #[cfg(any(feature = "lifecycle", all(target_family = "wasm", target_os = "unknown")))]
    #[inline(never)]
    pub(crate) fn is_ours(&self) -> bool {
        self.lock().life.is_ours()
    }

    /// We want the end.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.life.close();
        self.publish(&state);
    }

    /// Drops the oldest unread message because nothing reads, and counts it.
    pub(crate) fn drop_oldest(&self) {
        let mut state = self.lock();
        let oldest = state.drop_oldest();
        #[cfg(feature = "reconnect")]
        {
            state.gaps.leave(usize::from(oldest.is_some()));
        }
        // Errors and requests alone fill it.
        #[cfg(feature = "session")]
        let notes = oldest.is_none().then(|| state.gaps.clear());
        self.publish(&state);
        drop(state);
        #[cfg(feature = "session")]
        drop(notes);
        drop(oldest);
    }

    #[inline(never)]
    fn publish(&self, state: &State) {
        let waiting = match state.life.discards() {
            true => 0,
            false => state.cost(),
        };
        #[cfg(feature = "session")]
        let waiting = waiting + state.gaps.cost;
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// What waits to be read, as it counts against a bound; 0 once nothing more is shown.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A message has arrived, or, as none, one that is larger than is taken. Given a code and a reason, the connection is to be closed with them.
    #[cfg_attr(not(feature = "session"), allow(clippy::useless_conversion))]
    pub(crate) fn arrive(&self, message: Option<Message>) -> Option<(u16, &'static str)> {
        self.put(message.map(Parcel::from), 1)
    }

    #[cfg_attr(not(feature = "reconnect"), allow(unused_variables))]
    fn put(&self, parcel: Option<Parcel>, messages: usize) -> Option<(u16, &'static str)> {
        let mut state = self.lock();
        let arrived = state.life.arrived(parcel);
        self.publish(&state);
        match arrived {
            Arrived::Discarded => return None,
            Arrived::Close(code, reason) => return Some((code, reason)),
            #[cfg(feature = "reconnect")]
            Arrived::Kept(displaced) => {
                state.gaps.came = state.gaps.came.wrapping_add(messages);
                state.gaps.leave(displaced);
            }
            #[cfg(not(feature = "reconnect"))]
            Arrived::Kept(_) => {}
            Arrived::Dropped => {}
        }
        tell(state);
        None
    }

    /// The end; it is ours if we began it. [`end`](Self::end) reports it to the reader.
    #[inline(never)]
    pub(crate) fn ended(&self, mut closed: CloseInfo) -> Guard<'_, State> {
        let mut state = self.lock();
        if state.life.is_ours() {
            closed.by = ClosedBy::Local;
        }
        state.life.ended(closed);
        self.publish(&state);
        state
    }

    /// The end; reports it to the reader.
    pub(crate) fn end(&self, closed: CloseInfo) {
        tell(self.ended(closed));
    }

    /// The next message, and `None` when all have been read and the end has come; and what waited before and waits now.
    pub(crate) fn poll_next(&self, waker: Option<&Waker>) -> (Poll<Option<Message>>, [usize; 2]) {
        let mut state = self.lock();
        let before = self.waiting();
        #[cfg(feature = "session")]
        {
            state = self.refuse_requests(state);
        }
        #[cfg(feature = "session")]
        if self.of_session {
            self.taken.store(state.gaps.left, Ordering::SeqCst);
        }
        // The end of what came before: `take_gap` tells it.
        #[cfg(feature = "reconnect")]
        if state.gaps.is_next() {
            return (Poll::Ready(None), [0; 2]);
        }
        if let Some(message) = state.next() {
            #[cfg(feature = "reconnect")]
            {
                state.gaps.leave(1);
            }
            self.publish(&state);
            return (Poll::Ready(Some(message)), [before, self.waiting()]);
        }
        if matches!(state.life.phase(), Phase::Closed(_)) {
            return (Poll::Ready(None), [0; 2]);
        }
        if let Some(waker) = waker {
            keep(&mut state.reader, waker);
        }
        (Poll::Pending, [before, self.waiting()])
    }

    /// The error with which reading ends, once.
    #[inline(never)]
    pub(crate) fn end_error(&self) -> Option<RecvError> {
        self.lock().life.end_error()
    }

    /// Whether all messages were read and the end was reported.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.lock();
        #[cfg(feature = "reconnect")]
        if !state.gaps.gaps.is_empty() {
            return false;
        }
        #[cfg(feature = "session")]
        if state.open.is_some() {
            return false;
        }
        state.life.is_over()
    }

    /// Has `waker` woken when something arrives.
    pub(crate) fn remember_reader(&self, waker: &Waker) {
        keep(&mut self.lock().reader, waker);
    }

    /// Nobody waits for a message any more.
    pub(crate) fn forget_reader(&self) {
        let waker = self.lock().reader.take();
        drop(waker);
    }

    /// Nobody reads any more.
    pub(crate) fn stop_reading(&self) {
        let mut state = self.lock();
        state.life.stop_reading();
        #[cfg(feature = "session")]
        {
            state.open = None;
        }
        #[cfg(all(feature = "reconnect", not(feature = "session")))]
        state.gaps.gaps.clear();
        #[cfg(feature = "session")]
        let notes = state.gaps.clear();
        let hook = state.hook.take();
        self.publish(&state);
        drop(state);
        #[cfg(feature = "session")]
        drop(notes);
        drop(hook);
    }

    pub(crate) fn set_hook(&self, hook: Waker) {
        let old = self.lock().hook.replace(hook);
        drop(old);
    }

    pub(crate) fn received(&self) -> Received {
        let state = self.lock();
        let (messages, bytes) = state.life.received();
        Received {
            messages,
            bytes,
            queued: state.cost(),
            dropped: state.life.dropped(),
        }
    }
}

/// Releases the state and wakes the reader.
#[inline(never)]
fn tell(mut state: Guard<'_, State>) {
    let (reader, hook) = (state.reader.take(), state.hook.clone());
    drop(state);
    wake(reader);
    wake(hook);
}
