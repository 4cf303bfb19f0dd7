//! For a page without the protocol core: the browser shows neither headers nor responses, so these types are empty.

use core::convert::Infallible;

/// Whether causes and responses can be known.
pub(crate) const IS_KNOWN: bool = false;

/// No response can be had. It has the fields of the native one, so that the same lines compile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: Headers,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// Whether `body` is the whole body.
    pub complete: bool,
    never: Infallible,
}

/// Nor one that refused.
pub(crate) type MaybeResponse = Option<Infallible>;

/// No header lines can be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headers;

impl Headers {
    pub(crate) const NONE: Self = Self;

    /// How many lines there are: none.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there is none: always true.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// Name and value of each line: none.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        core::iter::empty()
    }

    /// The value of the first line of this name: `None`.
    pub fn get(&self, _name: &str) -> Option<&str> {
        None
    }

    /// The values of every line of this name: none.
    pub fn get_all<'a>(&'a self, _name: &'a str) -> impl Iterator<Item = &'a str> {
        core::iter::empty()
    }

    /// The value of the only line of this name: `None`.
    pub fn only(&self, _name: &str) -> Option<&str> {
        None
    }
}

pub(crate) fn refused(refused: &MaybeResponse) -> Option<&HttpResponse> {
    refused.map(|never| match never {})
}

#[cfg(feature = "reconnect")]
pub(crate) fn retry_after(response: &HttpResponse) -> Option<core::time::Duration> {
    match response.never {}
}

pub(crate) fn explain(
    response: &HttpResponse,
    _: &mut core::fmt::Formatter<'_>,
) -> core::fmt::Result {
    match response.never {}
}
