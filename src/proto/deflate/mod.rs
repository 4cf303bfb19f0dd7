//! permessage-deflate (RFC 7692): messages compressed one by one, as both sides agreed in the handshake.
//!
//! [`Deflate`] has the wishes of one side. The negotiation combines both into a `Codec`, which the framing of RFC 6455 uses. Without the feature
//! `deflate` nothing is offered or accepted.

#[cfg(not(feature = "deflate"))]
mod absent;
#[cfg(feature = "deflate")]
mod codec;
#[cfg(feature = "deflate")]
mod negotiation;

#[cfg(not(feature = "deflate"))]
pub(crate) use absent::{Codec, judge};
#[cfg(feature = "deflate")]
pub(crate) use codec::Codec;
#[cfg(feature = "deflate")]
pub(crate) use negotiation::judge;

/// How one side wants messages compressed. The other side may narrow it, never widen it.
///
/// A connection that compresses both ways with the defaults costs about 300 KiB. Nothing is allocated before the first compressed message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deflate {
    /// The level, from 1 (fast) to 9 (small); 0 only stores. Default 6, as in zlib. Values above 9 mean 9.
    pub level: u8,
    /// Messages with fewer payload bytes are not compressed. Default 32: below that the gain is a few bytes at most.
    pub threshold: usize,
    /// The window for messages we send, as a power of two (RFC 7692 §7.1.2), from 9 to 15. Default 15, 32 KiB. Other values mean the nearest of
    /// these: DEFLATE implementations cannot compress for 8 bits, although RFC 7692 §7.1.2 allows it.
    pub send_window_bits: u8,
    /// The window that the peer is asked to keep to, from 9 to 15. Default 15. A client that did not offer
    /// `client_max_window_bits` cannot be asked (RFC 7692 §7.1.2.2) and uses 15.
    ///
    /// A client offers `server_max_window_bits` only below 15. Some servers answer that with 400: natively one attempt without it follows then.
    pub receive_window_bits: u8,
    /// Whether messages we send may refer to earlier ones (RFC 7692 §7.1.1, context takeover). Default true: small messages shrink more, and memory
    /// is kept for it.
    pub send_takeover: bool,
    /// Whether messages of the peer may refer to earlier ones. Default true.
    pub receive_takeover: bool,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 6,
            threshold: 32,
            send_window_bits: 15,
            receive_window_bits: 15,
            send_takeover: true,
            receive_takeover: true,
        }
    }
}
