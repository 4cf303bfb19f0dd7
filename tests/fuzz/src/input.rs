//! What a target makes of the bytes that the fuzzer gives it.

use websocket_channel::proto::{ProtocolLimits, Role};

/// Two bytes for the target, and then the peer's.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    flags: u8,
    seed: u8,
    /// What the peer sends.
    pub bytes: &'a [u8],
}

impl<'a> Input<'a> {
    /// `None` if it is too short.
    pub fn read(data: &'a [u8]) -> Option<Self> {
        let [flags, seed, bytes @ ..] = data else {
            return None;
        };
        Some(Self {
            flags: *flags,
            seed: *seed,
            bytes,
        })
    }

    /// The same with other bytes.
    pub fn with<'b>(&self, bytes: &'b [u8]) -> Input<'b> {
        Input {
            flags: self.flags,
            seed: self.seed,
            bytes,
        }
    }

    /// One of the first byte's bits.
    pub fn flag(&self, bit: u8) -> bool {
        self.flags >> bit & 1 == 1
    }

    /// The lowest bit: which side reads the bytes.
    pub fn role(&self) -> Role {
        if self.flag(0) {
            Role::Server
        } else {
            Role::Client
        }
    }

    /// The second bit: limits that short inputs reach, or the common ones, with a message that is not too long for a test.
    pub fn limits(&self) -> ProtocolLimits {
        let mut limits = ProtocolLimits::default();
        limits.max_frame = 1 << 16;
        limits.max_message = 1 << 16;
        if self.flag(1) {
            limits.max_head = 400;
            limits.max_header_lines = 8;
            limits.max_frame = 200;
            limits.max_message = 300;
            limits.max_fragments = 4;
        }
        limits
    }

    /// Numbers that depend on the second byte alone.
    pub fn numbers(&self) -> Numbers {
        Numbers(u64::from(self.seed) + 1)
    }

    /// The bytes in pieces of sizes that the second byte decides.
    pub fn pieces(&self) -> Vec<&'a [u8]> {
        let mut numbers = self.numbers();
        let most = [2, 5, 17, 300][numbers.below(4)];
        let mut rest = self.bytes;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(1 + numbers.below(most)));
            pieces.push(piece);
            rest = behind;
        }
        pieces
    }
}

/// Marsaglia's xorshift.
#[derive(Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The next, less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}
