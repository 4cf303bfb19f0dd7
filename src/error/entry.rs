//! Why an entry was not sent.

use super::SendErrorKind;
use core::fmt;

/// An entry that was not sent, with the caller's value: [`Sender::send_with`](crate::Sender::send_with). The peer cannot have received it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryError<T> {
    /// The value, unsent.
    pub value: T,
    /// Why it was not sent.
    pub kind: EntryErrorKind,
}

/// Why an entry was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryErrorKind {
    /// Its deadline passed before a connection took it.
    Late,
    /// A newer entry with the same key replaced it.
    Superseded,
    /// The entries that wait already fill the send high-water mark.
    Full,
    /// The session was lost or ended while it waited. It can be sent again with the next session.
    SessionLost,
    /// It was not sent, as a value of [`send`](crate::Sender::send) would not be.
    NotSent(SendErrorKind),
}

impl<T> EntryError<T> {
    pub(crate) fn new(value: T, kind: EntryErrorKind) -> Self {
        Self { value, kind }
    }

    /// A stable name.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            EntryErrorKind::Late => "LATE",
            EntryErrorKind::Superseded => "SUPERSEDED",
            EntryErrorKind::Full => "FULL",
            EntryErrorKind::SessionLost => "SESSION_LOST",
            EntryErrorKind::NotSent(_) => "NOT_SENT",
        }
    }
}

// By hand: it needs no `T: Debug`, and a payload never gets into a log.
impl<T> fmt::Debug for EntryError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryError")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for EntryError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for EntryErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EntryErrorKind::Late => "not sent: the deadline passed before a connection took it",
            EntryErrorKind::Superseded => "not sent: a newer entry with the same key replaced it",
            EntryErrorKind::Full => "not sent: too many entries wait for a connection",
            EntryErrorKind::SessionLost => "not sent: the session ended while it waited",
            EntryErrorKind::NotSent(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for EntryErrorKind {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            EntryErrorKind::NotSent(error) => error.source(),
            _ => None,
        }
    }
}

impl<T> core::error::Error for EntryError<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.kind.source()
    }
}
