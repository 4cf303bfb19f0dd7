//! The exact bytes of one direction of a connection, up to a bound.

use serde::Serialize;

/// Bytes kept of each direction: many times what a test says. Later ones are only counted.
const MAX: usize = 256 << 10;

/// What went one way.
#[derive(Debug, Default)]
pub(super) struct Recording {
    kept: Vec<u8>,
    total: u64,
}

/// How a recording is told.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// The bytes in hexadecimal.
    hex: String,
    /// Bytes that came after the bound and were not kept.
    left_out: u64,
}

impl Recording {
    pub(super) fn add(&mut self, bytes: &[u8], keep: bool) {
        self.total += bytes.len() as u64;
        if keep {
            let room = MAX.saturating_sub(self.kept.len());
            self.kept
                .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    /// Keeps nothing of what was kept.
    pub(super) fn forget(&mut self) {
        self.kept = Vec::new();
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn tell(&self) -> Told {
        Told {
            hex: self.kept.iter().map(|byte| format!("{byte:02x}")).collect(),
            left_out: self.total - self.kept.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_recording_is_bounded_and_says_if_it_is_cut() {
        let mut recording = Recording::default();
        recording.add(b"\x00\xffa", true);
        assert_eq!(recording.tell().hex, "00ff61");
        recording.add(&vec![1; MAX], true);
        assert_eq!(recording.tell().hex.len(), 2 * MAX);
        assert_eq!(
            (recording.total(), recording.tell().left_out),
            (MAX as u64 + 3, 3)
        );
    }
}
