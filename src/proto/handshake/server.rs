//! The server's side of the handshake: detects the wire format of a request, handles plain requests, and validates versions 13, 8 and 7 by RFC 6455
//! §4.2. The formats of 2009 have their own files.

mod answer;

pub use answer::Response;

use super::head::{Head, Headers, is_token, is_version, syntax};
use super::repeated::is_authority;
use super::{Agreed, ServerHandshake, accept_key, extensions, hixie75, hixie76};
use crate::error::Violation;
use crate::message::OpenInfo;
use crate::proto::Random;
use crate::proto::deflate::Deflate;
use crate::proto::format::Format;
use crate::proto::framing::rfc6455::Rfc6455;
use crate::proto::limits::ProtocolLimits;
use crate::proto::role::Role;
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use core::fmt;

/// Clients that pick 22 random base64 characters leave the last four bits of the 16th byte's group as they fall.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A client's request (RFC 6455 §4.2.1).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path and query as they arrived, beginning with `/`.
    pub target: String,
    /// Every header line.
    pub headers: Headers,
    /// The offered subprotocols, in the client's order of preference. Empty for plain HTTP. hixie-75 and -76 offer one at most, and their clients
    /// fail unless it is accepted.
    pub protocols: Vec<String>,
    /// The requested wire format. `None` for plain HTTP.
    pub format: Option<Format>,
    /// The requested version of RFC 6455: 13, 8 or 7. `None` for the formats of 2009, which have no number, and for plain HTTP.
    pub version: Option<u8>,
    /// The authority of a target that is an absolute URL.
    authority: Option<String>,
}

/// Without the query: it may be a token, and is not for logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &path)
            .field("headers", &self.headers)
            .field("protocols", &self.protocols)
            .field("format", &self.format)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Whether it requests a WebSocket and can be accepted as one.
    pub fn is_websocket(&self) -> bool {
        self.format.is_some()
    }

    /// The requested host, without a port, for servers with several: compare it without case. A target that is an absolute URL wins over `Host` (RFC
    /// 9112 §3.2.2).
    pub fn host(&self) -> Option<&str> {
        let host = match &self.authority {
            Some(authority) => authority,
            None => self.headers.only("Host")?,
        };
        match host.rsplit_once(':') {
            // The colon may be one of an IPv6 address in brackets.
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(name),
            _ => Some(host),
        }
    }

    /// The subprotocol to accept: the first of `known` that the client offered (RFC 6455 §4.2.2 item 5: the server picks one of the client's, by its
    /// own preference). `known` begins with the best.
    pub fn choose_protocol<T: AsRef<str>>(&self, known: &[T]) -> Option<&str> {
        known.iter().find_map(|known| {
            self.protocols
                .iter()
                .find(|offered| *offered == known.as_ref())
                .map(String::as_str)
        })
    }

    /// The target before the `?`, percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The target after the `?`, percent-encoded; empty if there is none.
    pub fn query(&self) -> &str {
        self.target
            .split_once('?')
            .map(|(_, query)| query)
            .unwrap_or_default()
    }

    /// The page's origin, as the browser reports it (RFC 6455 §10.2). There is at most one: a WebSocket request with two is refused. The header had
    /// other names in drafts 04 to 10 of RFC 6455 and in the paper of 2009.
    pub fn origin(&self) -> Option<&str> {
        self.headers.get(match (self.format, self.version) {
            (Some(Format::Hixie75), _) => hixie75::origin_field(&self.headers),
            (_, Some(7 | 8)) => "Sec-WebSocket-Origin",
            _ => "Origin",
        })
    }
}

/// What a head said.
#[derive(Debug)]
pub(crate) enum Read {
    /// A request that is whole. If it asks for a WebSocket it comes with the half that can accept it.
    Whole(Request, Option<Box<dyn ServerHandshake>>),
    /// One of hixie-76, whose request continues after its head.
    Hixie76(Request, hixie76::Head),
}

