//! Which pages may connect: the server's protection against pages that are not its own (RFC 6455 §10.2).

use super::handshake::server::{Request, Response};

/// An allow-list of origins. Browsers tell the truth about theirs; other clients may say what they like, or nothing.
///
/// ```
/// # use websocket_channel::proto::Origins;
/// let origins = Origins::listed(["https://example.com"]);
/// assert!(origins.allow(Some("https://EXAMPLE.com")));
/// assert!(!origins.allow(Some("https://example.com.evil.example")));
/// assert!(!origins.allow(None) && origins.or_none().allow(None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// `None`: every one.
    listed: Option<Vec<String>>,
    none: bool,
}

impl Origins {
    /// Every origin, and clients without one: for services that no cookie and no address opens.
    pub fn any() -> Self {
        Self {
            listed: None,
            none: true,
        }
    }

    /// These origins and no others, each as a browser writes it: scheme, host, and port if it is not the scheme's own; `null`
    /// is the one of sandboxed pages and of files. Case does not count, as scheme and host have none.
    pub fn listed<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self {
            listed: Some(origins.into_iter().map(Into::into).collect()),
            none: false,
        }
    }

    /// Also clients that name no origin: those are no browsers (RFC 6455 §10.2).
    pub fn or_none(mut self) -> Self {
        self.none = true;
        self
    }

    /// Whether a client of this origin, or of none, may connect.
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
