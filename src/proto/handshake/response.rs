//! A server's or proxy's response as a client reads it: interim ones are skipped, and a refusal is kept with its body.

use super::head::{HeadReader, Headers, Syntax, is_version, syntax};
use super::refused;
use crate::error::{HandshakeError, Violation};
use crate::http::HttpResponse;
use crate::proto::limits::ProtocolLimits;

/// Interim responses taken before the final one. Servers send one or two; a peer must not keep us for ever.
const MAX_INTERIM: usize = 8;
/// The longest line in front of a chunk, its extensions included.
const MAX_CHUNK_LINE: usize = 1 << 10;

/// Reads heads up to the final one.
#[derive(Debug)]
pub(crate) struct ResponseReader {
    head: HeadReader,
    interim: usize,
    limits: ProtocolLimits,
}

impl ResponseReader {
    pub(crate) fn new(limits: &ProtocolLimits) -> Self {
        Self {
            head: HeadReader::new(limits, Syntax::Response),
            interim: 0,
            limits: limits.clone(),
        }
    }

    /// Takes heads off the front of `input` up to the final one. `None` means: more bytes.
    ///
    /// # Errors
    /// Those of a head, [`Violation::HttpVersion`], and [`Violation::TooManyInterim`].
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<(u16, Headers)>, Violation> {
        while let Some(head) = self.head.read(input)? {
            match status(&head.start)? {
                // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response, even if the
                // client does not expect one." 101 is final for what came before it.
                100 | 102..=199 if self.interim >= MAX_INTERIM => {
                    return Err(Violation::TooManyInterim);
                }
                100 | 102..=199 => {
                    self.interim += 1;
                    self.head = HeadReader::new(&self.limits, Syntax::Response);
                }
                status => return Ok(Some((status, head.headers))),
            }
        }
        Ok(None)
    }
}

/// The status of a status line (RFC 9112 §4): `HTTP/1.1 SP 3DIGIT SP [reason]`.
fn status(line: &str) -> Result<u16, Violation> {
    let (version, rest) = line
        .split_once(' ')
        .ok_or_else(|| syntax(1, line.len() + 1))?;
    if !is_version(version) {
        return Err(syntax(1, 1));
    }
    let code = rest.split(' ').next().unwrap_or_default();
    let wrong = || syntax(1, version.len() + 2);
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let status = code.parse().map_err(|_| wrong())?;
    // RFC 9110 §15.2.2 has no upgrade before HTTP/1.1. Any other status is reported for any version.
    if status == 101 && version != "HTTP/1.1" {
        return Err(Violation::HttpVersion);
    }
    Ok(status)
}

/// A response that refuses, while its body comes.
#[derive(Debug)]
pub(crate) struct Refusal {
    response: HttpResponse,
    body: Body,
    max_body: usize,
}

/// Where the body ends (RFC 9112 §6.3), and how far it has come.
#[derive(Debug)]
enum Body {
    /// So many bytes are to come.
    Length(u64),
    /// In front of a chunk: its line so far.
    ChunkLine(Vec<u8>),
    /// Inside a chunk, with this many bytes left, including the CR LF after it.
    Chunk(u64),
    /// It ends with the stream.
    UntilEnd,
    /// Its length is none, or there are several (RFC 9112 §6.3): nothing says where it ends.
    Unknown,
}

impl Refusal {
    pub(crate) fn new(status: u16, headers: Headers, limits: &ProtocolLimits) -> Self {
        let chunked = headers.lists("Transfer-Encoding", "chunked");
        let length = headers.only("Content-Length");
        let body = match length.and_then(|length| length.parse().ok()) {
            _ if matches!(status, ..200 | 204 | 304) => Body::Length(0),
            _ if chunked => Body::ChunkLine(Vec::new()),
            Some(length) => Body::Length(length),
            None if headers.get_all("Content-Length").next().is_some() => Body::Unknown,
            None => Body::UntilEnd,
        };
        Self {
            response: HttpResponse::new(status, headers),
            body,
            max_body: limits.max_body,
        }
    }

    /// The response answers a handshake of 2009.
    pub(crate) fn legacy(mut self) -> Self {
        self.response.legacy = true;
        self
    }

