//! A plain HTTP answer to a request.

use crate::error::{Misuse, Violation};
use crate::proto::handshake::head::{is_token, is_value};

/// The versions of RFC 6455 that are spoken, as §4.4 names them.
const VERSIONS: &str = "13, 8, 7";

/// A plain HTTP answer. The connection ends after it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status, from 200 to 599. Sending another one fails with [`Misuse::Status`].
    pub status: u16,
    /// Headers, name and value. `Content-Length`, `Transfer-Encoding` and `Connection` are added by the server, and refused here with
    /// [`Misuse::ReservedHeader`]. With an `Upgrade` among them `Connection` names it too (RFC 9110 §7.8).
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// This status with this body, without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// With one more header line.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The answer to plain HTTP where a WebSocket is required: 426, with the supported versions (RFC 6455 §4.4, RFC 9110 §15.5.22).
    pub fn upgrade_required(body: impl Into<Vec<u8>>) -> Self {
        Self::new(426, body)
            .header("Sec-WebSocket-Version", VERSIONS)
            .header("Upgrade", "websocket")
    }

    /// The answer to an invalid opening handshake (RFC 6455 §4.2.2 item 4, §4.4).
    pub(crate) fn refusing(violation: Violation) -> Self {
        let response = Response::new(violation.http_status(), format!("{violation}\n"))
            .header("Content-Type", "text/plain; charset=utf-8");
        match violation {
            // RFC 6455 §4.4: "MUST include a |Sec-WebSocket-Version| header field [...] indicating the version(s)"; RFC 9110
            // §15.5.22: a 426 "MUST send an Upgrade header field".
            Violation::Version => response
                .header("Sec-WebSocket-Version", VERSIONS)
                .header("Upgrade", "websocket"),
            Violation::Method => response.header("Allow", "GET"),
            _ => response,
        }
    }

    pub(crate) fn write(&self, without_body: bool, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if !(200..=599).contains(&self.status) {
            return Err(Misuse::Status(self.status));
        }
        if !self
            .headers
            .iter()
            .all(|(name, value)| is_token(name) && is_value(value))
        {
            return Err(Misuse::Header);
        }
        let has = |wanted: &str| {
            let mut names = self.headers.iter().map(|(name, _)| name);
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        if ["Content-Length", "Transfer-Encoding", "Connection"]
            .into_iter()
            .any(has)
        {
            return Err(Misuse::ReservedHeader);
        }
        let mut head = format!(
            "HTTP/1.1 {} {}\r\n",
            self.status,
            reason_phrase(self.status)
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        // RFC 9110 §8.6: no Content-Length in a 204; a 304 tells the length of what it does not carry.
        if self.status != 204 {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        // RFC 9110 §7.8: "A sender of Upgrade MUST also send an "Upgrade" connection option in the Connection header field".
        head.push_str(match has("Upgrade") {
            true => "Connection: Upgrade, close\r\n\r\n",
            false => "Connection: close\r\n\r\n",
        });
        out.extend_from_slice(head.as_bytes());
        if !without_body && !matches!(self.status, 204 | 304) {
            out.extend_from_slice(&self.body);
        }
        Ok(())
    }
}

/// The registered words for a status; they carry no meaning (RFC 9112 §4).
fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "",
    }
}
