//! Where the frames of a WebSocket begin and end in a stream that passes (RFC 6455 §5.2).

/// Messages up to this size are looked into. The rest of a longer one is not kept.
const MAX_MESSAGE: usize = 1 << 20;
/// An HTTP head longer than this is none: the stream is carried and not understood.
const MAX_HEAD: usize = 64 << 10;

/// What was reached in a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The HTTP head ended.
    Head,
    /// A frame's header ended, and so many bytes of payload follow.
    Begins(u64),
    /// A frame ended, and this with it.
    Ends(Ended),
}

/// What a frame ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// A binary message, which is this.
    Batch(Vec<u8>),
    /// A message that is text, compressed or long.
    Other,
    /// Itself alone: the message goes on, or it is a control frame.
    Frame,
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Scan {
    state: State,
    /// The head or the frame's header, as far as it came.
    header: Vec<u8>,
    message: Vec<u8>,
    /// The message is binary, uncompressed, and small enough.
    kept: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Header,
    Payload(Frame),
    /// It is no WebSocket.
    Opaque,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    left: u64,
    mask: Option<[u8; 4]>,
    at: usize,
    last: bool,
    control: bool,
}

impl Scan {
    pub(super) fn new() -> Self {
        Self {
            state: State::Head,
            header: Vec::new(),
            message: Vec::new(),
            kept: false,
        }
    }

    /// Whether a frame has begun and not ended.
    pub(super) fn is_inside(&self) -> bool {
        match self.state {
            State::Header => !self.header.is_empty(),
            State::Payload(_) => true,
            State::Head | State::Opaque => false,
        }
    }

    /// Goes on to the next thing to see; gives how many of the bytes that took.
    pub(super) fn step(&mut self, bytes: &[u8]) -> (usize, Option<Seen>) {
        match self.state {
            State::Opaque => (bytes.len(), None),
            State::Head => self.head(bytes),
            State::Header => self.header(bytes),
            State::Payload(frame) => self.payload(bytes, frame),
        }
    }

    fn head(&mut self, bytes: &[u8]) -> (usize, Option<Seen>) {
        for (index, byte) in bytes.iter().enumerate() {
            self.header.push(*byte);
            if self.header.ends_with(b"\r\n\r\n") {
                self.header.clear();
                self.state = State::Header;
                return (index + 1, Some(Seen::Head));
            }
        }
        if self.header.len() > MAX_HEAD {
            self.header = Vec::new();
            self.state = State::Opaque;
        }
        (bytes.len(), None)
    }

    fn header(&mut self, bytes: &[u8]) -> (usize, Option<Seen>) {
        for (index, byte) in bytes.iter().enumerate() {
            self.header.push(*byte);
            let Some((frame, binary)) = parse(&self.header) else {
                continue;
            };
            self.header.clear();
            if let Some(binary) = binary {
                self.message.clear();
                self.kept = binary;
            }
            let used = index + 1;
            if frame.left > 0 {
                self.state = State::Payload(frame);
                return (used, Some(Seen::Begins(frame.left)));
            }
            return (used, Some(Seen::Ends(self.ended(frame))));
        }
        (bytes.len(), None)
    }

    fn payload(&mut self, bytes: &[u8], mut frame: Frame) -> (usize, Option<Seen>) {
        let most = usize::try_from(frame.left).unwrap_or(usize::MAX);
        let part = bytes.get(..most).unwrap_or(bytes);
        if !frame.control && self.kept {
            self.kept = self.message.len() + part.len() <= MAX_MESSAGE;
            match frame.mask.filter(|_| self.kept) {
                _ if !self.kept => self.message = Vec::new(),
                None => self.message.extend_from_slice(part),
                Some(mask) => self.message.extend(
                    part.iter()
                        .enumerate()
                        .map(|(index, byte)| byte ^ mask[(frame.at + index) % 4]),
                ),
            }
        }
        frame.at = (frame.at + part.len()) % 4;
        frame.left -= part.len() as u64;
        if frame.left > 0 {
            self.state = State::Payload(frame);
            return (part.len(), None);
        }
        self.state = State::Header;
        (part.len(), Some(Seen::Ends(self.ended(frame))))
    }

    fn ended(&mut self, frame: Frame) -> Ended {
        if frame.control || !frame.last {
            Ended::Frame
        } else if self.kept {
            Ended::Batch(std::mem::take(&mut self.message))
        } else {
            Ended::Other
        }
    }
}

/// A frame whose header is whole, and, if a message begins with it, whether that is worth keeping.
fn parse(header: &[u8]) -> Option<(Frame, Option<bool>)> {
    let (&[first, second], rest) = header.split_first_chunk()?;
    let (length, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length), rest)
        }
        short => (u64::from(short), rest),
    };
    let mask = if second & 0x80 == 0 {
        None
    } else {
        Some(*rest.first_chunk()?)
    };
    let opcode = first & 0x0f;
    let frame = Frame {
        left: length,
        mask,
        at: 0,
        last: first & 0x80 != 0,
        control: opcode >= 8,
    };
    // RSV1 marks a compressed message: what is in it is not read.
    let begins = matches!(opcode, 1 | 2).then_some(opcode == 2 && first & 0x40 == 0);
    Some((frame, begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], piece: usize) -> Vec<Seen> {
        let mut scan = Scan::new();
        let mut seen = Vec::new();
        for mut part in bytes.chunks(piece) {
            while !part.is_empty() {
                let (used, saw) = scan.step(part);
                seen.extend(saw);
                part = &part[used..];
            }
        }
        assert!(!scan.is_inside());
        seen
    }

    #[test]
    fn frames_are_seen_however_they_arrive() {
        let mut bytes = b"GET / HTTP/1.1\r\n\r\n".to_vec();
        // Masked; in two fragments with a ping between; empty; text; long.
        bytes.extend_from_slice(b"\x82\x82\x01\x02\x03\x04\x41\x42");
        bytes.extend_from_slice(b"\x02\x01a\x89\x01p\x80\x01b");
        bytes.extend_from_slice(b"\x82\x00");
        bytes.extend_from_slice(b"\x81\x01t");
        bytes.extend_from_slice(b"\x82\x7e\x00\x80");
        bytes.extend_from_slice(&[7; 128]);
        let expected = [
            Seen::Head,
            Seen::Begins(2),
            Seen::Ends(Ended::Batch(b"@@".to_vec())),
            Seen::Begins(1),
            Seen::Ends(Ended::Frame),
            Seen::Begins(1),
            Seen::Ends(Ended::Frame),
            Seen::Begins(1),
            Seen::Ends(Ended::Batch(b"ab".to_vec())),
            Seen::Ends(Ended::Batch(Vec::new())),
            Seen::Begins(1),
            Seen::Ends(Ended::Other),
            Seen::Begins(128),
            Seen::Ends(Ended::Batch(vec![7; 128])),
        ];
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(all(&bytes, piece), expected, "in pieces of {piece}");
        }
    }
}
