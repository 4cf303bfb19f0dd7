//! Violations of the session protocol, and the close code for each.

use core::fmt;

/// The code of every close by this protocol that is neither a violation nor the end of a session. 3000, 3003 and 3008 are assigned by IANA.
pub(crate) const CLOSE: u16 = 3001;

/// How a peer violated the session protocol (`WIRE.md`, "Violations"). A violation ends the connection and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SessionViolation {
    // A batch and its frames.
    /// A text message.
    TextMessage,
    /// A batch without a frame.
    EmptyBatch,
    /// A batch with more bytes than its receiver allows.
    BatchTooLong,
    /// A slot other than 0.
    Slot,
    /// A batch that ends inside a number, a frame or a field.
    Truncated,
    /// A number that is not in its shortest form.
    NumberNotShortest,
    /// A number above 2^53 − 1.
    NumberTooLarge,
    /// A kind that is neither known nor reserved.
    UnknownKind,
    /// A body with more bytes than its kind's fields.
    BodyTooLong,
    /// A `PART` without any bytes.
    EmptyPart,
    /// A message that, with all its parts, has more bytes than its receiver accepts.
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

    // The order of frames.
    /// A frame at the wrong time: before `HELLO` or `WELCOME`, a second one of either, or one that only the other side sends.
    Order,
    /// A first frame after `WELCOME` that is not `ACK`.
    Unconfirmed,
    /// An `ACK` lower than an earlier one.
    AckBehind,
    /// An `ACK` for a message that was never sent.
    AckAhead,
    /// A `CREDIT` lower than an earlier one.
    CreditBehind,
    /// A message frame without credit for it.
    CreditExceeded,
    /// A `RESPONSE`, `ERROR` or `CANCEL` to a message that was never sent, or to itself.
    Reference,
    /// `CANCEL` or `BYE` after `PART` frames of an unfinished message.
    Unfinished,
    /// A message after `BYE`.
    AfterBye,
    /// A `PONG` whose `PING` was never sent.
    Pong,
}

use SessionViolation as V;

/// One text instead of a table of texts: addresses do not compress.
macro_rules! names {
    ($($violation:ident = $name:literal,)*) => {
        const ALL: &[(SessionViolation, &str)] = &[$((V::$violation, $name)),*];
        const NAMES: &str = concat!($($name, " "),*);
    };
}

// In the order of the variants.
names! {
    TextMessage = "text-message",
    EmptyBatch = "empty-batch",
    BatchTooLong = "batch-too-long",
    Slot = "slot",
    Truncated = "truncated",
    NumberNotShortest = "number-not-shortest",
    NumberTooLarge = "number-too-large",
    UnknownKind = "unknown-kind",
    BodyTooLong = "body-too-long",
    EmptyPart = "empty-part",
    MessageTooLong = "message-too-long",
    Utf8 = "utf8",
    Bye = "bye",
    Magic = "magic",
    Version = "version",
    Reserved = "reserved",
    Limit = "limit",
    Positions = "positions",
    Welcome = "welcome",
    Order = "order",
    Unconfirmed = "unconfirmed",
    AckBehind = "ack-behind",
    AckAhead = "ack-ahead",
    CreditBehind = "credit-behind",
    CreditExceeded = "credit-exceeded",
    Reference = "reference",
    Unfinished = "unfinished",
    AfterBye = "after-bye",
    Pong = "pong",
}

impl SessionViolation {
    /// Every violation, with its name: the reason of the close frame.
    pub const ALL: &'static [(SessionViolation, &'static str)] = ALL;

    /// Its name in `WIRE.md` and in the reason of the close frame.
    pub fn name(self) -> &'static str {
        // Not `split(' ')`, which takes 300 bytes of wasm.
        let mut names = NAMES.as_bytes();
        for _ in 0..self as usize {
            let end = names.iter().position(|byte| *byte == b' ');
            names = names
                .get(end.map_or(0, |end| end + 1)..)
                .unwrap_or_default();
        }
        let end = names.iter().position(|byte| *byte == b' ');
        let name = names.get(..end.unwrap_or(0)).unwrap_or_default();
        core::str::from_utf8(name).unwrap_or_default()
    }

    /// The close code. A page may not send codes below 3000, so these are those of RFC 6455 §7.4.1 plus 2000. IANA has assigned 3003, so a text
    /// message gets the same code as the others.
    pub fn close_code(self) -> u16 {
        match self {
            V::Utf8 => 3007,
            V::BatchTooLong | V::MessageTooLong => 3009,
            _ => 3002,
        }
    }
}

impl fmt::Display for SessionViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session protocol violated: {}", self.name())
    }
}

impl core::error::Error for SessionViolation {}
