//! What both sides did about closing. How a connection ended is derived from it and stored nowhere.

use super::close::CloseFrame;
use crate::error::Violation;
use crate::message::{CloseInfo, ClosedBy};

/// What a connection says that ended because the peer did not answer pings.
const KEEPALIVE_TIMEOUT: &str = "keepalive timeout";

/// The Close frames of both sides, and what we failed the connection for.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// It was open, so its end is reported.
    pub(crate) opened: bool,
    /// We queued a Close frame. It ends there in the stream that we write.
    pub(crate) sent: Option<u64>,
    /// The peer's Close frame came, with this body.
    pub(crate) received: Option<Option<Box<CloseFrame>>>,
    /// Which side closed first, if any.
    pub(crate) first: Option<ClosedBy>,
    /// The peer broke the protocol.
    pub(crate) violation: Option<Violation>,
    /// The peer did not answer the pings of keepalive.
    pub(crate) expired: bool,
    /// Payload bytes that could not be written.
    pub(crate) unsent: usize,
}

impl Record {
    /// How the connection ended, if it has. `transmitted`: the bytes that were written.
    pub(crate) fn closed(&self, transmitted: u64) -> CloseInfo {
        let by = self.first.unwrap_or(ClosedBy::Error);
        // RFC 6455 §7.1.4: clean if "the TCP connection was closed after the WebSocket closing handshake was completed", which takes the Close
        // frames of both. None is read once the connection failed.
        let clean = self.sent.is_some_and(|end| end <= transmitted);
        let mut closed = match &self.received {
            Some(Some(frame)) => CloseInfo::new(frame.code, frame.reason.clone(), clean, by),
            // §7.1.5: "If this Close control frame contains no status code, [it] is considered to be 1005."
            Some(None) => CloseInfo::new(1005, "", clean, by),
            // "If [it] is closed and no Close control frame was received [...] [it] is considered to be 1006."
            None => CloseInfo::lost(by),
        };
        if self.expired {
            closed.reason = KEEPALIVE_TIMEOUT.into();
        }
        closed.unsent_bytes = self.unsent;
        closed
    }
}
