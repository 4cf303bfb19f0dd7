//! Values in a row, encoded as `DATA` frames back to back. One buffer holds all of them: it costs no allocation and no lock for each value.

use super::wire::{OVERHEAD, kind, split};
use super::{MAX_NUMBER, varint};
use crate::error::EncodeError;
use crate::message::Message;

/// Values in a row. They are appended at the end and read from the front.
#[derive(Debug, Default)]
pub(crate) struct Run {
    frames: Vec<u8>,
    /// The number of bytes at the front that were read.
    read: usize,
    /// What is left: messages, and the bytes of their payloads.
    len: usize,
    bytes: usize,
}

impl Run {
    /// `frames` has so many whole `DATA` frames, which were checked, with so many bytes of payload.
    pub(crate) fn of(frames: Vec<u8>, len: usize, bytes: usize) -> Self {
        Self {
            frames,
            read: 0,
            len,
            bytes,
        }
    }

    /// The number of messages that are left.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of their payloads.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Their cost against credit.
    pub(crate) fn cost(&self) -> u64 {
        self.bytes as u64 + OVERHEAD * self.len as u64
    }

    /// The frames that are left.
    pub(crate) fn frames(&self) -> &[u8] {
        self.frames.get(self.read..).unwrap_or_default()
    }

    /// Appends a value. `put` appends its payload, and returns whether that is text.
    ///
    /// # Errors
    /// That of `put`: nothing is appended then. If `put` removed bytes that it had not appended, the run is empty.
    pub(crate) fn push(
        &mut self,
        put: impl FnOnce(&mut Vec<u8>) -> Result<bool, EncodeError>,
    ) -> Result<(), EncodeError> {
        let before = self.frames.len();
        self.frames.extend_from_slice(&[kind::DATA_BINARY, 0]);
        let text = put(&mut self.frames);
        let payload = self.frames.get(before + 2..);
        let checked = match (text, payload) {
            (Ok(text), Some(payload)) => {
                // A codec of somebody else may be wrong about text. Such a payload goes as bytes.
                Ok((text && core::str::from_utf8(payload).is_ok(), payload.len()))
            }
            (Err(error), Some(_)) => Err(error),
            (_, None) => {
                *self = Self::default();
                return Err(EncodeError::new(
                    "the codec removed bytes that it had not appended",
                ));
            }
        };
        match checked {
            Ok((text, len)) => {
                self.frame(before, text, len);
                self.len += 1;
                self.bytes += len;
                Ok(())
            }
            Err(error) => {
                self.frames.truncate(before);
                Err(error)
            }
        }
    }

    /// Sets kind and length of the frame that begins at `at`, whose payload has `len` bytes.
    #[inline]
    fn frame(&mut self, at: usize, text: bool, len: usize) {
        let Some([kind, short]) = self.frames.get_mut(at..at + 2) else {
            return;
        };
        if text {
            *kind = kind::DATA_TEXT;
        }
        match len {
            0..=0x7f => *short = len as u8,
            _ => self.lengthen(at + 1, len),
        }
    }

    /// Makes room for a length of more than one byte.
    #[inline(never)]
    fn lengthen(&mut self, at: usize, len: usize) {
        // `copy_within` and `copy_from_slice` contain panics that format.
        let payload = self.frames.get(at + 1..).unwrap_or_default().to_vec();
        self.frames.truncate(at);
        varint::put(&mut self.frames, (len as u64).min(MAX_NUMBER));
        self.frames.extend_from_slice(&payload);
    }

    /// Appends the messages of another run.
    pub(crate) fn append(&mut self, other: &Run) {
        self.frames.extend_from_slice(other.frames());
        self.len += other.len;
        self.bytes += other.bytes;
    }

    /// Discards everything, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        (self.read, self.len, self.bytes) = (0, 0, 0);
    }

    /// The first message, and whether it is text, which is UTF-8 then.
    #[inline]
    pub(crate) fn first(&self) -> Option<(&[u8], bool)> {
        let (kind, body) = split(&mut self.frames()).ok()?;
        Some((body, kind == kind::DATA_TEXT))
    }

    /// Passes over the first message, whose payload has `len` bytes.
    #[inline]
    pub(crate) fn skip(&mut self, len: usize) {
        self.read += 1 + varint::len(len as u64) + len;
        self.len = self.len.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(len);
    }

    /// Passes over so many bytes of whole frames.
    pub(crate) fn skip_frames(&mut self, bytes: usize) {
        if bytes == self.frames().len() {
            return self.clear();
        }
        let end = self.read + bytes;
        while self.read < end
            && let Some((payload, _)) = self.first()
        {
            self.skip(payload.len());
        }
    }

    /// Takes the first message.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Message> {
        let (payload, text) = self.first()?;
        let (message, len) = (message(payload, text), payload.len());
        self.skip(len);
        Some(message)
    }
}

/// A payload as a message.
#[inline]
pub(crate) fn message(payload: &[u8], text: bool) -> Message {
    if text && let Ok(payload) = core::str::from_utf8(payload) {
        return payload.into();
    }
    payload.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::wire::{Frame, Head};

    fn run(payloads: &[(&[u8], bool)]) -> Run {
        let mut run = Run::default();
        for (payload, text) in payloads {
            let pushed = run.push(|out| {
                out.extend_from_slice(payload);
                Ok(*text)
            });
            assert_eq!(pushed, Ok(()));
        }
        run
    }

    #[test]
    fn its_frames_are_those_of_the_wire() {
        for len in [0, 1, 127, 128, 129, 16_383, 16_384, 40_000] {
            let payload = vec![7; len];
            let run = run(&[(b"a", true), (&payload, false), (b"z", false)]);
            let mut expected = Vec::new();
            Frame::Last(Head::Data { text: true }, b"a").put(&mut expected);
            Frame::Last(Head::Data { text: false }, &payload).put(&mut expected);
            Frame::Last(Head::Data { text: false }, b"z").put(&mut expected);
            assert_eq!(run.frames(), expected);
            assert_eq!((run.len(), run.bytes()), (3, len + 2));
        }
    }

    #[test]
    fn messages_are_read_in_order() {
        let long = [3; 300];
        let mut run = run(&[("ä".as_bytes(), true), (&long, false), (&[0xff], true)]);
        let taken: Vec<_> = core::iter::from_fn(|| run.take()).collect();
        // The last one is not UTF-8.
        assert_eq!(taken, ["ä".into(), long[..].into(), [0xff_u8][..].into()]);
        assert_eq!((run.len(), run.bytes(), run.frames()), (0, 0, &[][..]));
    }

    #[test]
    fn whole_frames_are_passed_over() {
        let mut run = run(&[(b"ab", false), (&[1; 200], false), (b"c", false)]);
        run.skip_frames(4 + 203);
        assert_eq!((run.len(), run.bytes()), (1, 1));
        assert_eq!(run.take(), Some(b"c"[..].into()));
    }

    #[test]
    fn an_error_appends_nothing() {
        let mut run = run(&[(b"a", false)]);
        let failed = run.push(|out| {
            out.extend_from_slice(b"half");
            Err(EncodeError::new("no"))
        });
        assert_eq!(
            failed.map_err(|error| error.to_string().contains("no")),
            Err(true)
        );
        assert_eq!(run.frames(), [kind::DATA_BINARY, 1, b'a']);
        // A codec that breaks its contract harms no frame.
        assert!(run.push(|out| Ok(out.drain(..).len() > 100)).is_err());
        assert!(run.is_empty() && run.frames().is_empty());
    }
}
