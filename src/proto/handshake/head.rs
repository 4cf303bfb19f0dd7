//! The head of an HTTP/1.1 message (RFC 9112 §2), read line by line under limits. The only parser of header lines.

use crate::error::Violation;
pub use crate::http::Headers;
use crate::proto::limits::ProtocolLimits;

/// By which rules lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// RFC 9112 §5.2, obs-fold in a request: a server "MUST either reject the message by sending a 400 [...] or replace" it. We reject.
    Request,
    /// RFC 9112 §5.2, obs-fold in a response: a user agent "MUST replace each received obs-fold with one or more SP octets".
    Response,
    /// The algorithm of the 2009 drafts, stricter than HTTP in some places and looser in others.
    Draft,
}

/// Collects the bytes of a head, however they are cut.
#[derive(Debug)]
pub(crate) struct HeadReader {
    syntax: Syntax,
    /// The line that is being read.
    line: Vec<u8>,
    /// Its number, from 1.
    number: usize,
    /// Bytes of the head so far.
    taken: usize,
    start: Option<String>,
    headers: Headers,
    /// Header lines so far; one that continues another counts.
    lines: usize,
    max_head: usize,
    max_header_lines: usize,
}

/// A head, taken apart.
#[derive(Debug)]
pub(crate) struct Head {
    /// The request line or status line.
    pub(crate) start: String,
    pub(crate) headers: Headers,
}

impl HeadReader {
    pub(crate) fn new(limits: &ProtocolLimits, syntax: Syntax) -> Self {
        Self {
            syntax,
            line: Vec::new(),
            number: 1,
            taken: 0,
            start: None,
            headers: Headers::default(),
            lines: 0,
            max_head: limits.max_head,
            max_header_lines: limits.max_header_lines,
        }
    }

    /// Whether the first line begins so, as far as it was read.
    pub(crate) fn begins_with(&self, text: &str) -> bool {
        match &self.start {
            Some(start) => start.starts_with(text),
            None => self.line.starts_with(text.as_bytes()),
        }
    }

    /// Takes bytes off the front of `input` up to the empty line that ends the head. `None` means: more bytes. Not called again after that.
    ///
    /// # Errors
    /// [`Violation::HeadTooLong`], [`Violation::TooManyHeaders`], [`Violation::HeadSyntax`], at the end of the first line that shows it.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Head>, Violation> {
        if self.start.is_none() {
            let Some(line) = self.read_line(input)? else {
                return Ok(None);
            };
            if line.is_empty() {
                return Err(syntax(1, 1));
            }
            // RFC 9110 §5.5 lets values carry opaque bytes; nothing that we compare has them.
            self.start = Some(String::from_utf8_lossy(&line).into_owned());
        }
        let Some(headers) = self.read_fields(input)? else {
            return Ok(None);
        };
        let start = self.start.take().unwrap_or_default();
        Ok(Some(Head { start, headers }))
    }

    /// The header lines behind a first line that was read with [`read_line`](Self::read_line). `None` means: more bytes.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn read_fields(&mut self, input: &mut &[u8]) -> Result<Option<Headers>, Violation> {
        while let Some(line) = self.read_line(input)? {
            if line.is_empty() {
                return Ok(Some(core::mem::take(&mut self.headers)));
            }
            self.add(&line)?;
        }
        Ok(None)
    }

    /// The next line without its CR LF. `None` means: more bytes.
    ///
    /// # Errors
    /// [`Violation::HeadTooLong`], and [`Violation::HeadSyntax`] for a byte that no line may have.
    pub(crate) fn read_line(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, Violation> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            self.count()?;
            // A CR stands only before an LF and an LF only behind a CR. In HTTP no other control character but the tab (RFC 9112 §2.2).
            let after_cr = self.line.last() == Some(&b'\r');
            let control = self.syntax != Syntax::Draft
                && byte.is_ascii_control()
                && !b"\r\n\t".contains(byte);
            if after_cr != (*byte == b'\n') || control {
                return Err(syntax(self.number, self.line.len() + 1));
            }
            if after_cr {
                self.line.pop();
                self.number += 1;
                return Ok(Some(core::mem::take(&mut self.line)));
            }
            self.line.push(*byte);
        }
        Ok(None)
    }

    /// Counts one more byte of the head, read here or by the caller.
    ///
    /// # Errors
    /// [`Violation::HeadTooLong`].
    pub(crate) fn count(&mut self) -> Result<(), Violation> {
        if self.taken >= self.max_head {
            return Err(Violation::HeadTooLong);
        }
        self.taken += 1;
        Ok(())
    }

    /// The caller has read this many lines.
    pub(crate) fn skip_lines(&mut self, lines: usize) {
        self.number += lines;
    }

    fn add(&mut self, line: &[u8]) -> Result<(), Violation> {
        if self.lines >= self.max_header_lines {
            return Err(Violation::TooManyHeaders);
        }
        self.lines += 1;
        // The number is that of the next line by now.
        let number = self.number - 1;
        if self.syntax == Syntax::Draft {
            return self.add_draft(line, number);
        }
        let text = String::from_utf8_lossy(line);
        if text.starts_with([' ', '\t']) {
            // RFC 9112 §2.2: in front of the first header line such a line is invalid, or to be ignored; and it ends nothing.
            return match self.headers.last_value() {
                Some(value) if self.syntax == Syntax::Response => {
                    let more = trim(&text);
                    if !value.is_empty() && !more.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(more);
                    Ok(())
                }
                _ => Err(syntax(number, 1)),
            };
        }
        let Some((name, value)) = text.split_once(':') else {
            return Err(syntax(number, line.len() + 1));
        };
        // RFC 9112 §5.1: "No whitespace is allowed between the field name and colon".
        if !is_token(name) {
            let at = name.bytes().position(|byte| !is_token_byte(byte));
            return Err(syntax(number, at.unwrap_or(0) + 1));
        }
        self.headers.push(name.to_owned(), trim(value).to_owned());
        Ok(())
    }

    fn add_draft(&mut self, line: &[u8], number: usize) -> Result<(), Violation> {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Err(syntax(number, line.len() + 1));
        };
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or_default();
        // "If the byte is 0x20 [...] ignore it", one and no more. The -75 text trips over a value that is empty; -76 mended it.
        let value = value.strip_prefix(b" ").unwrap_or(value);
        self.headers.push(
            String::from_utf8_lossy(name).into_owned(),
            String::from_utf8_lossy(value).into_owned(),
        );
        Ok(())
    }
}

/// A head that is not HTTP, from this byte of this line on, both from 1.
pub(crate) fn syntax(line: usize, byte: usize) -> Violation {
    let small = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    Violation::HeadSyntax {
        line: small(line),
        byte: small(byte),
    }
}

/// Whether this is a token (RFC 9110 §5.6.2; RFC 6455 §4.1 item 10 asks the same of a subprotocol).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the handshake writes this header itself, in one of its formats, or it would announce a body, which no handshake has.
pub(crate) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        &*name,
        "upgrade" | "connection" | "content-length" | "transfer-encoding"
    ) || name.starts_with("sec-websocket-")
        || name.starts_with("websocket-")
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
