//! The shared state for sessions.

use super::Mailbox;
use crate::channel::entries::{Entries, Waiting};
use crate::error::EntryErrorKind;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use crate::lock::Lock;
use crate::message::Message;
use crate::requests::Requests;
use crate::session::Run;
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
/// When so many bytes wait for the driver it has a turn at once: they fill a batch.
const BATCH: usize = 32 * 1024;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
/// When so many wait for it, a `send` waits, too.
const MOST_ACCEPTED: usize = 64 * 1024;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
/// The memory kept for encoding the next value.
const KEPT: usize = 4 * 1024;

/// What the driver tells without the lock.
pub(super) struct Told {
    /// It is to have a turn at the next take, and what was taken when it looked last.
    awaits: AtomicBool,
    taken: AtomicUsize,
    resumed: AtomicU64,
    retained: AtomicUsize,
    /// The driver has a turn soon, without being woken by a handle.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    turn_due: AtomicBool,
    /// Memory in which a `send` encodes its value.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    scratch: Lock<Run>,
    requests: Arc<Requests>,
    /// An `Arc<dyn Decode<Rx>>`, for the answers of a sender's requests: a sender's type does not say what its channel receives.
    decoder: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Told {
    pub(super) fn boxed(requests: Arc<Requests>) -> Box<Self> {
        Box::new(Self {
            awaits: AtomicBool::new(false),
            taken: AtomicUsize::new(0),
            resumed: AtomicU64::new(0),
            retained: AtomicUsize::new(0),
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            turn_due: AtomicBool::new(false),
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            scratch: Lock::default(),
            requests,
            decoder: OnceLock::new(),
        })
    }

    pub(super) fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    pub(super) fn decoder(&self) -> &OnceLock<Box<dyn Any + Send + Sync>> {
        &self.decoder
    }

    pub(super) fn resumed(&self) -> u64 {
        self.resumed.load(Ordering::Relaxed)
    }

    pub(super) fn retained(&self) -> usize {
        self.retained.load(Ordering::Relaxed)
    }
}

/// The receiver's side.
impl Mailbox {
    /// The receiver has taken an error: there may be room behind it.
    pub(in crate::channel) fn note_error(&self) {
        if self.incoming.is_of_session() {
            self.wake_driver(self.lock());
        }
    }

    /// The receiver has asked for the next message: what it took before counts as taken.
    #[inline]
    pub(super) fn note_take(&self) {
        let Some(told) = &self.session else {
            return;
        };
        // In one order with `await_takes`: one of the two sees the other.
        if told.awaits.load(Ordering::SeqCst)
            && self.incoming.taken() != told.taken.load(Ordering::Relaxed)
            && told.awaits.swap(false, Ordering::SeqCst)
        {
            self.wake_driver(self.lock());
        }
    }
}

/// The senders' side.
impl Mailbox {
    /// Whether values are accepted as runs: over a session.
    pub(in crate::channel) fn takes_runs(&self) -> bool {
        self.session.is_some()
    }

    /// Accepts many values for the driver's next turn; false if nothing can be sent any more. The caller holds a permit.
    pub(in crate::channel) fn accept_run(&self, values: &mut Run) -> bool {
        self.notify_driver(|state| {
            let live = state.is_live();
            if live {
                state.outgoing.accept_run(values);
            }
            live
        })
    }

    /// Accepts a message for the driver's next turn, or returns it if nothing can be sent any more.
    pub(super) fn accept_message(&self, message: Message) -> Result<(), Message> {
        let mut run = Run::default();
        let pushed = run.push(|out| {
            out.extend_from_slice(message.as_bytes());
            Ok(matches!(message, Message::Text(_)))
        });
        match pushed.is_ok() && self.accept_run(&mut run) {
            true => Ok(()),
            false => Err(message),
        }
    }
}

/// For a `send` in a page.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Mailbox {
    /// Whether a value would probably be accepted at once.
    pub(in crate::channel) fn may_accept(&self) -> bool {
        self.session.is_some() && self.writable.load(Ordering::Relaxed)
    }

