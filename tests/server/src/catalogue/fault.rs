//! One fault, read from its file.

use serde::Serialize;
use std::str;
use std::time::Duration;

/// What stands in a file for the right `Sec-WebSocket-Accept`.
const ACCEPT: &[u8] = b"{accept}";

/// A fault of the catalogue.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The name, as in `/fault/NAME`.
    pub name: &'static str,
    /// What the server does: a sentence.
    pub what: &'static str,
    /// What a correct client does.
    pub client: &'static str,
    /// The subprotocol that the client is to offer, if any.
    pub offer: Option<&'static str>,
    /// What happens when the bytes are written.
    pub then: Then,
    /// The time between two bytes, if they go one by one.
    #[serde(skip)]
    pub every: Option<Duration>,
    #[serde(skip)]
    bytes: &'static [u8],
}

/// What happens when a fault's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Then {
    /// The server reads on and says nothing more.
    Hold,
    /// When the client has said something, the server ends the stream.
    Answer,
    /// The server ends the stream, and reads on.
    Fin,
    /// The server resets the connection.
    Rst,
    /// The server reads nothing and writes nothing, and keeps the connection.
    Stall,
}

impl Fault {
    pub(super) fn parse(name: &'static str, file: &'static [u8]) -> Result<Self, &'static str> {
        let end = file
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .ok_or("no empty line")?;
        let (head, bytes) = file.split_at(end);
        let head = str::from_utf8(head).map_err(|_| "the lines are not UTF-8")?;
        let find = |key: &str| {
            head.lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(candidate, _)| *candidate == key)
                .map(|(_, value)| value)
        };
        let every = match find("every").map(str::parse) {
            None => None,
            Some(Ok(ms)) => Some(Duration::from_millis(ms)),
            Some(Err(_)) => return Err("`every` is no number"),
        };
        Ok(Self {
            name,
            what: find("what").ok_or("no `what`")?,
            client: find("client").ok_or("no `client`")?,
            offer: find("offer"),
            then: match find("then") {
                Some("hold") => Then::Hold,
                Some("answer") => Then::Answer,
                Some("fin") => Then::Fin,
                Some("rst") => Then::Rst,
                Some("stall") => Then::Stall,
                _ => return Err("no `then`"),
            },
            every,
            bytes: bytes.get(2..).unwrap_or_default(),
        })
    }

    /// The bytes as they go to a client with this key.
    pub(super) fn bytes(&self, key: &str) -> Vec<u8> {
        let accept = super::accept::accept(key);
        let mut out = Vec::with_capacity(self.bytes.len() + accept.len());
        let mut rest = self.bytes;
        while let Some(at) = rest.windows(ACCEPT.len()).position(|part| part == ACCEPT) {
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.extend_from_slice(accept.as_bytes());
            rest = rest.get(at + ACCEPT.len()..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out
    }
}
