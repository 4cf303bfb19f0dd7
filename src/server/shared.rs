//! The sessions of a server as its tasks hold them: the state behind its lock, its clock, its randomness.

use super::clock::Clock;
use super::options::Options;
use super::state::{State, Wakes};
use crate::lock::{Guard, Lock};
use crate::random;
use crate::session::ConnectionId;
use crate::session::{HelloOutcome, Registry, Secret};
use crate::time::Instant;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

pub(super) struct Shared {
    pub(super) options: Options,
    began: Instant,
    clock_runs: AtomicBool,
    state: Lock<State>,
}

impl Shared {
    pub(super) fn new(options: Options) -> Arc<Self> {
        let registry = registry(&options);
        let retention = options.settings.retention.max(1);
        Arc::new(Self {
            began: Instant::now(),
            clock_runs: AtomicBool::new(false),
            state: Lock::new(State::new(registry, retention)),
            options,
        })
    }

    pub(super) fn lock(&self) -> Guard<'_, State> {
        self.state.lock()
    }

    /// Changes the state; wakes whom that concerns when the lock is released.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State, Duration, &mut Wakes) -> T) -> T {
        let mut wakes = Wakes::default();
        let mut state = self.lock();
        let result = change(&mut state, self.now(), &mut wakes);
        drop(state);
        wakes.wake();
        result
    }

    /// Since these sessions began.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Starts the task that waits for deadlines, unless it runs. Needs a tokio runtime.
    pub(super) fn start_clock(self: &Arc<Self>) {
        if !self.clock_runs.swap(true, Ordering::Relaxed) {
            tokio::spawn(Clock::new(self));
        }
    }

    /// The clock's task has ended, by the end of its runtime if by nothing else.
    pub(super) fn clock_ended(&self) {
        self.clock_runs.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        state.set = None;
        let waker = state.clock.take();
        drop(state);
        drop(waker);
    }

    /// The first message of a connection came. And whether a session began that had been offered on an earlier connection.
    pub(super) fn accept(
        &self,
        connection: ConnectionId,
        batch: &[u8],
        identity: &[u8],
    ) -> (HelloOutcome, bool) {
        self.with(|state, now, wakes| {
            let accepted =
                state
                    .registry
                    .accept(now, connection, batch, identity, &mut random::fill);
            let started = match &accepted {
                HelloOutcome::Session(id) => state.settle(now, *id, wakes),
                HelloOutcome::Close { .. } => {
                    state.bury(wakes);
                    false
                }
            };
            (accepted, started)
        })
    }

    /// Ends a session, behind everything sent so far.
    pub(super) fn close(&self, id: Secret, code: u16, reason: &str) {
        self.with(|state, now, wakes| {
            // Its handler's end first retains what the handler has sent.
            if !state.ask_to_end(id, code, reason, wakes) {
                state.end_session(id, now, bye_code(code), reason, wakes);
            }
        });
    }

    /// The last `Sessions` is gone.
    pub(super) fn end(&self) {
        let empty = registry(&self.options);
        let handlers = self.with(|state, _, wakes| state.end(empty, wakes));
        for handler in handlers {
            handler.abort();
        }
    }
}

fn registry(options: &Options) -> Registry {
    let mut incarnation = [0; 8];
    random::fill(&mut incarnation);
    Registry::new(
        options.settings.clone(),
        options.bounds.clone(),
        u64::from_be_bytes(incarnation),
        |token| Sha256::digest(token).into(),
    )
}

/// The code of a `BYE`, which is 1000 or 3000 to 4999. So 1001 to 1014 become 3001 to 3014, and all others 1000.
pub(super) fn bye_code(code: u16) -> u16 {
    match code {
        1001..=1014 => code + 2000,
        3000..=4999 => code,
        _ => 1000,
    }
}
