//! The faults: `GET /faults` lists them, `/fault/NAME` serves one.
//!
//! Each is one file of `src/faults/`: a few lines that say what it is and what a correct client does, an empty line, and
//! then the bytes as they go on the wire. They were written by hand, and nothing of this project encodes them; only
//! `{accept}` is replaced, by what answers the client's key.

mod accept;
mod fault;
mod page;
mod serve;

pub(crate) use accept::accept;
pub use fault::{Fault, Then};
pub(crate) use page::list;
pub(crate) use serve::{Parameters, serve};

macro_rules! files {
    ($($name:literal,)*) => {
        /// Every fault: its name and its file.
        const FILES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../faults/", $name, ".fault")))),*];
    };
}

files! {
    "silence",
    "half-head",
    "drip",
    "status-200",
    "status-302",
    "status-401",
    "status-404",
    "status-503",
    "status-503-retry-after",
    "accept-wrong",
    "accept-missing",
    "accept-duplicate",
    "protocol-unrequested",
    "protocol-unknown",
    "protocol-wrong-case",
    "protocol-duplicate",
    "protocol-none",
    "extension-unrequested",
    "extension-duplicate",
    "extension-bad-parameter",
    "extension-duplicate-parameter",
    "window-valueless",
    "window-16",
    "window-leading-zero",
    "window-server-10",
    "window-quoted",
    "rst-before-head",
    "rst-in-head",
    "rst-after-open",
    "rst-in-frame-header",
    "rst-in-payload",
    "rst-in-utf8",
    "fin-before-head",
    "fin-in-head",
    "fin-after-open",
    "fin-in-frame-header",
    "fin-in-payload",
    "fin-in-utf8",
    "frame-masked",
    "frame-rsv1",
    "frame-rsv2",
    "frame-rsv3",
    "opcode-3",
    "opcode-4",
    "opcode-5",
    "opcode-6",
    "opcode-7",
    "opcode-b",
    "opcode-c",
    "opcode-d",
    "opcode-e",
    "opcode-f",
    "length-16-not-minimal",
    "length-64-not-minimal",
    "length-2-63",
    "length-1-gib",
    "control-fragmented",
    "control-too-long",
    "close-fragmented",
    "continuation-orphan",
    "message-inside-message",
    "utf8-first",
    "utf8-second",
    "utf8-third",
    "utf8-fourth",
    "utf8-overlong",
    "utf8-surrogate",
    "utf8-too-high",
    "utf8-never",
    "utf8-truncated",
    "utf8-across-fragments",
    "utf8-later-fragment",
    "close-empty",
    "close-1-byte",
    "close-999",
    "close-1004",
    "close-1005",
    "close-1006",
    "close-1015",
    "close-1016",
    "close-2999",
    "close-5000",
    "close-bad-utf8",
    "close-twice",
    "close-then-data",
    "close-unanswered",
    "half-open",
    "bomb",
}

/// Every fault of the catalogue that is served by `/fault/NAME`.
pub fn faults() -> impl Iterator<Item = Fault> {
    FILES
        .iter()
        .filter_map(|&(name, file)| Fault::parse(name, file).ok())
}

/// The fault of this name.
pub fn fault(name: &str) -> Option<Fault> {
    let (name, file) = FILES.iter().find(|(candidate, _)| *candidate == name)?;
    Fault::parse(name, file).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_file_is_listed_and_can_be_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/faults");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                Some(
                    entry
                        .ok()?
                        .file_name()
                        .to_str()?
                        .strip_suffix(".fault")?
                        .to_owned(),
                )
            })
            .collect();
        files.sort();
        let mut listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(files, listed);
        for (name, file) in FILES {
            let fault = Fault::parse(name, file).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                fault.what.ends_with('.') && !fault.client.is_empty(),
                "{name}"
            );
        }
    }
}
