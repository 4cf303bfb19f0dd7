//! Bytes on their way out: everything queued lies in one run, so that one write takes it all.

/// Capacity kept when the queue runs empty. A larger one, left by a large message, is given back.
const KEPT_CAPACITY: usize = 256 << 10;

/// The unsent bytes of a connection.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    /// Message payload among the bytes queued since the queue was last empty.
    payload: usize,
}

impl Outgoing {
    /// Where to append. `payload` of the bytes to come are a message's own.
    pub(crate) fn append(&mut self, payload: usize) -> &mut Vec<u8> {
        self.payload += payload;
        &mut self.bytes
    }

    /// Everything unsent.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// How much of the unsent bytes is payload; headers among what was sent count as payload until the queue runs empty.
    pub(crate) fn unsent_payload(&self) -> usize {
        self.payload.min(self.unsent().len())
    }

    /// The first `n` unsent bytes were written.
    pub(crate) fn advance(&mut self, n: usize) {
        self.sent = self.bytes.len().min(self.sent.saturating_add(n));
        if self.sent == self.bytes.len() {
            self.clear();
        } else if self.sent > self.bytes.len() / 2 {
            // Bytes move at most once for every byte sent.
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Forgets everything unsent.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
        self.payload = 0;
        if self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = Vec::new();
        }
    }
}
