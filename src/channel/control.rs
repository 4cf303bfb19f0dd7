//! The handle that closes and watches.

use super::mailbox::Mailbox;
pub use super::mailbox::Status;
use crate::error::CloseError;
use crate::message::Closed;
use core::fmt;
use core::future::poll_fn;
use std::sync::Arc;

/// Closes a channel and tells how it stands. It does not keep the connection open.
#[derive(Clone)]
pub struct Control {
    mailbox: Arc<Mailbox>,
}

impl Control {
    pub(super) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self { mailbox }
    }

    /// How the channel stands now.
    pub fn status(&self) -> Status {
        self.mailbox.status()
    }

    /// Begins the closing handshake and waits for its end, at most the close timeout. What arrives meanwhile is discarded, as in every
    /// browser; what had arrived can still be read. On a channel that is closing already it only waits.
    ///
    /// Cancellation: once first polled, closing goes on without the future.
    ///
    /// # Errors
    /// A code other than 1000 and 3000-4999, or a reason longer than 123 bytes. Nothing has happened then.
    pub async fn close(&self, code: u16, reason: &str) -> Result<Closed, CloseError> {
        CloseError::check(code, reason)?;
        self.mailbox.close(code, reason);
        Ok(self.closed().await)
    }

    /// Waits for the end, and says how it came.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    pub async fn closed(&self) -> Closed {
        let mut watch = Watch {
            mailbox: &self.mailbox,
            key: None,
        };
        poll_fn(|cx| watch.mailbox.poll_closed(&mut watch.key, cx)).await
    }
}

/// A wait for the end that takes its waker along when it is dropped.
struct Watch<'a> {
    mailbox: &'a Mailbox,
    key: Option<u64>,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.mailbox.unwatch(key);
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
