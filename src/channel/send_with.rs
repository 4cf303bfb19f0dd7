//! Sending a value as an entry, which waits outside what is retained until a connection takes it.

use super::Channel;
use super::entries::{Place, Waiting};
use super::mailbox::Mailbox;
use super::sender::Sender;
use super::unsent::Unsent;
use crate::error::{EntryError, EntryErrorKind, SendErrorKind};
use crate::message::Message;
use crate::session::Entry;
use crate::time::sleep;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use std::sync::Arc;

impl<Tx> Sender<Tx> {
    /// Sends `value` when a connection takes it: at once, or when there is a connection, everything that was sent before has left, and the peer has room.
    /// `Ok` means that it has its place among the values: over a [session](crate::Connect::session) it is transmitted and retained as a value of
    /// [`send`](Self::send) is, and without one it is handed over.
    ///
    /// A value of `send` is kept for the next connection, however old it is then. Until a connection takes an entry, a newer one can replace it
    /// ([`Entry::key`]), and it may come too late ([`Entry::deadline`]). So a peer that was away, or is slow, gets the newest position, price or state, and
    /// not all of them.
    ///
    /// Order: entries are sent in the order of their first poll; one that replaces another takes its place. Values that `send` accepts while entries wait go
    /// before them. With a connection whose peer reads, an entry waits at most for the values that were sent before it.
    ///
    /// The bytes of entries that wait count against the send high-water mark, with 32 more for each. If they would exceed it, the error is
    /// [`EntryErrorKind::Full`]; one is always accepted. `flush` does not wait for entries.
    ///
    /// ```
    /// use websocket_channel::{Channel, Entry, EntryErrorKind, Socket, Text, transport::Limits};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
    /// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
    /// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    /// let (sender, _receiver) = channel.split();
    /// let position = || Entry::default().key("position");
    /// let old = sender.send_with("1,1".into(), position());
    /// let new = sender.send_with("2,2".into(), position());
    /// let (old, new) = futures::join!(old, new);
    /// assert_eq!(old.unwrap_err().kind, EntryErrorKind::Superseded);
    /// new?;
    /// assert_eq!(peer.next().await.transpose()?.as_deref(), Some("2,2"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cancellation: dropping the future removes the entry, unless a connection has taken it.
    ///
    /// # Errors
    /// The value, and why it was not sent: see [`EntryErrorKind`]. The peer cannot have received it.
    pub async fn send_with(&self, value: Tx, entry: Entry) -> Result<(), EntryError<Tx>> {
        let (message, unsent) = Unsent::new(&*self.codec, value)
            .map_err(|error| EntryError::new(error.value, EntryErrorKind::NotSent(error.kind)))?;
        let deadline = entry.deadline;
        let mailbox = &*self.mailbox;
        let entries = mailbox.entries().clone();
        let place = match entries.enter(entry, message) {
            Ok(place) => place,
            Err(message) => {
                return Err(EntryError::new(unsent.value(message), EntryErrorKind::Full));
            }
        };
        let mut waiting = Entered {
            mailbox,
            entries,
            place: Some(place),
        };
        // Nobody ends what enters behind the end.
        if !mailbox.tell_of_entry()
            && let Some(message) = waiting.leave()
        {
            let kind = EntryErrorKind::NotSent(SendErrorKind::NotOpen);
            return Err(EntryError::new(unsent.value(message), kind));
        }
        let mut timer = None;
        let outcome = poll_fn(|cx| {
            let outcome = waiting.poll(cx.waker());
            if outcome.is_ready() {
                return outcome;
            }
            if let Some(after) = deadline
                && Pin::new(timer.get_or_insert_with(|| sleep(after)))
                    .poll(cx)
                    .is_ready()
                && let Some(message) = waiting.leave()
            {
                return Poll::Ready(Err(Box::new((EntryErrorKind::Late, message))));
            }
            Poll::Pending
        });
        outcome.await.map_err(|error| {
            let (kind, message) = *error;
            EntryError::new(unsent.value(message), kind)
        })
    }
}

impl<Tx, Rx> Channel<Tx, Rx> {
    /// Sends `value` when a connection takes it: see [`Sender::send_with`].
    ///
    /// # Errors
    /// As for [`Sender::send_with`].
    pub async fn send_with(&self, value: Tx, entry: Entry) -> Result<(), EntryError<Tx>> {
        self.sender.send_with(value, entry).await
    }
}

/// An entry whose result is awaited. Dropping it removes the entry.
struct Entered<'a> {
    mailbox: &'a Mailbox,
    entries: Arc<dyn Waiting>,
    place: Option<Place>,
}

impl Entered<'_> {
    fn poll(&mut self, waker: &core::task::Waker) -> Poll<super::entries::Outcome> {
        let Some(place) = &self.place else {
            return Poll::Pending;
        };
        let outcome = place.poll(waker);
        if outcome.is_ready() {
            self.place = None;
        }
        outcome
    }

    /// The message, if the entry still waits.
    fn leave(&mut self) -> Option<Message> {
        let message = self.entries.leave(self.place.as_ref()?.id)?;
        self.place = None;
        // Values may wait behind it.
        self.mailbox.tell_of_entry();
        Some(message)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        drop(self.leave());
    }
}
