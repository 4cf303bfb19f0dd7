//! The typed message of `npm run bench -- session`: 64 bytes as MessagePack, and 64 bytes as they are. The server and the page share this file.

use serde::{Deserialize, Serialize};

/// 64 bytes of MessagePack, field names and all.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Quote {
    pub(crate) id: u32,
    pub(crate) price: f64,
    pub(crate) size: u32,
    pub(crate) bid: f64,
    pub(crate) ask: f64,
    pub(crate) open: bool,
}

/// What is sent: made on one side, summed up on the other. The sum needs every byte.
pub(crate) trait Item: Clone + Send + Sync + 'static {
    fn make(number: u32) -> Self;
    fn sum(&self) -> u32;
}

impl Item for Quote {
    /// Numbers keep their width, so that each message has 64 bytes.
    fn make(number: u32) -> Self {
        let half = f64::from(number) + 0.5;
        Self {
            id: 0x8000_0000 | number,
            price: half,
            size: 0x8000 | (number & 0x7fff),
            bid: half - 0.25,
            ask: half + 0.25,
            open: true,
        }
    }

    fn sum(&self) -> u32 {
        (self.id ^ self.size)
            .wrapping_add(self.price as u32)
            .wrapping_add(self.bid as u32)
            .wrapping_add(self.ask as u32)
            .wrapping_add(u32::from(self.open))
    }
}

impl Item for Vec<u8> {
    fn make(number: u32) -> Self {
        let mut bytes = vec![7; 64];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        bytes
    }

    fn sum(&self) -> u32 {
        let (words, _) = self.as_chunks::<4>();
        words.iter().fold(0, |sum: u32, word| {
            sum.wrapping_add(u32::from_le_bytes(*word))
        })
    }
}

/// The sum over the messages with these numbers.
pub(crate) fn sum_of<T: Item>(count: u32) -> u32 {
    (0..count).fold(0, |sum: u32, number| {
        sum.wrapping_add(T::make(number).sum())
    })
}
