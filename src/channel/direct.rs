//! A `send` that the sender's own task hands over, without a turn of the driver: one seam, and a body for each way in which threads can be.
//!
//! Natively the driver lies where the senders find it. Its task has it for as long as a turn takes, and a sender for as long as it takes to hand
//! a message over: that is the platform's own send, on a connection that is open. Whoever does not get it at once waits in line.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(super) use shared::{Slot, hand_over, spawn};

/// In a page the platform's objects stay on their thread, whose driver takes its turn as it is woken.
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

    /// Where the driver lies. Nobody waits for this lock while its owner calls anything of somebody else's: senders go without.
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

    /// Hands a message over, or gives it back if it has to wait in line.
    pub(in crate::channel) fn hand_over(
        mailbox: &Mailbox,
        message: Message,
    ) -> Result<(), Message> {
        let Some(mut slot) = mailbox.slot.try_lock() else {
            return Err(message);
        };
        match &mut *slot {
            // Looked at while the driver has no turn: then nothing is between the line and the platform.
            Some(driver) if mailbox.is_clear() => driver.hand_over_directly(message),
            _ => Err(message),
        }
    }
}