/// Takes a request apart, by the wire format that its head shows:
///
/// | the head has | it is |
/// |---|---|
/// | `Sec-WebSocket-Key1` or `-Key2` | hixie-76 |
/// | the three fixed lines, nothing that begins with `Sec-WebSocket-` | hixie-75 |
/// | `Upgrade: websocket` or `Sec-WebSocket-Key` | RFC 6455 |
/// | none of it | plain HTTP |
///
/// Without `legacy` only the last two are left.
///
/// # Errors
/// What is wrong with it; [`Response::refusing`] answers it.
pub(crate) fn read(
    head: Head,
    secure: bool,
    legacy: bool,
    limits: &ProtocolLimits,
    random: Random,
) -> Result<Read, Violation> {
    let mut parts = head.start.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(syntax(1, head.start.len() + 1));
    };
    if !is_token(method) {
        return Err(syntax(1, 1));
    }
    if !is_version(version) {
        return Err(syntax(1, method.len() + target.len() + 3));
    }
    let is_path = target.starts_with('/');
    let (authority, target) = parts_of(target)?;
    let (authority, target) = (authority.map(str::to_owned), target.to_owned());
    let (method, version) = (method.to_owned(), version.to_owned());
    let mut request = Request {
        method,
        target,
        headers: head.headers,
        protocols: Vec::new(),
        format: None,
        version: None,
        authority,
    };
    let headers = &request.headers;

    let format = if !legacy {
        return read_rfc6455(request, &version, limits, random);
    } else if hixie76::is_request(headers) {
        Format::Hixie76
    } else if hixie75::is_request(headers) {
        Format::Hixie75
    } else {
        return read_rfc6455(request, &version, limits, random);
    };
    // hixie-75: tokens other than `GET`, a path and `HTTP/1.1`, in this order: the server "should abort". A client of hixie-76 may
    // announce the eight bytes behind its head, for proxies to let them through.
    let bodies: &[&str] = match format {
        Format::Hixie76 => &["0", "8"],
        _ => &["0"],
    };
    check_start(&request, &version, bodies)?;
    if !is_path {
        return Err(Violation::Target);
    }
    if format == Format::Hixie76 {
        let (head, protocol) = hixie76::Head::read(headers, &request.target, secure)?;
        request.protocols.extend(protocol);
        request.format = Some(format);
        return Ok(Read::Hixie76(request, head));
    }
    let (handshake, protocol) = hixie75::Server::read(headers, &request.target, secure, limits)?;
    request.protocols.extend(protocol);
    request.format = Some(format);
    Ok(Read::Whole(request, Some(Box::new(handshake))))
}

/// RFC 6455 §4.2.1 item 1: "An HTTP/1.1 or higher GET request". A body of another length than these would be read as frames.
fn check_start(request: &Request, version: &str, bodies: &[&str]) -> Result<(), Violation> {
    if request.method != "GET" {
        return Err(Violation::Method);
    }
    if version != "HTTP/1.1" {
        return Err(Violation::HttpVersion);
    }
    let mut lengths = request.headers.get_all("Content-Length");
    if lengths.any(|length| !bodies.contains(&length))
        || request.headers.get("Transfer-Encoding").is_some()
    {
        return Err(Violation::Body);
    }
    Ok(())
}

