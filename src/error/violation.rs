//! What a peer did wrong, named finely; one place maps it to the close code that goes on the wire.

use core::fmt;

/// How the peer broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// `Sec-WebSocket-Accept` is missing, doubled or wrong (RFC 6455 §4.1).
    Accept,
}

impl Violation {
    /// The close code that goes on the wire (RFC 6455 §7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Violation::Accept => 1002,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Violation::Accept => "Sec-WebSocket-Accept is missing, doubled or wrong",
        })
    }
}
