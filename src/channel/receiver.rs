//! The receiving half.

use super::control::Control;
use super::hook::{self, MaybeShared};
use super::mailbox::Mailbox;
use crate::codec::Decode;
#[cfg(feature = "session")]
use crate::error::DecodeError;
use crate::error::{RecvError, TryRecvError};
use crate::message::{CloseInfo, Message, OpenInfo};
#[cfg(feature = "session")]
use crate::session::Run;
#[cfg(feature = "session")]
use crate::transport::{inbox::Weighed, parcel::Parcel};
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use futures_core::{FusedStream, Stream};
use std::sync::Arc;

/// Receives values of `Rx`: a [`Stream`] that ends when the connection does, after all messages that arrived before.
///
/// A message that cannot be decoded is an `Err` item, and the stream goes on. An end where messages may be missing is an `Err` item too, the last
/// one: see [`RecvError`].
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use websocket_channel::{Channel, Socket, Text, TryRecvError, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// // An immediate-mode interface asks for a frame when something arrives, and drains what there is in each.
/// let (_sender, mut receiver) = channel.split();
/// let repaint = Arc::new(AtomicBool::new(false));
/// let wanted = repaint.clone();
/// receiver.on_readable(move || wanted.store(true, Ordering::Relaxed));
/// # peer.send("news".into()).await?;
/// # while !repaint.load(Ordering::Relaxed) { tokio::task::yield_now().await }
/// let mut lines = Vec::new();
/// let rest = loop {
///     match receiver.try_recv() {
///         Ok(line) => lines.push(line?),
///         Err(rest) => break rest,
///     }
/// };
/// assert_eq!(lines, ["news"]);
/// assert_eq!(rest, TryRecvError::Empty); // or `Closed`, at the end
/// # Ok(())
/// # }
/// ```
pub struct Receiver<Rx> {
    mailbox: Arc<Mailbox>,
    codec: Arc<dyn Decode<Rx>>,
}

impl<Rx> Receiver<Rx> {
    pub(super) fn new(mailbox: Arc<Mailbox>, codec: Arc<dyn Decode<Rx>>) -> Self {
        Self { mailbox, codec }
    }

    #[cfg(feature = "session")]
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The value of a message.
    #[cfg(feature = "session")]
    pub(super) fn decode(&self, message: Message) -> Result<Rx, RecvError> {
        self.codec.decode(message).map_err(RecvError::DecodeFailed)
    }

    /// The next value; `None` at the end, which [`closed`](Self::closed) explains.
    ///
    /// Cancellation: dropping the future loses nothing.
    ///
    /// # Errors
    /// [`RecvError::DecodeFailed`] with the message, if the codec cannot decode it; the stream goes on. Any other [`RecvError`] comes once, before
    /// `None`, if messages may be missing: after a loss, a close by the peer that is not a clean 1000 or 1005, or a close by a limit of this side.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is no iterator's; a `Stream` has this by `StreamExt`, and here without an import"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<Rx, RecvError>>> {
        let receiver = &*self;
        let mut waiting = Waiting::new(&receiver.mailbox);
        poll_fn(move |cx| {
            let message = Pin::new(&mut waiting).poll(cx);
            message.map(|message| receiver.item(message))
        })
    }

    /// The next value if one has arrived, without waiting. For immediate-mode interfaces, with [`on_readable`](Self::on_readable).
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if nothing has arrived, [`TryRecvError::Closed`] if everything was read and the connection has ended. The inner error
    /// is that of [`next`](Self::next): an error of the end comes once, before `Closed`.
    pub fn try_recv(&mut self) -> Result<Result<Rx, RecvError>, TryRecvError> {
        match self.mailbox.poll_message(None) {
            Poll::Ready(message) => self.item(message).ok_or(TryRecvError::Closed),
            Poll::Pending => Err(TryRecvError::Empty),
        }
    }

    /// Calls `wake` whenever something arrives and at the end, for example to request the next frame of an immediate-mode interface. It is called
    /// from the driver's task and should do little. A second call replaces the first; dropping the receiver drops it.
    ///
    /// It must be `Send + Sync` where there are threads. In a page without shared memory it may hold an `Rc`.
    pub fn on_readable(&mut self, wake: impl Fn() + MaybeShared + 'static) {
        self.mailbox.incoming.set_hook(hook::shared(wake));
    }

    /// Waits for the end and returns its description. Messages that arrived can still be read afterwards.
    ///
    /// Nothing can be read while this waits. Natively, with receive backpressure, unread values that fill the receive buffer are dropped, oldest
    /// first, so that the end can arrive; [`Stats::dropped_messages`](crate::Stats::dropped_messages) counts them.
    ///
    /// Cancellation: dropping the future leaves nothing behind.
    pub async fn closed(&mut self) -> CloseInfo {
        let mut waiting = Waiting::new(&self.mailbox);
        let mut closed = pin!(self.control().closed());
        poll_fn(|cx| {
            waiting.wait_for_arrival(cx);
            closed.as_mut().poll(cx)
        })
        .await
    }

    /// The result of the handshake: subprotocol and extensions.
    pub fn opened(&self) -> &OpenInfo {
        self.mailbox.opened()
    }

    /// A handle that closes the channel and reports its status. It does not keep the channel open.
    pub fn control(&self) -> Control {
        Control::new(self.mailbox.clone())
    }

    /// The item for a message, a gap, or the end.
    pub(super) fn item(&self, message: Option<Message>) -> Option<Result<Rx, RecvError>> {
        #[cfg(feature = "reconnect")]
        if message.is_none()
            && let Some(error) = self.mailbox.incoming.take_gap()
        {
            #[cfg(feature = "session")]
            self.mailbox.note_error();
            return Some(Err(error));
        }
        match message {
            Some(message) => Some(self.codec.decode(message).map_err(RecvError::DecodeFailed)),
            None => self.mailbox.incoming.end_error().map(Err),
        }
    }
}

