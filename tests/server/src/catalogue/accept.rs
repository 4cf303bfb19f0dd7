//! The one thing in a fault that depends on the client. Computed here and not by the core: two bugs must not cancel out.

use base64::Engine as _;
use sha1::{Digest as _, Sha1};

/// RFC 6455 §1.3: "concatenate this with the Globally Unique Identifier […] in string form".
pub(crate) fn accept(key: &str) -> String {
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    base64::engine::general_purpose::STANDARD.encode(digest)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rfcs_example() {
        assert_eq!(
            super::accept("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
