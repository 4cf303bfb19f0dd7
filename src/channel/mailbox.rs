//! The state that the handles and the driver share: [outgoing messages](super::outgoing), [incoming messages](crate::transport::incoming), and the
//! status.
//!
//! The lock is never held while calling foreign code: wakers are taken out and woken after it is released.

mod driving;
mod progress;
mod receiving;
#[cfg(feature = "reconnect")]
mod reconnect;
#[cfg(feature = "session")]
mod requests;
mod sending;
#[cfg(feature = "session")]
mod session;
mod status;

#[cfg(feature = "session")]
pub use status::{Moment, StalledBy};
pub use status::{Stats, Status};

use super::link::Link;
use super::outgoing::{Accepted, Outgoing, Taken};
#[cfg(feature = "reconnect")]
use super::reconnecting::Orders;
use super::wait_queue::{Key, Stage, WaitQueue};
use crate::lock::{Guard, Lock};
use crate::message::{CloseInfo, Message, OpenInfo};
use crate::transport::Dropped;
use crate::transport::incoming::Incoming;
use crate::waker::wake;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use core::task::{Context, Waker};
use core::time::Duration;
use std::sync::Arc;

/// A check that the driver makes for `flush`, `drained` and `ping`. A function, so that programs that use none of them do not link it. It returns
/// whether to check again.
pub(super) type Look = fn(&Mailbox, &mut Link, &mut Context<'_>) -> bool;

/// Whether the driver has already run when its waker returns. In a page it runs when it is woken.
const AT_ONCE: bool = cfg!(all(
    target_family = "wasm",
    target_os = "unknown",
    not(target_feature = "atomics")
));

pub(super) struct Mailbox {
    opened: Option<Box<OpenInfo>>,
    pub(super) incoming: Arc<Incoming>,
    /// With receive backpressure, the bytes that the driver reads ahead of the receiver; always at least one message. Without, everything is read,
    /// and the queue has the limit.
    window: usize,
    /// The same while something waits for the end, which comes after every message.
    bound: usize,
    /// `window` or `bound`.
    fetched: AtomicUsize,
    /// A handle has changed something since the driver's last turn began.
    notified: AtomicBool,
    /// Whether `try_send` would accept a message.
    writable: AtomicBool,
    /// As [`WaitQueue::settled`](super::wait_queue::WaitQueue::settled) and `refused`.
    settled: AtomicU32,
    refused: AtomicU32,
    /// Whether a sender could hand a message over itself: the connection is open and the queue is empty.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    clear: AtomicBool,
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) slot: super::direct::Slot,
    /// None without a session. Boxed, so that it costs a plain channel little.
    #[cfg(feature = "session")]
    session: Option<Box<session::Told>>,
    /// Entries that wait, once there was one, and the bound on them.
    #[cfg(feature = "session")]
    entries: std::sync::OnceLock<Arc<dyn super::entries::Waiting>>,
    #[cfg(feature = "session")]
    high_water_mark: usize,
    state: Lock<State>,
}

/// A compact [`Status`].
enum Standing {
    Open,
    #[cfg(feature = "reconnect")]
    Reconnecting(Box<Status>),
    Closing,
    Closed(Box<CloseInfo>),
}

impl Standing {
    fn is_open(&self) -> bool {
        matches!(self, Standing::Open)
    }

    fn status(&self) -> Status {
        match self {
            Standing::Open => Status::Open,
            #[cfg(feature = "reconnect")]
            Standing::Reconnecting(status) => Status::clone(status),
            Standing::Closing => Status::Closing,
            Standing::Closed(closed) => Status::Closed(CloseInfo::clone(closed)),
        }
    }
}

