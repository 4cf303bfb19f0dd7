//! The opening handshake of draft-hixie-thewebsocketprotocol-75, both sides.
//!
//! The bytes are the same from draft -54 of October 2009, which the paper tells of, to -75. A client's first three lines and a
//! server's are fixed to the byte; there is no key, no version and nothing that a cache could not replay. What protects a
//! server is the origin, and what protects a client is that the server has to repeat origin and URL.

use super::client::ClientRequest;
use super::expected::Expected;
use super::head::{HeadReader, Headers, Syntax};
use super::repeated::{Repeated, write_fields};
use super::response::{Draft, draft_status};
use super::{Agreed, ClientHandshake, ServerHandshake};
use crate::error::{HandshakeError, Misuse, Violation};
use crate::message::OpenInfo;
use crate::proto::deflate::Deflate;
use crate::proto::framing::hixie75::Hixie75;
use crate::proto::limits::ProtocolLimits;
use crate::proto::role::Role;

/// A server's first line. "HTTP/1.1 101 Web Socket Protocol Handshake": 44 bytes with CR LF.
const STATUS_LINE: &[u8] = b"HTTP/1.1 101 Web Socket Protocol Handshake";
/// Its next two, 41 bytes, and a client's.
const FIXED_LINES: &[u8] = b"Upgrade: WebSocket\r\nConnection: Upgrade\r\n";
/// The first of them.
const UPGRADE_LINE: usize = 20;

// The client.

/// The request is written; the response is awaited.
#[derive(Debug)]
pub(crate) struct Client {
    expected: Expected,
    stage: Stage,
    head: HeadReader,
    limits: ProtocolLimits,
}

/// hixie-75, "The client must then read from the server", step by step.
#[derive(Debug)]
enum Stage {
    StatusLine,
    /// So many of the bytes that are fixed were right.
    FixedLines(usize),
    Fields,
    Refused(Box<Draft>),
}

impl Client {
    /// Appends the request, its fields in the order that hixie-75 lets servers rely on.
    ///
    /// # Errors
    /// [`Misuse::Subprotocols`].
    pub(crate) fn start(
        offer: &ClientRequest,
        limits: &ProtocolLimits,
        out: &mut Vec<u8>,
    ) -> Result<Self, Misuse> {
        let expected = Expected::new(offer)?;
        let mut line = |parts: &[&str]| {
            parts
                .iter()
                .for_each(|part| out.extend_from_slice(part.as_bytes()));
            out.extend_from_slice(b"\r\n");
        };
        line(&["GET ", &offer.address.resource, " HTTP/1.1"]);
        line(&["Upgrade: WebSocket"]);
        line(&["Connection: Upgrade"]);
        line(&["Host: ", &offer.host()]);
        // DIFFERENCE: the paper's client says `WebSocket-Origin` here. In every draft since June 2009 that is the server's.
        line(&["Origin: ", &expected.origin]);
        if let Some(protocol) = &expected.protocol {
            line(&["WebSocket-Protocol: ", protocol]);
        }
        // "one header per line": cookies.
        for (name, value) in offer.further_lines() {
            line(&[name, ": ", &value]);
        }
        line(&[]);
        Ok(Self {
            expected,
            stage: Stage::StatusLine,
            head: HeadReader::new(limits, Syntax::Draft),
            limits: limits.clone(),
        })
    }

    fn agree(&self, fields: Headers) -> Result<Agreed, Violation> {
        self.expected.check_present(&fields, "")?;
        self.expected.check_equal(&fields, "")?;
        let mut opened = OpenInfo::new(self.expected.protocol.as_deref().unwrap_or_default(), "");
        opened.headers = fields;
        Ok(Agreed {
            opened,
            framing: Box::new(Hixie75::new(Role::Client, &self.limits)),
        })
    }
}

