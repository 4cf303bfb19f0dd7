//! Many values at once, from a receiver.

use super::receiver::Receiver;
use crate::error::RecvError;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::{FusedStream, Stream};

/// The values of a receiver, as many at a time as have arrived: from [`Receiver::batches`].
///
/// A value that cannot be decoded, and every other error, is an item of its own at its place. Dropping this loses nothing: what was not returned can still
/// be received.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// let (sender, _) = peer.split();
/// sender.send_all(["a", "b", "c"].map(String::from)).await?;
/// # drop(sender);
/// let (_sender, mut receiver) = channel.split();
/// let mut batches = receiver.batches();
/// let mut lines = Vec::new();
/// while let Some(batch) = batches.next().await {
///     lines.extend(batch?);
/// }
/// assert_eq!(lines, ["a", "b", "c"]);
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless polled"]
pub struct Batches<'a, Rx>(&'a mut Receiver<Rx>);

impl<Rx> Receiver<Rx> {
    /// The values as a stream of [`Batches`]: one lock for all that have arrived, instead of one for each.
    ///
    /// A value counts as taken, in a session, when what comes behind its batch is asked for.
    pub fn batches(&mut self) -> Batches<'_, Rx> {
        Batches(self)
    }
}

impl<Rx> Batches<'_, Rx> {
    /// The next values, never none; `None` at the end.
    ///
    /// Cancellation: dropping the future loses nothing.
    ///
    /// # Errors
    /// As for [`Receiver::next`].
    #[expect(
        clippy::should_implement_trait,
        reason = "it is no iterator's; a `Stream` has this by `StreamExt`, and here without an import"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<Vec<Rx>, RecvError>>> {
        poll_fn(|cx| self.0.poll_batch(cx))
    }
}

impl<Rx> Stream for Batches<'_, Rx> {
    type Item = Result<Vec<Rx>, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_batch(cx)
    }
}

impl<Rx> FusedStream for Batches<'_, Rx> {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}

impl<Rx> fmt::Debug for Batches<'_, Rx> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}
