//! Unread messages, shared by the producer (a transport or a channel's driver) and the reader.
//!
//! The lock is never held while calling foreign code: wakers are taken out and woken after it is released.

use super::inbox::Inbox;
#[cfg(feature = "session")]
use super::inbox::Weighed as _;
use super::life::{Arrived, Life, Phase};
#[cfg(feature = "session")]
use super::parcel::{Parcel, run_cost};
use super::{Dropped, Limits, Overflow};
use crate::error::RecvError;
use crate::lock::{Guard, Lock};
use crate::message::{CloseInfo, ClosedBy, Message};
#[cfg(feature = "session")]
use crate::requests::Asked;
#[cfg(feature = "session")]
use crate::session::Run;
use crate::time::Instant;
use crate::waker::{keep, wake};
#[cfg(feature = "session")]
use core::sync::atomic::AtomicBool;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
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
    open: Run,
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

#[cfg(feature = "session")]
impl State {
    /// The oldest unread message.
    fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.open.take() {
                if self.open.is_empty() {
                    self.open = Run::default();
                }
                return Some(message);
            }
            match self.life.next()? {
                Parcel::Message(message) => return Some(message),
                Parcel::Run(run) => self.open = run,
            }
        }
    }

    fn drop_oldest(&mut self) -> Option<Message> {
        let message = self.next()?;
        self.life.count_dropped(message.len());
        Some(message)
    }

    /// What the unread messages count against a bound.
    fn cost(&self) -> usize {
        self.life.inbox().bytes() + run_cost(&self.open)
    }
}

/// Where messages may be missing, among those that wait.
#[cfg(feature = "reconnect")]
#[derive(Default)]
struct Gaps {
    /// Messages that ever came to wait, and that left.
    came: usize,
    left: usize,
    /// Each with the number of messages before it, the oldest first. There is at most one between two messages, so their number is bounded.
    gaps: Vec<(usize, Note)>,
    /// What the errors among them count as waiting.
    #[cfg(feature = "session")]
    cost: usize,
}

/// What a note counts while it waits. An error counts enough that little is read behind it, and the messages that come back with it.
#[cfg(feature = "session")]
fn cost_of(note: &Note) -> usize {
    let error = match note {
        Note::Error(error) => error,
        Note::Request(asked) => return asked.cost(),
    };
    let bytes = match error {
        RecvError::Gap { .. } => return 0,
        RecvError::SessionLost(lost) => lost.bytes(),
        RecvError::Undelivered(undelivered) => undelivered.message.len(),
        _ => 0,
    };
    bytes + 16 * 1024
}

/// The attempt that ended a gap.
#[cfg(all(feature = "reconnect", not(feature = "session")))]
type Note = u32;
/// With sessions there are other errors at their places, and requests, which count as messages.
#[cfg(feature = "session")]
enum Note {
    Error(RecvError),
    Request(Box<Asked>),
}

#[cfg(feature = "reconnect")]
impl Gaps {
    fn add(&mut self, attempt: u32) {
        #[cfg(not(feature = "session"))]
        let note = attempt;
        #[cfg(feature = "session")]
        let note = Note::Error(RecvError::Gap { attempt });
        match self.gaps.last_mut() {
            Some((behind, last)) if *behind == self.came => *last = note,
            _ => self.gaps.push((self.came, note)),
        }
    }

    fn leave(&mut self, messages: usize) {
        self.left = self.left.wrapping_add(messages);
    }

    /// Whether the next thing to be read is a gap.
    fn is_next(&self) -> bool {
        let first = self.gaps.first();
        first.is_some_and(|(behind, _)| self.left.wrapping_sub(*behind) <= usize::MAX / 2)
    }

    /// How many messages come before the next note.
    #[cfg(feature = "session")]
    fn distance(&self) -> usize {
        let first = self.gaps.first();
        first.map_or(usize::MAX, |(behind, _)| behind.wrapping_sub(self.left))
    }

    fn take(&mut self) -> Option<Note> {
        if !self.is_next() {
            return None;
        }
        let mut first = self.gaps.pop()?;
        // All others move up.
        for gap in self.gaps.iter_mut().rev() {
            core::mem::swap(gap, &mut first);
        }
        #[cfg(feature = "session")]
        {
            self.cost -= cost_of(&first.1);
            self.leave(usize::from(matches!(first.1, Note::Request(_))));
        }
        Some(first.1)
    }
}

#[cfg(feature = "session")]
impl Gaps {
    fn push(&mut self, note: Note) {
        self.cost += cost_of(&note);
        let place = self.came;
        if let Note::Request(_) = note {
            self.came = self.came.wrapping_add(1);
        }
        self.gaps.push((place, note));
    }

    /// The request that is next to be read.
    fn next_request(&self) -> Option<&Asked> {
        match self.gaps.first() {
            Some((_, Note::Request(asked))) if self.is_next() => Some(asked),
            _ => None,
        }
    }

