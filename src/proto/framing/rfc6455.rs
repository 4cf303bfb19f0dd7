//! The frames of RFC 6455 §5, both roles.

mod encode;
mod front;
mod header;

use super::assembly::Assembly;
use super::{Framing, Incoming, Vacancy, mask};
use crate::error::Violation;
use crate::message::Message;
use crate::proto::Random;
use crate::proto::close::CloseFrame;
use crate::proto::deflate::Codec;
use crate::proto::limits::ProtocolLimits;
use crate::proto::outgoing::Outgoing;
use crate::proto::role::Role;
use core::fmt;
use front::{BINARY, Front, TEXT, binary, room, text};
use header::{Frame, Kind};

/// The longest header: two bytes, an eight-byte length, a four-byte mask (RFC 6455 §5.2).
const MAX_HEADER: usize = 14;
/// Room made at once for a message whose length is only announced. What arrives makes the rest.
const MAX_UNSEEN_RESERVE: usize = 64 << 10;
/// A payload of which fewer bytes than this are missing is not worth a read of its own.
const MIN_DIRECT: usize = 4 << 10;
/// RFC 7692 §6: the bit of a compressed message.
const RSV1: u8 = 0x40;

/// The decoder and encoder of one connection.
pub(crate) struct Rfc6455 {
    role: Role,
    random: Random,
    max_frame: usize,
    max_message: usize,
    max_fragments: usize,
    /// A longer message is sent in several frames.
    max_send_frame: usize,
    /// The longest header of the peer's frames.
    longest_header: usize,
    /// A message in one frame that is shorter than this is within every limit.
    whole_below: usize,
    /// The beginning of a header that is not whole yet.
    header: [u8; MAX_HEADER],
    header_len: usize,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The data message that is not finished.
    assembly: Option<Assembly>,
    /// The payload of the control frame being read. It may come between the fragments of a message.
    control: Vec<u8>,
    /// permessage-deflate, if it was agreed on.
    codec: Option<Box<Codec>>,
}

impl Rfc6455 {
    pub(crate) fn new(
        role: Role,
        limits: &ProtocolLimits,
        random: Random,
        codec: Option<Codec>,
    ) -> Self {
        Self {
            role,
            random,
            max_frame: limits.max_frame,
            max_message: limits.max_message,
            max_fragments: limits.max_fragments,
            max_send_frame: match limits.max_send_frame {
                0 => usize::MAX,
                most => most,
            },
            longest_header: match role {
                Role::Server => MAX_HEADER,
                // Nothing is masked.
                Role::Client => MAX_HEADER - 4,
            },
            whole_below: match limits.max_fragments {
                0 => 0,
                _ => limits.max_frame.min(limits.max_message).saturating_add(1),
            },
            header: [0; MAX_HEADER],
            header_len: 0,
            frame: None,
            assembly: None,
            control: Vec::new(),
            codec: codec.map(Box::new),
        }
    }

    /// Reads a header off the front of `input`, which may begin with its second half.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        if self.header_len == 0
            && let Some((frame, len)) = self.parse_header(input)?
        {
            *input = input.get(len..).unwrap_or_default();
            return Ok(Some(frame));
        }
        // The rare case, a header in pieces: byte by byte, so that nothing after it is taken.
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            if let Some(slot) = self.header.get_mut(self.header_len) {
                *slot = *byte;
                self.header_len += 1;
            }
            let header = self.header;
            if let Some((frame, _)) =
                self.parse_header(header.get(..self.header_len).unwrap_or_default())?
            {
                self.header_len = 0;
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Reads as much payload as there is. Puts the frame back if that is not all of it.
    fn read_payload(
        &mut self,
        mut frame: Frame,
        input: &mut &[u8],
    ) -> Result<Option<Incoming>, Violation> {
        let (piece, rest) = input.split_at(input.len().min(frame.len - frame.read));
        *input = rest;
        let key = frame.mask.unwrap_or_default();
        let offset = frame.read;
        frame.read += piece.len();
        let ended = frame.read == frame.len;
        if !ended {
            self.frame = Some(frame);
        }

        if frame.kind.is_control() {
            let start = self.control.len();
            self.control.extend_from_slice(piece);
            mask::apply(
                key,
                offset,
                self.control.get_mut(start..).unwrap_or_default(),
            );
            if !ended {
                return Ok(None);
            }
            let body = core::mem::take(&mut self.control);
            return Ok(Some(match frame.kind {
                Kind::Ping => Incoming::Ping(body),
                Kind::Pong => Incoming::Pong(body),
                _ => Incoming::Close(CloseFrame::parse(&body)?),
            }));
        }

        let assembly = self.assembly.get_or_insert_with(|| match frame.kind {
            Kind::Text => Assembly::text(frame.compressed),
            _ => Assembly::binary(frame.compressed),
        });
        match &mut self.codec {
            Some(codec) if frame.compressed => {
                let last = ended && frame.fin;
                assembly.inflate(codec, piece, frame.mask, offset, last, self.max_message)?;
            }
            _ => {
                if offset == 0 {
                    assembly.reserve(room(frame.len, piece) + self.longest_header);
                }
                assembly.push(piece, frame.mask, offset)?;
            }
        }
        if !ended {
            return Ok(None);
        }
        Ok(self.end_frame(frame.fin)?.map(Incoming::Message))
    }

    /// Where the rest of the frame's payload belongs, if it is long.
    #[inline(never)]
    fn vacant(&mut self) -> Option<Vacancy<'_>> {
        let frame = self.frame.as_ref().filter(|frame| !frame.compressed)?;
        let missing = frame.len - frame.read;
        if missing < MIN_DIRECT || frame.kind.is_control() {
            return None;
        }
        let bytes = self.assembly.as_mut()?.direct();
        if bytes.capacity() - bytes.len() < MIN_DIRECT {
            let room = missing.min(MAX_UNSEEN_RESERVE.max(bytes.len() * 3));
            bytes.reserve_exact(room + self.longest_header);
        }
        // The next frame's header comes with it, and then needs no read of its own.
        let len = (missing + self.longest_header).min(bytes.capacity() - bytes.len());
        Some(Vacancy { bytes, len })
    }

