//! The handle that closes a channel and reports its status.

use super::mailbox::{self, Mailbox, Stats, Status};
#[cfg(feature = "reconnect")]
use super::reconnecting::Reconnecting;
use crate::error::CloseError;
use crate::message::CloseInfo;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::{FusedStream, Stream};
use std::sync::Arc;

/// Closes a channel and reports its status. It does not keep the connection open.
///
/// ```
/// use websocket_channel::{ClosedBy, Channel, Socket, Status, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// let control = channel.control();
/// # tokio::spawn(async move { peer.closed().await });
/// assert_eq!(control.status(), Status::Open);
/// let closed = control.close(4001, "bye").await?;
/// assert_eq!((closed.code, closed.was_clean, closed.by), (4001, true, ClosedBy::Local));
/// assert!(control.close(1005, "").await.is_err()); // no code that a page may send
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Control {
    mailbox: Arc<Mailbox>,
}

impl Control {
    pub(super) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self { mailbox }
    }

    /// The current status.
    pub fn status(&self) -> Status {
        self.mailbox.status()
    }

    /// The current status and every later one, until the end. A status that ended before it was polled is skipped.
    pub fn status_changes(&self) -> StatusStream {
        StatusStream {
            watch: Watch::new(&self.mailbox),
            seen: None,
        }
    }

    /// Whether the peer has to wait if nothing is read: true natively and over a browser's `WebSocketStream`. If false, [`Overflow`](crate::Overflow)
    /// decides what happens past the receive buffer.
    pub fn has_receive_backpressure(&self) -> bool {
        self.mailbox.has_receive_backpressure()
    }

    /// Counters since the channel opened.
    pub fn stats(&self) -> Stats {
        self.mailbox.stats()
    }

    /// Pings the peer (RFC 6455 §5.5.2); [`Stats::round_trip`] has the result. Only natively: a page cannot send pings.
    pub fn ping(&self) {
        self.mailbox.ping();
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2) and waits for its end, at most for the close timeout. Messages that arrived before can still be
    /// read; later ones are discarded, as in every browser. On a channel that is closing it only waits.
    ///
    /// The future borrows nothing, so it can be spawned. Where nothing can be awaited, use [`start_close`](Self::start_close).
    ///
    /// Cancellation: once first polled, closing goes on without the future.
    ///
    /// # Errors
    /// A code that may not be sent here, or a reason longer than 123 bytes: see [`CloseError`]. Then nothing has happened.
    pub fn close(
        &self,
        code: u16,
        reason: &str,
    ) -> impl Future<Output = Result<CloseInfo, CloseError>> + use<> {
        let mut watch = Watch::new(&self.mailbox);
        let mut reason = Some(String::from(reason));
        poll_fn(move |cx| {
            let Watch { mailbox, key } = &mut watch;
            if let Some(reason) = reason.take() {
                crate::transport::check_close(code, &reason)?;
                mailbox.close(code, reason);
            }
            mailbox.poll_closed(key, cx).map(Ok)
        })
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2) and returns at once. For a component's cleanup, and wherever nothing can be awaited.
    ///
    /// Dropping a component's handles is not enough: a task that it spawned may still have a [`Sender`](super::Sender) or wait in `send`, which keeps
    /// the connection open. After this call such a `send` fails with [`SendErrorKind::NotOpen`](crate::SendErrorKind::NotOpen) and returns its value,
    /// and messages that arrive are discarded. On a channel that is closing it does nothing.
    ///
    /// ```
    /// use websocket_channel::{Channel, Socket, Text, transport::Limits};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # fn on_cleanup(cleanup: impl FnOnce() + 'static) { cleanup() }
    /// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
    /// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
    /// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    /// let control = channel.control();
    /// on_cleanup(move || drop(control.start_close(1000, "unmounted")));
    /// # assert_eq!(peer.closed().await.reason, "unmounted");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A code that may not be sent here, or a reason longer than 123 bytes: see [`CloseError`]. Then nothing has happened.
    pub fn start_close(&self, code: u16, reason: &str) -> Result<(), CloseError> {
        crate::transport::check_close(code, reason)?;
        self.mailbox.close(code, reason.into());
        Ok(())
    }

    /// Ends the channel at once. Accepted messages are handed over, and the connection closes with 1000 (or with an earlier close), without waiting
    /// for the peer's answer; so [`closed`](Self::closed) reports an end that is not clean. Messages that arrived can still be read.
    pub fn abort(&self) {
        self.mailbox.abort();
    }

    /// Has a channel that [reconnects](super::Connect::reconnect) make its next attempt now, or, when it is open, replace its connection by another: for a
    /// "try now" button, a new token, or an embedder that knows of a network. An attempt that is under way goes on. Without `reconnect` it does nothing.
    #[cfg(feature = "reconnect")]
    pub fn reconnect_now(&self) {
        self.mailbox
            .order(|orders| orders.now = Some(Reconnecting::reconnect_now));
    }

    /// Closes the connection of a channel that [reconnects](super::Connect::reconnect), and makes no other until [`resume`](Self::resume): for an
    /// application that goes to the background. Sends wait. Without `reconnect` it does nothing.
    #[cfg(feature = "reconnect")]
    pub fn suspend(&self) {
        self.mailbox
            .order(|orders| orders.suspend = Some(Reconnecting::suspend));
    }

    /// Connects a channel again that is [suspended](Self::suspend), at once. Otherwise it does nothing.
    #[cfg(feature = "reconnect")]
    pub fn resume(&self) {
        self.mailbox
            .order(|orders| orders.suspend = Some(Reconnecting::resume));
    }

    /// Waits for the end and returns its description. The future borrows nothing, so it can be spawned.
    ///
    /// The end comes after every message. While something waits for it, messages are read up to the receive buffer, and can still be received.
    /// Natively, with receive backpressure, the end cannot come while unread values fill that buffer.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    pub fn closed(&self) -> impl Future<Output = CloseInfo> + use<> {
        let mut watch = Watch::new(&self.mailbox);
        poll_fn(move |cx| {
            let Watch { mailbox, key } = &mut watch;
            mailbox.poll_closed(key, cx)
        })
    }
}

