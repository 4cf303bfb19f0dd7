//! What every connection keeps, in bytes: ceilings, so that nobody adds to it unawares. What is allocated beside it is counted by the suite `idle`.

use super::{Options, Socket};
use crate::proto::Connection;
use crate::proto::framing::rfc6455::Rfc6455;
use crate::transport::framed::Framed;
use tokio::net::TcpStream;

#[test]
fn what_every_connection_keeps_stays_small() {
    let (io, _other) = tokio::io::duplex(1);
    let accepting = Socket::accept(io, Options::default());
    for (what, size, ceiling) in [
        ("Framed", size_of::<Framed<TcpStream>>(), 992),
        ("Connection", size_of::<Connection>(), 584),
        ("Rfc6455", size_of::<Rfc6455>(), 208),
        ("Socket", size_of::<Socket>(), 144),
        // The handshake's own, 3 KB, is allocated while there is one.
        ("Socket::accept", size_of_val(&accepting), 48),
    ] {
        println!("{what}: {size} bytes, at most {ceiling}");
        // Elsewhere words have other sizes.
        if cfg!(target_pointer_width = "64") {
            assert!(size <= ceiling, "{what}: {size} bytes, at most {ceiling}");
        }
    }
}
