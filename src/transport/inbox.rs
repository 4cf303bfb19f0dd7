//! Messages that arrived and wait to be read: a queue with a bound in bytes, and a policy for what comes past it.

use super::{Dropped, Overflow};
use crate::message::Message;
use std::collections::VecDeque;

/// A bounded queue of messages.
#[derive(Debug)]
pub(crate) struct Inbox {
    messages: VecDeque<Message>,
    bytes: usize,
    bound: usize,
    overflow: Overflow,
    dropped: Dropped,
}

impl Inbox {
    pub(crate) fn new(bound: usize, overflow: Overflow) -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
            bound,
            overflow,
            dropped: Dropped::default(),
        }
    }

    /// Takes a message, or drops and counts what the policy says. False if the policy is to close: then it was not taken.
    #[must_use = "false means that the connection must close"]
    pub(crate) fn push(&mut self, message: Message) -> bool {
        if self.overflow == Overflow::Latest {
            self.drop_all();
        } else if self.bytes.saturating_add(message.cost()) > self.bound {
            match self.overflow {
                Overflow::Close => return false,
                Overflow::DropOldest if message.cost() <= self.bound => {
                    while self.bytes + message.cost() > self.bound {
                        let Some(oldest) = self.pop() else { break };
                        self.dropped.count(&oldest);
                    }
                }
                // Too large for the bound even alone, or the newest is the one to go.
                _ => {
                    self.dropped.count(&message);
                    return true;
                }
            }
        }
        self.bytes += message.cost();
        self.messages.push_back(message);
        true
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.cost();
        Some(message)
    }

    /// Everything that waits, to be dropped by whoever asks.
    pub(crate) fn take(&mut self) -> VecDeque<Message> {
        self.bytes = 0;
        core::mem::take(&mut self.messages)
    }

    /// Lets go of everything, as dropped.
    fn drop_all(&mut self) {
        while let Some(message) = self.pop() {
            self.dropped.count(&message);
        }
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
        let mut inbox = Inbox::new(bound, overflow);
        let kept = messages
            .iter()
            .map(|text| inbox.push((*text).into()))
            .collect::<Vec<_>>();
        let dropped = inbox.dropped().messages;
        let left = std::iter::from_fn(|| inbox.pop())
            .map(|message| String::from_utf8(message.as_bytes().to_vec()).unwrap_or_default());
        (left.collect(), dropped, kept.iter().all(|kept| *kept))
    }

    /// Room for exactly two messages of one byte.
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
    fn what_never_fits_is_dropped_and_displaces_nothing() {
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
}