fn read_rfc6455(
    mut request: Request,
    version: &str,
    limits: &ProtocolLimits,
    random: Random,
) -> Result<Read, Violation> {
    let headers = &request.headers;
    // RFC 9112 §3.2: 400 to a request of HTTP/1.1 "that lacks a Host header field and to any request message that contains more than one
    // Host header field line or a Host header field with an invalid field value".
    let host = headers.get("Host");
    if host.is_some_and(|host| headers.only("Host").is_none() || !is_authority(host))
        || (host.is_none() && version == "HTTP/1.1")
    {
        return Err(Violation::Host);
    }
    // What shows the wish for a WebSocket is judged as one; the rest is plain HTTP and the application's to answer.
    if !headers.lists("Upgrade", "websocket") && headers.get("Sec-WebSocket-Key").is_none() {
        return Ok(Read::Whole(request, None));
    }

    // RFC 6455 §4.2.1, in its order.
    check_start(&request, version, &["0"])?;
    if !headers.lists("Upgrade", "websocket") {
        return Err(Violation::Upgrade);
    }
    if !headers.lists("Connection", "Upgrade") {
        return Err(Violation::Connection);
    }
    // §4.4 before the key: a client of another version may have another key, and must learn which versions we speak.
    let version = match headers.only("Sec-WebSocket-Version") {
        Some("13") => 13,
        Some("8") => 8,
        Some("7") => 7,
        _ => return Err(Violation::Version),
    };
    let key = headers.only("Sec-WebSocket-Key").ok_or(Violation::Key)?;
    // Item 5: "a base64-encoded [...] value that, when decoded, is 16 bytes in length".
    if !LENIENT.decode(key).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(Violation::Key);
    }
    let accept = accept_key(key);
    let protocols: Vec<String> = headers
        .list("Sec-WebSocket-Protocol")
        .map(str::to_owned)
        .collect();
    // §4.1 item 10: "The elements that comprise this value MUST be non-empty strings [...] and MUST all be unique strings."
    let distinct = protocols
        .iter()
        .enumerate()
        .all(|(index, protocol)| !protocols[..index].contains(protocol));
    if !distinct || !protocols.iter().all(|protocol| is_token(protocol)) {
        return Err(Violation::ProtocolList);
    }
    // Item 7: one origin or none. An allow-list must not look at one of two.
    let origin = if version == 13 {
        "Origin"
    } else {
        "Sec-WebSocket-Origin"
    };
    if headers.get_all(origin).nth(1).is_some() {
        return Err(Violation::Origin);
    }
    let extensions: Vec<String> = headers
        .get_all("Sec-WebSocket-Extensions")
        .map(str::to_owned)
        .collect();
    // RFC 6455 §9.1: a header that breaks the grammar fails the handshake.
    if !extensions
        .iter()
        .all(|line| extensions::parse(line).is_some())
    {
        return Err(Violation::ExtensionList);
    }
    request.protocols = protocols;
    request.format = Some(Format::Rfc6455);
    request.version = Some(version);
    let deciding = Deciding {
        accept,
        extensions,
        limits: limits.clone(),
        random,
    };
    Ok(Read::Whole(request, Some(Box::new(deciding))))
}

/// The authority, if it is named, and the path and query of a target: RFC 6455 §4.2.1 item 1 takes a path or an absolute `http` URL.
fn parts_of(target: &str) -> Result<(Option<&str>, &str), Violation> {
    // RFC 3986 has neither controls nor anything beyond ASCII in it, and a tab is the one control that a head may have elsewhere.
    if target.contains('#') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Violation::Target);
    }
    let Some((scheme, rest)) = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))
    else {
        return if target.starts_with('/') {
            Ok((None, target))
        } else {
            Err(Violation::Target)
        };
    };
    if !["http", "https", "ws", "wss"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(Violation::Target);
    }
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) if rest[at..].starts_with('/') => rest.split_at(at),
        Some(_) => return Err(Violation::Target),
        None => (rest, "/"),
    };
    if !is_authority(authority) {
        return Err(Violation::Target);
    }
    Ok((Some(authority), path))
}

/// A request of version 13, 8 or 7 that is right. On the wire they differ in nothing that a server answers.
#[derive(Debug)]
struct Deciding {
    accept: String,
    /// The header lines that offer extensions.
    extensions: Vec<String>,
    limits: ProtocolLimits,
    random: Random,
}

impl ServerHandshake for Deciding {
    fn accept(
        &self,
        protocol: Option<&str>,
        deflate: Option<&Deflate>,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Agreed {
        let mut head = String::from(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
        );
        head.extend([&self.accept, "\r\n"]);
        if let Some(protocol) = protocol {
            head.extend(["Sec-WebSocket-Protocol: ", protocol, "\r\n"]);
        }
        let offered = self.extensions.iter().map(String::as_str);
        let (extensions, codec) = deflate.and_then(|deflate| deflate.answer(offered)).unzip();
        if let Some(extensions) = &extensions {
            head.extend(["Sec-WebSocket-Extensions: ", extensions, "\r\n"]);
        }
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        out.extend_from_slice(head.as_bytes());
        Agreed {
            opened: OpenInfo::new(protocol.unwrap_or_default(), extensions.unwrap_or_default()),
            framing: Box::new(Rfc6455::new(Role::Server, &self.limits, self.random, codec)),
        }
    }
}
