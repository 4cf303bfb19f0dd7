//! Many values at once, from a sender.

use super::sender::{Sender, Waiting};
use crate::error::{SendError, SendErrorKind};
use crate::session::Run;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Bytes of frames that are handed over together: about what a batch of a session holds, and not more, so that no small batch follows.
const CHUNK: usize = 31 * 1024;
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
        let mut run = Run::default();
        let failed = loop {
            if run.len() == ready.len() {
                if run.frames().len() >= CHUNK || run.len() >= MOST {
                    break None;
                }
                match values.next() {
                    Some(value) => ready.push(value),
                    None => break None,
                }
            }
            let Some(value) = ready.get(run.len()) else {
                break None;
            };
            if let Err(error) = run.push(|out| self.codec.encode_into(value, out)) {
                break Some(SendErrorKind::EncodeFailed(error));
            }
        };
        let encoded = run.len();
        if encoded > 0 && !self.accept_run(run) {
            return Err(SendErrorKind::NotOpen);
        }
        ready.drain(..encoded);
        failed.map_or(Ok(()), Err)
    }

    /// False if nothing can be sent any more.
    fn accept_run(&self, mut run: Run) -> bool {
        let mailbox = &self.mailbox;
        if mailbox.takes_runs() {
            return mailbox.accept_run(&mut run);
        }
        // Once the first is accepted the others are, or counted as unsent.
        let live = run.take().is_none_or(|first| mailbox.accept(first).is_ok());
        while let Some(message) = run.take() {
            let bytes = message.len();
            if mailbox.accept(message).is_err() {
                mailbox.count_lost(bytes, SendErrorKind::NotOpen);
            }
        }
        live
    }

    /// Over a session: has a value accepted at once, or returns it if it has to wait. Natively [`direct`](super::direct) hands it over.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(super) fn accept_at_once(&self, value: Tx) -> Result<Result<(), SendError<Tx>>, Tx> {
        let mailbox = &self.mailbox;
        if !mailbox.may_accept() {
            return Err(value);
        }
        // The codec is foreign code, so no lock is held.
        let mut run = mailbox.take_scratch();
        if let Err(error) = run.push(|out| self.codec.encode_into(&value, out)) {
            mailbox.put_scratch(run);
            return Ok(Err(SendError::new(
                value,
                SendErrorKind::EncodeFailed(error),
            )));
        }
        let accepted = mailbox.accept_at_once(&mut run);
        mailbox.put_scratch(run);
        match accepted {
            true => Ok(Ok(())),
            false => Err(value),
        }
    }
}
