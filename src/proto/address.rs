//! The address of a WebSocket: the parts of its URL that the handshake needs.

use super::credentials::Credentials;
use crate::error::ConnectErrorKind;
use url::Url;

/// The parts of a `ws` or `wss` URL (RFC 6455 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// Whether the scheme is `wss`.
    pub secure: bool,
    /// The host in lower case, a name in ASCII, an IPv6 address in brackets.
    pub host: String,
    /// The port, the scheme's own if the URL names none.
    pub port: u16,
    /// The path, `/` if empty, with `?` and the query if there is one: RFC 6455 §3, "resource name".
    pub resource: String,
    /// `user:password@` of the URL, percent-decoded: sent as `Authorization: Basic` (RFC 7617). `None` if it names neither.
    pub credentials: Option<Credentials>,
}

impl Address {
    /// Takes a URL apart by the rules of the browser's constructor: `http` means `ws` and `https` means `wss` (WHATWG WebSockets §3.1).
    ///
    /// # Errors
    /// [`ConnectErrorKind::BadUrl`], also for a user or password that Basic cannot send, and [`ConnectErrorKind::UrlFragment`].
    pub fn parse(url: &str) -> Result<Self, ConnectErrorKind> {
        let url = Url::parse(url).map_err(|_| ConnectErrorKind::BadUrl)?;
        let secure = match url.scheme() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            _ => return Err(ConnectErrorKind::BadUrl),
        };
        // WHATWG WebSockets §3.1: "If urlRecord's fragment is non-null, then throw"; an empty one is non-null.
        if url.fragment().is_some() {
            return Err(ConnectErrorKind::UrlFragment);
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let (Some(host), Some(port)) = (host, url.port_or_known_default()) else {
            return Err(ConnectErrorKind::BadUrl);
        };
        let mut resource = url.path().to_owned();
        if resource.is_empty() {
            resource.push('/');
        }
        if let Some(query) = url.query() {
            resource.push('?');
            resource.push_str(query);
        }
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            resource,
            credentials: Credentials::of(&url).map_err(|_| ConnectErrorKind::BadUrl)?,
        })
    }

    /// The value of `Host`: the port is named only if it is not the scheme's own (RFC 6455 §4.1 item 4).
    pub fn authority(&self) -> String {
        let own = if self.secure { 443 } else { 80 };
        if self.port == own {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The host as a resolver takes it: an IPv6 address without its brackets.
    pub fn host_without_brackets(&self) -> &str {
        self.host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(&self.host)
    }
}
