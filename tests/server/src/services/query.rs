//! What the query of a request says.

use std::borrow::Cow;
use websocket_channel::proto::Request;

/// The first value of this name in the request's query.
pub(crate) fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.query().as_bytes());
    pairs
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value): (_, Cow<'_, str>)| value.into_owned())
}

/// Yes or no in the request's query; no, when it is not there.
pub(super) fn flag(request: &Request, name: &str) -> Result<bool, String> {
    match parameter(request, name).as_deref() {
        None | Some("no") => Ok(false),
        Some("yes") => Ok(true),
        Some(other) => Err(format!("{name} is \"yes\" or \"no\", not {other:?}")),
    }
}

/// A number in the request's query.
pub(crate) fn number(
    request: &Request,
    name: &str,
    default: usize,
    max: usize,
) -> Result<usize, String> {
    match parameter(request, name) {
        None => Ok(default),
        Some(value) => match value.parse() {
            Ok(number) if number <= max => Ok(number),
            _ => Err(format!("{name} is a number up to {max}, not {value:?}")),
        },
    }
}
