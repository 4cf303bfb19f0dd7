//! The messages themselves (RFC 7692 §7.2): compressed to one flush, inflated piece by piece under the caller's eyes.

use super::Deflate;
use crate::error::Violation;
use core::fmt;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// RFC 7692 §7.2.1: what a sync flush ends with, not sent; §7.2.2: appended again before inflating.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// Bytes inflated at a time. The limit of a message is checked after each of these steps.
const STEP: usize = 8 << 10;
/// zlib wants more than 6 bytes of room, or it repeats the flush marker.
const MIN_ROOM: usize = 64;
/// Capacity kept for the next message.
const KEPT_CAPACITY: usize = 64 << 10;

/// What was agreed on for one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) bits: u8,
    pub(super) takeover: bool,
}

/// Compresses what one side sends and inflates what it receives. Memory is taken with the first compressed message.
pub(crate) struct Codec {
    level: u8,
    threshold: usize,
    /// `None`: nothing is compressed.
    send: Option<Direction>,
    receive: Direction,
    compress: Option<Compress>,
    decompress: Option<Decompress>,
    packed: Vec<u8>,
    /// How far the message that is being inflated is.
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// No byte of it came.
    Untouched,
    /// Inside a block, or between two.
    Within,
    /// A block with BFINAL set ended, and nothing came behind it.
    Ended,
}

impl Codec {
    pub(super) fn new(deflate: &Deflate, send: Option<Direction>, receive: Direction) -> Self {
        Self {
            level: deflate.level.min(9),
            threshold: deflate.threshold,
            send,
            receive,
            compress: None,
            decompress: None,
            packed: Vec::new(),
            progress: Progress::Untouched,
        }
    }

    /// Inflates the next piece of a message, and hands out what comes of it in small steps.
    ///
    /// # Errors
    /// [`Violation::Deflate`], or what `sink` found: the first stops it.
    pub(crate) fn inflate(
        &mut self,
        mut piece: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        if piece.is_empty() {
            return Ok(());
        }
        // One size more than 8 costs 256 bytes and forgives compressors that silently use 9 for 8, as older zlibs did.
        let bits = self.receive.bits.clamp(9, 15);
        let decompress = self
            .decompress
            .get_or_insert_with(|| Decompress::new_with_window_bits(false, bits));
        let mut inflated = [0; STEP];
        loop {
            let (taken, made) = (decompress.total_in(), decompress.total_out());
            let status = decompress.decompress(piece, &mut inflated, FlushDecompress::Sync);
            let taken = (decompress.total_in() - taken) as usize;
            let made = (decompress.total_out() - made) as usize;
            piece = piece.get(taken..).unwrap_or_default();
            // Also what came out before an error: were it not looked at first, the cut of the pieces would decide what is found.
            sink(inflated.get(..made).unwrap_or_default())?;
            let status = status.map_err(|_| Violation::Deflate)?;
            if status == Status::StreamEnd {
                // §7.2.3.4: a block with BFINAL set may be used to flush. The peer's compressor has started again after it, and so does our
                // decompressor.
                decompress.reset(false);
                self.progress = Progress::Ended;
                if piece.is_empty() {
                    return Ok(());
                }
                continue;
            }
            self.progress = Progress::Within;
            // Room was left: everything there is has come out.
            if piece.is_empty() && made < STEP {
                return Ok(());
            }
            if taken == 0 && made == 0 {
                return Err(Violation::Deflate);
            }
        }
    }

    /// The message's last piece was inflated: gets out what is still inside.
    ///
    /// # Errors
    /// As for [`inflate`](Self::inflate).
    pub(crate) fn finish(
        &mut self,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        // DIFFERENCE: RFC 7692 §7.2.3.6 has an empty message be the byte 00, and §7.2.3.4 has 00 follow a final block. Without that
        // byte the tail would be taken for the beginning of a block; where nothing is left to flush it is left out.
        if self.progress == Progress::Within {
            self.inflate(&TAIL, sink)?;
        }
        self.progress = Progress::Untouched;
        if !self.receive.takeover
            && let Some(decompress) = &mut self.decompress
        {
            decompress.reset(false);
        }
        Ok(())
    }

    /// A message compressed; `None` where it is to be sent as it is.
    pub(crate) fn deflate(&mut self, payload: &[u8]) -> Option<&[u8]> {
        let direction = self.send?;
        if payload.len() < self.threshold {
            return None;
        }
        self.packed.clear();
        self.packed.shrink_to(KEPT_CAPACITY);
        if payload.is_empty() {
            // §7.2.3.6: "one octet, 0x00". A second flush with nothing between would give no bytes at all.
            self.packed.push(0x00);
            return Some(&self.packed);
        }
        let level = Compression::new(self.level.into());
        let compress = self
            .compress
            .get_or_insert_with(|| Compress::new_with_window_bits(level, false, direction.bits));
        if flush(compress, payload, &mut self.packed).is_none() {
            // Only a misuse of the library can bring it here. Messages as they are refer to nothing.
            self.compress = None;
            self.send = None;
            return None;
        }
        if !direction.takeover {
            compress.reset();
            // Later messages may refer to one that took part in the context, and only then it has to go out compressed.
            if self.packed.len() >= payload.len() {
                return None;
            }
        }
        Some(&self.packed)
    }
}

/// Appends the payload, compressed to a byte boundary, without the tail.
fn flush(compress: &mut Compress, mut payload: &[u8], packed: &mut Vec<u8>) -> Option<()> {
    loop {
        packed.reserve(MIN_ROOM + payload.len() / 4);
        let taken = compress.total_in();
        compress
            .compress_vec(payload, packed, FlushCompress::Sync)
            .ok()?;
        payload = payload.get((compress.total_in() - taken) as usize..)?;
        if payload.is_empty() && packed.len() < packed.capacity() {
            break;
        }
    }
    let len = packed.strip_suffix(&TAIL)?.len();
    packed.truncate(len);
    Some(())
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("send", &self.send)
            .field("receive", &self.receive)
            .finish_non_exhaustive()
    }
}
