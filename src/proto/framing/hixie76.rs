//! The frames of draft-hixie-thewebsocketprotocol-76 (hybi-00), both roles: those of hixie-75, and one that closes.

use super::hixie75::{Frame, Frames, encode_text};
use super::{Ending, Framing, Incoming};
use crate::error::Violation;
use crate::message::Message;
use crate::proto::close::CloseFrame;
use crate::proto::limits::ProtocolLimits;
use crate::proto::outgoing::Outgoing;
use crate::proto::role::Role;

/// The decoder and encoder of one connection.
#[derive(Debug)]
pub(crate) struct Hixie76 {
    frames: Frames,
}

impl Hixie76 {
    pub(crate) fn new(role: Role, limits: &ProtocolLimits) -> Self {
        Self {
            frames: Frames::new(role, limits),
        }
    }
}

impl Framing for Hixie76 {
    fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Violation> {
        loop {
            match self.frames.read(input)? {
                None => return Ok(None),
                Some(Frame::Text(text)) => return Ok(Some(Incoming::Message(Message::Text(text)))),
                // "If the /frame type/ is 0xFF and the /length/ was 0", in however many bytes that was said.
                Some(Frame::Dropped { kind: 0xFF, len: 0 }) => {
                    return Ok(Some(Incoming::Close(None)));
                }
                Some(Frame::Dropped { .. }) => {}
            }
        }
    }

    fn encode_message(&mut self, message: Message, out: &mut Outgoing) -> Result<(), Message> {
        encode_text(message, out)
    }

    fn encode_ping(&mut self, _payload: &[u8], _out: &mut Vec<u8>) {}

    fn encode_pong(&mut self, _payload: &[u8], _out: &mut Vec<u8>) {}

    fn encode_close(&mut self, _body: Option<&CloseFrame>, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0xFF, 0x00]);
    }

    /// Nothing: the closing frame has no code, so that the peer would take the failure for a clean end.
    fn encode_failure(&mut self, _violation: Violation, _out: &mut Vec<u8>) {}

    fn has_ping(&self) -> bool {
        false
    }

    fn ending(&self) -> Ending {
        Ending::EitherSide
    }
}
