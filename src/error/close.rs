//! Arguments that `close` does not accept.

use core::fmt;

/// Arguments that `close` does not accept. The caller's mistake. A page may send 1000 and 3000-4999 (WHATWG WebSockets §3.1, `close(code, reason)`).
/// Natively every code is allowed that an endpoint may send by RFC 6455 §7.4 and its registry: 1000-1003, 1007-1014 and 3000-4999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseError {
    /// A code that may not be sent here.
    BadCloseCode(u16),
    /// The reason is longer than 123 bytes of UTF-8. The value is its length.
    LongCloseReason(usize),
}

impl CloseError {
    /// Checks what a page may send. What passes can be sent anywhere.
    ///
    /// # Errors
    /// A code other than 1000 and 3000-4999, or a reason of more than 123 bytes.
    pub fn check(code: u16, reason: &str) -> Result<(), CloseError> {
        Self::check_length(code, reason.len())
    }

    /// Checks what an endpoint may send (RFC 6455 §7.4), as natively.
    ///
    /// # Errors
    /// A code other than 1000-1003, 1007-1014 and 3000-4999, or a reason of more than 123 bytes. 1004 has no meaning; 1005, 1006 and 1015 stand for
    /// codes that were not sent, so none of them may be sent.
    pub fn check_endpoint(code: u16, reason: &str) -> Result<(), CloseError> {
        match code {
            1001..=1003 | 1007..=1014 => Self::check_length(1000, reason.len()),
            _ => Self::check_length(code, reason.len()),
        }
    }

    /// Like [`check`](Self::check), for a reason of this many bytes.
    pub(crate) fn check_length(code: u16, reason: usize) -> Result<(), CloseError> {
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(CloseError::BadCloseCode(code));
        }
        if reason > 123 {
            return Err(CloseError::LongCloseReason(reason));
        }
        Ok(())
    }

    /// A stable name, equal to the `code` of JavaScript's error.
    pub fn code(&self) -> &'static str {
        match self {
            CloseError::BadCloseCode(_) => "BAD_CLOSE_CODE",
            CloseError::LongCloseReason(_) => "LONG_CLOSE_REASON",
        }
    }
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseError::BadCloseCode(code) => {
                let code = usize::from(*code);
                write!(f, "close code {code} is not allowed here")
            }
            CloseError::LongCloseReason(len) => {
                write!(f, "the close reason has {len} bytes, more than 123")
            }
        }
    }
}

impl core::error::Error for CloseError {}
