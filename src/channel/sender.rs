//! The sending half.

use super::control::Control;
use super::direct;
use super::mailbox::{Mailbox, Refused, Watch};
use super::outgoing::Progress;
use super::permit::Permit;
use super::unsent::Unsent;
use super::wait_queue::{Key, Outcome};
use crate::codec::Encode;
use crate::error::{SendError, SendErrorKind, TrySendError, TrySendErrorKind};
use crate::message::{Message, OpenInfo};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_sink::Sink;
use std::sync::Arc;

/// Sends values of `Tx`. Cloning it gives another sender of the same connection, which stays open while a sender or the receiver exists.
///
/// ```
/// use websocket_channel::{Channel, SendErrorKind, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// let (sender, receiver) = channel.split();
/// sender.send("waits while the send buffer is full".into()).await?;
/// sender.try_send("does not wait".into())?;
/// sender.flush().await?; // handed over
///
/// peer.control().abort();
/// drop(peer);
/// receiver.control().closed().await;
/// let error = sender.send("too late".into()).await.unwrap_err();
/// assert_eq!((error.kind, &*error.value), (SendErrorKind::NotOpen, "too late"));
/// # Ok(())
/// # }
/// ```
pub struct Sender<Tx> {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) codec: Arc<dyn Encode<Tx>>,
    /// The sink's state, once used as one.
    sunk: Option<Box<dyn Sunk>>,
}

impl<Tx> Sender<Tx> {
    pub(super) fn new(mailbox: Arc<Mailbox>, codec: Arc<dyn Encode<Tx>>) -> Self {
        Self {
            mailbox,
            codec,
            sunk: None,
        }
    }

    #[cfg(feature = "session")]
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    #[cfg(feature = "session")]
    pub(super) fn codec(&self) -> &dyn Encode<Tx> {
        &*self.codec
    }

    /// Hands `value` to the platform. Waits while the platform holds more unsent bytes than the send high-water mark.
    ///
    /// `Ok` means that the platform's own send was called on an open connection: handed over, not delivered. Values are handed over in the order in
    /// which the futures were first polled. Nothing is queued meanwhile: the future holds its own value.
    ///
    /// Over a session `Ok` means that the session has the value, with a connection or without one. In a page the first value is written at once; those
    /// that follow in the same turn of the event loop share WebSocket messages.
    ///
    /// Cancellation: dropping the future before it completes sends nothing, unless the value was handed over at that very moment.
    ///
    /// # Errors
    /// The value and why it was not sent: it cannot be encoded, the connection is closing or closed, or the platform refused it.
    pub fn send(&self, value: Tx) -> impl Future<Output = Result<(), SendError<Tx>>> {
        let mut sending = Sending::Value(value);
        poll_fn(move |cx| {
            let (mut waiting, unsent) = match core::mem::replace(&mut sending, Sending::Over) {
                Sending::Value(value) => {
                    #[cfg(all(feature = "session", target_family = "wasm", target_os = "unknown"))]
                    let value = match self.accept_at_once(value) {
                        Ok(accepted) => return Poll::Ready(accepted),
                        Err(value) => value,
                    };
                    let (message, unsent) = Unsent::new(&*self.codec, value)?;
                    let message = match direct::hand_over(&self.mailbox, message) {
                        Ok(()) => return Poll::Ready(Ok(())),
                        Err(message) => message,
                    };
                    (Waiting::new(&self.mailbox, Some(message), cx), unsent)
                }
                Sending::Waiting(waiting, unsent) => (waiting, unsent),
                Sending::Over => return Poll::Pending,
            };
            match Pin::new(&mut waiting).poll(cx) {
                Poll::Pending => {
                    sending = Sending::Waiting(waiting, unsent);
                    Poll::Pending
                }
                Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
                // The message comes back with the error.
                Poll::Ready(Err(error)) => Poll::Ready(Err(error
                    .map(|message| unsent.value(message.unwrap_or(Message::Binary(Vec::new())))))),
            }
        })
    }