struct State {
    standing: Standing,
    outgoing: Outgoing,
    /// Tasks that wait for a change of status or for progress. Each change settles all of them; they check it, and wait again if necessary.
    watchers: WaitQueue,
    /// The number of watchers that wait for the end.
    ends: usize,
    /// Set while a `flush` or `drained` is pending, and after the first ping.
    look: Option<Look>,
    wants_drained: bool,
    wants_ping: bool,
    round_trip: Option<Duration>,
    /// Messages that the transport dropped before the driver could read them.
    dropped: Dropped,
    close: Option<Close>,
    /// `start_close` or `abort` was called.
    aborted: bool,
    senders: usize,
    receiver: bool,
    driver: Option<Waker>,
    /// Nothing can be sent until the next connection is open.
    #[cfg(feature = "reconnect")]
    paused: bool,
    #[cfg(feature = "reconnect")]
    orders: Orders,
    /// What those in the queue are that carry no plain value.
    #[cfg(feature = "session")]
    #[expect(clippy::box_collection, reason = "a plain channel has none")]
    kinds: Option<Box<Vec<(Key, crate::requests::Kind)>>>,
}

/// Code and reason.
type Close = Box<(u16, String)>;

/// What the driver has to do.
pub(super) struct Work {
    /// Begin to close.
    pub(super) close: Option<Close>,
    /// Also end: there are no senders, receiver or waits for the end any more.
    pub(super) ends: bool,
    /// After `abort`: natively, bytes that are not written yet never will be.
    #[cfg(any(feature = "session", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub(super) aborted: bool,
    pub(super) accepted: Option<Box<Accepted>>,
    pub(super) look: Option<Look>,
    #[cfg(feature = "reconnect")]
    pub(super) orders: Orders,
    /// The receiver is gone.
    #[cfg(feature = "session")]
    pub(super) unread: bool,
}

/// The send that the driver has taken, and the capacity at that time.
#[derive(Default)]
pub(super) struct Next {
    pub(super) taken: Option<Taken>,
    /// What it is, if it carries no plain value.
    #[cfg(feature = "session")]
    pub(super) kind: Option<crate::requests::Kind>,
    pub(super) room: Room,
}

/// The capacity, and whether a send waits for it.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    pub(super) bytes: usize,
    pub(super) awaited: bool,
}

/// Why `try_send` did not accept a message.
pub(super) enum Refused {
    Full,
    NotOpen,
}

/// The result of a send, for [`WaitQueue::settle`].
pub(super) type Settled = (Key, Stage, Option<Message>);

/// The wait of one handle for a change.
#[derive(Default)]
pub(super) struct Watch {
    place: Option<Key>,
    for_end: bool,
}

impl Watch {
    /// Registers a task to be woken at the next change.
    fn wait(&mut self, watchers: &mut WaitQueue, waker: &Waker) {
        if self
            .place
            .is_none_or(|place| watchers.poll(place, waker).is_ready())
        {
            self.place = Some(watchers.enter(None, Some(waker.clone()), true));
        }
    }
}

impl State {
    fn room(&self) -> Room {
        Room {
            bytes: self.outgoing.room,
            // Nothing is accepted once the end has begun, so nothing waits for capacity then.
            awaited: self.is_live() && self.outgoing.awaits_room(),
        }
    }

    /// Whether nothing can be sent until the next connection is open.
    fn is_paused(&self) -> bool {
        #[cfg(feature = "reconnect")]
        return self.paused;
        #[cfg(not(feature = "reconnect"))]
        false
    }

    /// Whether a message may be handed over now.
    fn can_send(&self) -> bool {
        !self.is_paused() && self.is_live()
    }

    /// Whether the end has not begun: a message that cannot be sent now can wait.
    fn is_live(&self) -> bool {
        #[cfg(feature = "reconnect")]
        if matches!(self.standing, Standing::Reconnecting(_)) {
            return true;
        }
        self.standing.is_open()
    }
}

