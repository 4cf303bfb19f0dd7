//! Who may use the services that give more than what a client itself has sent.
//!
//! Any web page can open a WebSocket to this machine, and the browser adds the cookies of `127.0.0.1`, which are not kept apart by port. Every page
//! may use the services that only repeat what it says. The others ask here first: `/pipe`, which reaches outward, and `/probe`, which repeats headers
//! that a page does not see.

use super::{hosts, parameter};
use crate::Shared;
use url::Url;
use websocket_channel::proto::{Request, Response};

/// Lets a program, a page of this server's own, and whoever has the token use a service.
pub(super) fn check(request: &Request, shared: &Shared) -> Result<(), Response> {
    host(request)?;
    if parameter(request, "token").is_some_and(|token| token == shared.token) {
        return Ok(());
    }
    match page(request) {
        // A browser states the origin of the page in every handshake of a WebSocket (RFC 6455 §4.1, point 8).
        None => Ok(()),
        Some(origin) if is_own(origin, shared) => Ok(()),
        Some(_) => Err(Response::new(
            403,
            "a page of another origin needs ?token=TOKEN, where TOKEN is the last part of the control channel's address\n",
        )),
    }
}

/// Refuses a request whose `Host` is a name of the web's: DNS can be made to lead it here, and then this server would be of the page's own origin.
pub(super) fn host(request: &Request) -> Result<(), Response> {
    let host = request.headers.get("Host").unwrap_or_default();
    if hosts::is_loopback_name(host) {
        return Ok(());
    }
    let sentence = "Host has to name this machine: localhost, NAME.localhost, 127.0.0.1 or [::1]\n";
    Err(Response::new(403, sentence))
}

/// The origin that a browser states, by whichever name its version of the protocol has for it.
fn page(request: &Request) -> Option<&str> {
    ["Origin", "Sec-WebSocket-Origin", "WebSocket-Origin"]
        .iter()
        .find_map(|name| request.headers.get(name))
}

/// Whether a page came from this server itself.
fn is_own(origin: &str, shared: &Shared) -> bool {
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    let port = url.port_or_known_default();
    matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(hosts::is_loopback_name)
        && shared
            .pages
            .iter()
            .any(|address| Some(address.port()) == port)
}
