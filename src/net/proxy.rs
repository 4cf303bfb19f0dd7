//! Selects the proxy of a connection, natively.

use crate::error::ConnectErrorKind;
use crate::proto::{Address, Credentials};
use core::net::IpAddr;
use url::Url;

/// How to find the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyChoice {
    /// From the environment. The default.
    ///
    /// - `https_proxy`, else `all_proxy`, names it, for `ws` and `wss` alike. RFC 6455 §4.1 item 3 prefers the proxy for HTTPS, because it supports
    ///   CONNECT. `http_proxy` is not read.
    /// - `no_proxy` lists exceptions, separated by commas: `*` for everything; a name, for itself and all names under it; `.name` or `*.name`, for
    ///   names under it only; an address; a network such as `10.0.0.0/8`. All but `*` and networks may have a `:port`. A trailing dot of a name is
    ///   ignored. `localhost`, names under it and loopback addresses never use a proxy.
    /// - Each variable is looked up in lower case, then in upper case. An empty one counts as not set.
    #[default]
    Environment,
    /// No proxy, whatever the environment says.
    Direct,
    /// This proxy, for every host.
    Through(Proxy),
}

/// An HTTP proxy that opens tunnels with CONNECT (RFC 9110 §9.3.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Whether the proxy itself is spoken to over TLS.
    pub(crate) secure: bool,
    /// An IPv6 address stands without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<Credentials>,
}

impl Proxy {
    /// Reads `http://[user:password@]host[:port]`, or the same with `https`, or without a scheme. The port is by default the scheme's
    /// own; name and password may be percent-encoded.
    ///
    /// # Errors
    /// [`ConnectErrorKind::Refused`]: `SyntaxError` for what is no URL, `NotSupportedError` for another scheme, such as `socks5`.
    pub fn parse(url: &str) -> Result<Self, ConnectErrorKind> {
        let url = url.trim();
        let url = if url.contains("://") {
            url.to_owned()
        } else {
            format!("http://{url}")
        };
        let url = Url::parse(&url)
            .map_err(|_| refused("SyntaxError", "the proxy's URL cannot be read"))?;
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => {
                return Err(refused(
                    "NotSupportedError",
                    "only http and https proxies are supported",
                ));
            }
        };
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(refused("SyntaxError", "the proxy's URL names no host"));
        };
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let credentials =
            Credentials::of(&url).map_err(|misuse| refused("SyntaxError", &misuse.to_string()))?;
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            credentials,
        })
    }
}

impl ProxyChoice {
    /// The proxy for this address, given what the environment says.
    pub(crate) fn choose(
        self,
        address: &Address,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Proxy>, ConnectErrorKind> {
        match self {
            ProxyChoice::Direct => Ok(None),
            ProxyChoice::Through(proxy) => Ok(Some(proxy)),
            ProxyChoice::Environment => {
                let value = |name: &str| {
                    let names = [name.to_owned(), name.to_ascii_uppercase()];
                    names.into_iter().find_map(|name| {
                        let value = environment(&name)?;
                        (!value.trim().is_empty()).then_some((name, value))
                    })
                };
                let Some((variable, proxy)) = value("https_proxy").or_else(|| value("all_proxy"))
                else {
                    return Ok(None);
                };
                let host = address.host_without_brackets().trim_end_matches('.');
                let ip: Option<IpAddr> = host.parse().ok();
                let local = ip.is_some_and(|ip| ip.is_loopback())
                    || is_under(host, "localhost")
                    || host == "localhost";
                let list = value("no_proxy").map_or_else(String::new, |(_, list)| list);
                let direct = local
                    || list
                        .split(',')
                        .any(|entry| covers(entry.trim(), host, ip, address.port));
                if direct {
                    Ok(None)
                } else {
                    Proxy::parse(&proxy).map(Some).map_err(|error| match error {
                        // Names the variable, because the user may not remember that it is set.
                        ConnectErrorKind::Refused { name, message } => refused(
                            &name,
                            &format!("the environment variable {variable}: {message}"),
                        ),
                        other => other,
                    })
                }
            }
        }
    }
}

/// Whether an entry of `no_proxy` is about this host.
fn covers(entry: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let (Some(ip), Some((network, length))) = (ip, entry.split_once('/')) {
        return match (network.parse(), length.parse()) {
            (Ok(network), Ok(length)) => is_within(ip, network, length),
            _ => false,
        };
    }
    let bare = |name: &str| -> Option<IpAddr> {
        let inner = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        inner.unwrap_or(name).parse().ok()
    };
    // An IPv6 address has colons of its own, and is not followed by a port unless it has brackets.
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, wanted)) if bare(entry).is_none() => (name, Some(wanted)),
        _ => (entry, None),
    };
    if wanted.is_some_and(|wanted| wanted.parse() != Ok(port)) {
        return false;
    }
    if ip.is_some() {
        return bare(name) == ip;
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    match name.strip_prefix("*.").or(name.strip_prefix('.')) {
        Some(parent) => is_under(host, parent),
        None => host == name || is_under(host, &name),
    }
}

/// Whether `host` is a name below `parent`.
fn is_under(host: &str, parent: &str) -> bool {
    !parent.is_empty()
        && host
            .strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.'))
}

