//! Requests of the peer.

use super::requester::Sending;
use super::{Channel, Receiver, Sender};
use crate::error::{RecvError, SendError, SendErrorKind};
use crate::message::{CloseInfo, Message};
use crate::requests::{Asked, Kind};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::{FusedStream, Stream};

/// What arrives on a channel whose requests are answered, in the order in which the peer sent it.
#[non_exhaustive]
pub enum Received<Tx, Rx> {
    /// A value that needs no answer.
    Value(Rx),
    /// A request, and what answers it.
    Request(Rx, Responder<Tx>),
}

/// A receiver that also takes the peer's requests: a [`Stream`] of [`Received`]. From [`Channel::answering`] or [`Receiver::answering`];
/// [`Sender::request`] has an example.
///
/// A plain [`Receiver`] takes no requests: each is answered with an error when its turn comes, so that no peer waits for nothing.
#[must_use = "dropping a receiver discards what arrives"]
pub struct Answering<Tx, Rx> {
    receiver: Receiver<Rx>,
    sender: Sender<Tx>,
}

impl<Rx> Receiver<Rx> {
    /// Takes requests too. `sender` is a sender of the same channel: answers are sent by it.
    ///
    /// Without a [session](crate::Connect::session) there are no requests, and every item is a [`Received::Value`].
    pub fn answering<Tx>(self, sender: &Sender<Tx>) -> Answering<Tx, Rx> {
        self.mailbox().answer_requests();
        Answering {
            receiver: self,
            sender: sender.clone(),
        }
    }
}

impl<Tx, Rx> Channel<Tx, Rx> {
    /// As [`split`](Self::split), with a receiver that takes requests.
    pub fn answering(self) -> (Sender<Tx>, Answering<Tx, Rx>) {
        let (sender, receiver) = self.split();
        let answering = receiver.answering(&sender);
        (sender, answering)
    }
}

impl<Tx, Rx> Answering<Tx, Rx> {
    /// The next value or request; `None` at the end, which [`closed`](Self::closed) explains. A request that the peer has cancelled is passed over.
    ///
    /// A request is committed when it is taken: the peer will not send it again.
    ///
    /// Cancellation: dropping the future loses nothing.
    ///
    /// # Errors
    /// As for [`Receiver::next`]. If a request cannot be decoded, the peer gets an error.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is no iterator's; a `Stream` has this by `StreamExt`, and here without an import"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<Received<Tx, Rx>, RecvError>>> {
        let mut next = Next(self);
        poll_fn(move |cx| next.poll(cx))
    }

    /// Waits for the end: see [`Receiver::closed`].
    pub async fn closed(&mut self) -> CloseInfo {
        self.receiver.closed().await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Received<Tx, Rx>, RecvError>>> {
        let mailbox = self.receiver.mailbox();
        let message = core::task::ready!(mailbox.poll_message(Some(cx.waker())));
        if message.is_none()
            && let Some(asked) = mailbox.take_request()
        {
            return Poll::Ready(Some(self.request(asked)));
        }
        let item = self.receiver.item(message);
        Poll::Ready(item.map(|value| value.map(Received::Value)))
    }

    fn request(&self, mut asked: Box<Asked>) -> Result<Received<Tx, Rx>, RecvError> {
        let message = asked.take().unwrap_or(Message::Binary(Vec::new()));
        match self.receiver.decode(message) {
            Ok(value) => {
                let sender = self.sender.clone();
                Ok(Received::Request(value, Responder { asked, sender }))
            }
            Err(error) => {
                asked.refuse("the request cannot be decoded");
                Err(error)
            }
        }
    }
}

/// A wait for the next item. Dropping it removes its waker.
struct Next<'a, Tx, Rx>(&'a mut Answering<Tx, Rx>);

impl<Tx, Rx> Next<'_, Tx, Rx> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Received<Tx, Rx>, RecvError>>> {
        self.0.poll(cx)
    }
}

impl<Tx, Rx> Drop for Next<'_, Tx, Rx> {
    fn drop(&mut self) {
        self.0.receiver.mailbox().incoming.forget_reader();
    }
}

impl<Tx, Rx> Unpin for Answering<Tx, Rx> {}

impl<Tx, Rx> Stream for Answering<Tx, Rx> {
    type Item = Result<Received<Tx, Rx>, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

impl<Tx, Rx> FusedStream for Answering<Tx, Rx> {
    fn is_terminated(&self) -> bool {
        self.receiver.is_terminated()
    }
}

/// Answers a request of the peer, once. Dropping it answers with an error.
///
/// It keeps the channel open, as a [`Sender`] does.
#[must_use = "dropping a responder answers with an error"]
pub struct Responder<Tx> {
    asked: Box<Asked>,
    sender: Sender<Tx>,
}

impl<Tx> Responder<Tx> {
    /// Sends `value` as the response. Waits as [`Sender::send`] does, and is in one order with it.
    ///
    /// It is also `Ok` if the peer has cancelled the request, or its session is lost: then nobody waits for the response, and it is discarded.
    ///
    /// Cancellation: if the future is dropped before it is ready, the peer gets an error, or the response if it was sent at that very moment.
    ///
    /// # Errors
    /// As for [`Sender::send`]. The peer gets an error, unless the connection is closing or closed.
    pub async fn respond(self, value: Tx) -> Result<(), SendError<Tx>> {
        let mailbox = self.sender.mailbox();
        let (message, unsent) = super::unsent::Unsent::new(self.sender.codec(), value)?;
        let kind = Kind::Response(self.asked.ticket());
        let mut sending = Sending::new(mailbox, kind, message);
        poll_fn(|cx| sending.poll(cx)).await.map_err(|error| {
            error.map(|message| unsent.value(message.unwrap_or(Message::Binary(Vec::new()))))
        })
    }

    /// Answers with an error, whose text the peer gets: [`RequestErrorKind::Failed`](crate::error::RequestErrorKind::Failed). Otherwise as
    /// [`respond`](Self::respond).
    ///
    /// Cancellation: as for `respond`.
    ///
    /// # Errors
    /// As for [`Sender::send`].
    pub async fn fail(self, text: impl Into<String>) -> Result<(), SendErrorKind> {
        let kind = Kind::Failure(self.asked.ticket());
        let mut sending = Sending::new(self.sender.mailbox(), kind, Message::Text(text.into()));
        let outcome = poll_fn(|cx| sending.poll(cx)).await;
        outcome.map_err(|error| error.kind)
    }

    /// Ready when nobody waits for the answer any more: the peer has cancelled the request, or the session was lost or ended.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    pub async fn cancelled(&mut self) {
        poll_fn(|cx| self.asked.poll_cancelled(cx.waker())).await;
    }
}

// By hand: they need no `Tx: Debug`, and a payload never gets into a log.
impl<Tx> fmt::Debug for Responder<Tx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}

impl<Tx, Rx> fmt::Debug for Received<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Received::Value(_) => "Value",
            Received::Request(..) => "Request",
        })
    }
}

impl<Tx, Rx> fmt::Debug for Answering<Tx, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}
