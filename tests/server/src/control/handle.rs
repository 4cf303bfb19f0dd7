//! One connection as the control channel knows it.

use super::recording::Recording;
use crate::line::{Cut, Settings};
use serde_json::{Value, json};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync::Notify;

/// A connection's share of the control channel: its stream asks here before it reads or writes.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(super) id: u64,
    inner: Mutex<Inner>,
    cut: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    tag: Option<String>,
    target: String,
    /// Whether the request was read, and whether bytes are worth keeping: before it, and with a tag.
    named: bool,
    settings: Settings,
    cut: Option<Cut>,
    ended: bool,
    received: Recording,
    sent: Recording,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Inner {
    fn keeps(&self) -> bool {
        !self.named || self.tag.is_some()
    }

    fn wakers(&mut self) -> [Option<Waker>; 2] {
        [self.reader.take(), self.writer.take()]
    }
}

impl Handle {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            inner: Mutex::default(),
            cut: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // The stream's side.

    /// Whether the stream may read, and how.
    pub(crate) fn poll_read(&self, cx: &Context<'_>) -> Poll<io::Result<Settings>> {
        let mut inner = self.lock();
        // Kept even when it may: settings can change while the stream waits.
        keep(&mut inner.reader, cx);
        gate(&inner)
    }

    /// Whether the stream may write, and how.
    pub(crate) fn poll_write(&self, cx: &Context<'_>) -> Poll<io::Result<Settings>> {
        let mut inner = self.lock();
        keep(&mut inner.writer, cx);
        gate(&inner)
    }

    pub(crate) fn received(&self, bytes: &[u8]) {
        let mut inner = self.lock();
        let keep = inner.keeps();
        inner.received.add(bytes, keep);
    }

    pub(crate) fn sent(&self, bytes: &[u8]) {
        let mut inner = self.lock();
        let keep = inner.keeps();
        inner.sent.add(bytes, keep);
    }

    // The connection's side.

    /// The request was read: whose connection it is.
    pub(super) fn name(&self, tag: Option<String>, target: &str, settings: Settings) {
        let mut inner = self.lock();
        inner.named = true;
        inner.tag = tag;
        inner.target = target.to_owned();
        inner.settings = settings;
        if inner.tag.is_none() {
            inner.received.forget();
            inner.sent.forget();
        }
    }

    /// Returns when the connection is to be cut.
    pub(crate) async fn to_be_cut(&self) {
        // A permit that was stored before waiting began is taken at once.
        self.cut.notified().await;
    }

    /// How it is to be cut, if it is.
    pub(crate) fn how(&self) -> Option<Cut> {
        self.lock().cut
    }

    pub(super) fn end(&self) {
        self.lock().ended = true;
    }

    // The control channel's side.

    pub(crate) fn cut(&self, how: Cut) {
        self.lock().cut = Some(how);
        self.cut.notify_one();
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Settings)) {
        let wakers = {
            let mut inner = self.lock();
            change(&mut inner.settings);
            inner.wakers()
        };
        // Outside the lock: a waker may run anything.
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    pub(super) fn is_tagged(&self, tag: &str) -> bool {
        self.lock().tag.as_deref() == Some(tag)
    }

    pub(super) fn has_tag(&self) -> bool {
        self.lock().tag.is_some()
    }

    pub(super) fn describe(&self) -> Value {
        let inner = self.lock();
        json!({
            "id": self.id,
            "tag": inner.tag,
            "target": inner.target,
            "ended": inner.ended,
            "frozen": inner.settings.frozen,
            "received": inner.received.total(),
            "sent": inner.sent.total(),
        })
    }

    pub(super) fn transcript(&self) -> Value {
        let inner = self.lock();
        json!({
            "id": self.id,
            "target": inner.target,
            "ended": inner.ended,
            "received": inner.received.tell(),
            "sent": inner.sent.tell(),
        })
    }
}

/// Mostly it is the same task that waits again.
fn keep(waiting: &mut Option<Waker>, cx: &Context<'_>) {
    match waiting {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *waiting = Some(cx.waker().clone()),
    }
}

fn gate(inner: &Inner) -> Poll<io::Result<Settings>> {
    if inner.cut.is_some() {
        // What is still written while the service is dropped must not go out.
        return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
    }
    if inner.settings.frozen {
        return Poll::Pending;
    }
    Poll::Ready(Ok(inner.settings))
}
