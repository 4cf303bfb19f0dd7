//! The state that the handles and the driver share: [outgoing messages](super::outgoing), [incoming messages](crate::transport::incoming), and the
//! status.
//!
//! The lock is never held while calling foreign code: wakers are taken out and woken after it is released.

#[cfg(feature = "reconnect")]
mod reconnect;

use super::line::{Key, Line, Outcome, Stage};
use super::outgoing::{Accepted, Outgoing, Progress, Sent, Taken};
#[cfg(feature = "reconnect")]
use super::reconnecting::Orders;
use crate::error::SendErrorKind;
use crate::lock::{Guard, Lock};
use crate::message::{CloseInfo, ClosedBy, Message, OpenInfo};
use crate::socket::Socket;
use crate::transport::Dropped;
use crate::transport::incoming::Incoming;
use crate::waker::{keep, wake};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

/// The status of a channel. It only moves forward, except from `Open` to `Reconnecting` and back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Messages flow both ways.
    Open,
    /// The connection was lost, and the channel connects again: see [`Connect::reconnect`](super::Connect::reconnect). Sends wait.
    #[cfg(feature = "reconnect")]
    Reconnecting {
        /// The attempt that is next or under way, counted since the last stable connection, from 1.
        attempt: u32,
        /// Why: what ended the connection, or the attempt before.
        reason: Arc<crate::reconnect::ReconnectReason>,
        /// When it begins. `None` while it is under way, and while the channel is [suspended](super::Control::suspend).
        next_retry_at: Option<super::RetryAt>,
    },
    /// The end has begun. Nothing more can be sent.
    Closing,
    /// The channel has ended, in this way.
    Closed(CloseInfo),
}

/// Counts since the channel opened. Bytes are of payload.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// channel.send("12 bytes ...".into()).await?;
/// let stats = channel.control().stats();
/// assert_eq!((stats.sent_messages, stats.sent_bytes), (1, 12));
/// # drop(peer);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed over to the platform.
    pub sent_messages: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Messages that arrived, read or not. Natively those read from the stream so far.
    pub received_messages: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Bytes of unread messages, as they count against the receive buffer. Natively only what was read ahead: at most 64 KiB and a message. The rest
    /// waits in the network.
    pub queued_bytes: usize,
    /// Messages dropped by the overflow policy.
    pub dropped_messages: u64,
    /// Messages accepted without waiting (`try_send`, a `Permit`) that can never be handed over: the platform refused them, or the connection ended
    /// first.
    pub unsent_messages: u64,
    /// Their bytes, which [`CloseInfo::unsent_bytes`] counts too.
    pub unsent_bytes: usize,
    /// The time from the last answered [`Control::ping`](super::Control::ping) to its pong, including what either side had queued before them. None
    /// before the first, and in browsers, where a page cannot send pings.
    pub round_trip: Option<Duration>,
    /// Pongs received (RFC 6455 §5.5.3), those of keepalive included. 0 in browsers, which hide them from a page, and of a channel that reconnects.
    pub pongs: u64,
    /// The time since the last pong. None before the first, and in browsers.
    pub since_last_pong: Option<Duration>,
}

/// What the driver does for `flush`, `drained` and `ping`. A function, so that programs that use none of them do not link it. It returns whether
/// there is more to do.
pub(super) type Look = fn(&Mailbox, &mut Socket, &mut Context<'_>) -> bool;

/// Whether the driver has already run when its waker returns: in a page, where it runs when it is woken.
const AT_ONCE: bool = cfg!(all(
    target_family = "wasm",
    target_os = "unknown",
    not(target_feature = "atomics")
));

pub(super) struct Mailbox {
    opened: Option<Box<OpenInfo>>,
    pub(super) incoming: Arc<Incoming>,
    /// Bytes that the driver reads ahead of the receiver, or one message of any size, with receive backpressure. Otherwise everything is read, and
    /// the queue has the limit.
    window: usize,
    /// The same while something waits for the end, which comes after every message.
    bound: usize,
    /// `window` or `bound`.
    fetched: AtomicUsize,
    /// A handle has changed something since the driver last looked.
    told: AtomicBool,
    /// Whether `try_send` would accept a message.
    writable: AtomicBool,
    /// As [`Line::settled`](super::line::Line::settled) and `refused`.
    settled: AtomicU32,
    refused: AtomicU32,
    /// Whether a sender could hand a message over itself: the connection is open and the queue is empty.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    clear: AtomicBool,
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) slot: super::direct::Slot,
    state: Lock<State>,
}

/// As [`Status`], in less room.
enum Standing {
    Open,
    #[cfg(feature = "reconnect")]
    Reconnecting(Box<Status>),
    Closing,
    Closed(Box<CloseInfo>),
}