impl Mailbox {
    pub(super) fn new(link: &mut Link, incoming: Arc<Incoming>) -> Self {
        let (mut window, mut bound) = (usize::MAX, usize::MAX);
        if link.has_receive_backpressure() {
            window = link.read_ahead().max(1);
            bound = link.receive_buffer();
            bound = bound.max(window);
        }
        Self {
            opened: link.take_opened(),
            incoming,
            window,
            bound,
            fetched: AtomicUsize::new(window),
            notified: AtomicBool::new(true),
            writable: AtomicBool::new(false),
            settled: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            clear: AtomicBool::new(true),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            slot: Lock::default(),
            #[cfg(feature = "session")]
            session: link.requests().map(session::Told::boxed),
            #[cfg(feature = "session")]
            entries: std::sync::OnceLock::new(),
            // Nothing is sent yet.
            #[cfg(feature = "session")]
            high_water_mark: link.capacity(),
            state: Lock::new(State {
                standing: Standing::Open,
                outgoing: Outgoing::new(link.capacity()),
                watchers: WaitQueue::new(),
                ends: 0,
                look: None,
                wants_drained: false,
                wants_ping: false,
                round_trip: None,
                dropped: Dropped::default(),
                close: None,
                aborted: false,
                // The channel's own.
                senders: 1,
                receiver: true,
                driver: None,
                #[cfg(feature = "reconnect")]
                paused: false,
                #[cfg(feature = "reconnect")]
                orders: Orders::default(),
                #[cfg(feature = "session")]
                kinds: None,
            }),
        }
    }

    pub(super) fn opened(&self) -> &OpenInfo {
        self.opened.as_deref().unwrap_or(OpenInfo::NONE)
    }

    /// Whether the transport has receive backpressure.
    pub(super) fn has_receive_backpressure(&self) -> bool {
        self.window != usize::MAX
    }

    pub(super) fn status(&self) -> Status {
        self.lock().standing.status()
    }

    pub(super) fn stats(&self) -> Stats {
        let received = self.incoming.received();
        let (pongs, since_last_pong) = self.incoming.pongs();
        let state = self.lock();
        let Outgoing { sent, .. } = &state.outgoing;
        let lost = state.outgoing.lost();
        Stats {
            sent_messages: sent.messages,
            sent_bytes: sent.bytes,
            unsent_messages: lost.map_or(0, |lost| lost.messages),
            unsent_bytes: lost.map_or(0, |lost| lost.bytes),
            queued_bytes: received.queued,
            received_messages: received.messages + state.dropped.messages,
            received_bytes: received.bytes + state.dropped.bytes,
            dropped_messages: received.dropped.messages + state.dropped.messages,
            round_trip: state.round_trip,
            pongs,
            since_last_pong,
            #[cfg(feature = "session")]
            resumed: self.session.as_ref().map_or(0, |told| told.resumed()),
            #[cfg(feature = "session")]
            retained_bytes: self.session.as_ref().map_or(0, |told| told.retained()),
            #[cfg(feature = "session")]
            unawaited_answers: self.requests().map_or(0, |requests| requests.unawaited()),
        }
    }

    // Not inlined, so that the wasm contains it once.
    #[inline(never)]
    fn lock(&self) -> Guard<'_, State> {
        self.state.lock()
    }

    /// Publishes the state of the queue for reads without the lock, and releases the lock.
    #[inline(never)]
    fn release(&self, state: Guard<'_, State>) {
        let outgoing = &state.outgoing;
        let writable = state.can_send() && outgoing.has_room();
        self.writable.store(writable, Ordering::Relaxed);
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        {
            let clear = state.can_send() && outgoing.is_clear();
            self.clear.store(clear, Ordering::Relaxed);
        }
        self.refused
            .store(outgoing.queue.refused(), Ordering::Relaxed);
        self.settled
            .store(outgoing.queue.settled(), Ordering::Release);
    }

    /// Changes the state and then wakes the driver.
    fn notify_driver<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        self.wake_driver(state);
        result
    }

    /// Releases the state and wakes the driver.
    #[inline(never)]
    fn wake_driver(&self, mut state: Guard<'_, State>) {
        let driver = state.driver.take();
        self.notified.store(true, Ordering::Release);
        self.release(state);
        wake(driver);
    }
}
