//! The shared state for sessions.

use super::Mailbox;
use crate::channel::chunk::Chunk;
use crate::requests::Requests;
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// What the driver tells without the lock.
pub(super) struct Told {
    /// It is to have a turn at the next take, and what was taken when it looked last.
    awaits: AtomicBool,
    taken: AtomicUsize,
    resumed: AtomicU64,
    retained: AtomicUsize,
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
    /// Whether chunks are accepted: over a session.
    pub(in crate::channel) fn takes_chunks(&self) -> bool {
        self.incoming.is_of_session()
    }

    /// Accepts many messages for the driver's next turn; false if nothing can be sent any more. The caller holds a permit.
    pub(in crate::channel) fn accept_chunk(&self, chunk: Chunk) -> bool {
        self.notify_driver(|state| {
            let live = state.is_live();
            if live {
                state.outgoing.accept_chunk(chunk);
            }
            live
        })
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

    pub(in crate::channel) fn set_figures(&self, resumed: u64, retained: usize) {
        if let Some(told) = &self.session {
            told.resumed.store(resumed, Ordering::Relaxed);
            told.retained.store(retained, Ordering::Relaxed);
        }
    }
}
