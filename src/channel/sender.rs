//! The sending half.

use super::control::Control;
use super::mailbox::{Mailbox, Refused};
use super::offer::Offer;
use super::permit::Permit;
use crate::codec::Encode;
use crate::error::{SendError, SendErrorKind, TrySendError, TrySendErrorKind};
use crate::message::{Message, Opened};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
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
        let sent = match self.codec.encode(&value) {
            Ok(message) => Waiting::new(&self.mailbox, Some(message)).await,
            Err(error) => Err(SendErrorKind::Encode(error)),
        };
        sent.map_err(|kind| SendError::new(value, kind))
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
        Waiting::new(&self.mailbox, None).await?;
        Ok(Permit::new(&self.mailbox, &*self.codec))
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

/// Waits until an offer has had its turn. Dropped before, it withdraws the offer.
struct Waiting<'a> {
    mailbox: &'a Mailbox,
    /// Gone once it is settled.
    offer: Option<Arc<Offer>>,
}

impl<'a> Waiting<'a> {
    /// In line from here on, unless nothing can be sent any more.
    fn new(mailbox: &'a Mailbox, message: Option<Message>) -> Self {
        let offer = mailbox.offer(message);
        Self { mailbox, offer }
    }
}

impl Future for Waiting<'_> {
    type Output = Result<(), SendErrorKind>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(offer) = &self.offer else {
            return Poll::Ready(Err(SendErrorKind::NotOpen));
        };
        let outcome = ready!(offer.poll(cx));
        self.offer = None;
        Poll::Ready(outcome)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(offer) = &self.offer {
            self.mailbox.withdraw(offer);
        }
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
