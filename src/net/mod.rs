//! Streams of bytes, natively: TCP, what leads through a proxy, TLS. The transports above carry messages over them.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub mod proxy;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
#[cfg_attr(
    not(feature = "proto"),
    allow(unreachable_pub, reason = "public with the feature `proto`")
)]
pub mod rewound;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) mod tcp;
#[cfg(all(feature = "tls", not(all(target_family = "wasm", target_os = "unknown"))))]
pub mod tls;
#[cfg(all(feature = "tls", not(all(target_family = "wasm", target_os = "unknown"))))]
mod tls_error;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
#[cfg_attr(
    not(feature = "proto"),
    allow(unreachable_pub, reason = "public with the feature `proto`")
)]
pub mod tunnel;
