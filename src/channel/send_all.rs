//! Many values at once, from a sender.

use super::chunk::{self, Chunk};
use super::sender::{Sender, Waiting};
use crate::error::{SendError, SendErrorKind};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Bytes that are handed over together: about what a batch of a session holds.
const CHUNK: usize = 32 * 1024;
/// And as many values, however small.
const MOST: usize = 1024;

impl<Tx> Sender<Tx> {
    /// Sends `values`, one after the other, as [`send`](Self::send) does, and faster: they are encoded into one buffer, and handed over in chunks of up to
    /// 32 KiB. It waits at the send high-water mark between two chunks. Over a session a chunk fills a WebSocket message.
    ///
    /// Values of one chunk are accepted together, as by [`try_send`](Self::try_send): one that the peer or the platform refuses is counted as unsent, and
    /// [`flush`](Self::flush) fails once.
    ///
    /// Cancellation: dropping the future sends no more chunks; the values that were not accepted are dropped with it.
    ///
    /// # Errors
    /// The values that were not accepted, in order, and why: the first of them cannot be encoded, or the channel is closing or closed.
    pub fn send_all<I>(&self, values: I) -> impl Future<Output = Result<(), SendError<Vec<Tx>>>>
    where
        I: IntoIterator<Item = Tx>,
    {
        let mut values = values.into_iter().fuse();
        let mut ready: Vec<Tx> = Vec::new();
        let mut waiting = None;
        poll_fn(move |cx| {
            loop {
                if ready.is_empty() {
                    let Some(first) = values.next() else {
                        return Poll::Ready(Ok(()));
                    };
                    ready.push(first);
                }
                let back = |mut ready: Vec<Tx>, kind, values: &mut dyn Iterator<Item = Tx>| {
                    ready.extend(values);
                    Poll::Ready(Err(SendError::new(ready, kind)))
                };
                match self.poll_permit(&mut waiting, cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(kind)) => {
                        return back(core::mem::take(&mut ready), kind, &mut values);
                    }
                    Poll::Ready(Ok(())) => {}
                }
                if let Err(kind) = self.accept_some(&mut ready, &mut values) {
                    return back(core::mem::take(&mut ready), kind, &mut values);
                }
            }
        })
    }

    fn poll_permit<'a>(
        &'a self,
        waiting: &mut Option<Waiting<'a>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let wait = waiting.get_or_insert_with(|| Waiting::new(&self.mailbox, None, cx));
        let granted = Pin::new(wait).poll(cx);
        if granted.is_ready() {
            *waiting = None;
        }
        granted.map_err(|error| error.kind)
    }

    /// Has a chunk accepted, of what is ready and what comes next. What was not accepted is ready then.
    fn accept_some(
        &self,
        ready: &mut Vec<Tx>,
        values: &mut dyn Iterator<Item = Tx>,
    ) -> Result<(), SendErrorKind> {
        let mut chunk = Chunk::default();
        let mut encoded = 0;
        let failed = loop {
            if encoded == ready.len() {
                if chunk.bytes() >= CHUNK || encoded >= MOST {
                    break None;
                }
                match values.next() {
                    Some(value) => ready.push(value),
                    None => break None,
                }
            }
            let Some(value) = ready.get(encoded) else {
                break None;
            };
            match chunk.push(|out| self.codec.encode_into(value, out)) {
                Ok(()) => encoded += 1,
                Err(error) => break Some(SendErrorKind::EncodeFailed(error)),
            }
        };
        if encoded > 0 && !self.accept_chunk(chunk) {
            return Err(SendErrorKind::NotOpen);
        }
        ready.drain(..encoded);
        failed.map_or(Ok(()), Err)
    }

    /// False if nothing can be sent any more.
    fn accept_chunk(&self, chunk: Chunk) -> bool {
        let mailbox = &self.mailbox;
        if mailbox.takes_chunks() {
            return mailbox.accept_chunk(chunk);
        }
        // Once the first is accepted the others are, or counted as unsent.
        let mut messages = chunk.iter().map(chunk::message);
        let live = messages
            .next()
            .is_none_or(|first| mailbox.accept(first).is_ok());
        for message in messages {
            let bytes = message.len();
            if mailbox.accept(message).is_err() {
                mailbox.count_lost(bytes, SendErrorKind::NotOpen);
            }
        }
        live
    }
}