    /// Takes the body off the front of `input`. True when no more of it is wanted.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> bool {
        loop {
            match &mut self.body {
                Body::Length(0) => {
                    self.response.complete = true;
                    return true;
                }
                _ if self.response.body.len() >= self.max_body => return true,
                _ if input.is_empty() => return false,
                Body::Length(left) => {
                    let taken = take(input, *left);
                    *left -= taken.len() as u64;
                    self.keep(taken);
                }
                Body::UntilEnd | Body::Unknown => {
                    let taken = core::mem::take(input);
                    self.keep(taken);
                }
                Body::ChunkLine(line) => {
                    let Some((byte, rest)) = input.split_first() else {
                        return false;
                    };
                    *input = rest;
                    line.push(*byte);
                    if *byte != b'\n' {
                        if line.len() > MAX_CHUNK_LINE {
                            return true;
                        }
                        continue;
                    }
                    self.body = match chunk_size(line) {
                        Some(0) => Body::Length(0),
                        Some(size) => Body::Chunk(size.saturating_add(2)),
                        // No chunk: what came before it is what there is.
                        None => return true,
                    };
                }
                Body::Chunk(left) => {
                    let taken = take(input, *left);
                    // The last two bytes are the CR LF behind the chunk.
                    let data = left.saturating_sub(2).min(taken.len() as u64) as usize;
                    *left -= taken.len() as u64;
                    if *left == 0 {
                        self.body = Body::ChunkLine(Vec::new());
                    }
                    self.keep(taken.get(..data).unwrap_or_default());
                }
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.max_body.saturating_sub(self.response.body.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.response.body.extend_from_slice(kept);
    }

    /// The response with as much of its body as came. `ended`: the stream ended, and with it a body that has no other end.
    pub(crate) fn into_response(mut self, ended: bool) -> HttpResponse {
        let room = self.response.body.len() < self.max_body;
        self.response.complete |= ended && room && matches!(self.body, Body::UntilEnd);
        self.response
    }
}

/// Takes at most this many bytes from the front.
fn take<'a>(input: &mut &'a [u8], most: u64) -> &'a [u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    let (taken, rest) = input.split_at(most);
    *input = rest;
    taken
}

/// The size in front of a chunk (RFC 9112 §7.1), in hex; what stands behind a semicolon is ignored.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// The status of a 2009 status line: what stands between its first two spaces, three digits.
///
/// # Errors
/// [`Violation::HeadSyntax`] if that is anything else.
pub(crate) fn draft_status(line: &[u8]) -> Result<u16, Violation> {
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let (Some(first), Some(code), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(syntax(1, line.len() + 1));
    };
    if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) {
        return Err(syntax(1, first.len() + 2));
    }
    Ok(code
        .iter()
        .fold(0, |status, digit| status * 10 + u16::from(digit - b'0')))
}

/// A refusal in answer to a handshake of 2009, from behind its status line on. What is wrong with the rest of its head changes nothing: it
/// is a refusal.
#[derive(Debug)]
pub(crate) struct Draft {
    status: u16,
    limits: ProtocolLimits,
    refusal: Option<Refusal>,
}

impl Draft {
    pub(crate) fn new(status: u16, limits: &ProtocolLimits) -> Self {
        Self {
            status,
            limits: limits.clone(),
            refusal: None,
        }
    }

    /// Takes header lines and body off the front of `input`. True when no more is wanted.
    pub(crate) fn read(&mut self, head: &mut HeadReader, input: &mut &[u8]) -> bool {
        if self.refusal.is_none() {
            match head.read_fields(input) {
                Ok(Some(headers)) => {
                    let refusal = Refusal::new(self.status, headers, &self.limits);
                    self.refusal = Some(refusal.legacy());
                }
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
        self.refusal
            .as_mut()
            .is_none_or(|refusal| refusal.read(input))
    }

    pub(crate) fn refused(&mut self, ended: bool) -> HandshakeError {
        let refusal = self.refusal.take().unwrap_or_else(|| {
            Refusal::new(self.status, Headers::default(), &self.limits).legacy()
        });
        refused(refusal, ended)
    }
}
