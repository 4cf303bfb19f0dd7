//! The protocol core, laid out by the sections of RFC 6455. Tables of bytes: each row is driven whole, byte by byte, and with
//! bytes behind it.
#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod address; // §3
mod close; // §5.5.1, §7
mod control; // §5.5
#[cfg(feature = "deflate")]
mod deflate; // RFC 7692
mod fragmentation; // §5.4
mod framing; // §5.2, §5.3
mod handshake_client; // §4.1
mod handshake_server; // §4.2
mod historic; // bugs of 2009
mod hixie75;
mod hixie76;
mod keepalive;
mod limits; // §10.4
mod one_port; // every format on a server, and who may connect
mod pair; // both sides, with a simulated clock
mod robustness; // any bytes in any pieces
mod sent_fragments; // §5.4
mod support;
mod tunnel; // §4.1 item 3
mod utf8; // §8.1
