//! The transport of a socket, and the deferred flush that lets several messages share one write.

use crate::transport::{Limits, Transport};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

/// A socket's transport. While a flush is deferred, a task of its own shares the transport. That task runs as soon as the socket's task yields, and
/// flushes what is left. If it takes the transport, it [gives it back](Self::give_back) before it returns.
pub(super) struct Line {
    /// `None` while it is shared, and after the end was reported.
    own: Option<Box<dyn Transport>>,
    shared: Option<Box<Shared>>,
}

struct Shared {
    slot: Arc<Mutex<Slot>>,
    /// The transport is in the slot.
    parked: bool,
    /// A flush was deferred and has not been done yet.
    pending: bool,
    limits: Limits,
}

#[derive(Default)]
struct Slot {
    transport: Option<Box<dyn Transport>>,
    /// No deferred flush is left.
    flushed: bool,
    /// There is a task that flushes.
    flusher: bool,
    /// Where it waits for the transport.
    waker: Option<Waker>,
    /// The socket is gone, and the task shall go, too.
    over: bool,
}

impl Line {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            own: Some(transport),
            shared: None,
        }
    }

    /// The transport, `None` after the end was reported.
    #[inline]
    pub(super) fn get(&mut self) -> Option<&mut Box<dyn Transport>> {
        if let Some(shared) = &mut self.shared
            && shared.parked
        {
            shared.parked = false;
            let mut slot = lock(&shared.slot);
            shared.pending = !slot.flushed;
            self.own = slot.transport.take();
        }
        self.own.as_mut()
    }

    /// The result of a query of the transport, `None` after the end was reported.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&dyn Transport) -> T) -> Option<T> {
        match (&self.own, &self.shared) {
            (Some(own), _) => Some(question(&**own)),
            (None, Some(shared)) => lock(&shared.slot).transport.as_deref().map(question),
            (None, None) => None,
        }
    }

    pub(super) fn limits(&self) -> Option<&Limits> {
        match (&self.own, &self.shared) {
            (Some(own), _) => Some(own.limits()),
            (None, Some(shared)) if shared.parked => Some(&shared.limits),
            _ => None,
        }
    }

    /// Takes it away.
    pub(super) fn take(&mut self) -> Option<Box<dyn Transport>> {
        self.get();
        self.own.take()
    }

    /// Has the flush of what was just sent wait for the messages that were read already, and whether it does. It does not where no task could make
    /// good for it.
    #[inline]
    pub(super) fn defer_flush(&mut self) -> bool {
        match self.get() {
            Some(transport) if transport.defers_flush() => self.park(),
            _ => false,
        }
    }

    /// Everything was handed over.
    #[inline]
    pub(super) fn flushed(&mut self) {
        if let Some(shared) = &mut self.shared {
            shared.pending = false;
        }
    }

    /// The task that uses the socket may do something else now: what was deferred is not to wait for it.
    #[inline]
    pub(super) fn give_back(&mut self) {
        if self.shared.as_ref().is_some_and(|shared| shared.pending) {
            self.park();
        }
    }

    fn park(&mut self) -> bool {
        let Some(transport) = self.own.take() else {
            return false;
        };
        let shared = self.shared.get_or_insert_with(|| {
            Box::new(Shared {
                slot: Arc::default(),
                parked: false,
                pending: false,
                limits: transport.limits().clone(),
            })
        });
        shared.pending = true;
        let mut slot = lock(&shared.slot);
        let waker = match slot.flusher {
            true => slot.waker.take(),
            false => {
                let Ok(runtime) = Handle::try_current() else {
                    drop(slot);
                    self.own = Some(transport);
                    return false;
                };
                slot.flusher = true;
                runtime.spawn(Flusher(shared.slot.clone()));
                None
            }
        };
        slot.transport = Some(transport);
        slot.flushed = false;
        shared.parked = true;
        drop(slot);
        // Once for all messages until it has had its turn.
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            let mut slot = lock(&shared.slot);
            slot.over = true;
            let waker = slot.waker.take();
            drop(slot);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// Held while the transport is polled: other users of the socket have to wait for that anyway.
fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Flushes the transport whenever it finds it in the slot.
struct Flusher(Arc<Mutex<Slot>>);

impl Future for Flusher {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut slot = lock(&self.0);
        if slot.over {
            return Poll::Ready(());
        }
        // Otherwise it is in use, and its user flushes it or gives it back.
        if let Some(transport) = &mut slot.transport {
            // If it has to wait, the stream wakes it. The next flush reports a loss.
            slot.flushed = transport.poll_flush(cx).is_ready();
        }
        slot.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// A runtime that shuts down drops it as well.
impl Drop for Flusher {
    fn drop(&mut self) {
        let mut slot = lock(&self.0);
        slot.flusher = false;
        slot.waker = None;
    }
}
