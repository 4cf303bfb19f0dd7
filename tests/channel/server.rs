//! Where the test server is: in this process natively, elsewhere for a browser, whose page is told the address when it is compiled.

use std::fmt::Display;

pub(crate) struct Server {
    origin: String,
    refused_port: u16,
    control: String,
    #[cfg(not(target_family = "wasm"))]
    _server: websocket_channel_server::TestServer,
}

#[cfg(not(target_family = "wasm"))]
pub(crate) async fn server() -> Server {
    let server =
        websocket_channel_server::TestServer::start(websocket_channel_server::Options::default())
            .await
            .unwrap();
    Server {
        origin: server.url(),
        refused_port: server.refused_port().unwrap(),
        control: server.control_url(),
        _server: server,
    }
}

#[cfg(target_family = "wasm")]
pub(crate) async fn server() -> Server {
    let told = |value: Option<&'static str>| {
        value.unwrap_or_else(|| panic!("set by the test runner: see tests/README.md"))
    };
    Server {
        origin: told(option_env!("WEBSOCKET_CHANNEL_TEST_SERVER")).into(),
        refused_port: told(option_env!("WEBSOCKET_CHANNEL_REFUSED_PORT"))
            .parse()
            .unwrap(),
        control: told(option_env!("WEBSOCKET_CHANNEL_CONTROL")).into(),
    }
}

impl Server {
    /// The URL of a service.
    pub(crate) fn url(&self, path: impl Display) -> String {
        format!("{}{path}", self.origin)
    }

    /// The control channel's address, which begins with `http`.
    #[allow(dead_code)] // not every suite steers
    pub(crate) fn control(&self) -> &str {
        &self.control
    }

    /// A URL whose port is held by a socket that does not listen: every connection is refused.
    pub(crate) fn refused(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.refused_port)
    }
}
