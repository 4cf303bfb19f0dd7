//! Answers to pings that wait to be written (RFC 6455 §5.5.2), and their bound.

use std::collections::VecDeque;

/// Pongs that may be unsent at a time: 16 KiB of the longest. Above it only the latest ping is answered.
const MAX_UNSENT: usize = 128;

/// None is kept while none is unsent.
#[derive(Debug, Default)]
pub(crate) struct Pongs(Option<Box<Unsent>>);

#[derive(Debug, Default)]
struct Unsent {
    /// Where they end in the stream of bytes that we write, counted from its beginning.
    ends: VecDeque<u64>,
    /// The latest ping, when more were unanswered than may be.
    held: Option<Vec<u8>>,
}

impl Unsent {
    fn has_room(&self) -> bool {
        self.ends.len() < MAX_UNSENT
    }
}

impl Pongs {
    /// Whether another pong may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.0.as_ref().is_none_or(|unsent| unsent.has_room())
    }

    /// A pong was queued that ends there.
    pub(crate) fn queued(&mut self, end: u64) {
        self.0.get_or_insert_default().ends.push_back(end);
    }

    /// A ping that has to wait. RFC 6455 §5.5.3: "the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame."
    pub(crate) fn hold(&mut self, ping: Vec<u8>) {
        self.0.get_or_insert_default().held = Some(ping);
    }

    /// So many bytes have been written by now. Gives a ping that may be answered again.
    pub(crate) fn handle_transmitted(&mut self, transmitted: u64) -> Option<Vec<u8>> {
        let unsent = self.0.as_mut()?;
        while unsent.ends.front().is_some_and(|end| *end <= transmitted) {
            unsent.ends.pop_front();
        }
        let held = match unsent.has_room() {
            true => unsent.held.take(),
            false => None,
        };
        if unsent.ends.is_empty() {
            self.0 = None;
        }
        held
    }

    /// Whether none is unsent.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
