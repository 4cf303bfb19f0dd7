//! Unread messages: a queue with a limit in bytes, and a policy for messages past it.

use super::{Dropped, Overflow};
use crate::message::Message;

/// An item of an inbox: a message, or only its size if the message is elsewhere.
pub(crate) trait Weighed {
    /// Bytes of payload.
    fn bytes(&self) -> usize;

    /// What it counts against a limit: its payload plus a constant. Otherwise a peer could send empty messages without limit.
    fn cost(&self) -> usize;

    /// How many messages it is.
    fn messages(&self) -> usize {
        1
    }
}

impl Weighed for Message {
    fn bytes(&self) -> usize {
        self.len()
    }

    fn cost(&self) -> usize {
        self.cost()
    }
}

/// The result for a message.
pub(crate) enum Put {
    /// It was queued, and this many earlier ones were dropped for it.
    Kept(
        #[cfg_attr(
            not(all(feature = "__npm", target_family = "wasm", target_os = "unknown")),
            allow(dead_code, reason = "nobody else keeps the messages")
        )]
        usize,
    ),
    /// It was dropped.
    Dropped,
    /// It was not accepted: the policy is to close.
    Full,
}

/// A bounded queue of messages.
#[derive(Debug)]
pub(crate) struct Inbox<M = Message> {
    /// What came first, the oldest last, and what came since, the newest last. Two stacks weigh less in wasm than a ring.
    first: Vec<M>,
    last: Vec<M>,
    bytes: usize,
    bound: usize,
    overflow: Overflow,
    dropped: Dropped,
}

impl<M: Weighed> Inbox<M> {
    pub(crate) fn new(bound: usize, overflow: Overflow) -> Self {
        Self {
            first: Vec::new(),
            last: Vec::new(),
            bytes: 0,
            bound,
            overflow,
            dropped: Dropped::default(),
        }
    }

    /// Queues a message, or drops and counts as the policy says, and returns which.
    #[must_use = "full means that the connection must close"]
    pub(crate) fn put(&mut self, message: M) -> Put {
        let mut displaced = 0;
        let cost = message.cost();
        let latest = self.overflow == Overflow::Latest;
        // A message that exceeds the limit alone does not displace others.
        if latest || (self.overflow == Overflow::DropOldest && cost <= self.bound) {
            while (latest || self.bytes + cost > self.bound) && self.drop_oldest().is_some() {
                displaced += 1;
            }
        } else if self.bytes.saturating_add(cost) > self.bound {
            if self.overflow == Overflow::Close {
                return Put::Full;
            }
            self.dropped.count(message.bytes());
            return Put::Dropped;
        }
        self.bytes += cost;
        self.last.push(message);
        Put::Kept(displaced)
    }

    pub(crate) fn pop(&mut self) -> Option<M> {
        let mut oldest = &mut self.first;
        if oldest.is_empty() {
            // One alone needs no second stack.
            while self.last.len() > 1
                && let Some(message) = self.last.pop()
            {
                oldest.push(message);
            }
            oldest = &mut self.last;
        }
        let message = oldest.pop()?;
        self.bytes -= message.cost();
        Some(message)
    }

    /// Puts a message back in front of all others, whatever the limit.
    #[cfg(feature = "session")]
    pub(crate) fn put_back(&mut self, message: M) {
        self.bytes += message.cost();
        self.first.push(message);
    }

    /// Drops what waits, uncounted, and its place in memory.
    pub(crate) fn clear(&mut self) {
        self.first = Vec::new();
        self.last = Vec::new();
        self.bytes = 0;
    }

    /// One of those that wait was dropped elsewhere.
    #[cfg(feature = "session")]
    pub(crate) fn count_dropped(&mut self, bytes: usize) {
        self.dropped.count(bytes);
    }

    /// Drops the oldest, and counts it.
    pub(crate) fn drop_oldest(&mut self) -> Option<M> {
        let oldest = self.pop()?;
        self.dropped.count(oldest.bytes());
        Some(oldest)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }

    /// What the waiting messages count against the bound.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Messages that the policy dropped, ever.
    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(overflow: Overflow, bound: usize, messages: &[&str]) -> (Vec<String>, u64, bool) {
        let mut inbox = Inbox::<Message>::new(bound, overflow);
        let kept = messages
            .iter()
            .map(|text| !matches!(inbox.put((*text).into()), Put::Full))
            .collect::<Vec<_>>();
        let dropped = inbox.dropped().messages;
        let left = std::iter::from_fn(|| inbox.pop())
            .map(|message| String::from_utf8(message.as_bytes().to_vec()).unwrap_or_default());
        (left.collect(), dropped, kept.iter().all(|kept| *kept))
    }

    /// Space for exactly two messages of one byte.
    fn two() -> usize {
        2 * Message::from("x").cost()
    }

    #[test]
    fn each_policy_does_what_it_says_past_the_bound() {
        let own = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let sent = ["a", "b", "c"];
        assert_eq!(
            fill(Overflow::Close, two(), &sent),
            (own(&["a", "b"]), 0, false)
        );
        assert_eq!(
            fill(Overflow::DropOldest, two(), &sent),
            (own(&["b", "c"]), 1, true)
        );
        assert_eq!(
            fill(Overflow::DropNewest, two(), &sent),
            (own(&["a", "b"]), 1, true)
        );
        assert_eq!(fill(Overflow::Latest, two(), &sent), (own(&["c"]), 2, true));
    }

    #[test]
    fn a_message_above_the_bound_is_dropped_and_displaces_nothing() {
        let large = "x".repeat(two());
        for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
            assert_eq!(
                fill(overflow, two(), &["a", &large, "b"]),
                (vec!["a".into(), "b".into()], 1, true)
            );
        }
    }

    #[test]
    fn empty_messages_count_too() {
        let (left, dropped, _) = fill(Overflow::DropNewest, two(), &["", "", "", ""]);
        assert_eq!((left.len(), dropped), (2, 2));
    }

    #[test]
    fn arrive_reports_what_happened_to_a_message() {
        let told = |overflow| {
            let mut inbox = Inbox::<Message>::new(two(), overflow);
            let mut told = Vec::new();
            for text in ["a", "b", "c"] {
                told.push(match inbox.put(text.into()) {
                    Put::Kept(displaced) => displaced.to_string(),
                    Put::Dropped => "dropped".into(),
                    Put::Full => "full".into(),
                });
            }
            told
        };
        assert_eq!(told(Overflow::Close), ["0", "0", "full"]);
        assert_eq!(told(Overflow::DropOldest), ["0", "0", "1"]);
        assert_eq!(told(Overflow::DropNewest), ["0", "0", "dropped"]);
        assert_eq!(told(Overflow::Latest), ["0", "1", "1"]);
    }
}
