//! The opening handshake of draft-hixie-thewebsocketprotocol-76 (hybi-00), both sides.
//!
//! That of hixie-75 in other words (`Sec-` before the names, in any order), and a challenge: two keys with numbers hidden in
//! them and eight bytes behind the head, answered by sixteen bytes of MD5. It shows that the server speaks this protocol and
//! that no cache answered.

use super::client::ClientRequest;
use super::expected::Expected;
use super::head::{HeadReader, Headers, Syntax};
use super::key76;
use super::repeated::{Repeated, write_fields};
use super::response::{Draft, draft_status};
use super::{Agreed, ClientHandshake, ServerHandshake};
use crate::error::{HandshakeError, Misuse, Violation};
use crate::message::OpenInfo;
use crate::proto::Random;
use crate::proto::deflate::Deflate;
use crate::proto::framing::hixie76::Hixie76;
use crate::proto::limits::ProtocolLimits;
use crate::proto::role::Role;

/// Before the names of the server's fields, in lower case.
const PREFIX: &str = "sec-";

// The client.

/// The request is written; the response is awaited.
#[derive(Debug)]
pub(crate) struct Client {
    expected: Expected,
    answer: [u8; 16],
    stage: Stage,
    head: HeadReader,
    fields: Headers,
    limits: ProtocolLimits,
}

#[derive(Debug)]
enum Stage {
    StatusLine,
    Fields,
    /// The head was right, and so were this many bytes of the answer.
    Answer(usize),
    Refused(Box<Draft>),
}