#[cfg(feature = "reconnect")]
impl From<Status> for Standing {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Standing::Open,
            Status::Reconnecting { .. } => Standing::Reconnecting(Box::new(status)),
            Status::Closing => Standing::Closing,
            Status::Closed(closed) => Standing::Closed(Box::new(closed)),
        }
    }
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
    /// Tasks that wait for a change of status or for progress. Each change settles all of them, and they wait again.
    watchers: Line,
    /// How many of them wait for the end.
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
    /// Nothing can be sent for now.
    #[cfg(feature = "reconnect")]
    paused: bool,
    #[cfg(feature = "reconnect")]
    orders: Orders,
}

/// Code and reason.
type Close = Box<(u16, String)>;

/// What there is for the driver to do.
pub(super) struct Work {
    /// To begin closing.
    pub(super) close: Option<Close>,
    /// To end as well: no sender, receiver or wait for the end is left.
    pub(super) ends: bool,
    /// `abort`: natively what was not written yet never will be.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) aborted: bool,
    pub(super) accepted: Option<Box<Accepted>>,
    pub(super) look: Option<Look>,
    #[cfg(feature = "reconnect")]
    pub(super) orders: Orders,
}

/// What the driver sends next, and the capacity as the handles and its last query left it.
#[derive(Default)]
pub(super) struct Next {
    pub(super) taken: Option<Taken>,
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

/// The result of a send, as for [`Line::settle`].
pub(super) type Settled = (Key, Stage, Option<Message>);

/// A wait of one of the handles for a change.
#[derive(Default)]
pub(super) struct Watch {
    place: Option<Key>,
    for_end: bool,
}

impl Watch {
    /// Notes a task, which is woken at the next change.
    fn wait(&mut self, watchers: &mut Line, waker: &Waker) {
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
            awaited: self.standing.is_open() && self.outgoing.awaits_room(),
        }
    }

    /// Whether nothing can be sent for now, and the end has not come.
    fn is_paused(&self) -> bool {
        #[cfg(feature = "reconnect")]
        return self.paused;
        #[cfg(not(feature = "reconnect"))]
        false
    }

    /// Whether a message may be handed over now.
    fn can_send(&self) -> bool {
        !self.is_paused() && self.standing.is_open()
    }

    /// Whether the end has not begun: what cannot be sent now can wait.
    fn is_live(&self) -> bool {
        #[cfg(feature = "reconnect")]
        if matches!(self.standing, Standing::Reconnecting(_)) {
            return true;
        }
        self.standing.is_open()
    }
}

impl Mailbox {
    pub(super) fn new(socket: &mut Socket, incoming: Arc<Incoming>) -> Self {
        let (mut window, mut bound) = (usize::MAX, usize::MAX);
        if socket.has_receive_backpressure() {
            window = socket.read_ahead().max(1);
            bound = socket.limits().map_or(0, |limits| limits.receive_buffer);
            bound = bound.max(window);
        }
        Self {
            opened: socket.take_opened(),
            incoming,
            window,
            bound,
            fetched: AtomicUsize::new(window),
            told: AtomicBool::new(true),
            writable: AtomicBool::new(false),
            settled: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            clear: AtomicBool::new(true),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            slot: Lock::default(),
            state: Lock::new(State {
                standing: Standing::Open,
                outgoing: Outgoing::new(socket.capacity()),
                watchers: Line::new(),
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
        let Outgoing { sent, lost, .. } = &state.outgoing;
        Stats {
            sent_messages: sent.messages,
            sent_bytes: sent.bytes,
            unsent_messages: lost.messages,
            unsent_bytes: lost.bytes,
            queued_bytes: received.queued,
            received_messages: received.messages + state.dropped.messages,
            received_bytes: received.bytes + state.dropped.bytes,
            dropped_messages: received.dropped.messages + state.dropped.messages,
            round_trip: state.round_trip,
            pongs,
            since_last_pong,
        }
    }

    // Once in the wasm, not wherever it is called; so are some others.
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
            .store(outgoing.line.refused(), Ordering::Relaxed);
        self.settled
            .store(outgoing.line.settled(), Ordering::Release);
    }

    /// Changes the state and then wakes the driver.
    fn tell_driver<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        self.wake_driver(state);
        result
    }

    /// Releases the state and wakes the driver.
    #[inline(never)]
    fn wake_driver(&self, mut state: Guard<'_, State>) {
        let driver = state.driver.take();
        self.told.store(true, Ordering::Release);
        self.release(state);
        wake(driver);
    }
}

/// The sending handles' side.
impl Mailbox {
    pub(super) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    pub(super) fn remove_sender(&self) {
        self.tell_driver(|state| state.senders -= 1);
    }

