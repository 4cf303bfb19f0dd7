//! The frames of RFC 6455 §5, both roles.

use super::assembly::Assembly;
use super::{Framing, Incoming, mask};
use crate::error::Violation;
use crate::message::Message;
use crate::proto::Random;
use crate::proto::close::CloseFrame;
use crate::proto::deflate::Codec;
use crate::proto::limits::Limits;
use crate::proto::role::Role;
use core::fmt;

/// The longest header: two bytes, an eight-byte length, a four-byte mask (RFC 6455 §5.2).
const MAX_HEADER: usize = 14;
/// RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
const MAX_CONTROL: usize = 125;
/// Room made at once for a message whose length is only announced. What arrives makes the rest.
const MAX_UNSEEN_RESERVE: usize = 64 << 10;
/// RFC 7692 §6: the bit of a compressed message.
const RSV1: u8 = 0x40;

/// The decoder and encoder of one connection.
pub(crate) struct Rfc6455 {
    role: Role,
    random: Random,
    max_frame: usize,
    max_message: usize,
    max_fragments: usize,
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
    codec: Option<Codec>,
}

/// A frame's header, and how much of its payload was read.
#[derive(Debug, Clone, Copy)]
struct Frame {
    kind: Kind,
    fin: bool,
    /// It belongs to a compressed message.
    compressed: bool,
    mask: Option<[u8; 4]>,
    len: usize,
    read: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Rfc6455 {
    pub(crate) fn new(role: Role, limits: &Limits, random: Random, codec: Option<Codec>) -> Self {
        Self {
            role,
            random,
            max_frame: limits.max_frame,
            max_message: limits.max_message,
            max_fragments: limits.max_fragments,
            header: [0; MAX_HEADER],
            header_len: 0,
            frame: None,
            assembly: None,
            control: Vec::new(),
            codec,
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

    /// Reads the header at the start of `bytes` and its length. Bad bytes are found even where later ones are missing.
    fn parse_header(&self, bytes: &[u8]) -> Result<Option<(Frame, usize)>, Violation> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        // RFC 6455 §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
        // RFC 7692 §6: permessage-deflate gives RSV1 one, "compressed", on the first frame of a data message alone.
        let compressible = self.codec.is_some() && matches!(first & 0x0F, 0x1 | 0x2);
        let rsv1 = compressible && first & 0x40 != 0;
        if first & 0x30 != 0 || (first & 0x40 != 0 && !rsv1) {
            return Err(Violation::ReservedBits);
        }
        let fin = first & 0x80 != 0;
        let kind = match first & 0x0F {
            0x0 => Kind::Continuation,
            0x1 => Kind::Text,
            0x2 => Kind::Binary,
            0x8 => Kind::Close,
            0x9 => Kind::Ping,
            0xA => Kind::Pong,
            // "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
            _ => return Err(Violation::Opcode),
        };
        match (kind, &self.assembly) {
            // RFC 6455 §5.5: control frames "MUST NOT be fragmented".
            (Kind::Close | Kind::Ping | Kind::Pong, _) if !fin => {
                return Err(Violation::ControlFragmented);
            }
            (Kind::Continuation, None) => return Err(Violation::OrphanContinuation),
            // RFC 6455 §5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message".
            (Kind::Text | Kind::Binary, Some(_)) => return Err(Violation::UnfinishedMessage),
            _ => {}
        }

        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        // RFC 6455 §5.1: a client "MUST mask all frames", a server "MUST NOT mask any".
        let masked = second & 0x80 != 0;
        match self.role {
            Role::Server if !masked => return Err(Violation::Unmasked),
            Role::Client if masked => return Err(Violation::Masked),
            _ => {}
        }
        let short = second & 0x7F;
        if kind.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Violation::ControlTooLong);
        }
        // RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length".
        let (len, mut at) = match short {
            126 => {
                let Some(&[a, b]) = bytes.get(2..4).and_then(|field| field.as_array()) else {
                    return Ok(None);
                };
                let len = u64::from(u16::from_be_bytes([a, b]));
                if len < 126 {
                    return Err(Violation::LengthNotMinimal);
                }
                (len, 4)
            }
            127 => {
                if bytes.get(2).is_some_and(|high| high & 0x80 != 0) {
                    // "the most significant bit MUST be 0"
                    return Err(Violation::LengthOverflow);
                }
                let Some(field) = bytes.get(2..10).and_then(|field| field.as_array()) else {
                    return Ok(None);
                };
                let len = u64::from_be_bytes(*field);
                if len <= 0xFFFF {
                    return Err(Violation::LengthNotMinimal);
                }
                (len, 10)
            }
            short => (u64::from(short), 2),
        };
        let compressed = match (kind, &self.assembly) {
            (Kind::Continuation, Some(assembly)) => assembly.compressed,
            _ => rsv1,
        };
        let len = self.check_limits(kind, compressed, len)?;

        let mut mask = None;
        if masked {
            let Some(key) = bytes.get(at..at + 4).and_then(|key| key.as_array()) else {
                return Ok(None);
            };
            mask = Some(*key);
            at += 4;
        }
        Ok(Some((
            Frame {
                kind,
                fin,
                compressed,
                mask,
                len,
                read: 0,
            },
            at,
        )))
    }

