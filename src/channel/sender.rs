//! The sending half.

use super::control::Control;
use super::mailbox::{Mailbox, Progress, Refused};
use super::offer::Offer;
use super::permit::Permit;
use crate::codec::Encode;
use crate::error::{SendError, SendErrorKind, TrySendError, TrySendErrorKind};
use crate::message::{Message, Opened};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_sink::Sink;
use std::sync::Arc;

/// Sends values of `Tx`. Cloning it gives another sender of the same connection, which stays open while one of them or the receiver lives.
pub struct Sender<Tx> {
    mailbox: Arc<Mailbox>,
    codec: Arc<dyn Encode<Tx>>,
    /// As a sink: the permit that `poll_ready` waits for, or has got.
    permit: Option<Arc<Offer>>,
    /// As a sink: the wait of `poll_flush`.
    flushing: Option<u64>,
}

impl<Tx> Sender<Tx> {
    pub(super) fn new(mailbox: Arc<Mailbox>, codec: Arc<dyn Encode<Tx>>) -> Self {
        mailbox.add_sender();
        Self {
            mailbox,
            codec,
            permit: None,
            flushing: None,
        }
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

    /// Waits until everything that was taken, by this sender or another, has been handed over to the platform.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// [`SendErrorKind::Refused`] once after the platform refused what had been taken, and [`SendErrorKind::NotOpen`] when the end came first.
    pub async fn flush(&self) -> Result<(), SendErrorKind> {
        self.progress(Progress::HandedOver).await
    }

    /// Waits until the platform holds nothing any more of what was sent, as far as it tells. That is more than handed over and less than
    /// delivered; [`Transport::poll_drained`](crate::transport::Transport::poll_drained) says what each transport can know.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// As [`flush`](Self::flush); and [`SendErrorKind::NotOpen`] when the connection ended, but for a clean end, which comes behind everything.
    pub async fn drained(&self) -> Result<(), SendErrorKind> {
        self.progress(Progress::Drained).await
    }

    async fn progress(&self, far: Progress) -> Result<(), SendErrorKind> {
        let mut watch = Watch {
            mailbox: &self.mailbox,
            key: None,
        };
        poll_fn(|cx| self.mailbox.poll_progress(far, &mut watch.key, cx)).await
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

/// A wait that takes its waker along.
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

/// `start_send` means taken, as with [`try_send`](Sender::try_send), and `poll_flush` handed over. It holds one item at most: `poll_ready` is ready
/// when the one before has been handed over and there is room below the send watermark. `poll_close` hands over what is left and begins to close
/// with 1000; it does not wait for the peer, and the other senders end with it.
///
/// A sink cannot hand a value back; [`send`](Sender::send) can.
impl<Tx> Sink<Tx> for Sender<Tx> {
    type Error = SendErrorKind;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let permit = match self.permit.take() {
            Some(permit) => permit,
            None => match self.mailbox.offer(None) {
                Some(permit) => permit,
                None => return Poll::Ready(Err(SendErrorKind::NotOpen)),
            },
        };
        let granted = permit.poll(cx);
        if !matches!(granted, Poll::Ready(Err(_))) {
            self.permit = Some(permit);
        }
        granted
    }

    fn start_send(mut self: Pin<&mut Self>, value: Tx) -> Result<(), SendErrorKind> {
        self.withdraw();
        let message = self.codec.encode(&value).map_err(SendErrorKind::Encode)?;
        self.mailbox
            .accept(message)
            .map_err(|_| SendErrorKind::NotOpen)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let Self {
            mailbox, flushing, ..
        } = &mut *self;
        mailbox.poll_progress(Progress::HandedOver, flushing, cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.mailbox.close(1000, "");
        Poll::Ready(Ok(()))
    }
}

impl<Tx> Sender<Tx> {
    /// Gives the sink's permit back, or its place in line.
    fn withdraw(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.mailbox.withdraw(&permit);
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
        self.withdraw();
        if let Some(key) = self.flushing {
            self.mailbox.unwatch(key);
        }
        self.mailbox.remove_sender();
    }
}

impl<Tx> fmt::Debug for Sender<Tx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