impl ClientHandshake for Client {
    fn handle_bytes(&mut self, input: &mut &[u8]) -> Result<Option<Agreed>, HandshakeError> {
        while !input.is_empty() {
            match &mut self.stage {
                Stage::StatusLine => {
                    let Some(line) = self.head.read_line(input)? else {
                        return Ok(None);
                    };
                    self.stage = if line == STATUS_LINE {
                        Stage::FixedLines(0)
                    } else {
                        // A 407 asks for credentials of a proxy: the draft lets a client try again with them "or fail".
                        match draft_status(&line)? {
                            101 => return Err(Violation::StatusLine.into()),
                            status => Stage::Refused(Box::new(Draft::new(status, &self.limits))),
                        }
                    };
                }
                Stage::FixedLines(right) => {
                    // "If [they] aren't exactly equal to the following bytes [...] fail": in this case and this order.
                    let expected = FIXED_LINES.get(*right);
                    self.head.count()?;
                    if input.first() != expected {
                        return Err(match *right < UPGRADE_LINE {
                            true => Violation::Upgrade.into(),
                            false => Violation::Connection.into(),
                        });
                    }
                    *input = input.get(1..).unwrap_or_default();
                    *right += 1;
                    if *right == FIXED_LINES.len() {
                        self.head.skip_lines(2);
                        self.stage = Stage::Fields;
                    }
                }
                Stage::Fields => {
                    let Some(fields) = self.head.read_fields(input)? else {
                        return Ok(None);
                    };
                    return Ok(Some(self.agree(fields)?));
                }
                Stage::Refused(draft) => {
                    return match draft.read(&mut self.head, input) {
                        true => Err(draft.refused(false)),
                        false => Ok(None),
                    };
                }
            }
        }
        Ok(None)
    }

    fn is_refused(&self) -> bool {
        matches!(self.stage, Stage::Refused(_))
    }

    fn refusal(&mut self, ended: bool) -> Option<HandshakeError> {
        match &mut self.stage {
            Stage::Refused(draft) => Some(draft.refused(ended)),
            _ => None,
        }
    }
}

// The server.

/// Whether a request is of this format: its first lines are the fixed ones, and no field is of a later format.
///
/// hixie-75 says that a server which trusts cookies SHOULD verify these lines. A page can make a browser send neither of them.
pub(crate) fn is_request(headers: &Headers) -> bool {
    let mut lines = headers.iter();
    lines.next() == Some(("Upgrade", "WebSocket"))
        && lines.next() == Some(("Connection", "Upgrade"))
        && !headers
            .iter()
            .any(|(name, _)| name.to_ascii_lowercase().starts_with("sec-websocket-"))
}

/// The name of the field that has the page's origin.
///
/// DIFFERENCE: the paper's client says `WebSocket-Origin`, and its server is satisfied. We are, too; a draft's client never
/// sends both.
pub(crate) fn origin_field(headers: &Headers) -> &'static str {
    match headers.get("Origin") {
        Some(_) => "Origin",
        None => "WebSocket-Origin",
    }
}

/// A request that is right.
#[derive(Debug)]
pub(crate) struct Server {
    repeated: Repeated,
    limits: ProtocolLimits,
}

impl Server {
    /// Reads the fields behind the fixed lines, in any order.
    ///
    /// DIFFERENCE: the paper calls them an unordered set, hixie-75 lets a server rely on their order. We do not.
    ///
    /// # Errors
    /// [`Violation::Host`], [`Violation::Origin`], [`Violation::ProtocolList`].
    pub(crate) fn read(
        headers: &Headers,
        target: &str,
        secure: bool,
        limits: &ProtocolLimits,
    ) -> Result<(Self, Option<String>), Violation> {
        let (repeated, protocol) = Repeated::read(
            headers,
            target,
            secure,
            origin_field(headers),
            "WebSocket-Protocol",
        )?;
        let limits = limits.clone();
        Ok((Self { repeated, limits }, protocol))
    }
}

impl ServerHandshake for Server {
    fn accept(
        &self,
        protocol: Option<&str>,
        _deflate: Option<&Deflate>,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Agreed {
        out.extend_from_slice(STATUS_LINE);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(FIXED_LINES);
        // DIFFERENCE: the paper answers `GET /text` with the location of `/demo`. A client must fail then: ours is what was asked for.
        let fixed = [
            ("WebSocket-Origin", &*self.repeated.origin),
            ("WebSocket-Location", &*self.repeated.location),
        ];
        write_fields(out, fixed.into_iter());
        write_fields(
            out,
            protocol
                .map(|chosen| ("WebSocket-Protocol", chosen))
                .into_iter(),
        );
        write_fields(out, headers.iter().copied());
        out.extend_from_slice(b"\r\n");
        Agreed {
            opened: OpenInfo::new(protocol.unwrap_or_default(), ""),
            framing: Box::new(Hixie75::new(Role::Server, &self.limits)),
        }
    }
}
