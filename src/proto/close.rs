//! The Close frame: which codes may be on the wire, and its body (RFC 6455 §5.5.1, §7.4).

use crate::error::{Misuse, Violation};
use core::str;

/// The longest reason: a control frame has 125 bytes and the code takes two (RFC 6455 §5.5).
pub const MAX_REASON: usize = 123;

/// The body of a Close frame that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseFrame {
    /// The close code, one that [may be on the wire](may_be_on_the_wire).
    pub code: u16,
    /// The reason, at most [`MAX_REASON`] bytes of UTF-8.
    pub reason: String,
}

impl CloseFrame {
    /// A body that may be sent.
    ///
    /// # Errors
    /// [`Misuse::CloseCode`] and [`Misuse::CloseReason`].
    pub fn new(code: u16, reason: impl Into<String>) -> Result<Self, Misuse> {
        let reason = reason.into();
        if !may_be_on_the_wire(code) {
            return Err(Misuse::CloseCode(code));
        }
        if reason.len() > MAX_REASON {
            return Err(Misuse::CloseReason(reason.len()));
        }
        Ok(Self { code, reason })
    }

    /// Reads a Close frame's body; `None` if it is empty.
    ///
    /// # Errors
    /// [`Violation::CloseBody`], [`Violation::CloseCode`] and [`Violation::CloseReason`].
    pub fn parse(body: &[u8]) -> Result<Option<Self>, Violation> {
        match body {
            [] => Ok(None),
            // RFC 6455 §5.5.1: "the first two bytes of the body MUST be a 2-byte unsigned integer"
            [_] => Err(Violation::CloseBody),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                if !may_be_on_the_wire(code) {
                    return Err(Violation::CloseCode);
                }
                let reason = str::from_utf8(reason).map_err(|_| Violation::CloseReason)?;
                Ok(Some(Self {
                    code,
                    reason: reason.to_owned(),
                }))
            }
        }
    }

    /// The body's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(2 + self.reason.len());
        body.extend_from_slice(&self.code.to_be_bytes());
        body.extend_from_slice(self.reason.as_bytes());
        body
    }
}

/// Whether a Close frame may carry this code.
///
/// RFC 6455 §7.4.1: 1004 is reserved; 1005, 1006 and 1015 "MUST NOT be set as a status code in a Close control frame".
/// 1012, 1013 and 1014 joined the registry later. §7.4.2: 0-999 are not used, 1016-2999 are reserved, 3000-4999 are free to use.
pub fn may_be_on_the_wire(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