    /// Sends `value` without waiting. `Ok` means accepted, on an open connection below the send high-water mark; it is handed over in the driver's
    /// next turn. If the connection ends first or the platform refuses it, [`CloseInfo::unsent_bytes`](crate::CloseInfo::unsent_bytes) counts it.
    ///
    /// # Errors
    /// The value and why it was not accepted: the send buffer is full or other senders are waiting, the connection is closing or closed, or it cannot
    /// be encoded.
    pub fn try_send(&self, value: Tx) -> Result<(), TrySendError<Tx>> {
        // Check the capacity first, so that a full send buffer does not cost an encoding.
        if let Err(refused) = self.mailbox.has_room_to_send() {
            return Err(TrySendError::new(value, refused.into()));
        }
        let (message, unsent) = Unsent::new(&*self.codec, value).map_err(|error| {
            let kind = match error.kind {
                SendErrorKind::EncodeFailed(error) => TrySendErrorKind::EncodeFailed(error),
                SendErrorKind::NotOpen | SendErrorKind::SendRefused => TrySendErrorKind::NotOpen,
            };
            TrySendError::new(error.value, kind)
        })?;
        self.mailbox
            .accept(message)
            .map_err(|message| TrySendError::new(unsent.value(message), TrySendErrorKind::NotOpen))
    }

    /// Waits for permission to send one message, in turn with every `send`.
    ///
    /// Cancellation: dropping the future gives up its turn.
    ///
    /// # Errors
    /// [`SendErrorKind::NotOpen`] if the connection is closing or closed.
    pub async fn reserve(&self) -> Result<Permit<'_, Tx>, SendErrorKind> {
        let mut waiting = None;
        let granted = poll_fn(|cx| {
            let waiting = waiting.get_or_insert_with(|| Waiting::new(&self.mailbox, None, cx));
            Pin::new(waiting).poll(cx)
        });
        granted.await.map_err(|error| error.kind)?;
        Ok(Permit::new(&self.mailbox, &*self.codec))
    }

    /// Waits until every message accepted from any sender has been handed over to the platform.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// [`SendErrorKind::SendRefused`], once, if the platform refused an accepted message; [`SendErrorKind::NotOpen`] if the connection ended first.
    pub async fn flush(&self) -> Result<(), SendErrorKind> {
        self.progress(Progress::HandedOver).await
    }

    /// Waits until the platform reports nothing unsent. That is more than handed over and less than delivered;
    /// [`Transport::poll_drained`](crate::transport::Transport::poll_drained) says what each transport can know.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// As for [`flush`](Self::flush). Also [`SendErrorKind::NotOpen`] if the connection ended, unless cleanly: a clean end comes after everything
    /// sent.
    pub async fn drained(&self) -> Result<(), SendErrorKind> {
        self.progress(Progress::Drained).await
    }

    async fn progress(&self, far: Progress) -> Result<(), SendErrorKind> {
        let mut watching = Watching(&self.mailbox, Watch::default());
        poll_fn(|cx| self.mailbox.poll_progress(far, &mut watching.1, cx)).await
    }

    /// The result of the handshake: subprotocol and extensions.
    pub fn opened(&self) -> &OpenInfo {
        self.mailbox.opened()
    }

    /// A handle that closes the channel and reports its status. It does not keep the channel open.
    pub fn control(&self) -> Control {
        Control::new(self.mailbox.clone())
    }
}

/// The state of a `send`.
enum Sending<'a, Tx> {
    /// Not polled yet.
    Value(Tx),
    /// Queued, with the part of the value that the message does not contain.
    Waiting(Waiting<'a>, Unsent<Tx>),
    Over,
}

/// Waits for its turn. Dropping it cancels the wait.
pub(super) struct Waiting<'a> {
    mailbox: &'a Mailbox,
    /// Its place in the queue, until it is settled.
    place: Option<Key>,
}

