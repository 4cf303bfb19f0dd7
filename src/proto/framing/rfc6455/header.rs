//! The header of a frame (RFC 6455 §5.2), and what is wrong with it.

use super::Rfc6455;
use crate::error::Violation;
use crate::proto::role::Role;

/// RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
const MAX_CONTROL: usize = 125;

/// A frame's header, and how much of its payload was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) fin: bool,
    /// It belongs to a compressed message.
    pub(super) compressed: bool,
    pub(super) mask: Option<[u8; 4]>,
    pub(super) len: usize,
    pub(super) read: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Kind {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Kind::Close | Kind::Ping | Kind::Pong)
    }

    pub(super) fn opcode(self) -> u8 {
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

impl Rfc6455 {
    /// Reads the header at the start of `bytes` and its length. Bad bytes are found even where later ones are missing.
    pub(super) fn parse_header(&self, bytes: &[u8]) -> Result<Option<(Frame, usize)>, Violation> {
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
}
