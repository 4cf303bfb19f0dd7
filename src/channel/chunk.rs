//! Many messages in one buffer.

use crate::message::Message;

/// The payloads of messages, back to back.
#[derive(Default)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    /// Where each ends, and whether it is a text, which is UTF-8 then.
    ends: Vec<(usize, bool)>,
}

impl Chunk {
    /// Appends what `put` does, which returns whether it is a text. After an error nothing is appended.
    pub(crate) fn push<E>(
        &mut self,
        put: impl FnOnce(&mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let before = self.bytes.len();
        match put(&mut self.bytes) {
            Ok(text) => {
                self.ends.push((self.bytes.len(), text));
                Ok(())
            }
            Err(error) => {
                self.bytes.truncate(before);
                Err(error)
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The payloads, and whether each is a text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut from = 0;
        self.ends.iter().map(move |(end, text)| {
            let payload = self.bytes.get(from..*end).unwrap_or_default();
            from = *end;
            (payload, *text)
        })
    }
}

/// A payload as a message. A codec of somebody else may say of bytes that they are a text: then they go as bytes.
pub(crate) fn message((payload, text): (&[u8], bool)) -> Message {
    match core::str::from_utf8(payload) {
        Ok(payload) if text => payload.into(),
        _ => payload.into(),
    }
}