    pub(super) fn close(&self, code: u16, reason: String) {
        let mut state = self.lock();
        if !state.is_live() {
            return;
        }
        // Messages that arrive from now on are discarded.
        self.incoming.close();
        state.standing = Standing::Closing;
        state.close = Some(Box::new((code, reason)));
        self.wake_driver(state);
        self.wake_watchers();
    }

    pub(super) fn abort(&self) {
        self.incoming.close();
        self.tell_driver(|state| {
            state.aborted = true;
            // Nothing more is sent from here on, as after `close`.
            if state.standing.is_open() {
                state.standing = Standing::Closing;
            }
        });
    }

    /// Queues a message, or a request for a permit. It is refused there if nothing can be sent any more.
    pub(super) fn enter(&self, message: Option<Message>, waker: &Waker) -> Key {
        self.tell_driver(|state| {
            let waker = (!AT_ONCE).then(|| waker.clone());
            let open = state.is_live();
            state.outgoing.line.enter(message, waker, open)
        })
    }

    /// The result of a queued send.
    pub(super) fn poll_line(&self, key: Key, waker: &Waker) -> Poll<Outcome> {
        // The usual answer, without the lock.
        let settled = self.settled.load(Ordering::Acquire);
        if key.is_settled(settled) && self.refused.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lock();
        let outcome = state.outgoing.line.poll(key, waker);
        self.release(state);
        outcome
    }

    /// Cancels a queued send; the driver may have it already.
    pub(super) fn leave(&self, key: Key) {
        let mut state = self.lock();
        let left = state.outgoing.line.leave(key);
        self.release(state);
        drop(left);
    }

    /// Whether `try_send` would accept a message now. If capacity is missing, the driver is told to query it.
    pub(super) fn has_room_to_send(&self) -> Result<(), Refused> {
        if self.writable.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut state = self.lock();
        if !state.is_live() {
            return Err(Refused::NotOpen);
        }
        if state.can_send() && state.outgoing.has_room() {
            return Ok(());
        }
        state.outgoing.wants_room = true;
        self.wake_driver(state);
        Err(Refused::Full)
    }

    /// Accepts a message for the driver's next turn, or returns it if nothing can be sent any more. The caller has checked the capacity, or holds a
    /// permit.
    pub(super) fn accept(&self, message: Message) -> Result<(), Message> {
        self.tell_driver(|state| {
            if !state.is_live() {
                return Err(message);
            }
            state.outgoing.accept(message);
            Ok(())
        })
    }
}

/// For senders that hand messages over themselves.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
impl Mailbox {
    /// Whether a message can be handed over now: the connection is open and the queue is empty.
    pub(super) fn is_clear(&self) -> bool {
        self.clear.load(Ordering::Relaxed)
    }

    /// Counts a message that a sender handed over itself, with the capacity left. `left` says that the driver still has something to do.
    pub(super) fn count_direct(&self, bytes: usize, room: usize, left: bool) -> Room {
        let mut state = self.lock();
        state.outgoing.progress = Progress::Underway;
        state.outgoing.sent.count(bytes);
        state.outgoing.set_room(room);
        let room = state.room();
        // Once for all messages until it has had its turn.
        if left && !self.told.load(Ordering::Acquire) {
            self.wake_driver(state);
        } else {
            self.release(state);
        }
        room
    }
}

/// For `flush` and `drained`.
impl Mailbox {
    /// Ready when everything accepted or sent so far has progressed this far.
    pub(super) fn poll_progress(
        &self,
        far: Progress,
        watch: &mut Watch,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let mut state = self.lock();
        if let Some(kind) = state.outgoing.lost.kind.take() {
            return Poll::Ready(Err(kind));
        }
        if let Standing::Closed(closed) = &state.standing {
            let sent =
                closed.unsent_bytes == 0 && (closed.was_clean || far == Progress::HandedOver);
            return Poll::Ready(sent.then_some(()).ok_or(SendErrorKind::NotOpen));
        }
        if state.outgoing.progress >= far {
            return Poll::Ready(Ok(()));
        }
        // Whoever pinged looks for this as well.
        state.look.get_or_insert(Self::look_for_progress);
        state.wants_drained |= far == Progress::Drained;
        watch.wait(&mut state.watchers, cx.waker());
        self.wake_driver(state);
        Poll::Pending
    }