    /// Before a byte of payload is read or room made for it.
    fn check_limits(&self, kind: Kind, compressed: bool, len: u64) -> Result<usize, Violation> {
        let len = usize::try_from(len).map_err(|_| Violation::FrameTooLong)?;
        if kind.is_control() {
            return Ok(len);
        }
        if len > self.max_frame {
            return Err(Violation::FrameTooLong);
        }
        let (before, fragments) = match &self.assembly {
            Some(assembly) => (assembly.len(), assembly.fragments),
            None => (0, 0),
        };
        // What a compressed frame inflates to is counted as it comes out.
        if !compressed && len > self.max_message.saturating_sub(before) {
            return Err(Violation::MessageTooLong);
        }
        if fragments >= self.max_fragments {
            return Err(Violation::TooManyFragments);
        }
        Ok(len)
    }

    /// Reads as much payload as there is. Puts the frame back if that is not all of it.
    fn read_payload(
        &mut self,
        mut frame: Frame,
        input: &mut &[u8],
    ) -> Result<Option<Incoming>, Violation> {
        let (piece, rest) = input.split_at(input.len().min(frame.len - frame.read));
        *input = rest;
        let whole = piece.len() == frame.len;
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

        // The common case, a message in one frame that lies here whole: one copy, one check.
        if whole && frame.fin && !frame.compressed && self.assembly.is_none() {
            let mut payload = piece.to_vec();
            if frame.mask.is_some() {
                mask::apply(key, 0, &mut payload);
            }
            return Ok(Some(Incoming::Message(match frame.kind {
                Kind::Text => {
                    Message::Text(String::from_utf8(payload).map_err(|_| Violation::Utf8)?)
                }
                _ => Message::Binary(payload),
            })));
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
                    assembly.reserve(frame.len.min(MAX_UNSEEN_RESERVE.max(piece.len())));
                }
                assembly.push(piece, frame.mask, offset)?;
            }
        }
        assembly.fragments += usize::from(ended);
        if !(ended && frame.fin) {
            return Ok(None);
        }
        let message = self.assembly.take().map(Assembly::finish).transpose()?;
        Ok(message.map(Incoming::Message))
    }

    fn encode(&self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        encode(self.role, self.random, kind.opcode(), payload, out);
    }
}

/// Appends one whole frame. `flags` are the opcode, and RSV1 if the payload is compressed.
fn encode(role: Role, random: Random, flags: u8, payload: &[u8], out: &mut Vec<u8>) {
    let mut header = [0; MAX_HEADER];
    let mask_bit = if role == Role::Client { 0x80 } else { 0 };
    header[0] = 0x80 | flags;
    let mut len = match payload.len() {
        len @ 0..=125 => {
            header[1] = mask_bit | len as u8;
            2
        }
        len @ 126..=0xFFFF => {
            header[1] = mask_bit | 126;
            header[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            4
        }
        len => {
            header[1] = mask_bit | 127;
            header[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    };
    out.reserve(MAX_HEADER + payload.len());
    if role == Role::Client {
        // RFC 6455 §5.3: "a fresh masking key for each frame", unpredictable.
        let mut key = [0; 4];
        random(&mut key);
        header[len..len + 4].copy_from_slice(&key);
        len += 4;
        out.extend_from_slice(&header[..len]);
        let start = out.len();
        out.extend_from_slice(payload);
        mask::apply(key, 0, &mut out[start..]);
    } else {
        out.extend_from_slice(&header[..len]);
        out.extend_from_slice(payload);
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

    fn encode_message(&mut self, message: &Message, out: &mut Vec<u8>) {
        let kind = match message {
            Message::Text(_) => Kind::Text,
            Message::Binary(_) => Kind::Binary,
        };
        let payload = message.as_bytes();
        match self.codec.as_mut().and_then(|codec| codec.deflate(payload)) {
            Some(packed) => encode(self.role, self.random, RSV1 | kind.opcode(), packed, out),
            None => self.encode(kind, payload, out),
        }
    }

    fn encode_ping(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.encode(Kind::Ping, payload, out);
    }

    fn encode_pong(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.encode(Kind::Pong, payload, out);
    }

    fn encode_close(&mut self, body: Option<&CloseFrame>, out: &mut Vec<u8>) {
        let body = body.map(CloseFrame::to_bytes).unwrap_or_default();
        self.encode(Kind::Close, &body, out);
    }
}

impl Kind {
    fn is_control(self) -> bool {
        matches!(self, Kind::Close | Kind::Ping | Kind::Pong)
    }

    fn opcode(self) -> u8 {
        match self {
            Kind::Continuation => 0x0,
            Kind::Text => 0x1,
            Kind::Binary => 0x2,
            Kind::Close => 0x8,
            Kind::Ping => 0x9,
            Kind::Pong => 0xA,
        }
    }
}

impl fmt::Debug for Rfc6455 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfc6455")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
