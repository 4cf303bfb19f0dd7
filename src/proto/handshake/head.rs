//! The head of an HTTP/1.1 message (RFC 9112 §2): collected under limits, then taken apart.

use crate::error::Violation;
use crate::proto::limits::Limits;
use core::fmt;

/// Collects the bytes of a head, however they are cut.
#[derive(Debug)]
pub(crate) struct HeadReader {
    bytes: Vec<u8>,
    lines: usize,
    line_start: usize,
    max_head: usize,
    max_header_lines: usize,
}

impl HeadReader {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            bytes: Vec::new(),
            lines: 0,
            line_start: 0,
            max_head: limits.max_head,
            max_header_lines: limits.max_header_lines,
        }
    }

    /// Takes bytes off the front of `input` up to the empty line that ends the head. `None` means: more bytes.
    ///
    /// # Errors
    /// [`Violation::HeadTooLong`], [`Violation::TooManyHeaders`], [`Violation::HeadSyntax`], at the first byte that shows it.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Head>, Violation> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            if self.bytes.len() >= self.max_head {
                return Err(Violation::HeadTooLong);
            }
            // A CR stands only before an LF and an LF only behind a CR; no other control character but the tab (RFC 9112 §2.2).
            let after_cr = self.bytes.last() == Some(&b'\r') && self.bytes.len() > self.line_start;
            if after_cr != (*byte == b'\n')
                || (byte.is_ascii_control() && !b"\r\n\t".contains(byte))
            {
                return Err(Violation::HeadSyntax);
            }
            self.bytes.push(*byte);
            if *byte == b'\n' {
                let empty = self.bytes.len() - self.line_start == 2;
                if empty {
                    return Head::parse(&self.bytes).map(Some);
                }
                // The first line is no header line.
                if self.lines > self.max_header_lines {
                    return Err(Violation::TooManyHeaders);
                }
                self.lines += 1;
                self.line_start = self.bytes.len();
            }
        }
        Ok(None)
    }
}

/// A head, taken apart.
#[derive(Debug)]
pub(crate) struct Head {
    /// The request line or status line.
    pub(crate) start: String,
    pub(crate) headers: Headers,
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Self, Violation> {
        // RFC 9110 §5.5 lets values carry opaque bytes; nothing that we compare has them.
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split_terminator("\r\n");
        let start = lines
            .next()
            .filter(|line| !line.is_empty())
            .ok_or(Violation::HeadSyntax)?;
        let mut headers = Headers::default();
        for line in lines.take_while(|line| !line.is_empty()) {
            // RFC 9112 §5.1: "No whitespace is allowed between the field name and colon"; §5.2: no line folding.
            let (name, value) = line.split_once(':').ok_or(Violation::HeadSyntax)?;
            if !is_token(name) {
                return Err(Violation::HeadSyntax);
            }
            headers.0.push((name.to_owned(), trim(value).to_owned()));
        }
        Ok(Self {
            start: start.to_owned(),
            headers,
        })
    }
}

/// Header lines in the order in which they came. Names compare in any case.
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
    /// Name and value of each line.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of every line of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of the first line of this name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The value of the only line of this name; `None` if there is none, or more than one.
    pub fn only<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// The elements of a comma-separated list, over every line of this name; empty ones are skipped (RFC 9110 §5.6.1).
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(name)
            .flat_map(|value| value.split(','))
            .map(trim)
            .filter(|element| !element.is_empty())
    }

    /// Whether a comma-separated list has this element, in any case.
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.list(name)
            .any(|candidate| candidate.eq_ignore_ascii_case(element))
    }
}

/// Whether this is a token (RFC 9110 §5.6.2; RFC 6455 §4.1 item 10 asks the same of a subprotocol).
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether this is a version of HTTP, as its messages name it (RFC 9112 §2.3): `HTTP/1.1`, or other digits.
pub(crate) fn is_version(text: &str) -> bool {
    matches!(text.as_bytes(), [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Whether this can be the value of a header without breaking the head apart.
pub fn is_value(text: &str) -> bool {
    !text
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
}

/// Without the optional whitespace around a value (RFC 9110 §5.6.3).
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}
