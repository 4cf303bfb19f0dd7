//! Which pages may connect: a server's protection against foreign pages (RFC 6455 §10.2).

use super::handshake::server::{Request, Response};

/// An allow-list of origins. Browsers report theirs truthfully; other clients can send any, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// `None`: every one.
    listed: Option<Vec<String>>,
    none: bool,
}

impl Origins {
    /// Every origin, and clients without one. For services that no cookie and no address protects.
    pub fn any() -> Self {
        Self {
            listed: None,
            none: true,
        }
    }

    /// Only these origins, written as browsers do: scheme, host, and the port if it is not the scheme's default. `null` is the origin of sandboxed
    /// pages and of files. Case is ignored, as in scheme and host.
    pub fn listed<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self {
            listed: Some(origins.into_iter().map(Into::into).collect()),
            none: false,
        }
    }

    /// Also accepts clients without an origin: they are not browsers (RFC 6455 §10.2).
    pub fn or_none(mut self) -> Self {
        self.none = true;
        self
    }

    /// Whether a client with this origin, or without one, may connect.
    pub fn allow(&self, origin: Option<&str>) -> bool {
        match (origin, &self.listed) {
            (None, _) => self.none,
            (Some(_), None) => true,
            (Some(origin), Some(listed)) => listed
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(origin)),
        }
    }

    /// RFC 6455 §4.2.2 item 4: a server that does not accept the origin "MUST return an appropriate HTTP error code (e.g., 403
    /// Forbidden)". The same for the formats of 2009, whose drafts have the server close.
    ///
    /// # Errors
    /// The 403 to `reject` the request with.
    pub fn check(&self, request: &Request) -> Result<(), Response> {
        if self.allow(request.origin()) {
            return Ok(());
        }
        Err(
            Response::new(403, "pages of this origin may not connect here\n")
                .header("Content-Type", "text/plain; charset=utf-8"),
        )
    }
}