    /// For the driver at the end of its turn: the progress of everything sent.
    fn look_for_progress(&self, socket: &mut Socket, cx: &mut Context<'_>) -> bool {
        let wants_drained = self.lock().wants_drained;
        if socket.poll_handed_over(cx) != Poll::Ready(Ok(())) {
            // The end reports what cannot be handed over.
            return true;
        }
        let drained = wants_drained && socket.poll_drained(cx) == Poll::Ready(Ok(()));
        let mut state = self.lock();
        // Other threads may have had something taken, or asked for more, while the socket was asked.
        if state.outgoing.accepted.is_some() {
            return true;
        }
        let done = drained || !state.wants_drained;
        if done {
            state.look = None;
            state.wants_drained = false;
        }
        let far = if drained {
            Progress::Drained
        } else {
            Progress::HandedOver
        };
        // Without this check they would wake the driver in turn, and so on.
        if far <= state.outgoing.progress {
            return !done;
        }
        state.outgoing.progress = far;
        drop(state);
        self.wake_watchers();
        !done
    }
}

/// For `ping`.
impl Mailbox {
    pub(super) fn ping(&self) {
        self.tell_driver(|state| {
            state.wants_ping = true;
            state.look = Some(Self::look_for_pong);
        });
    }

    /// For the driver at the end of its turn: sends the ping, and takes over what was measured, from now on in every turn.
    fn look_for_pong(&self, socket: &mut Socket, cx: &mut Context<'_>) -> bool {
        if core::mem::take(&mut self.lock().wants_ping) {
            socket.ping();
        }
        self.look_for_progress(socket, cx);
        let mut state = self.lock();
        state.round_trip = socket.round_trip();
        state.look = Some(Self::look_for_pong);
        true
    }
}

/// The side of the receiver and of `Control`.
impl Mailbox {
    pub(super) fn remove_receiver(&self) {
        // Unread messages are dropped with the receiver.
        self.incoming.stop_reading();
        self.tell_driver(|state| state.receiver = false);
    }

    /// The next message, and `None` when all have been read and the end has come.
    pub(super) fn poll_message(&self, waker: Option<&Waker>) -> Poll<Option<Message>> {
        let (message, [before, after]) = self.incoming.poll_next(waker);
        // The driver stopped at a full window; below it, it goes on.
        let fetched = self.fetched.load(Ordering::Relaxed);
        if before >= fetched && after < fetched {
            self.wake_driver(self.lock());
        }
        message
    }

    /// Drops the oldest unread message if the receive buffer is full: nothing can read it, and the end comes after it.
    pub(super) fn make_room_for_end(&self) {
        while self.incoming.waiting() >= self.bound {
            self.incoming.drop_oldest();
            self.wake_driver(self.lock());
        }
    }

    /// The end. While something waits for it, messages are read up to the receive buffer, because it comes after them.
    pub(super) fn poll_closed(&self, watch: &mut Watch, cx: &mut Context<'_>) -> Poll<CloseInfo> {
        let mut state = self.lock();
        if let Standing::Closed(closed) = &state.standing {
            return Poll::Ready(CloseInfo::clone(closed));
        }
        watch.wait(&mut state.watchers, cx.waker());
        if !core::mem::replace(&mut watch.for_end, true) {
            state.ends += 1;
            self.fetched.store(self.bound, Ordering::Relaxed);
            if self.incoming.waiting() >= self.window {
                self.wake_driver(state);
            }
        }
        Poll::Pending
    }

    /// The status, if it differs from `seen`.
    pub(super) fn poll_status(
        &self,
        seen: Option<&Status>,
        watch: &mut Watch,
        cx: &mut Context<'_>,
    ) -> Poll<Status> {
        let mut state = self.lock();
        let status = state.standing.status();
        if seen != Some(&status) {
            return Poll::Ready(status);
        }
        watch.wait(&mut state.watchers, cx.waker());
        Poll::Pending
    }

    pub(super) fn unwatch(&self, watch: &mut Watch) {
        let Some(place) = watch.place.take() else {
            return;
        };
        let mut state = self.lock();
        if watch.for_end {
            state.ends -= 1;
            if state.ends == 0 {
                self.fetched.store(self.window, Ordering::Relaxed);
            }
        }
        let left = state.watchers.leave(place);
        drop(state);
        drop(left);
    }
}

/// The driver's side.
impl Mailbox {
    /// Takes the work there is, and registers the waker for more. Nothing if no handle has changed anything.
    pub(super) fn begin_turn(&self, next: &mut Next, waker: &Waker) -> Option<Work> {
        if !self.told.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.lock();
        // Under the lock, as handles set it: `told` always means that the driver has been woken and has not had its turn.
        self.told.store(false, Ordering::Relaxed);
        keep(&mut state.driver, waker);
        let accepted = match state.is_paused() {
            // It is for the next connection.
            true => None,
            false => state.outgoing.accepted.take(),
        };
        let mut close = state.close.take();
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        let aborted = state.aborted;
        let ends = state.aborted || (state.senders == 0 && !state.receiver);
        if ends && close.is_none() {
            close = Some(Box::new((1000, String::new())));
        }
        let look = state.look;
        #[cfg(feature = "reconnect")]
        let orders = core::mem::take(&mut state.orders);
        self.take_next(state, next, usize::from(close.is_none()));
        Some(Work {
            close,
            ends,
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            aborted,
            accepted,
            look,
            #[cfg(feature = "reconnect")]
            orders,
        })
    }

