//! Where the test server is: in this process natively, elsewhere for a browser, whose page is told the address when it is compiled.

// Several suites share this file, and each uses a part of it.
#![allow(dead_code)]

use std::fmt::Display;
use websocket_channel::{Channel, Text, connect};

/// Whom the CONNECT proxy serves: the user of RFC 6455 §4.1's own example. The runner starts its server with the same.
pub(crate) const PROXY_USER: &str = "ednamode:nocapes!";

/// Whether a handle's call has handed over what it took when it returns: in a page, where the driver runs as it is woken.
pub(crate) const AT_ONCE: bool = cfg!(all(
    target_family = "wasm",
    target_os = "unknown",
    not(target_feature = "atomics")
));

/// Whether there is room again when `try_send` returns, be the high-water mark ever so low: Bun writes to the network within `send`, and holds nothing
/// after it.
pub(crate) fn holds_nothing() -> bool {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return js_sys::Reflect::has(&js_sys::global(), &"Bun".into()).unwrap();
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    false
}

/// Whether the tests run in Deno.
pub(crate) fn is_deno() -> bool {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return js_sys::Reflect::has(&js_sys::global(), &"Deno".into()).unwrap();
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    false
}

pub(crate) struct Server {
    origin: String,
    refused_port: u16,
    control: String,
    proxy: String,
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    _server: websocket_channel_server::TestServer,
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) async fn server() -> Server {
    let mut options = websocket_channel_server::Options::default();
    options.proxy_credentials = websocket_channel_server::Credentials::parse(PROXY_USER);
    assert!(options.proxy_credentials.is_some());
    let server = websocket_channel_server::TestServer::start(options)
        .await
        .unwrap();
    Server {
        origin: server.url(),
        refused_port: server.refused_port().unwrap(),
        control: server.control_url(),
        proxy: server.proxy_url(),
        _server: server,
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) async fn server() -> Server {
    report_panics();
    let server = websocket_channel_test::addresses!();
    Server {
        origin: server.ws,
        refused_port: server.refused,
        control: server.control,
        proxy: server.proxy,
    }
}

/// A panic in a task that no test awaits fails no test: the runner is told of it, and fails the suite.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn report_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let Some(runner) = option_env!("WEBSOCKET_CHANNEL_PANICS") else {
        return;
    };
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            before(info);
            let text = js_sys::encode_uri_component(&info.to_string());
            // The request says it all, and nobody answers.
            let _ = web_sys::WebSocket::new(&format!("{runner}/?{text}"));
        }));
    });
}

/// A tag that no other run has: what the server was told of one outlives the page.
pub(crate) fn unique(name: &str) -> String {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return format!("{name}-{}", (js_sys::Math::random() * 1e15) as u64);
    // Every test has a server of its own.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    name.to_owned()
}

impl Server {
    /// The URL of a service.
    pub(crate) fn url(&self, path: impl Display) -> String {
        format!("{}{path}", self.origin)
    }

    /// The same for `/pipe` and `/probe`, which a page of another origin uses with the token of the run.
    pub(crate) fn trusted_url(&self, path: impl Display) -> String {
        let path = path.to_string();
        let separator = if path.contains('?') { '&' } else { '?' };
        let (_, token) = self.control.rsplit_once('/').unwrap();
        self.url(format_args!("{path}{separator}token={token}"))
    }

    /// The control channel's address, which begins with `http`.
    pub(crate) fn control(&self) -> &str {
        &self.control
    }

    /// Host and port of the server.
    pub(crate) fn authority(&self) -> &str {
        self.origin.trim_start_matches("ws://")
    }

    /// Host and port of the CONNECT proxy.
    pub(crate) fn proxy(&self) -> &str {
        self.proxy.trim_start_matches("http://")
    }

    /// A URL whose port is held by a socket that does not listen: every connection is refused.
    pub(crate) fn refused(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.refused_port)
    }
}

/// The server's control channel, over a WebSocket.
pub(crate) struct Steering(Channel<String, String>);

impl Server {
    /// The control channel, to steer connections by their tag.
    pub(crate) async fn steering(&self) -> Steering {
        let url = self.control().replacen("http", "ws", 1);
        Steering(connect(url).codec(Text).await.unwrap())
    }
}

impl Steering {
    /// Has a command carried out, as JSON, and gives the answer.
    pub(crate) async fn command(&mut self, command: &str) -> String {
        self.0.send(command.into()).await.unwrap();
        self.0.next().await.unwrap().unwrap()
    }

    /// Has a command without further parameters carried out on the connections of a tag.
    pub(crate) async fn tell(&mut self, what: &str, tag: &str) -> String {
        self.command(&format!(r#"{{"do":"{what}","tag":"{tag}"}}"#))
            .await
    }

    /// The connections of a tag that have not ended.
    pub(crate) async fn live(&mut self, tag: &str) -> Vec<serde_json::Value> {
        live(&self.tell("list", tag).await)
    }

    /// How many connections to the server have not ended, this one among them, and those that asked for nothing yet.
    pub(crate) async fn open(&mut self) -> usize {
        live(&self.command(r#"{"do":"list"}"#).await).len()
    }

    /// Returns when no connection of a tag is left. The test's limit is the end of patience.
    pub(crate) async fn none_left(&mut self, tag: &str) {
        while !self.live(tag).await.is_empty() {}
    }
}

/// Of a list, what has not ended.
fn live(told: &str) -> Vec<serde_json::Value> {
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    let mut connections = told["connections"].as_array().unwrap().clone();
    connections.retain(|connection| connection["ended"] == false);
    connections
}