impl<'a> Waiting<'a> {
    /// Joins the queue.
    pub(super) fn new(
        mailbox: &'a Mailbox,
        message: Option<Message>,
        cx: &mut Context<'_>,
    ) -> Self {
        let place = Some(mailbox.enter(message, cx.waker()));
        Self { mailbox, place }
    }
}

impl Future for Waiting<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(key) = self.place else {
            return Poll::Pending;
        };
        let outcome = ready!(self.mailbox.poll_queued(key, cx.waker()));
        self.place = None;
        Poll::Ready(outcome)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.place {
            self.mailbox.leave(key);
        }
    }
}

/// A wait. Dropping it removes its waker.
struct Watching<'a>(&'a Mailbox, Watch);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.unwatch(&mut self.1);
    }
}

/// A sender's state as a sink. A trait, so that programs without sinks do not link it.
trait Sunk: Send + Sync {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendErrorKind>>;

    /// Returns the permit, or cancels the wait for it.
    fn withdraw(&mut self);

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendErrorKind>>;
}

struct Sinking {
    mailbox: Arc<Mailbox>,
    permit: Permitted,
    /// The wait of `poll_flush`.
    flushing: Watch,
}

/// The permit that `poll_ready` waits for.
enum Permitted {
    No,
    Waiting(Key),
    Yes,
}

impl Sunk for Sinking {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendErrorKind>> {
        let key = match self.permit {
            Permitted::Yes => return Poll::Ready(Ok(())),
            Permitted::Waiting(key) => key,
            Permitted::No => self.mailbox.enter(None, cx.waker()),
        };
        self.permit = Permitted::Waiting(key);
        let granted = ready!(self.mailbox.poll_queued(key, cx.waker()));
        self.permit = match granted {
            Ok(()) => Permitted::Yes,
            Err(_) => Permitted::No,
        };
        Poll::Ready(granted.map_err(|error| error.kind))
    }

    fn withdraw(&mut self) {
        if let Permitted::Waiting(key) = core::mem::replace(&mut self.permit, Permitted::No) {
            self.mailbox.leave(key);
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendErrorKind>> {
        self.mailbox
            .poll_progress(Progress::HandedOver, &mut self.flushing, cx)
    }
}

impl Drop for Sinking {
    fn drop(&mut self) {
        self.withdraw();
        self.mailbox.unwatch(&mut self.flushing);
    }
}

impl<Tx> Sender<Tx> {
    fn sunk(&mut self) -> &mut dyn Sunk {
        let mailbox = &self.mailbox;
        &mut **self.sunk.get_or_insert_with(|| {
            Box::new(Sinking {
                mailbox: mailbox.clone(),
                permit: Permitted::No,
                flushing: Watch::default(),
            })
        })
    }
}

/// `start_send` means accepted, as with [`try_send`](Sender::try_send), and `poll_flush` means handed over.
///
/// It holds one item at most: `poll_ready` is ready when the item before was handed over and the send buffer is below the high-water mark.
/// `poll_close` hands over what is left and begins to close with 1000, without waiting for the peer; the other senders end with it.
///
/// A sink cannot return a value; [`send`](Sender::send) can.
impl<Tx> Sink<Tx> for Sender<Tx> {
    type Error = SendErrorKind;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        self.sunk().poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, value: Tx) -> Result<(), SendErrorKind> {
        self.sunk().withdraw();
        let (message, _) = Unsent::new(&*self.codec, value).map_err(|error| error.kind)?;
        self.mailbox
            .accept(message)
            .map_err(|_| SendErrorKind::NotOpen)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        self.sunk().poll_flush(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.mailbox.close(1000, String::new());
        Poll::Ready(Ok(()))
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
        self.mailbox.add_sender();
        Self::new(self.mailbox.clone(), self.codec.clone())
    }
}

impl<Tx> Drop for Sender<Tx> {
    fn drop(&mut self) {
        // Leave the queue before the sender is removed.
        self.sunk = None;
        self.mailbox.remove_sender();
    }
}

impl<Tx> fmt::Debug for Sender<Tx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