    /// Runs `look` with the lock held, for a test. It is given whether the driver counts as told.
    #[cfg(all(test, not(all(target_family = "wasm", target_os = "unknown"))))]
    pub(super) fn while_locked<T>(&self, look: impl FnOnce(&AtomicBool) -> T) -> T {
        let _state = self.lock();
        look(&self.told)
    }

    /// Accepted messages that the driver does not have yet.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(super) fn take_accepted(&self) -> Option<Box<Accepted>> {
        self.lock().outgoing.accepted.take()
    }

    /// Whether the driver should read more. Always without receive backpressure: then the queue has the limit. And always when messages are
    /// discarded, so that the end is noticed.
    pub(super) fn has_room_to_receive(&self) -> bool {
        self.incoming.waiting() < self.fetched.load(Ordering::Relaxed)
    }

    /// The transport has dropped this much so far.
    pub(super) fn set_dropped(&self, dropped: Dropped) {
        self.lock().dropped = dropped;
    }

    /// The result of what was taken. Takes the next, if there is capacity and it is one of `most`.
    pub(super) fn settle(
        &self,
        settled: Option<Settled>,
        sent: &Sent,
        next: &mut Next,
        most: usize,
    ) {
        let mut state = self.lock();
        if sent.messages > 0 {
            state.outgoing.progress = Progress::Underway;
        }
        state.outgoing.count(sent);
        let waker = settled
            .and_then(|(key, became, message)| state.outgoing.line.settle(key, became, message));
        self.take_next(state, next, most);
        wake(waker);
    }

    /// An accepted message could not be handed over.
    pub(super) fn count_lost(&self, bytes: usize, kind: SendErrorKind) {
        let mut state = self.lock();
        let lost = &mut state.outgoing.lost;
        lost.messages += 1;
        lost.bytes += bytes;
        lost.kind = Some(kind);
    }

    /// Sets the capacity and takes the next.
    pub(super) fn set_room(&self, room: usize, next: &mut Next, most: usize) {
        let mut state = self.lock();
        state.outgoing.set_room(room);
        self.take_next(state, next, most);
    }

    #[inline(never)]
    fn take_next(&self, mut state: Guard<'_, State>, next: &mut Next, most: usize) {
        if most > 0 && state.can_send() {
            next.taken = state.outgoing.take();
        }
        next.room = state.room();
        self.release(state);
    }

    /// The first sign of an end: waiting sends get their messages back.
    pub(super) fn stop_sending(&self) {
        let mut state = self.lock();
        let closes = state.is_live();
        if closes {
            state.standing = Standing::Closing;
        }
        drop(state);
        self.settle_all(|state| &mut state.outgoing.line, Stage::NotOpen);
        if closes {
            self.wake_watchers();
        }
    }

    /// The end. Wakes every wait.
    pub(super) fn end(&self, closed: Option<CloseInfo>) {
        self.stop_sending();
        let mut state = self.lock();
        if matches!(state.standing, Standing::Closed(_)) {
            return;
        }
        let mut closed = closed.unwrap_or_else(|| CloseInfo::lost(ClosedBy::Error));
        let lost = state.outgoing.end();
        closed.unsent_bytes += state.outgoing.lost.bytes;
        state.standing = Standing::Closed(Box::new(closed.clone()));
        self.release(state);
        drop(lost);
        self.incoming.end(closed);
        self.wake_watchers();
    }

    fn wake_watchers(&self) {
        self.settle_all(|state| &mut state.watchers, Stage::Free);
    }

    /// Settles every wait in a queue, and wakes it.
    #[inline(never)]
    fn settle_all(&self, line: fn(&mut State) -> &mut Line, became: Stage) {
        let newest = line(&mut self.lock()).newest();
        loop {
            let mut state = self.lock();
            let settled = line(&mut state).settle_first(newest, became);
            self.release(state);
            match settled {
                Some(waker) => wake(waker),
                None => return,
            }
        }
    }
}
