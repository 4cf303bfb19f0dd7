//! Ceilings for the bytes of every connection, so that nobody adds to them by accident. `Socket` has its own.

use super::IoTransport;
use crate::proto::Connection;
use crate::proto::framing::rfc6455::Rfc6455;
use tokio::net::TcpStream;

#[test]
fn the_size_of_a_connection_stays_small() {
    for (what, size, ceiling) in [
        ("IoTransport", size_of::<IoTransport<TcpStream>>(), 640),
        ("Connection", size_of::<Connection>(), 360),
        ("Rfc6455", size_of::<Rfc6455>(), 216),
    ] {
        println!("{what}: {size} bytes, at most {ceiling}");
        // Elsewhere words have other sizes.
        if cfg!(target_pointer_width = "64") {
            assert!(size <= ceiling, "{what}: {size} bytes, at most {ceiling}");
        }
    }
}
