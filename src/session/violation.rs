//! What a peer did wrong, named finely, with what goes on the wire for it.

use core::fmt;

/// The code of every close by this protocol that is no violation, nor the end of a session. IANA has given 3000, 3003 and 3008 away.
pub(crate) const CLOSE: u16 = 3001;

/// How a peer broke the session protocol (`WIRE.md`, "Violations"). It ends the connection and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Violation {
    // A batch and its frames.
    /// A WebSocket message that is text.
    TextMessage,
    /// A batch without a frame.
    EmptyBatch,
    /// A batch of more bytes than its receiver allows.
    BatchTooLong,
    /// A slot that is not open.
    Slot,
    /// A batch that ends inside a number, a frame or a field.
    Truncated,
    /// A number that is not in its shortest form.
    NumberNotShortest,
    /// A number above 2^53 − 1.
    NumberTooLarge,
    /// A kind that is unknown and not in the range that is skipped.
    UnknownKind,
    /// A body that is longer than its kind's fields.
    BodyTooLong,
    /// A `PART` without a byte.
    EmptyPart,
    /// A message, its parts together, of more bytes than its receiver takes.
    MessageTooLong,
    /// A text that is not UTF-8.
    Utf8,
    /// A `BYE` with a code outside 1000, 3000 to 4999, or a reason of more than 123 bytes.
    Bye,

    // Fields of `HELLO` and `WELCOME`.
    /// A `HELLO` that does not begin with the magic bytes.
    Magic,
    /// A version range whose lower end is above its upper end, or a chosen version that was not offered.
    Version,
    /// A reserved bit or value in a field.
    Reserved,
    /// A field outside its limits.
    Limit,
    /// Positions that contradict themselves: `committed` above `received`, or `first` above `next`.
    Positions,
    /// A `WELCOME` that does not answer the `HELLO` that was sent.
    Welcome,

    // The order of things.
    /// A frame where it may not be: before `HELLO` or `WELCOME`, a second one of either, or one of the other side's.
    Order,
    /// A first frame after `WELCOME` that is not `ACK`.
    Unconfirmed,
    /// An `ACK` lower than an earlier one.
    AckBehind,
    /// An `ACK` for what was never sent.
    AckAhead,
    /// A `CREDIT` lower than what was granted before.
    CreditBehind,
    /// A message frame without credit for it.
    CreditExceeded,
    /// A `RESPONSE`, `ERROR` or `CANCEL` to what was never sent, or to itself.
    Reference,
    /// `CANCEL` or `BYE` after `PART` frames of an unfinished message.
    Unfinished,
    /// A message after `BYE`.
    AfterBye,
    /// A `PONG` whose `PING` was never sent.
    Pong,
}

use Violation as V;

impl Violation {
    /// Every violation, with its name: the reason of the close frame.
    pub const ALL: &'static [(Violation, &'static str)] = &[
        (V::TextMessage, "text-message"),
        (V::EmptyBatch, "empty-batch"),
        (V::BatchTooLong, "batch-too-long"),
        (V::Slot, "slot"),
        (V::Truncated, "truncated"),
        (V::NumberNotShortest, "number-not-shortest"),
        (V::NumberTooLarge, "number-too-large"),
        (V::UnknownKind, "unknown-kind"),
        (V::BodyTooLong, "body-too-long"),
        (V::EmptyPart, "empty-part"),
        (V::MessageTooLong, "message-too-long"),
        (V::Utf8, "utf8"),
        (V::Bye, "bye"),
        (V::Magic, "magic"),
        (V::Version, "version"),
        (V::Reserved, "reserved"),
        (V::Limit, "limit"),
        (V::Positions, "positions"),
        (V::Welcome, "welcome"),
        (V::Order, "order"),
        (V::Unconfirmed, "unconfirmed"),
        (V::AckBehind, "ack-behind"),
        (V::AckAhead, "ack-ahead"),
        (V::CreditBehind, "credit-behind"),
        (V::CreditExceeded, "credit-exceeded"),
        (V::Reference, "reference"),
        (V::Unfinished, "unfinished"),
        (V::AfterBye, "after-bye"),
        (V::Pong, "pong"),
    ];

    /// Its name in `WIRE.md` and in the reason of the close frame.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(violation, _)| *violation == self)
            .map_or("violation", |(_, name)| name)
    }

    /// The close code that goes with it. A page may send none below 3000, so these are 2000 above those of RFC 6455 §7.4.1; but 3003 is not ours, so a
    /// text message is told as the others.
    pub fn close_code(self) -> u16 {
        match self {
            V::Utf8 => 3007,
            V::BatchTooLong | V::MessageTooLong => 3009,
            _ => 3002,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session protocol violated: {}", self.name())
    }
}

impl core::error::Error for Violation {}