    /// Accepts a value for the driver's next turn if there is room and no send waits. The driver is woken once for all values until then.
    pub(in crate::channel) fn accept_at_once(&self, value: &mut Run) -> bool {
        let mut state = self.lock();
        let outgoing = &mut state.outgoing;
        if !outgoing.has_room() || outgoing.accepted_bytes() >= MOST_ACCEPTED || !state.can_send() {
            return false;
        }
        let outgoing = &mut state.outgoing;
        outgoing.accept_run(value);
        let full = outgoing.room == 0 || outgoing.accepted_bytes() >= BATCH;
        let told = self.session.as_ref();
        if !full && told.is_some_and(|told| told.turn_due.load(Ordering::Relaxed)) {
            // For that turn.
            self.notified.store(true, Ordering::Release);
            self.release(state);
        } else {
            self.wake_driver(state);
        }
        true
    }

    /// Memory to encode a value in. Empty.
    pub(in crate::channel) fn take_scratch(&self) -> Run {
        let told = self.session.as_ref();
        told.map_or(Run::default(), |told| {
            core::mem::take(&mut *told.scratch.lock())
        })
    }

    /// Keeps it for the next value, unless it is large.
    pub(in crate::channel) fn put_scratch(&self, mut scratch: Run) {
        if scratch.frames().len() <= KEPT
            && let Some(told) = &self.session
        {
            scratch.clear();
            *told.scratch.lock() = scratch;
        }
    }
}

/// Entries.
impl Mailbox {
    /// Those of the senders. Only a program that calls this links them.
    pub(in crate::channel) fn entries(&self) -> &Arc<dyn Waiting> {
        let entries = || Arc::new(Entries::new(self.high_water_mark)) as Arc<dyn Waiting>;
        self.entries.get_or_init(entries)
    }

    /// There is one more, or one less. False if nothing can be sent any more.
    pub(in crate::channel) fn tell_of_entry(&self) -> bool {
        self.notify_driver(|state| state.is_live())
    }

    /// Those that wait, for the driver.
    pub(in crate::channel) fn waiting_entries(&self) -> Option<Arc<dyn Waiting>> {
        self.entries.get().cloned()
    }

    /// Entries that wait come back.
    pub(in crate::channel) fn end_entries(&self, why: &EntryErrorKind) {
        if let Some(entries) = self.entries.get() {
            entries.end(why);
        }
    }
}

/// The driver's side.
impl Mailbox {
    /// The driver is to have a turn when the receiver takes something.
    pub(in crate::channel) fn await_takes(&self) {
        if let Some(told) = &self.session {
            told.awaits.store(true, Ordering::SeqCst);
        }
        // One that came since the driver looked.
        self.note_take();
    }

    /// What the receiver has taken, for the driver in its turn.
    pub(in crate::channel) fn see_takes(&self) -> usize {
        let taken = self.incoming.taken();
        if let Some(told) = &self.session {
            told.taken.store(taken, Ordering::Relaxed);
        }
        taken
    }

    /// So many bytes of messages are lost with their session: a `flush` that waits for them fails.
    pub(in crate::channel) fn count_unsent(&self, bytes: usize) {
        self.lock().count_unsent(bytes);
    }

    /// Whether something waits for the end.
    pub(in crate::channel) fn awaits_end(&self) -> bool {
        self.lock().ends > 0
    }

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    /// The driver has a turn soon by itself: accepted values need not wake it.
    pub(in crate::channel) fn expect_turn(&self, due: bool) {
        if let Some(told) = &self.session {
            told.turn_due.store(due, Ordering::Relaxed);
        }
    }

    pub(in crate::channel) fn set_figures(&self, resumed: u64, retained: usize) {
        if let Some(told) = &self.session {
            told.resumed.store(resumed, Ordering::Relaxed);
            told.retained.store(retained, Ordering::Relaxed);
        }
    }
}