/// The status of a channel as it changes. It ends after [`Status::Closed`]. It does not keep the connection open, and dropping it leaves nothing
/// behind.
///
/// ```
/// use futures::StreamExt;
/// use websocket_channel::{Channel, Socket, Status, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// let mut changes = channel.control().status_changes();
/// assert_eq!(changes.next().await, Some(Status::Open));
/// drop(peer);
/// while let Some(status) = changes.next().await {
///     if let Status::Closed(closed) = status {
///         println!("{} {}", closed.code, closed.reason);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless polled"]
pub struct StatusStream {
    watch: Watch,
    seen: Option<Status>,
}

/// A wait for a change. Dropping it removes its waker.
struct Watch {
    mailbox: Arc<Mailbox>,
    key: mailbox::Watch,
}

impl Watch {
    fn new(mailbox: &Arc<Mailbox>) -> Self {
        Self {
            mailbox: mailbox.clone(),
            key: mailbox::Watch::default(),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.mailbox.unwatch(&mut self.key);
    }
}

impl StatusStream {
    fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Option<Status>> {
        if matches!(self.seen, Some(Status::Closed(_))) {
            return Poll::Ready(None);
        }
        let Watch { mailbox, key } = &mut self.watch;
        let status = ready!(mailbox.poll_status(self.seen.as_ref(), key, cx));
        self.seen = Some(status.clone());
        Poll::Ready(Some(status))
    }
}

impl Stream for StatusStream {
    type Item = Status;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Status>> {
        self.poll_change(cx)
    }
}

impl FusedStream for StatusStream {
    fn is_terminated(&self) -> bool {
        matches!(self.seen, Some(Status::Closed(_)))
    }
}

impl fmt::Debug for StatusStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusStream")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
