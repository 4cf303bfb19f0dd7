//! The transport of a socket. A browser's transport flushes by itself.

use crate::transport::{Limits, Transport};

/// A socket's transport.
pub(super) struct Line(Option<Box<dyn Transport>>);

impl Line {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self(Some(transport))
    }

    /// The transport, `None` after the end was reported.
    #[inline]
    pub(super) fn get(&mut self) -> Option<&mut Box<dyn Transport>> {
        self.0.as_mut()
    }

    /// The result of a query of the transport, `None` after the end was reported.
    #[inline]
    pub(super) fn ask<T>(&self, question: impl FnOnce(&dyn Transport) -> T) -> Option<T> {
        self.0.as_deref().map(question)
    }

    #[inline]
    pub(super) fn limits(&self) -> Option<&Limits> {
        self.0.as_ref().map(|transport| transport.limits())
    }

    /// Takes it away.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Box<dyn Transport>> {
        self.0.take()
    }

    #[inline]
    pub(super) fn flushed(&mut self) {}

    /// Nothing is ever deferred.
    #[inline]
    pub(super) fn give_back(&mut self) {}

    /// Whether the flush of what was just sent can wait.
    #[inline]
    pub(super) fn defer_flush(&mut self) -> bool {
        false
    }
}
