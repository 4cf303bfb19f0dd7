//! Ceilings for the bytes of every connection, so that nobody adds to them by accident. The suite `idle` counts what is allocated besides.

use super::{ConnectionOptions, Socket};

#[test]
fn the_size_of_a_connection_stays_small() {
    let (io, _other) = tokio::io::duplex(1);
    let accepting = Socket::accept(io, ConnectionOptions::default());
    let (io, _other) = tokio::io::duplex(1);
    let options = ConnectionOptions::default();
    let inner = crate::transport::over_io::accept_any(
        io,
        &options.protocols,
        &options.handshake,
        &options.limits,
    );
    for (what, size, ceiling) in [
        ("Socket", size_of::<Socket>(), 48),
        // The handshake's own, which is allocated while there is one.
        ("… its handshake", size_of_val(&inner), 920),
        ("Socket::accept", size_of_val(&accepting), 48),
    ] {
        println!("{what}: {size} bytes, at most {ceiling}");
        // Elsewhere words have other sizes.
        if cfg!(target_pointer_width = "64") {
            assert!(size <= ceiling, "{what}: {size} bytes, at most {ceiling}");
        }
    }
}
