//! A session's handler, in a task of its own.

use super::end::HandlerEnd;
use super::shared::Shared;
use crate::channel::{Channel, Sender};
use crate::codec::Codec;
use crate::session::Secret;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The code of a session whose handler panicked: 1011, where a page may send it.
const FAILED: u16 = 3011;

/// The handler's end of a session.
pub(super) fn channel<Tx: 'static, Rx: 'static>(
    shared: &Arc<Shared>,
    id: Secret,
    codec: impl Codec<Tx, Rx> + 'static,
) -> Channel<Tx, Rx> {
    let end = HandlerEnd::new(shared.clone(), id);
    Channel::over_end(Box::new(end), Arc::new(codec))
}

/// Runs a handler. However it ends, the session does, too.
pub(super) struct Handler<F, Tx> {
    shared: Arc<Shared>,
    id: Secret,
    /// None when it has ended.
    work: Option<Pin<Box<F>>>,
    code: u16,
    /// Or a channel that is dropped by a panic would say 1000 first.
    _open: Sender<Tx>,
}

impl<F: Future<Output = ()> + Send + 'static, Tx: 'static> Handler<F, Tx> {
    pub(super) fn spawn(shared: &Arc<Shared>, id: Secret, open: Sender<Tx>, work: F) {
        let handler = Self {
            shared: shared.clone(),
            id,
            work: Some(Box::pin(work)),
            code: 1000,
            _open: open,
        };
        let task = tokio::spawn(handler);
        shared.lock().run(id, task.abort_handle());
    }
}

impl<F: Future<Output = ()>, Tx> Future for Handler<F, Tx> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(work) = &mut self.work else {
            return Poll::Ready(());
        };
        // It is not polled again behind a panic, and dropped without.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => {}
            Err(_) => self.code = FAILED,
        }
        self.shared.close(self.id, self.code, "");
        self.work = None;
        Poll::Ready(())
    }
}

impl<F, Tx> Drop for Handler<F, Tx> {
    fn drop(&mut self) {
        self.shared.close(self.id, self.code, "");
        self.work = None;
        self.shared.lock().stop(self.id);
    }
}
