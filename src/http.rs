//! HTTP around a handshake: headers, and the response of a server or proxy that refused.

use core::fmt;

/// Whether causes and responses can be known: in a page without the protocol core they cannot.
pub(crate) const IS_KNOWN: bool = true;

/// The response that refused a handshake, if there was one.
pub type MaybeResponse = Option<Box<HttpResponse>>;

pub(crate) fn refused(refused: &MaybeResponse) -> Option<&HttpResponse> {
    refused.as_deref()
}

/// The seconds of a `Retry-After` (RFC 9110 §10.2.3). Its other form is a date, for which there is no clock here.
#[cfg(feature = "reconnect")]
pub(crate) fn retry_after(response: &HttpResponse) -> Option<core::time::Duration> {
    let seconds = response.headers.get("Retry-After")?.trim().parse().ok()?;
    Some(core::time::Duration::from_secs(seconds))
}

pub(crate) fn explain(response: &HttpResponse, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    response.explain(f)
}

/// Headers in the order in which they arrived. Names are compared without case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

/// The names alone: values may be cookies or credentials, and are not for logs.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Headers {
    pub(crate) const NONE: Self = Self(Vec::new());

    pub(crate) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// The value of the last line, for a line that continues it.
    pub(crate) fn last_value(&mut self) -> Option<&mut String> {
        self.0.last_mut().map(|(_, value)| value)
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name and value of each line.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of every line of this name.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of the first line of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.iter();
        let (_, value) = lines.find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The value of the only line of this name; `None` if there is none, or more than one.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.iter();
        let (_, value) = lines.find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))?;
        let again = lines.any(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
        (!again).then_some(value)
    }

    /// The elements of a comma-separated list, over every line of this name; empty ones are skipped (RFC 9110 §5.6.1).
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.get_all(name)
            .flat_map(|value| value.split(','))
            .map(|element| element.trim_matches([' ', '\t']))
            .filter(|element| !element.is_empty())
    }

    /// Whether a comma-separated list has this element, in any case.
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.list(name)
            .any(|candidate| candidate.eq_ignore_ascii_case(element))
    }
}

/// The response of a server or proxy that refused the handshake.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status, such as 401.
    pub status: u16,
    /// All headers, such as `Retry-After`, `Location`, `Set-Cookie` or `WWW-Authenticate`.
    pub headers: Headers,
    /// The beginning of the body, at most `proto::ProtocolLimits::max_body` bytes (4 KiB). The chunked coding is removed (RFC 9112 §7.1), a
    /// `Content-Encoding` is not.
    pub body: Vec<u8>,
    /// Whether `body` is the whole body. False when it was longer, or did not arrive within a second.
    pub complete: bool,
    /// Whether it was the answer to a handshake of 2009.
    pub(crate) legacy: bool,
}

impl HttpResponse {
    pub(crate) fn new(status: u16, headers: Headers) -> Self {
        Self {
            status,
            headers,
            body: Vec::new(),
            complete: false,
            legacy: false,
        }
    }

    /// The name of the software that answered: the last proxy named by `Via` (RFC 9110 §7.6.3), else what `Server` says (§10.2.4).
    pub fn answered_by(&self) -> Option<&str> {
        self.via().or_else(|| {
            self.headers
                .get("Server")
                .filter(|server| !server.is_empty())
        })
    }

    /// `Via: 1.1 host (squid/5.7)`: the comment names the software, else the second word names the host.
    fn via(&self) -> Option<&str> {
        let line = self.headers.get_all("Via").last()?;
        if let Some((_, comment)) = line.rsplit_once('(')
            && let Some((comment, _)) = comment.split_once(')')
            && !comment.is_empty()
        {
            return Some(comment);
        }
        let last = line.rsplit(',').next().unwrap_or_default();
        last.split_whitespace().nth(1)
    }

    /// What a person should know in addition to the status: which software answered, and what a proxy did. Empty if there is nothing to say.
    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(by) = self.answered_by() {
            write!(f, ", answered by {}", Printable(by))?;
            // A proxy that drops `Upgrade` makes a plain GET of the handshake. The server answers that with 400 or 426, or the proxy
            // does not understand the server's 101 and answers 502.
            if matches!(self.status, 400 | 426 | 502) {
                match self.via().is_some() || is_proxy(by) {
                    true => f.write_str(": a proxy removed the Upgrade")?,
                    false => f.write_str(": if that is a proxy, it removed the Upgrade")?,
                }
            }
        }
        if self.legacy {
            f.write_str(LEGACY)?;
        }
        Ok(())
    }
}

/// What most likely happened to a handshake of 2009 that failed.
pub(crate) const LEGACY: &str = "; HTTP proxies do not pass the old handshakes of hixie-75 and hixie-76: connect directly, through a tunnel, or with RFC 6455";

/// Whether a `Server` line names software that is known to stand in front of servers.
fn is_proxy(server: &str) -> bool {
    let product = server.split(['/', ' ']).next().unwrap_or_default();
    [
        "squid",
        "nginx",
        "openresty",
        "Apache",
        "HAProxy",
        "Varnish",
        "envoy",
        "Caddy",
        "nghttpx",
        "h2o",
        "lighttpd",
        "Traefik",
        "cloudflare",
        "awselb",
    ]
    .iter()
    .any(|known| product.eq_ignore_ascii_case(known))
}

/// A header value in a sentence: its first 100 characters, without controls.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use core::fmt::Write as _;
        self.0
            .chars()
            .filter(|letter| !letter.is_control())
            .take(100)
            .try_for_each(|letter| f.write_char(letter))
    }
}

/// Names of header lines and the length of the body: values and body may be secrets, and are not for logs.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}