/// For `batches`.
#[cfg(feature = "session")]
impl<Rx> Receiver<Rx> {
    pub(super) fn poll_batch(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<Rx>, RecvError>>> {
        match self.mailbox.poll_parcels(cx.waker()) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                let end = self.item(None);
                Poll::Ready(end.map(|item| item.map(|value| Vec::from([value]))))
            }
            Poll::Ready(Some(parcels)) => Poll::Ready(Some(self.decode_all(parcels))),
        }
    }

    /// The values of many messages. At one that cannot be decoded it stops: what comes behind is put back, and the error is an item of its own.
    fn decode_all(&self, parcels: Vec<Parcel>) -> Result<Vec<Rx>, RecvError> {
        let messages = parcels.iter().map(Weighed::messages).sum();
        let mut values = Vec::with_capacity(messages);
        let mut parcels = parcels.into_iter();
        while let Some(parcel) = parcels.next() {
            let error = match parcel {
                Parcel::Message(message) => match self.codec.decode(message) {
                    Ok(value) => {
                        values.push(value);
                        continue;
                    }
                    Err(error) => error,
                },
                Parcel::Run(mut run) => match self.decode_run(&mut run, &mut values) {
                    Ok(()) => continue,
                    Err(error) => {
                        let rest = core::iter::once(Parcel::Run(run)).chain(parcels.by_ref());
                        self.mailbox.incoming.put_back(rest);
                        error
                    }
                },
            };
            if values.is_empty() {
                self.mailbox.incoming.put_back(parcels);
                return Err(RecvError::DecodeFailed(error));
            }
            // It comes next, alone.
            let failed = core::iter::once(Parcel::Message(error.raw));
            self.mailbox.incoming.put_back(failed.chain(parcels));
            break;
        }
        Ok(values)
    }

    /// Appends the values of a run. At an error what comes behind is left in the run.
    fn decode_run(&self, run: &mut Run, values: &mut Vec<Rx>) -> Result<(), DecodeError> {
        while let Some((payload, text)) = run.first() {
            let value = self.codec.decode_from(payload, text);
            let len = payload.len();
            run.skip(len);
            values.push(value?);
        }
        Ok(())
    }
}

impl<Rx> Stream for Receiver<Rx> {
    type Item = Result<Rx, RecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = self.mailbox.poll_message(Some(cx.waker()));
        message.map(|message| self.item(message))
    }
}

impl<Rx> FusedStream for Receiver<Rx> {
    fn is_terminated(&self) -> bool {
        self.mailbox.incoming.is_over()
    }
}

/// A wait for a message. Dropping it removes its waker.
struct Waiting<'a> {
    mailbox: &'a Mailbox,
    pending: bool,
}

impl<'a> Waiting<'a> {
    fn new(mailbox: &'a Mailbox) -> Self {
        Self {
            mailbox,
            pending: false,
        }
    }
}

impl Waiting<'_> {
    /// Registers a task to wake when something arrives, and keeps the unread messages below the receive buffer's limit.
    fn wait_for_arrival(&mut self, cx: &mut Context<'_>) {
        self.pending = true;
        self.mailbox.incoming.remember_reader(cx.waker());
        self.mailbox.make_room_for_end();
    }
}

impl Future for Waiting<'_> {
    type Output = Option<Message>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let message = self.mailbox.poll_message(Some(cx.waker()));
        self.pending = message.is_pending();
        message
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.pending {
            self.mailbox.incoming.forget_reader();
        }
    }
}

impl<Rx> Drop for Receiver<Rx> {
    fn drop(&mut self) {
        self.mailbox.remove_receiver();
    }
}

impl<Rx> fmt::Debug for Receiver<Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
