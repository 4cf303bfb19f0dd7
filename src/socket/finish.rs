//! Finishes a connection after its socket was dropped.

use crate::transport::Transport;
use core::future::poll_fn;
use core::task::{Context, Waker};

/// Hands over what was sent, closes, and waits for the peer's end, in a task of its own on the tokio runtime of the calling context. Without a
/// runtime only what the stream accepts at once is handed over.
///
/// Dropping a stream with unread input resets it, and a reset destroys data on its way to the peer. So input is read until the end.
pub(super) fn finish(mut transport: Box<dyn Transport>) {
    let at_once = &mut Context::from_waker(Waker::noop());
    if transport.poll_finish(at_once).is_ready() {
        return;
    }
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move { poll_fn(|cx| transport.poll_finish(cx)).await });
    }
}