impl Client {
    /// Appends the request, its fields "in random order".
    ///
    /// # Errors
    /// [`Misuse::Subprotocols`].
    pub(crate) fn start(
        offer: &ClientRequest,
        limits: &ProtocolLimits,
        random: Random,
        out: &mut Vec<u8>,
    ) -> Result<Self, Misuse> {
        let expected = Expected::new(offer)?;
        let (key1, part1) = key76::generate(random);
        let (key2, part2) = key76::generate(random);
        let mut key3 = [0; 8];
        random(&mut key3);

        let host = offer.host();
        let further = offer.further_lines();
        let mut fields = vec![
            ("Upgrade", "WebSocket"),
            ("Connection", "Upgrade"),
            ("Host", &host),
            ("Origin", &expected.origin),
            ("Sec-WebSocket-Key1", &key1),
            ("Sec-WebSocket-Key2", &key2),
        ];
        fields.extend(
            expected
                .protocol
                .as_deref()
                .map(|protocol| ("Sec-WebSocket-Protocol", protocol)),
        );
        fields.extend(further.iter().map(|(name, value)| (*name, value.as_str())));
        key76::shuffle(random, &mut fields);

        for part in ["GET ", &offer.address.resource, " HTTP/1.1\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        write_fields(out, fields.into_iter());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&key3);
        Ok(Self {
            expected,
            answer: key76::answer(part1, part2, key3),
            stage: Stage::StatusLine,
            head: HeadReader::new(limits, Syntax::Draft),
            fields: Headers::default(),
            limits: limits.clone(),
        })
    }

    /// "If there is not exactly one entry [...] fail", then the entries one by one.
    fn check(&self) -> Result<(), Violation> {
        let fields = &self.fields;
        let upgrade = fields.only("upgrade").ok_or(Violation::Upgrade)?;
        let connection = fields.only("connection").ok_or(Violation::Connection)?;
        self.expected.check_present(fields, PREFIX)?;
        // "If the value is not exactly equal to the string "WebSocket""
        if upgrade != "WebSocket" {
            return Err(Violation::Upgrade);
        }
        // "If the value, converted to ASCII lowercase, is not exactly equal to the string "upgrade""
        if !connection.eq_ignore_ascii_case("upgrade") {
            return Err(Violation::Connection);
        }
        self.expected.check_equal(fields, PREFIX)
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
                    // HTTP version and reason are free.
                    self.stage = match draft_status(&line)? {
                        101 => Stage::Fields,
                        status => Stage::Refused(Box::new(Draft::new(status, &self.limits))),
                    };
                }
                Stage::Fields => {
                    let Some(fields) = self.head.read_fields(input)? else {
                        return Ok(None);
                    };
                    self.fields = fields;
                    self.check()?;
                    self.stage = Stage::Answer(0);
                }
                Stage::Answer(right) => {
                    if input.first() != self.answer.get(*right) {
                        return Err(Violation::Challenge.into());
                    }
                    *input = input.get(1..).unwrap_or_default();
                    *right += 1;
                    if *right == self.answer.len() {
                        let protocol = self.expected.protocol.as_deref().unwrap_or_default();
                        let mut opened = OpenInfo::new(protocol, "");
                        opened.headers = core::mem::take(&mut self.fields);
                        return Ok(Some(Agreed {
                            opened,
                            framing: Box::new(Hixie76::new(Role::Client, &self.limits)),
                        }));
                    }
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

/// Whether a request is of this format: it has a key that no other format has. hybi-01 to -03 have it, too, but frames of
/// their own, and -02 and -03 say so.
pub(crate) fn is_request(headers: &Headers) -> bool {
    let has = |name: &str| headers.get(name).is_some();
    (has("Sec-WebSocket-Key1") || has("Sec-WebSocket-Key2")) && !has("Sec-WebSocket-Draft")
}

/// The head of a request that is right. The eight bytes behind it are missing.
#[derive(Debug)]
pub(crate) struct Head {
    repeated: Repeated,
    part1: u32,
    part2: u32,
}

impl Head {
    /// # Errors
    /// [`Violation::Upgrade`], [`Violation::Connection`], [`Violation::Challenge`], [`Violation::Host`], [`Violation::Origin`],
    /// [`Violation::ProtocolList`].
    pub(crate) fn read(
        headers: &Headers,
        target: &str,
        secure: bool,
    ) -> Result<(Self, Option<String>), Violation> {
        let is = |name: &str, expected: &str| {
            headers
                .only(name)
                .is_some_and(|value| value.eq_ignore_ascii_case(expected))
        };
        if !is("Upgrade", "WebSocket") {
            return Err(Violation::Upgrade);
        }
        if !is("Connection", "Upgrade") {
            return Err(Violation::Connection);
        }
        let part = |name: &str| {
            headers
                .only(name)
                .and_then(key76::part)
                .ok_or(Violation::Challenge)
        };
        let (part1, part2) = (part("Sec-WebSocket-Key1")?, part("Sec-WebSocket-Key2")?);
        let (repeated, protocol) =
            Repeated::read(headers, target, secure, "Origin", "Sec-WebSocket-Protocol")?;
        let head = Self {
            repeated,
            part1,
            part2,
        };
        Ok((head, protocol))
    }

    /// With the eight bytes.
    pub(crate) fn complete(self, key3: [u8; 8], limits: &ProtocolLimits) -> Server {
        Server {
            repeated: self.repeated,
            answer: key76::answer(self.part1, self.part2, key3),
            limits: limits.clone(),
        }
    }
}

/// A request that is right and whole.
#[derive(Debug)]
pub(crate) struct Server {
    repeated: Repeated,
    answer: [u8; 16],
    limits: ProtocolLimits,
}

impl ServerHandshake for Server {
    fn accept(
        &self,
        protocol: Option<&str>,
        _deflate: Option<&Deflate>,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Agreed {
        out.extend_from_slice(b"HTTP/1.1 101 WebSocket Protocol Handshake\r\n");
        let fixed = [
            ("Upgrade", "WebSocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Origin", &*self.repeated.origin),
            ("Sec-WebSocket-Location", &*self.repeated.location),
        ];
        let chosen = protocol.map(|chosen| ("Sec-WebSocket-Protocol", chosen));
        write_fields(out, fixed.into_iter().chain(chosen));
        write_fields(out, headers.iter().copied());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.answer);
        Agreed {
            opened: OpenInfo::new(protocol.unwrap_or_default(), ""),
            framing: Box::new(Hixie76::new(Role::Server, &self.limits)),
        }
    }
}
