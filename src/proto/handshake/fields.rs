//! The head of a response by the algorithm of the 2009 drafts, which is stricter than HTTP in some places and looser in others.

use crate::error::Violation;
use crate::proto::limits::Limits;

/// Takes lines off the front of the bytes that come, under the limits of a head.
#[derive(Debug)]
pub(crate) struct Lines {
    line: Vec<u8>,
    /// Bytes of the head so far.
    taken: usize,
    max_head: usize,
}

impl Lines {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            line: Vec::new(),
            taken: 0,
            max_head: limits.max_head,
        }
    }

    /// The next line without its CR LF. `None` means: more bytes.
    ///
    /// # Errors
    /// [`Violation::HeadTooLong`]; [`Violation::HeadSyntax`] for a CR without LF and an LF without CR.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, Violation> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            self.count()?;
            let after_cr = self.line.last() == Some(&b'\r');
            if after_cr != (*byte == b'\n') {
                return Err(Violation::HeadSyntax);
            }
            if after_cr {
                self.line.pop();
                return Ok(Some(core::mem::take(&mut self.line)));
            }
            self.line.push(*byte);
        }
        Ok(None)
    }

    /// One more byte of the head, this one or one read by somebody else.
    pub(crate) fn count(&mut self) -> Result<(), Violation> {
        self.taken += 1;
        if self.taken > self.max_head {
            return Err(Violation::HeadTooLong);
        }
        Ok(())
    }
}

/// The fields of a head, name and value, as the drafts read them.
#[derive(Debug)]
pub(crate) struct Fields {
    fields: Vec<(String, String)>,
    max: usize,
}

impl Fields {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            fields: Vec::new(),
            max: limits.max_header_lines,
        }
    }

    /// Adds a line. False for the empty one that ends the head.
    ///
    /// # Errors
    /// [`Violation::HeadSyntax`] without a colon, [`Violation::TooManyHeaders`].
    pub(crate) fn add(&mut self, line: &[u8]) -> Result<bool, Violation> {
        if line.is_empty() {
            return Ok(false);
        }
        if self.fields.len() >= self.max {
            return Err(Violation::TooManyHeaders);
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .ok_or(Violation::HeadSyntax)?;
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or_default();
        // "If the byte is 0x20 [...] ignore it", one and no more. The -75 text trips over a value that is empty; -76 mended it.
        let value = value.strip_prefix(b" ").unwrap_or(value);
        self.fields.push((
            String::from_utf8_lossy(name).to_ascii_lowercase(),
            String::from_utf8_lossy(value).into_owned(),
        ));
        Ok(true)
    }

    /// The value of the only field of this name, in lower case; `None` if there is none, or more than one.
    pub(crate) fn only(&self, name: &str) -> Option<&str> {
        let mut all = self.fields.iter().filter(|(other, _)| other == name);
        let (_, value) = all.next()?;
        all.next().is_none().then_some(value)
    }

    /// Whether a field has no name.
    pub(crate) fn has_empty_name(&self) -> bool {
        self.fields.iter().any(|(name, _)| name.is_empty())
    }
}

/// The status of a status line: what stands between its first two spaces, three digits.
///
/// # Errors
/// [`Violation::HeadSyntax`] if that is anything else.
pub(crate) fn status(line: &[u8]) -> Result<u16, Violation> {
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let (Some(_), Some(code), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Violation::HeadSyntax);
    };
    if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) {
        return Err(Violation::HeadSyntax);
    }
    Ok(code
        .iter()
        .fold(0, |status, digit| status * 10 + u16::from(digit - b'0')))
}
