//! Sending: one message, or as a [`Sink`].

use super::Socket;
use crate::error::{SendError, SendErrorKind};
use crate::message::Message;
use crate::transport::ConnectionLost;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_sink::Sink;

impl Socket {
    /// Hands `message` to the platform at once, even above the high-water mark. Wait for [`Sink::poll_ready`] first to respect it.
    ///
    /// # Errors
    /// The message, with [`SendErrorKind::NotOpen`] if the connection is closing or closed, or [`SendErrorKind::SendRefused`] if the platform refused
    /// it.
    pub fn send_now(&mut self, message: Message) -> Result<(), SendError<Message>> {
        let sent = self.hand_over(message);
        self.line.give_back();
        sent
    }

    /// Hands `message` over, and flushes it as far as that needs no waiting: see
    /// [`Transport::send_at_once`](crate::transport::Transport::send_at_once).
    ///
    /// # Errors
    /// The message, when the connection is closing or closed or the platform refused it.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn send_at_once(&mut self, message: Message, more: bool) -> Result<bool, Message> {
        match self.line.get() {
            Some(transport) => transport.send_at_once(message, more),
            None => Err(message),
        }
    }

    fn hand_over(&mut self, message: Message) -> Result<(), SendError<Message>> {
        let Some(transport) = self.line.get() else {
            return Err(SendError::new(message, SendErrorKind::NotOpen));
        };
        transport.send(message).map_err(|message| {
            let kind = if transport.is_open() {
                SendErrorKind::SendRefused
            } else {
                SendErrorKind::NotOpen
            };
            SendError::new(message, kind)
        })
    }

    /// Waits until the send buffer is below the high-water mark, hands `message` over, and waits until the platform has it.
    ///
    /// Natively, if more messages were read already, the flush waits, so that all answers share one write. They are written when the last of those
    /// messages was taken, when 16 KiB are queued, or when the task yields. So this loop is as fast as one that flushes by hand.
    /// [`SinkExt::flush`](https://docs.rs/futures/latest/futures/sink/trait.SinkExt.html) flushes at once.
    ///
    /// Cancellation: if dropped while it waits for the high-water mark, it sends nothing; later, the message is sent anyway.
    ///
    /// ```
    /// # use futures::StreamExt;
    /// # use websocket_channel::{SendErrorKind, Socket};
    /// async fn echo(mut socket: Socket) -> Result<(), SendErrorKind> {
    ///     while let Some(message) = socket.next().await {
    ///         socket.send(message).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SendErrorKind::NotOpen`] if the connection is closing or closed, and [`SendErrorKind::SendRefused`] if the platform refused the message.
    pub async fn send(&mut self, message: Message) -> Result<(), SendErrorKind> {
        let mut message = Some(message);
        let using = Using(self);
        poll_fn(|cx| using.0.poll_send(cx, &mut message)).await
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Option<Message>,
    ) -> Poll<Result<(), SendErrorKind>> {
        if message.is_some() {
            if !ready!(self.poll_room(cx)) {
                return Poll::Ready(Err(SendErrorKind::NotOpen));
            }
            if let Some(message) = message.take() {
                self.hand_over(message).map_err(|error| error.kind)?;
            }
            if self.line.defer_flush() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_handed_over(cx).map_err(SendErrorKind::from)
    }

    /// Waits until the platform reports nothing unsent. [`Transport::poll_drained`](crate::transport::Transport::poll_drained) says what
    /// each transport can know.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// [`SendErrorKind::NotOpen`] if the connection ended before everything was handed over.
    pub async fn drained(&mut self) -> Result<(), SendErrorKind> {
        let using = Using(self);
        poll_fn(|cx| using.0.poll_drained(cx)).await?;
        Ok(())
    }

    pub(crate) fn poll_drained(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionLost>> {
        match self.line.get() {
            Some(transport) => transport.poll_drained(cx),
            None => Poll::Ready(self.has_lost()),
        }
    }

    fn has_lost(&self) -> Result<(), ConnectionLost> {
        match self.lost {
            true => Err(ConnectionLost),
            false => Ok(()),
        }
    }

    /// Ready when a message may be sent without exceeding the send high-water mark; false if none can be sent any more.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if let Some(transport) = self.line.get() {
            ready!(transport.poll_ready(cx));
        }
        Poll::Ready(self.is_open())
    }

    /// Ready when everything sent was handed over, or cannot be any more.
    pub(crate) fn poll_handed_over(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionLost>> {
        let Some(transport) = self.line.get() else {
            return Poll::Ready(self.has_lost());
        };
        let flushed = ready!(transport.poll_flush(cx));
        self.line.flushed();
        Poll::Ready(flushed)
    }
}

/// Gives the socket's transport back when a wait ends or is cancelled: until then the waiting task is the one that writes.
struct Using<'a>(&'a mut Socket);

impl Drop for Using<'_> {
    fn drop(&mut self) {
        self.0.line.give_back();
    }
}

/// `Sink` cannot return a value; [`Socket::send_now`] can.
impl Sink<Message> for Socket {
    type Error = SendErrorKind;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        // While it waits, the task itself is the one that writes.
        let open = ready!(self.poll_room(cx));
        self.line.give_back();
        Poll::Ready(open.then_some(()).ok_or(SendErrorKind::NotOpen))
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), SendErrorKind> {
        self.send_now(message).map_err(|error| error.kind)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        self.poll_handed_over(cx).map_err(SendErrorKind::from)
    }

    /// Hands over what is left and begins to close with 1000, without waiting for the peer: [`Socket::closed`] waits.
    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        ready!(self.as_mut().poll_flush(cx))?;
        if let Some(transport) = self.line.get() {
            transport.close(1000, "");
        }
        Poll::Ready(Ok(()))
    }
}
