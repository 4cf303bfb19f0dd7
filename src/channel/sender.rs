//! The sending half.

use super::control::Control;
use super::mailbox::{Mailbox, Refused};
use super::offer::Offer;
use super::permit::Permit;
use crate::codec::Encode;
use crate::error::{SendError, SendErrorKind, TrySendError, TrySendErrorKind};
use crate::message::{Message, Opened};
use core::fmt;
use core::future::poll_fn;
use std::sync::Arc;

/// Sends values of `Tx`. Cloning it gives another sender of the same connection, which stays open while one of them or the receiver lives.
pub struct Sender<Tx> {
    mailbox: Arc<Mailbox>,
    codec: Arc<dyn Encode<Tx>>,
}

impl<Tx> Sender<Tx> {
    pub(super) fn new(mailbox: Arc<Mailbox>, codec: Arc<dyn Encode<Tx>>) -> Self {
        mailbox.add_sender();
        Self { mailbox, codec }
    }

    /// Hands `value` to the platform, waiting while it holds more unsent bytes than the send watermark.
    ///
    /// `Ok` means that the platform's own send was called on an open connection: handed over, not delivered. Values are handed over in
    /// the order in which the futures were first polled. Nothing is queued meanwhile: the future holds its own value.
    ///
    /// Cancellation: dropping the future before it completes sends nothing, unless it had been handed over in that very moment.
    ///
    /// # Errors
    /// The value and why it was not sent: it cannot be encoded, or the connection is closing or closed.
    pub async fn send(&self, value: Tx) -> Result<(), SendError<Tx>> {
        let message = match self.codec.encode(&value) {
            Ok(message) => message,
            Err(error) => return Err(SendError::new(value, SendErrorKind::Encode(error))),
        };
        self.wait(Some(message))
            .await
            .map_err(|kind| SendError::new(value, kind))
    }

    /// Sends `value` if that needs no waiting. `Ok` means taken, on an open connection with room below the send watermark, and handed over in
    /// the driver's next turn; what an end in between or the platform's refusal prevents is counted in [`Closed::unsent`](crate::Closed::unsent).
    ///
    /// # Errors
    /// The value and why it was not taken: no room or others wait in line, closing or closed, or it cannot be encoded.
    pub fn try_send(&self, value: Tx) -> Result<(), TrySendError<Tx>> {
        // Room first: a full line must not cost an encoding.
        let taken = self
            .mailbox
            .has_room_to_send()
            .map_err(TrySendErrorKind::from);
        let taken = taken.and_then(|()| {
            let message = self
                .codec
                .encode(&value)
                .map_err(TrySendErrorKind::Encode)?;
            self.mailbox.accept(message).map_err(TrySendErrorKind::from)
        });
        taken.map_err(|kind| TrySendError::new(value, kind))
    }

    /// Waits for room for one message, in line with every `send`.
    ///
    /// Cancellation: dropping the future gives its place up.
    ///
    /// # Errors
    /// [`SendErrorKind::NotOpen`] when the connection is closing or closed.
    pub async fn reserve(&self) -> Result<Permit<'_, Tx>, SendErrorKind> {
        self.wait(None).await?;
        Ok(Permit::new(&self.mailbox, &*self.codec))
    }

    /// Waits until an offer has had its turn.
    async fn wait(&self, message: Option<Message>) -> Result<(), SendErrorKind> {
        let held = Held {
            mailbox: &self.mailbox,
            offer: self.mailbox.offer(Offer::new(message))?,
        };
        poll_fn(|cx| held.offer.poll(cx)).await
    }

    /// What the handshake settled: subprotocol and extensions.
    pub fn opened(&self) -> &Opened {
        self.mailbox.opened()
    }

    /// A handle that closes the channel and tells its status, and does not keep it open.
    pub fn control(&self) -> Control {
        Control::new(self.mailbox.clone())
    }
}

/// An offer that is withdrawn when the `send` that holds it is dropped.
struct Held<'a> {
    mailbox: &'a Mailbox,
    offer: Arc<Offer>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.mailbox.withdraw(&self.offer);
    }
}

impl From<Refused> for TrySendErrorKind {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => TrySendErrorKind::Full,
            Refused::NotOpen => TrySendErrorKind::NotOpen,
        }
    }
}

impl<Tx> Clone for Sender<Tx> {
    fn clone(&self) -> Self {
        Self::new(self.mailbox.clone(), self.codec.clone())
    }
}

impl<Tx> Drop for Sender<Tx> {
    fn drop(&mut self) {
        self.mailbox.remove_sender();
    }
}

impl<Tx> fmt::Debug for Sender<Tx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
