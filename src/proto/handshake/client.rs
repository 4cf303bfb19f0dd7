//! The client's opening handshake of RFC 6455 §4.1.

use super::head::{Headers, is_reserved, is_token, is_value};
use super::repeated::is_authority;
use super::response::{Refusal, ResponseReader};
use super::{Agreed, ClientHandshake, accept_key, hixie75, hixie76, refused};
use crate::error::{HandshakeError, Misuse, Violation};
use crate::message::OpenInfo;
use crate::proto::Random;
use crate::proto::address::Address;
use crate::proto::deflate::{self, Deflate};
use crate::proto::format::Format;
use crate::proto::framing::rfc6455::Rfc6455;
use crate::proto::limits::ProtocolLimits;
use crate::proto::role::Role;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;

/// A client's request.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientRequest {
    /// The server and the resource.
    pub address: Address,
    /// Subprotocols in order of preference, distinct tokens; one at most in the formats of 2009. Default: none.
    pub protocols: Vec<String>,
    /// The `Origin` of the page or application. Default: none, as RFC 6455 §4.1 item 8 says for clients that are not browsers. The formats of 2009
    /// need one: there it is sent in lower case, and as `null` if there is none.
    pub origin: Option<String>,
    /// Further header lines, name and value, such as cookies or credentials (RFC 6455 §4.1 item 12). Default: none.
    ///
    /// `Host` may stand here once, and replaces that of the address; `Origin` once, in RFC 6455 and where [`origin`](Self::origin) names none;
    /// `Authorization` replaces the credentials of the address. What the handshake writes itself is refused: `Upgrade`, `Connection`,
    /// `Sec-WebSocket-*`, `WebSocket-*`, and `Content-Length` and `Transfer-Encoding`, as there is no body.
    pub headers: Vec<(String, String)>,
    /// The compression (RFC 7692) to offer; `None`, the default, offers none. The formats of 2009 have none, and do not offer it.
    pub deflate: Option<Deflate>,
    /// The wire format. Default: RFC 6455.
    pub format: Format,
}

/// Without the query and the values of header lines: they may be tokens, cookies or credentials, and are not for logs.
impl fmt::Debug for ClientRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("ClientRequest")
            .field("host", &self.address.host)
            .field("protocols", &self.protocols)
            .field("origin", &self.origin)
            .field("headers", &names)
            .field("deflate", &self.deflate)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl ClientRequest {
    /// A request for this address in RFC 6455's format, without options.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            protocols: Vec::new(),
            origin: None,
            headers: Vec::new(),
            deflate: None,
            format: Format::default(),
        }
    }

    /// The first header line that cannot be sent, and why.
    pub(crate) fn bad_header(&self) -> Option<(&str, Misuse)> {
        if self.origin.as_ref().is_some_and(|origin| !is_value(origin)) {
            return Some(("Origin", Misuse::Header));
        }
        // The formats of 2009 always send one.
        let has_origin = self.origin.is_some() || self.format != Format::Rfc6455;
        self.headers
            .iter()
            .enumerate()
            .find_map(|(at, (name, value))| {
                let before = self.headers.iter().take(at);
                let again = before
                    .map(|(name, _)| name)
                    .any(|other| other.eq_ignore_ascii_case(name));
                let once = ["Host", "Origin", "Authorization"];
                let once = once.iter().any(|once| name.eq_ignore_ascii_case(once));
                let doubled =
                    (once && again) || (has_origin && name.eq_ignore_ascii_case("Origin"));
                let misuse = match () {
                    () if !is_token(name) || !is_value(value) => Misuse::Header,
                    // RFC 9112 §3.2: a server answers 400 to another value.
                    () if name.eq_ignore_ascii_case("Host") && !is_authority(value) => {
                        Misuse::Header
                    }
                    () if is_reserved(name) || doubled => Misuse::ReservedHeader,
                    () => return None,
                };
                Some((&**name, misuse))
            })
    }

    /// The value of this header line.
    fn header(&self, wanted: &str) -> Option<&str> {
        let mut lines = self.headers.iter();
        let line = lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        line.map(|(_, value)| &**value)
    }

    /// The value of `Host`.
    pub(crate) fn host(&self) -> String {
        let replaced = self.header("Host").map(str::to_owned);
        replaced.unwrap_or_else(|| self.address.authority())
    }

    /// The header lines that stand behind those of the handshake: the credentials of the URL, and the application's own.
    pub(crate) fn further_lines(&self) -> Vec<(&str, String)> {
        let credentials = self.address.credentials.as_ref();
        let basic = credentials.filter(|_| self.header("Authorization").is_none());
        let basic = basic.map(|credentials| ("Authorization", credentials.basic()));
        let own = self
            .headers
            .iter()
            .map(|(name, value)| (&**name, value.clone()));
        basic
            .into_iter()
            .chain(own.filter(|(name, _)| !name.eq_ignore_ascii_case("Host")))
            .collect()
    }

    /// Writes the request and gives what waits for its response.
    pub(crate) fn start(
        self,
        limits: &ProtocolLimits,
        random: Random,
        out: &mut Vec<u8>,
    ) -> Result<Box<dyn ClientHandshake>, Misuse> {
        if let Some((_, misuse)) = self.bad_header() {
            return Err(misuse);
        }
        let mut resource = self.address.resource.bytes();
        if !self.protocols.iter().all(|name| is_token(name))
            || !is_authority(&self.address.host)
            || resource.any(|byte| byte <= b' ' || byte == 0x7F)
        {
            return Err(Misuse::Header);
        }
        match self.format {
            Format::Rfc6455 => Ok(Box::new(Waiting::start(self, limits, random, out))),
            Format::Hixie75 => Ok(Box::new(hixie75::Client::start(&self, limits, out)?)),
            Format::Hixie76 => Ok(Box::new(hixie76::Client::start(
                &self, limits, random, out,
            )?)),
        }
    }
}

