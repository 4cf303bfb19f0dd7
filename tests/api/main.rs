//! The public API as it is committed in `api.txt`, so that a change to it is seen.
//!
//! After a change that is meant: `WEBSOCKET_CHANNEL_UPDATE_API=1 cargo test --test api`, and commit the file.

// It reads the sources, so it runs where they are.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod listing;

use std::path::Path;

#[test]
fn the_public_api_is_the_one_that_was_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = folder.join("tests/api/api.txt");
    let mut lines = listing::lines(&folder.join("src"));
    lines.sort();
    lines.dedup();
    let now = lines.join("\n") + "\n";
    if std::env::var_os("WEBSOCKET_CHANNEL_UPDATE_API").is_some() {
        std::fs::write(&committed, &now).unwrap();
    }
    let before = std::fs::read_to_string(&committed).unwrap_or_default();
    let gone = before
        .lines()
        .filter(|line| !now.lines().any(|other| other == *line));
    let new = now
        .lines()
        .filter(|line| !before.lines().any(|other| other == *line));
    let changes: Vec<String> = gone
        .map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
        .collect();
    assert!(
        changes.is_empty(),
        "the public API has changed; if that is meant: WEBSOCKET_CHANNEL_UPDATE_API=1 cargo test --test api\n{}",
        changes.join("\n")
    );
}

/// The listing sees what there is: a parser that found nothing would agree with an empty file.
#[test]
fn the_listing_has_what_everybody_uses() {
    let lines = listing::lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for known in [
        "pub fn connect(url: impl Into<String>) -> Connect<Message, Message>",
        "impl Sender<Tx>: pub fn send(&self, value: Tx) -> impl Future<Output = Result<(), SendError<Tx>>>",
        "pub enum Overflow #[non_exhaustive]: Latest",
    ] {
        assert!(
            lines.iter().any(|line| line.ends_with(known)),
            "{known} is not among {} lines",
            lines.len()
        );
    }
}
