//! Streams of bytes, natively: TCP, what leads through a proxy, TLS. The transports above carry messages over them.

#[cfg(not(target_family = "wasm"))]
pub mod proxy;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod rewound;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod tcp;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
pub mod tls;
#[cfg(all(feature = "tls", not(target_family = "wasm")))]
mod tls_error;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
pub mod tunnel;
