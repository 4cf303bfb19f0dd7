//! What both sides of a 2009 handshake must agree on: whose page, which URL, which subprotocol.

use super::client::ClientRequest;
use super::head::{Headers, syntax};
use crate::error::{Misuse, Violation};

/// What a client asked for, in the words in which the server has to repeat it.
#[derive(Debug)]
pub(crate) struct Expected {
    /// The origin in lower case.
    pub(crate) origin: String,
    /// The URL, put together again, with the host that the request names.
    pub(crate) location: String,
    /// The subprotocol.
    pub(crate) protocol: Option<String>,
}

impl Expected {
    /// # Errors
    /// [`Misuse::Subprotocols`]: these formats have one or none.
    pub(crate) fn new(offer: &ClientRequest) -> Result<Self, Misuse> {
        let protocol = match &offer.protocols[..] {
            [] => None,
            [one] => Some(one.clone()),
            more => return Err(Misuse::Subprotocols(more.len())),
        };
        // HTML5 of 2009: the ASCII serialization of an origin that is no page's is "null".
        let origin = offer.origin.as_deref().unwrap_or("null");
        let address = &offer.address;
        Ok(Self {
            origin: origin.to_ascii_lowercase(),
            location: location(
                address.secure,
                &offer.host().to_ascii_lowercase(),
                &address.resource,
            ),
            protocol,
        })
    }

    /// hixie-75 and -76, the client's checks, in their order. `prefix` stands before the names of the server's fields.
    ///
    /// # Errors
    /// The first that fails: [`Violation::Origin`], [`Violation::Location`], [`Violation::Subprotocol`], [`Violation::HeadSyntax`].
    pub(crate) fn check_present(&self, fields: &Headers, prefix: &str) -> Result<(), Violation> {
        let once = |name: &str| fields.only(&format!("{prefix}{name}")).is_some();
        if !once("websocket-origin") {
            return Err(Violation::Origin);
        }
        if !once("websocket-location") {
            return Err(Violation::Location);
        }
        if self.protocol.is_some() && !once("websocket-protocol") {
            return Err(Violation::Subprotocol);
        }
        // Behind the status line come the fields, one a line, and in hixie-75 two fixed lines before them.
        let first = if prefix.is_empty() { 4 } else { 2 };
        if let Some(at) = fields.iter().position(|(name, _)| name.is_empty()) {
            return Err(syntax(first + at, 1));
        }
        Ok(())
    }

    /// The values, each "must be exactly equal", byte for byte.
    ///
    /// # Errors
    /// [`Violation::Origin`], [`Violation::Location`], [`Violation::Subprotocol`].
    pub(crate) fn check_equal(&self, fields: &Headers, prefix: &str) -> Result<(), Violation> {
        let is = |name: &str, expected: &str| {
            fields.only(&format!("{prefix}websocket-{name}")) == Some(expected)
        };
        if !is("origin", &self.origin) {
            return Err(Violation::Origin);
        }
        if !is("location", &self.location) {
            return Err(Violation::Location);
        }
        // "If there was no protocol asked for, the field is ignored": RFC 6455 fails there.
        match &self.protocol {
            Some(protocol) if !is("protocol", protocol) => Err(Violation::Subprotocol),
            _ => Ok(()),
        }
    }
}

/// hixie-75, "construct a Web Socket URL". `authority` names the port only if it is not the scheme's own.
pub(crate) fn location(secure: bool, authority: &str, resource: &str) -> String {
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{authority}{resource}")
}
