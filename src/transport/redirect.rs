//! Where a redirect leads, and what may be taken there (RFC 9110 §15.4).

use super::ConnectRequest;
use crate::error::ConnectErrorKind;
use crate::http::HttpResponse;
use url::Url;

/// Header lines that are for one origin alone.
const FOR_ONE_ORIGIN: [&str; 4] = ["Authorization", "Cookie", "Host", "Proxy-Authorization"];

/// The request that follows from a response which redirects. `None` if this failure redirects nowhere, or to where we do not go: a scheme that is
/// none of ours, or out of encryption.
pub(super) fn follow(
    request: &ConnectRequest,
    failure: &ConnectErrorKind,
) -> Option<ConnectRequest> {
    let ConnectErrorKind::ConnectFailed {
        cause: crate::error::Cause::Status(301 | 302 | 303 | 307 | 308),
        response: Some(response),
        ..
    } = failure
    else {
        return None;
    };
    let from = Url::parse(&request.url).ok()?;
    let mut to = target(&from, response)?;
    let mut next = request.clone();
    if origin(&from) == origin(&to) {
        if to.username().is_empty() && to.password().is_none() {
            // Each fails only where there is no host.
            to.set_username(from.username()).ok()?;
            to.set_password(from.password()).ok()?;
        }
    } else {
        next.handshake.headers.retain(|(name, _)| {
            !FOR_ONE_ORIGIN
                .iter()
                .any(|one| name.eq_ignore_ascii_case(one))
        });
    }
    next.url = to.into();
    Some(next)
}

fn target(from: &Url, response: &HttpResponse) -> Option<Url> {
    let mut to = from.join(response.headers.only("Location")?).ok()?;
    // A fragment is for showing a page. A WebSocket URL has none.
    to.set_fragment(None);
    match to.scheme() {
        "wss" | "https" => Some(to),
        "ws" | "http" if !is_secure(from) => Some(to),
        _ => None,
    }
}

fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "wss" | "https")
}

/// `ws` and `http` are the same here.
fn origin(url: &Url) -> (bool, Option<&str>, Option<u16>) {
    (is_secure(url), url.host_str(), url.port_or_known_default())
}
