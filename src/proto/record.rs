//! What both sides did about closing. How a connection ended is derived from it and stored nowhere.

use super::close::CloseFrame;
use crate::error::Violation;
use crate::message::{By, Closed};

/// The Close frames of both sides, and what we failed the connection for.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// We queued a Close frame.
    pub(crate) sent: bool,
    /// The peer's Close frame came, with this body.
    pub(crate) received: Option<Option<CloseFrame>>,
    /// Who was first. `None` as long as nobody was.
    pub(crate) first: Option<By>,
    /// The peer broke the protocol.
    pub(crate) violation: Option<Violation>,
}

impl Record {
    /// How the connection ended, once it did.
    pub(crate) fn closed(&self) -> Closed {
        let by = self.first.unwrap_or(By::Failure);
        // RFC 6455 §7.1.4: clean if "the TCP connection was closed after the WebSocket closing handshake was completed".
        // The peer's Close frame is always answered, so that it alone tells. None is read once the connection failed.
        match &self.received {
            Some(Some(frame)) => Closed::new(frame.code, frame.reason.clone(), true, by),
            // §7.1.5: "If this Close control frame contains no status code, [it] is considered to be 1005."
            Some(None) => Closed::new(1005, "", true, by),
            // "If [it] is closed and no Close control frame was received [...] [it] is considered to be 1006."
            None => Closed::lost(by),
        }
    }
}