    /// Removes everything. Drop it when the lock is released: requests call wakers.
    fn clear(&mut self) -> Vec<(usize, Note)> {
        let notes = core::mem::take(&mut self.gaps);
        let requests = notes
            .iter()
            .filter(|(_, note)| matches!(note, Note::Request(_)));
        self.left = self.left.wrapping_add(requests.count());
        self.cost = 0;
        notes
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
                open: Run::default(),
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

    /// For a session, whose credit is the bound.
    #[cfg(feature = "session")]
    pub(crate) fn of_session() -> Arc<Self> {
        let mut incoming = Self::of(Phase::Open, usize::MAX, Overflow::Close, false);
        incoming.of_session = true;
        Arc::new(incoming)
    }

    /// Whether it is that of a session.
    #[cfg(feature = "session")]
    pub(crate) fn is_of_session(&self) -> bool {
        self.of_session
    }

    /// Of a session: how many messages the reader has taken and asked for the next one behind them. It counts on and wraps.
    #[cfg(feature = "session")]
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
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

    /// Values of a session have arrived. There is no limit here but its credit.
    #[cfg(feature = "session")]
    pub(crate) fn arrive_run(&self, run: Run) {
        let messages = run.len();
        let _ = self.put(Some(Parcel::Run(run)), messages);
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

    /// All messages up to the next error, and what waited before.
    #[cfg(feature = "session")]
    pub(crate) fn poll_all(&self, waker: &Waker) -> (Poll<Option<Vec<Parcel>>>, usize) {
        let mut state = self.lock();
        let before = self.waiting();
        state = self.refuse_requests(state);
        if self.of_session {
            self.taken.store(state.gaps.left, Ordering::SeqCst);
        }
        if state.gaps.is_next() {
            return (Poll::Ready(None), 0);
        }
        let most = state.gaps.distance();
        let (mut parcels, mut messages) = (Vec::new(), 0);
        let open = core::mem::take(&mut state.open);
        if !open.is_empty() {
            messages = open.len();
            parcels.push(Parcel::Run(open));
        }
        while messages < most
            && let Some(parcel) = state.life.next()
        {
            messages += parcel.messages();
            parcels.push(parcel);
        }
        if messages > 0 {
            state.gaps.leave(messages);
            self.publish(&state);
            return (Poll::Ready(Some(parcels)), before);
        }
        if matches!(state.life.phase(), Phase::Closed(_)) {
            return (Poll::Ready(None), 0);
        }
        keep(&mut state.reader, waker);
        (Poll::Pending, before)
    }

    /// Messages that were taken last, and are to be taken again.
    #[cfg(feature = "session")]
    pub(crate) fn put_back(&self, parcels: impl DoubleEndedIterator<Item = Parcel>) {
        let mut state = self.lock();
        for parcel in parcels.rev().filter(|parcel| parcel.messages() > 0) {
            state.gaps.left = state.gaps.left.wrapping_sub(parcel.messages());
            state.life.put_back(parcel);
        }
        self.publish(&state);
    }

    /// Messages may be missing here: what comes next comes by another connection, which that attempt made.
    #[cfg(feature = "reconnect")]
    pub(crate) fn gap(&self, attempt: u32) {
        let mut state = self.lock();
        if state.life.discards() {
            return;
        }
        state.gaps.add(attempt);
        tell(state);
    }

    /// An error at this place, behind which others come. Of a session, whose channel makes no gaps.
    #[cfg(feature = "session")]
    pub(crate) fn note(&self, error: RecvError) {
        let mut state = self.lock();
        if state.life.discards() {
            return;
        }
        if matches!(&error, RecvError::SessionLost(lost) if !lost.renewed) {
            state.life.tell_end();
        }
        state.gaps.push(Note::Error(error));
        self.publish(&state);
        tell(state);
    }

    /// A request has arrived.
    #[cfg(feature = "session")]
    pub(crate) fn ask(&self, asked: Box<Asked>) {
        let mut state = self.lock();
        if state.life.discards() {
            drop(state);
            return;
        }
        state.gaps.push(Note::Request(asked));
        self.publish(&state);
        tell(state);
    }

    /// The reader takes requests from now on.
    #[cfg(feature = "session")]
    pub(crate) fn answer_requests(&self) {
        self.answers.store(true, Ordering::Relaxed);
    }

    /// Refuses the requests that are next, if nobody takes them, and passes over those that the peer has cancelled.
    #[cfg(feature = "session")]
    fn refuse_requests<'a>(&'a self, mut state: Guard<'a, State>) -> Guard<'a, State> {
        let answers = self.answers.load(Ordering::Relaxed);
        while let Some(asked) = state.gaps.next_request()
            && !(answers && asked.is_awaited())
        {
            let refused = state.gaps.take();
            self.publish(&state);
            drop(state);
            drop(refused);
            state = self.lock();
        }
        state
    }

    /// The request that [`poll_next`](Self::poll_next) stopped at. It counts as taken at once.
    #[cfg(feature = "session")]
    pub(crate) fn take_request(&self) -> Option<Box<Asked>> {
        let mut state = self.lock();
        state.gaps.next_request()?;
        let note = state.gaps.take();
        if self.of_session {
            self.taken.store(state.gaps.left, Ordering::SeqCst);
        }
        self.publish(&state);
        match note {
            Some(Note::Request(asked)) => Some(asked),
            _ => None,
        }
    }

    /// The gap that [`poll_next`](Self::poll_next) stopped at.
    #[cfg(feature = "reconnect")]
    pub(crate) fn take_gap(&self) -> Option<RecvError> {
        let mut state = self.lock();
        #[cfg(feature = "session")]
        if state.gaps.next_request().is_some() {
            return None;
        }
        let note = state.gaps.take();
        #[cfg(feature = "session")]
        self.publish(&state);
        drop(state);
        #[cfg(feature = "session")]
        let note = match note? {
            Note::Error(error) => Some(error),
            Note::Request(_) => None,
        };
        #[cfg(not(feature = "session"))]
        let note = note.map(|attempt| RecvError::Gap { attempt });
        note
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
        if !state.open.is_empty() {
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
            state.open = Run::default();
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