/// The request is written; the response is awaited.
#[derive(Debug)]
struct Waiting {
    response: ResponseReader,
    refusal: Option<Box<Refusal>>,
    accept: String,
    protocols: Vec<String>,
    deflate: Option<Deflate>,
    limits: ProtocolLimits,
    random: Random,
}

impl Waiting {
    fn start(
        offer: ClientRequest,
        limits: &ProtocolLimits,
        random: Random,
        out: &mut Vec<u8>,
    ) -> Self {
        // RFC 6455 §4.1 item 7: "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded"
        let mut nonce = [0; 16];
        random(&mut nonce);
        let key = STANDARD.encode(nonce);

        let mut line = |parts: &[&str]| {
            parts
                .iter()
                .for_each(|part| out.extend_from_slice(part.as_bytes()));
            out.extend_from_slice(b"\r\n");
        };
        line(&["GET ", &offer.address.resource, " HTTP/1.1"]);
        line(&["Host: ", &offer.host()]);
        line(&["Upgrade: websocket"]);
        line(&["Connection: Upgrade"]);
        line(&["Sec-WebSocket-Key: ", &key]);
        line(&["Sec-WebSocket-Version: 13"]);
        if let Some(origin) = &offer.origin {
            line(&["Origin: ", origin]);
        }
        if !offer.protocols.is_empty() {
            line(&["Sec-WebSocket-Protocol: ", &offer.protocols.join(", ")]);
        }
        if let Some(extension) = offer.deflate.as_ref().and_then(Deflate::offer) {
            line(&["Sec-WebSocket-Extensions: ", &extension]);
        }
        for (name, value) in offer.further_lines() {
            line(&[name, ": ", &value]);
        }
        line(&[]);
        Self {
            response: ResponseReader::new(limits),
            refusal: None,
            accept: accept_key(&key),
            protocols: offer.protocols,
            deflate: offer.deflate,
            limits: limits.clone(),
            random,
        }
    }

    /// RFC 6455 §4.1, "the client MUST validate the server's response as follows".
    fn check(&self, headers: &Headers) -> Result<(OpenInfo, Option<deflate::Codec>), Violation> {
        // Item 2: "an |Upgrade| header field [that is] an ASCII case-insensitive match for the value "websocket""
        if !headers
            .only("Upgrade")
            .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
        {
            return Err(Violation::Upgrade);
        }
        // Item 3: "a token that is an ASCII case-insensitive match for the value "Upgrade""
        if !headers.lists("Connection", "Upgrade") {
            return Err(Violation::Connection);
        }
        // Item 4. §11.3.3: the header "MUST NOT appear more than once in an HTTP response".
        if headers.only("Sec-WebSocket-Accept") != Some(&self.accept) {
            return Err(Violation::Accept);
        }
        // Item 5: "an extension that was not present in the client's handshake".
        let codec = deflate::judge(
            self.deflate.as_ref(),
            headers.get_all("Sec-WebSocket-Extensions"),
        )?;
        let extensions: Vec<&str> = headers.get_all("Sec-WebSocket-Extensions").collect();
        // Item 6: "a subprotocol that was not present in the client's handshake".
        // DIFFERENCE: WHATWG WebSockets also fails when subprotocols were asked for and none was chosen. RFC 6455 allows
        // that. The caller of the core decides: `OpenInfo::protocol` is empty, and `transport::over_io::connect` fails then.
        let mut chosen = headers.get_all("Sec-WebSocket-Protocol");
        let protocol = match (chosen.next(), chosen.next()) {
            (None, _) => "",
            (Some(one), None) if self.protocols.iter().any(|asked| asked == one) => one,
            _ => return Err(Violation::Subprotocol),
        };
        Ok((OpenInfo::new(protocol, extensions.join(", ")), codec))
    }
}

impl ClientHandshake for Waiting {
    fn handle_bytes(&mut self, input: &mut &[u8]) -> Result<Option<Agreed>, HandshakeError> {
        if self.refusal.is_none() {
            let Some((status, headers)) = self.response.read(input)? else {
                return Ok(None);
            };
            if status == 101 {
                let (mut opened, codec) = self.check(&headers)?;
                opened.headers = headers;
                let framing = Rfc6455::new(Role::Client, &self.limits, self.random, codec);
                let framing = Box::new(framing);
                return Ok(Some(Agreed { opened, framing }));
            }
            self.refusal = Some(Box::new(Refusal::new(status, headers, &self.limits)));
        }
        if self
            .refusal
            .as_mut()
            .is_some_and(|refusal| refusal.read(input))
            && let Some(refusal) = self.refusal.take()
        {
            return Err(refused(*refusal, false));
        }
        Ok(None)
    }

    fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    fn refusal(&mut self, ended: bool) -> Option<HandshakeError> {
        let refusal = self.refusal.take()?;
        Some(refused(*refusal, ended))
    }
}
