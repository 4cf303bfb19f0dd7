//! For a page without the protocol core: the browser shows neither headers nor responses, so these types are empty.

/// Whether causes and responses can be known.
pub(crate) const IS_KNOWN: bool = false;

/// No response can be had.
pub(crate) type HttpResponse = core::convert::Infallible;
/// Nor one that refused.
pub(crate) type MaybeResponse = Option<core::convert::Infallible>;

/// No header lines can be had.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers;

impl Headers {
    pub(crate) const NONE: Self = Self;

    pub(crate) fn is_empty(&self) -> bool {
        true
    }
}

pub(crate) fn refused(refused: &MaybeResponse) -> Option<&HttpResponse> {
    refused.as_ref()
}

#[cfg(feature = "reconnect")]
pub(crate) fn retry_after(response: &HttpResponse) -> Option<core::time::Duration> {
    match *response {}
}

pub(crate) fn explain(
    response: &HttpResponse,
    _: &mut core::fmt::Formatter<'_>,
) -> core::fmt::Result {
    match *response {}
}
