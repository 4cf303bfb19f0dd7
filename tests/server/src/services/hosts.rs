//! Names of this machine, and what is served under them.

use super::{SERVICES, is_service};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use websocket_channel::proto::Request;

/// The services beside those that want a WebSocket which can have a host of their own.
const OTHERS: [&str; 4] = ["silent", "status", "fault", "session"];

/// The names of the virtual hosts.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let services = SERVICES
        .iter()
        .filter_map(|service| service.strip_prefix('/'));
    services
        .chain(OTHERS)
        .map(|name| format!("{name}.localhost"))
}

/// The path of a request, with the virtual host made part of it.
pub(super) fn path(request: &Request) -> Cow<'_, str> {
    let path = request.path();
    let host = request.headers.get("Host").unwrap_or_default();
    let Some(name) = without_port(host).strip_suffix(".localhost") else {
        return path.into();
    };
    if !is_service(&format!("/{name}")) && !OTHERS.contains(&name) {
        return path.into();
    }
    match path {
        "/" => format!("/{name}").into(),
        _ => format!("/{name}{path}").into(),
    }
}

/// Whether a value of `Host` names this machine, and no name of the web's that was made to point here.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    resolve(without_port(host)).is_some()
}

/// `HOST:PORT` as an address of this machine, if it is one.
pub(crate) fn loopback(target: &str) -> Option<SocketAddr> {
    let (host, port) = target.rsplit_once(':')?;
    Some(SocketAddr::new(resolve(host)?, port.parse().ok()?))
}

fn resolve(host: &str) -> Option<IpAddr> {
    let host = host.to_ascii_lowercase();
    // RFC 6761 §6.3: localhost and everything under it is this machine.
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(&host);
    bare.parse().ok().filter(IpAddr::is_loopback)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons inside of brackets are an address's own.
        Some((host, port)) if !port.contains(']') => host,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_names_are_local() {
        for host in [
            "localhost",
            "LOCALHOST:80",
            "a.localhost:1",
            "127.0.0.1:8",
            "127.1.2.3",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_loopback_name(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com:80",
            "10.0.0.1",
            "[::2]:80",
            "evil-localhost",
        ] {
            assert!(!is_loopback_name(host), "{host}");
        }
        assert_eq!(loopback("localhost:80"), Some(([127, 0, 0, 1], 80).into()));
        for target in [
            "localhost",
            "localhost:",
            "localhost:70000",
            "example.com:80",
            ":80",
        ] {
            assert_eq!(loopback(target), None, "{target}");
        }
    }
}
