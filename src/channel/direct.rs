//! A `send` that hands its message over in the sender's own task, without a turn of the driver. There is one body for programs with threads and one
//! for pages.
//!
//! With threads the senders share the driver. The driver's task locks it for one turn. A sender locks it to hand over one message, by the platform's
//! own send on an open connection. A sender that does not get the lock at once waits in the queue.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(super) use shared::{Slot, hand_over, spawn};

/// In a page the platform's objects stay on their thread. There the driver runs when it is woken.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[inline(always)]
pub(super) fn hand_over(
    _: &super::mailbox::Mailbox,
    message: crate::message::Message,
) -> Result<(), crate::message::Message> {
    Err(message)
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod shared {
    use crate::channel::driver::Driver;
    use crate::channel::mailbox::Mailbox;
    use crate::lock::Lock;
    use crate::message::Message;
    use core::pin::Pin;
    use core::task::{Context, Poll};
    use std::sync::Arc;

    /// The shared driver. Senders only try to lock it, because its owner may be calling foreign code.
    pub(in crate::channel) type Slot = Lock<Option<Driver>>;

    /// Runs the driver on the tokio runtime of the calling context.
    pub(in crate::channel) fn spawn(mailbox: Arc<Mailbox>, driver: Driver) {
        *mailbox.slot.lock() = Some(driver);
        tokio::spawn(Task(mailbox));
    }

    struct Task(Arc<Mailbox>);

    impl Future for Task {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            let mut slot = self.0.slot.lock();
            match &mut *slot {
                Some(driver) => driver.turn(cx),
                None => Poll::Ready(()),
            }
        }
    }

    /// At its end, or when a runtime shuts down.
    impl Drop for Task {
        fn drop(&mut self) {
            let driver = self.0.slot.lock().take();
            drop(driver);
        }
    }

    /// Hands a message over, or returns it if it has to wait in the queue.
    pub(in crate::channel) fn hand_over(
        mailbox: &Mailbox,
        message: Message,
    ) -> Result<(), Message> {
        let Some(mut slot) = mailbox.slot.try_lock() else {
            return Err(message);
        };
        match &mut *slot {
            // Checked while no turn is running: then no message is between the queue and the platform.
            Some(driver) if mailbox.is_clear() => driver.hand_over_directly(message),
            _ => Err(message),
        }
    }
}