    /// A data frame was read to its end.
    fn end_frame(&mut self, fin: bool) -> Result<Option<Message>, Violation> {
        if fin {
            return self.assembly.take().map(Assembly::finish).transpose();
        }
        if let Some(assembly) = &mut self.assembly {
            assembly.fragments += 1;
        }
        Ok(None)
    }
}

impl Framing for Rfc6455 {
    fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Violation> {
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.read_header(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let found = self.read_payload(frame, input)?;
            if found.is_some() || self.frame.is_some() {
                return Ok(found);
            }
        }
    }

    #[inline]
    fn take_message(&mut self, input: &mut &[u8]) -> Option<Message> {
        if self.frame.is_some() || self.assembly.is_some() || self.header_len > 0 {
            return None;
        }
        let Front {
            first,
            key,
            len,
            rest,
        } = self.front(input)?;
        let Some((payload, rest)) = rest.split_at_checked(len) else {
            if first == BINARY {
                self.begin_binary(key, len, rest);
                *input = &[];
            }
            return None;
        };
        let message = match first {
            BINARY => Message::Binary(binary(key, payload)),
            TEXT => Message::Text(text(key, payload)?),
            _ => return None,
        };
        *input = rest;
        Some(message)
    }

    #[inline]
    fn vacancy(&mut self) -> Option<Vacancy<'_>> {
        // Mostly nothing is unfinished when the stream is read.
        match self.frame {
            Some(_) => self.vacant(),
            None => None,
        }
    }

    fn decode_filled(
        &mut self,
        filled: usize,
        surplus: &mut Vec<u8>,
    ) -> Result<Option<Message>, Violation> {
        let (Some(frame), Some(assembly)) = (&mut self.frame, &mut self.assembly) else {
            return Ok(None);
        };
        let own = filled.min(frame.len - frame.read);
        let bytes = assembly.direct();
        let end = bytes.len() - (filled - own);
        if let Some(key) = frame.mask {
            let start = end - own;
            mask::apply(key, frame.read, &mut bytes[start..end]);
        }
        frame.read += own;
        let ended = frame.read == frame.len;
        let fin = frame.fin;
        if ended {
            self.frame = None;
            if fin && let Some(mut bytes) = assembly.take_binary() {
                self.assembly = None;
                self.begin(&bytes[end..], surplus);
                bytes.truncate(end);
                return Ok(Some(Message::Binary(bytes)));
            }
        }
        let bytes = assembly.direct();
        surplus.extend_from_slice(&bytes[end..]);
        bytes.truncate(end);
        assembly.take_direct()?;
        if ended { self.end_frame(fin) } else { Ok(None) }
    }

    fn encode_message(&mut self, message: Message, out: &mut Outgoing) -> Result<(), Message> {
        self.encode_data(message, out);
        Ok(())
    }

    fn encode_ping(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.encode_control(Kind::Ping, payload, out);
    }

    fn encode_pong(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.encode_control(Kind::Pong, payload, out);
    }

    fn encode_close(&mut self, body: Option<&CloseFrame>, out: &mut Vec<u8>) {
        let body = body.map(CloseFrame::to_bytes).unwrap_or_default();
        self.encode_control(Kind::Close, &body, out);
    }
}

impl fmt::Debug for Rfc6455 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfc6455")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
