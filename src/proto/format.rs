//! The wire formats, by name.

use core::fmt;

/// A wire format: handshake and framing. It is chosen once, by a client's offer or by the head of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// RFC 6455: what a client speaks is version 13; a server also takes 8 and 7.
    #[default]
    Rfc6455,
    /// draft-hixie-thewebsocketprotocol-75 of 2010-02-04, on the wire the same as -54 of 2009-10-23, the 2009 paper's. Text
    /// only, no pings; a connection just ends.
    Hixie75,
    /// draft-hixie-thewebsocketprotocol-76 of 2010-05-06, also called hybi-00: a challenge in the handshake, and a closing
    /// handshake without code or reason. Text only, no pings.
    Hixie76,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Rfc6455 => "RFC 6455",
            Format::Hixie75 => "hixie-75",
            Format::Hixie76 => "hixie-76",
        })
    }
}
