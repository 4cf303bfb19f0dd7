//! The tunnel through an HTTP proxy (RFC 6455 §4.1 item 3, RFC 9110 §9.3.6), in front of any handshake.

use super::credentials::Credentials;
use super::handshake::response::{Refusal, ResponseReader};
use super::limits::ProtocolLimits;
use super::outgoing::Outgoing;
use crate::error::{Cause, Misuse};
use crate::http::HttpResponse;

/// A request to a proxy for a tunnel. It is a value and does nothing by itself.
///
/// 1. Write [`outgoing`](Self::outgoing) and report with [`handle_transmitted`](Self::handle_transmitted) how much was written.
/// 2. Pass bytes that were read to [`handle_bytes`](Self::handle_bytes) until it reports that the tunnel is open. Bytes that it left are the first of
///    the tunnel; from then on the stream leads to the host.
///
/// It has no timeout: the caller decides how long to wait.
#[derive(Debug)]
pub struct Tunnel {
    outgoing: Outgoing,
    head: ResponseReader,
    limits: ProtocolLimits,
    /// A refusal while its body comes.
    refusal: Option<(Cause, Refusal)>,
    response: Option<HttpResponse>,
}

impl Tunnel {
    /// A request for a tunnel to this host; an IPv6 address may have brackets. Of the limits those of the head apply.
    ///
    /// # Errors
    /// [`Misuse::Header`] if the host contains bytes that would break the request.
    pub fn new(
        host: &str,
        port: u16,
        credentials: Option<&Credentials>,
        limits: &ProtocolLimits,
    ) -> Result<Self, Misuse> {
        if host.is_empty()
            || host
                .bytes()
                .any(|byte| byte <= b' ' || byte == 0x7F || b"/?#@\\".contains(&byte))
        {
            return Err(Misuse::Header);
        }
        let authority = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        // DIFFERENCE: the example of RFC 6455 §4.1 has no port in `Host`. RFC 9112 §3.2.3 wants it to be the target's own, and
        // that is what browsers send.
        let mut head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(credentials) = credentials {
            head.extend(["Proxy-Authorization: ", &credentials.basic(), "\r\n"]);
        }
        head.push_str("\r\n");
        let mut outgoing = Outgoing::default();
        outgoing.append(0).extend_from_slice(head.as_bytes());
        Ok(Self {
            outgoing,
            head: ResponseReader::new(limits),
            limits: limits.clone(),
            refusal: None,
            response: None,
        })
    }

    /// Every byte that waits to be written.
    pub fn outgoing(&self) -> &[u8] {
        self.outgoing.first()
    }

    /// The first `n` bytes of [`outgoing`](Self::outgoing) were written.
    pub fn handle_transmitted(&mut self, n: usize) {
        self.outgoing.advance(n);
    }

    /// Takes the proxy's answer off the front of `input`. True: the tunnel is open, and what is left is its own. False: more bytes, also of
    /// the body of a refusal while [`is_refused`](Self::is_refused).
    ///
    /// # Errors
    /// [`Cause::ProxyAuthentication`] and [`Cause::Proxy`] for a refusal, of which [`response`](Self::response) has the rest;
    /// [`Cause::Violation`] for no HTTP. Not to be called again after that.
    pub fn handle_bytes(&mut self, input: &mut &[u8]) -> Result<bool, Cause> {
        if self.refusal.is_none() {
            let Some((status, headers)) = self.head.read(input)? else {
                return Ok(false);
            };
            let cause = match status {
                // RFC 9110 §9.3.6: "Any 2xx (Successful) response indicates that the sender (and all inbound proxies) will switch
                // to tunnel mode immediately after the response header section", and Content-Length and Transfer-Encoding in it
                // mean nothing.
                200..=299 => return Ok(true),
                407 => {
                    let challenges: Vec<&str> = headers.get_all("Proxy-Authenticate").collect();
                    Cause::ProxyAuthentication(challenges.join(", "))
                }
                other => Cause::Proxy(other),
            };
            self.refusal = Some((cause, Refusal::new(status, headers, &self.limits)));
        }
        let wanted = |(_, refusal): &mut (Cause, Refusal)| !refusal.read(input);
        if self.refusal.as_mut().is_some_and(wanted) {
            return Ok(false);
        }
        self.refuse(false)
    }

    /// Whether the proxy has refused, and the body of its answer is still to come. It is not worth a long wait.
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// The stream ended, or was waited for long enough.
    ///
    /// # Errors
    /// The refusal, if there was one, else [`Cause::Transport`].
    pub fn handle_eof(&mut self) -> Result<bool, Cause> {
        self.refuse(true)
    }

    /// The response that refused, with the beginning of its body.
    pub fn response(&self) -> Option<&HttpResponse> {
        self.response.as_ref()
    }

    fn refuse(&mut self, ended: bool) -> Result<bool, Cause> {
        let Some((cause, refusal)) = self.refusal.take() else {
            return Err(Cause::Transport(
                "the proxy ended before it answered".into(),
            ));
        };
        self.response = Some(refusal.into_response(ended));
        Err(cause)
    }
}
