//! A name and a password, as HTTP's Basic scheme sends them (RFC 7617).

use crate::error::Misuse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use url::Url;

/// A name and a password for a server or a proxy, sent as Basic (RFC 7617). Without TLS everyone on the path can read them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(String);

impl Credentials {
    /// A name and a password, in UTF-8.
    ///
    /// # Errors
    /// [`Misuse::Credentials`]: the name has a colon, or either has a control character (RFC 7617 §2).
    pub fn new(user: &str, password: &str) -> Result<Self, Misuse> {
        let control = |text: &str| text.chars().any(char::is_control);
        if user.contains(':') || control(user) || control(password) {
            return Err(Misuse::Credentials);
        }
        Ok(Self(STANDARD.encode(format!("{user}:{password}"))))
    }

    /// Those of a URL, percent-decoded (RFC 3986 §3.2.1). `None` if it has none.
    ///
    /// # Errors
    /// [`Misuse::Credentials`]: as for [`new`](Self::new), or they are not UTF-8.
    pub(crate) fn of(url: &Url) -> Result<Option<Self>, Misuse> {
        let (user, password) = match (url.username(), url.password()) {
            ("", None) => return Ok(None),
            (user, password) => (user, password.unwrap_or_default()),
        };
        match (percent_decoded(user), percent_decoded(password)) {
            (Some(user), Some(password)) => Self::new(&user, &password).map(Some),
            _ => Err(Misuse::Credentials),
        }
    }

    /// The value of `Authorization` or `Proxy-Authorization`.
    pub(crate) fn basic(&self) -> String {
        format!("Basic {}", self.0)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// RFC 3986 §2.1. A percent sign that begins no pair of digits stands for itself.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let pair = behind
            .get(..2)
            .filter(|pair| first == b'%' && pair.iter().all(u8::is_ascii_hexdigit));
        let decoded = pair
            .and_then(|pair| core::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() {
            behind.get(2..).unwrap_or_default()
        } else {
            behind
        };
    }
    String::from_utf8(bytes).ok()
}