fn is_within(ip: IpAddr, network: IpAddr, length: u32) -> bool {
    let (ip, network, width) = match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            (u128::from(ip.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => (ip.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    // A shift by the whole width is none that `checked_shr` takes: every address is in a network of no bits.
    length <= width && (ip ^ network).checked_shr(width - length).unwrap_or(0) == 0
}

fn refused(name: &str, message: &str) -> ConnectErrorKind {
    ConnectErrorKind::Refused {
        name: name.into(),
        message: message.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn choose(url: &str, environment: &[(&str, &str)]) -> Result<Option<Proxy>, &'static str> {
        let look = |name: &str| {
            environment
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_string())
        };
        ProxyChoice::Environment
            .choose(&Address::parse(url).unwrap(), look)
            .map_err(|kind| kind.code())
    }

    #[test]
    fn a_proxys_url() {
        let proxy = |secure, host: &str, port, credentials: Option<(&str, &str)>| {
            let credentials =
                credentials.map(|(user, password)| Credentials::new(user, password).unwrap());
            Proxy {
                secure,
                host: host.into(),
                port,
                credentials,
            }
        };
        for (url, expected) in [
            ("http://p:3128", proxy(false, "p", 3128, None)),
            ("http://p", proxy(false, "p", 80, None)),
            (" https://P/ ", proxy(true, "p", 443, None)),
            ("p:8080", proxy(false, "p", 8080, None)),
            ("http://[::1]:3128", proxy(false, "::1", 3128, None)),
            (
                "http://u:p%40%3a%zz@p:1",
                proxy(false, "p", 1, Some(("u", "p@:%zz"))),
            ),
            ("http://u@p:1", proxy(false, "p", 1, Some(("u", "")))),
        ] {
            assert_eq!(Proxy::parse(url), Ok(expected), "{url}");
        }
        for (url, name) in [
            ("socks5://p", "NotSupportedError"),
            ("http://", "SyntaxError"),
            ("http://u%ff@p", "SyntaxError"),
            ("http://a%3ab:c@p", "SyntaxError"),
        ] {
            let refused = Proxy::parse(url).unwrap_err();
            assert!(
                matches!(refused, ConnectErrorKind::Refused { name: found, .. } if found == name),
                "{url}"
            );
        }
    }

    #[test]
    fn the_environment_names_it() {
        let host = |found: Result<Option<Proxy>, _>| found.unwrap().map(|proxy| proxy.host);
        for url in ["ws://h/", "wss://h/"] {
            assert_eq!(host(choose(url, &[])), None);
            assert_eq!(
                host(choose(url, &[("HTTP_PROXY", "x"), ("http_proxy", "x")])),
                None
            );
            assert_eq!(
                host(choose(url, &[("HTTPS_PROXY", "a"), ("ALL_PROXY", "b")])),
                Some("a".into())
            );
            assert_eq!(
                host(choose(url, &[("https_proxy", "c"), ("HTTPS_PROXY", "a")])),
                Some("c".into())
            );
            assert_eq!(
                host(choose(url, &[("https_proxy", " "), ("all_proxy", "b")])),
                Some("b".into())
            );
        }
        // One that cannot be used is an error: going direct instead is not what was asked for.
        assert_eq!(
            choose("ws://h/", &[("ALL_PROXY", "socks5://x")]),
            Err("REFUSED")
        );
        let environment = |name: &str| (name == "ALL_PROXY").then(|| "socks5://x".to_owned());
        let address = Address::parse("ws://h/").unwrap();
        let error = ProxyChoice::Environment.choose(&address, environment);
        let text = error.unwrap_err().to_string();
        assert!(text.contains("ALL_PROXY"), "{text}");
    }

    #[test]
    fn addresses_that_bypass_the_proxy() {
        let direct = |url: &str, list: &str| {
            choose(url, &[("ALL_PROXY", "p"), ("NO_PROXY", list)])
                .unwrap()
                .is_none()
        };
        for (url, list, expected) in [
            ("ws://example.com/", "", false),
            ("ws://example.com/", "*", true),
            ("ws://example.com/", "x, EXAMPLE.com ,y", true),
            ("ws://a.example.com/", "example.com", true),
            ("ws://badexample.com/", "example.com", false),
            ("ws://example.com/", ".example.com", false),
            ("ws://a.example.com/", ".example.com", true),
            ("ws://example.com./", "example.com", true),
            ("ws://example.com/", "example.com.", true),
            ("ws://a.example.com./", ".example.com.", true),
            ("ws://a.example.com/", "*.example.com", true),
            ("ws://a.b.example.com/", "*.EXAMPLE.com.", true),
            ("ws://example.com/", "*.example.com", false),
            ("ws://badexample.com/", "*.example.com", false),
            ("ws://a.example.com:81/", "*.example.com:81", true),
            ("ws://a.example.com:82/", "*.example.com:81", false),
            ("ws://example.com/", "*.", false),
            ("ws://localhost./", "", true),
            ("ws://a.localhost./", "", true),
            ("ws://example.com:81/", "example.com:81", true),
            ("ws://example.com/", "example.com:81", false),
            ("wss://example.com/", "example.com:443", true),
            ("ws://10.1.2.3/", "10.0.0.0/8", true),
            ("ws://11.1.2.3/", "10.0.0.0/8", false),
            ("ws://11.1.2.3/", "0.0.0.0/0", true),
            ("ws://11.1.2.3/", "11.1.2.3/33", false),
            ("ws://11.1.2.3/", "11.1.2.3", true),
            ("ws://11.1.2.3:8/", "11.1.2.3:9", false),
            ("ws://[fd00::1]/", "fd00::/8", true),
            ("ws://[fd00::1]/", "fd00::1", true),
            ("ws://[fd00::1]:8/", "[fd00::1]:8", true),
            ("ws://[fd00::1]:8/", "[fd00::1]:9", false),
            ("ws://[fd00::1]/", "10.0.0.0/8,,/", false),
            // Loopback always.
            ("ws://localhost/", "", true),
            ("ws://a.localhost/", "", true),
            ("ws://127.3.2.1/", "", true),
            ("ws://[::1]/", "", true),
        ] {
            assert_eq!(direct(url, list), expected, "{url} {list:?}");
        }
    }
}
