//! Frames of RFC 6455 taken apart and put together, apart from the code under test.

/// A randomness that is not random: the nonce of RFC 6455 §1.3, the mask of §5.7, and numbers for the keys of hixie-76.
pub fn fixed(bytes: &mut [u8]) {
    let source: &[u8] = match bytes.len() {
        16 => b"the sample nonce",
        _ => &[0x37, 0xfa, 0x21, 0x3d],
    };
    for (byte, value) in bytes.iter_mut().zip(source.iter().cycle()) {
        *byte = *value;
    }
}

/// A frame that lies in a run of bytes whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits, the opcode.
    pub first: u8,
    /// Its payload without the mask.
    pub payload: Vec<u8>,
    /// Whether its length is in its shortest form.
    pub minimal: bool,
    /// Where it ends.
    pub end: usize,
}

/// The frames that are whole, whatever they are.
pub fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    loop {
        let at = frames.last().map_or(0, |frame| frame.end);
        match frame(bytes, at) {
            Some(frame) => frames.push(frame),
            None => return frames,
        }
    }
}

fn frame(bytes: &[u8], at: usize) -> Option<Frame> {
    let rest = bytes.get(at..)?;
    let (&first, &second) = (rest.first()?, rest.get(1)?);
    let short = u64::from(second & 0x7f);
    let number = |range: std::ops::Range<usize>| {
        let field = rest.get(range)?;
        Some(
            field
                .iter()
                .fold(0, |high, byte| high << 8 | u64::from(*byte)),
        )
    };
    let (len, header, least) = match short {
        126 => (number(2..4)?, 4, 126),
        127 => (number(2..10)?, 10, 0x1_0000),
        short => (short, 2, 0),
    };
    let masked = second & 0x80 != 0;
    let start: usize = if masked { header + 4 } else { header };
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    let mut payload = rest.get(start..end)?.to_vec();
    if masked {
        let mask = rest.get(header..start)?;
        for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= key;
        }
    }
    Some(Frame {
        first,
        payload,
        minimal: len >= least,
        end: at + end,
    })
}

/// Writes a frame of less than 64 KiB; masked, with a mask of zeros, as a client's is.
pub fn write(first: u8, masked: bool, payload: &[u8], out: &mut Vec<u8>) {
    let bit = if masked { 0x80 } else { 0 };
    out.push(first);
    match u16::try_from(payload.len()) {
        Ok(short @ 0..=125) => out.push(bit | short as u8),
        Ok(len) => {
            out.push(bit | 126);
            out.extend(len.to_be_bytes());
        }
        Err(_) => panic!("a frame of {} bytes", payload.len()),
    }
    if masked {
        out.extend([0; 4]);
    }
    out.extend(payload);
}
