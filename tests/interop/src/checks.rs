//! What every client checks, whoever wrote it, and of which server. `tests/interop/peers/` has the same list in other languages.

use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// How long one check may take. The slowest is a megabyte both ways.
const LIMIT: Duration = Duration::from_secs(30);

/// Nothing, one frame of ASCII, and characters of two, three and four bytes.
pub(crate) const TEXTS: [&str; 3] = ["", "Hello, WebSocket", "Grüße, 世界 🌍"];
/// The reason of every close.
pub(crate) const REASON: &str = "bye ☂";
/// A message of this many bytes is large: above what fits a frame's 16-bit length, and many reads.
pub(crate) const LARGE: usize = 1 << 20;

/// Text of `LARGE` bytes, which compresses, but not to nothing.
pub(crate) fn large_text() -> String {
    let mut text = String::new();
    for line in 0.. {
        text.push_str(&format!("{{\"line\":{line},\"of\":\"Grüße, 世界\"}}\n"));
        if text.len() >= LARGE {
            break;
        }
    }
    text
}

/// Bytes of every value.
pub(crate) fn bytes(len: usize) -> Vec<u8> {
    (0..len)
        .map(|index| (index * 7 + index / 251) as u8)
        .collect()
}

/// What a check found: nothing to say, or what is wrong.
pub(crate) type Outcome = Result<(), String>;

/// Runs one check, and prints what came of it as a line of JSON.
pub(crate) async fn check(name: &str, work: impl Future<Output = Outcome>) {
    let outcome = timeout(LIMIT, work).await;
    match outcome.unwrap_or_else(|_| Err(format!("no end after {LIMIT:?}"))) {
        Ok(()) => println!("{}", json!({ "check": name })),
        Err(wrong) => println!("{}", json!({ "check": name, "wrong": wrong })),
    }
}

/// An error unless the two are equal.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(got: T, wanted: T) -> Outcome {
    if got == wanted {
        return Ok(());
    }
    let show = |value: &T| format!("{value:?}").chars().take(200).collect::<String>();
    Err(format!("{} instead of {}", show(&got), show(&wanted)))
}
