//! What a server of a 2009 format has to repeat of a request: the origin, and its own URL as the client put it.

use super::expected::location;
use super::head::Headers;
use crate::error::Violation;

/// The repeated parts.
#[derive(Debug)]
pub(crate) struct Repeated {
    pub(crate) origin: String,
    pub(crate) location: String,
}

impl Repeated {
    /// Reads what both formats have in common. The subprotocol asked for comes with it.
    ///
    /// # Errors
    /// [`Violation::Host`], [`Violation::Origin`], [`Violation::ProtocolList`].
    pub(crate) fn read(
        headers: &Headers,
        target: &str,
        secure: bool,
        origin_field: &str,
        protocol_field: &str,
    ) -> Result<(Self, Option<String>), Violation> {
        let host = headers
            .only("Host")
            .filter(|host| is_authority(host))
            .ok_or(Violation::Host)?;
        let origin = headers.only(origin_field).ok_or(Violation::Origin)?;
        let protocol = headers.only(protocol_field);
        // "It must be a string [...] of characters in the range U+0020 to U+007E", not empty; "one".
        if headers.get(protocol_field).is_some()
            && !protocol.is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|byte| (0x20..=0x7E).contains(&byte))
            })
        {
            return Err(Violation::ProtocolList);
        }
        let repeated = Self {
            origin: origin.to_owned(),
            location: location(secure, &without_own_port(host, secure), target),
        };
        Ok((repeated, protocol.map(str::to_owned)))
    }
}

/// Appends fields, each a line.
pub(crate) fn write_fields<'a>(
    out: &mut Vec<u8>,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) {
    for (name, value) in fields {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Whether this can stand between `ws://` and a path, and nothing else.
pub(crate) fn is_authority(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte))
}

/// In lower case, and without the port if it is the scheme's own: so does a client put its URL together.
fn without_own_port(host: &str, secure: bool) -> String {
    let own = if secure { ":443" } else { ":80" };
    host.strip_suffix(own).unwrap_or(host).to_ascii_lowercase()
}
