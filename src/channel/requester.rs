//! Requests of this side.

use super::Channel;
use super::mailbox::Mailbox;
use super::sender::Sender;
use super::unsent::Unsent;
use super::wait_queue::{Key, Outcome};
use crate::error::{RequestError, RequestErrorKind, SendErrorKind};
use crate::message::Message;
use crate::requests::{Answer, Kind, Requests, Unopened};
use crate::time::sleep;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

/// Requests, of a channel with a [session](crate::Connect::session).
impl<Tx> Sender<Tx> {
    /// Sends `value` as a request, and waits for the peer's answer. `Rx` is the type that the channel receives; [`Channel::request`] knows it.
    ///
    /// Requests and values of [`send`](Self::send) are in one order. A request that is sent without a connection, or whose connection is lost, is answered
    /// once after the session goes on. At most 1,000 requests of a side wait for an answer.
    ///
    /// The answer waits its turn among the values that the peer sends, so **the channel's receiver must be read** (or dropped): it is not seen behind
    /// 64 KiB of unread values.
    ///
    /// ```
    /// use tokio::net::TcpListener;
    /// use websocket_channel::server::{Options, Sessions};
    /// use websocket_channel::{Channel, ConnectionOptions, Json, Received, Session, Socket, connect};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// tokio::spawn(async move {
    ///     let sessions = Sessions::new(Options::default());
    ///     let (io, _) = listener.accept().await.ok()?;
    ///     let socket = Socket::accept(io, ConnectionOptions::default()).await.ok()?;
    ///     let handler = async |channel: Channel<u32, u32>, _info| {
    ///         let (_sender, mut received) = channel.answering();
    ///         while let Some(Ok(item)) = received.next().await {
    ///             match item {
    ///                 Received::Request(0, responder) => drop(responder.fail("not 0").await),
    ///                 Received::Request(n, responder) => drop(responder.respond(2 * n).await),
    ///                 _ => {} // a plain value
    ///             }
    ///         }
    ///     };
    ///     sessions.serve(socket, b"", Json, handler).await;
    ///     Some(())
    /// });
    ///
    /// let channel: Channel<u32, u32> = connect(url).codec(Json).session(Session::default()).await?;
    /// assert_eq!(channel.request(21).await?, 42);
    /// let error = channel.request(0).await.unwrap_err();
    /// assert_eq!(error.to_string(), "the peer answered with an error: not 0");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cancellation: dropping the future tells the peer that no answer is needed, if the request was sent. So a time limit of your own is a `select`;
    /// [`request_within`](Self::request_within) has one.
    ///
    /// # Errors
    /// Why there is no answer, and the value if it was not sent: see [`RequestErrorKind`].
    pub async fn request<Rx: 'static>(&self, value: Tx) -> Result<Rx, RequestError<Tx>> {
        let mailbox = self.mailbox();
        let Some(requests) = mailbox.requests() else {
            return Err(RequestError::new(Some(value), RequestErrorKind::NoSession));
        };
        let Some(decoder) = mailbox.decoder::<Rx>() else {
            return Err(RequestError::new(Some(value), RequestErrorKind::WrongType));
        };
        let name = match requests.open() {
            Ok(name) => name,
            Err(Unopened::TooMany) => {
                return Err(RequestError::new(Some(value), RequestErrorKind::TooMany));
            }
            Err(Unopened::Over) => {
                let kind = RequestErrorKind::NotSent(SendErrorKind::NotOpen);
                return Err(RequestError::new(Some(value), kind));
            }
        };
        let _waiting = Waiting { requests, name };
        let (message, unsent) = Unsent::new(self.codec(), value).map_err(|error| {
            RequestError::new(Some(error.value), RequestErrorKind::NotSent(error.kind))
        })?;
        let mut sending = Sending::new(mailbox, Kind::Request(name), message);
        if let Err(error) = poll_fn(|cx| sending.poll(cx)).await {
            let value = error.value.map(|message| unsent.value(message));
            return Err(RequestError::new(
                value,
                RequestErrorKind::NotSent(error.kind),
            ));
        }
        let (value, kind) = match poll_fn(|cx| requests.poll_answer(name, cx.waker())).await {
            Answer::Value(message) => match decoder.decode(message) {
                Ok(value) => return Ok(value),
                Err(error) => (None, RequestErrorKind::DecodeFailed(error)),
            },
            Answer::Failed { code, text } => (None, RequestErrorKind::Failed { code, text }),
            Answer::Unanswerable => (None, RequestErrorKind::ResponseLost),
            Answer::Undelivered(message) => (Some(message), RequestErrorKind::Undelivered),
            Answer::Lost { in_doubt, message } => {
                (message, RequestErrorKind::SessionLost { in_doubt })
            }
        };
        Err(RequestError::new(
            value.map(|message| unsent.value(message)),
            kind,
        ))
    }

    /// As [`request`](Self::request), and gives up after `limit`. The time while the request waits to be sent counts.
    ///
    /// Cancellation: as for `request`.
    ///
    /// # Errors
    /// As for `request`, and [`RequestErrorKind::TimedOut`].
    pub async fn request_within<Rx: 'static>(
        &self,
        value: Tx,
        limit: Duration,
    ) -> Result<Rx, RequestError<Tx>> {
        let mut request = pin!(self.request(value));
        let mut timer = pin!(sleep(limit));
        poll_fn(|cx| {
            if let Poll::Ready(answer) = request.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            let late = || Err(RequestError::new(None, RequestErrorKind::TimedOut));
            timer.as_mut().poll(cx).map(|()| late())
        })
        .await
    }
}

impl<Tx: 'static, Rx: 'static> Channel<Tx, Rx> {
    /// Sends `value` as a request, and waits for the peer's answer: see [`Sender::request`].
    ///
    /// # Errors
    /// As for [`Sender::request`].
    pub async fn request(&self, value: Tx) -> Result<Rx, RequestError<Tx>> {
        self.sender.request(value).await
    }

    /// As [`request`](Self::request), and gives up after `limit`: see [`Sender::request_within`].
    ///
    /// # Errors
    /// As for [`Sender::request_within`].
    pub async fn request_within(&self, value: Tx, limit: Duration) -> Result<Rx, RequestError<Tx>> {
        self.sender.request_within(value, limit).await
    }
}

/// A request that waits for its answer. Dropping it cancels the request.
struct Waiting<'a> {
    requests: &'a Requests,
    name: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.requests.forget(self.name);
    }
}

/// A request or an answer that waits for its turn to be sent. Dropping it cancels the wait.
pub(super) struct Sending<'a> {
    mailbox: &'a Mailbox,
    load: Option<(Kind, Message)>,
    place: Option<Key>,
}

impl<'a> Sending<'a> {
    pub(super) fn new(mailbox: &'a Mailbox, kind: Kind, message: Message) -> Self {
        Self {
            mailbox,
            load: Some((kind, message)),
            place: None,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        if let Some((kind, message)) = self.load.take() {
            self.place = Some(self.mailbox.enter_load(kind, message, cx.waker()));
        }
        let Some(key) = self.place else {
            return Poll::Pending;
        };
        let outcome = ready!(self.mailbox.poll_queued(key, cx.waker()));
        self.place = None;
        if outcome.is_err() {
            self.mailbox.leave_load(key);
        }
        Poll::Ready(outcome)
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.place {
            self.mailbox.leave_load(key);
            self.mailbox.leave(key);
        }
    }
}
