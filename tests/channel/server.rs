//! Where the test server is: in this process natively, elsewhere for a browser, whose page is told the address when it is compiled.

// Three suites share this file, and each uses a part of it.
#![allow(dead_code)]

use std::fmt::Display;

/// Whom the CONNECT proxy serves: the user of RFC 6455 §4.1's own example. The runner starts its server with the same.
pub(crate) const PROXY_USER: &str = "ednamode:nocapes!";

pub(crate) struct Server {
    origin: String,
    refused_port: u16,
    control: String,
    proxy: String,
    #[cfg(not(target_family = "wasm"))]
    _server: websocket_channel_server::TestServer,
}

#[cfg(not(target_family = "wasm"))]
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

#[cfg(target_family = "wasm")]
pub(crate) async fn server() -> Server {
    let server = websocket_channel_test::addresses!();
    Server {
        origin: server.ws,
        refused_port: server.refused,
        control: server.control,
        proxy: server.proxy,
    }
}

impl Server {
    /// The URL of a service.
    pub(crate) fn url(&self, path: impl Display) -> String {
        format!("{}{path}", self.origin)
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
