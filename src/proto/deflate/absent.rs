//! What stands for compression where the feature `deflate` is off: nothing is offered, nothing agreed to.

use super::Deflate;
use crate::error::Violation;

/// There is none.
#[derive(Debug)]
pub(crate) enum Codec {}

impl Codec {
    pub(crate) fn inflate(
        &mut self,
        _piece: &[u8],
        _sink: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        match *self {}
    }

    pub(crate) fn finish(
        &mut self,
        _sink: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        match *self {}
    }

    pub(crate) fn deflate(&mut self, _payload: &[u8]) -> Option<&[u8]> {
        match *self {}
    }
}

impl Deflate {
    pub(crate) fn offer(&self) -> Option<String> {
        None
    }

    pub(crate) fn answer<'a>(
        &self,
        _offered: impl Iterator<Item = &'a str>,
    ) -> Option<(String, Codec)> {
        None
    }
}

/// RFC 6455 §4.1: whatever the server answers was not asked for.
pub(crate) fn judge<'a>(
    _asked: Option<&Deflate>,
    answered: impl Iterator<Item = &'a str>,
) -> Result<Option<Codec>, Violation> {
    if answered
        .flat_map(|value| value.split(','))
        .any(|element| !element.trim().is_empty())
    {
        return Err(Violation::Extension);
    }
    Ok(None)
}
