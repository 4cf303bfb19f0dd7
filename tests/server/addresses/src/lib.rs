//! Where the test server listens that `websocket-channel-server exec -- COMMAND` started beside this test.
//!
//! ```no_run
//! let server = websocket_channel_test::addresses!();
//! let url = server.url("/echo?tag=mine");
//! let cut = server.command("cut?tag=mine");
//! ```
//!
//! Natively the addresses are read from the environment when the test runs. A page has no environment: for wasm they are compiled
//! in where [`addresses!`] stands, and Cargo compiles that crate anew when they change, which is in every run.

/// The addresses of a running test server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Addresses {
    /// `ws://127.0.0.1:PORT`.
    pub ws: String,
    /// The same server as `http://127.0.0.1:PORT`.
    pub http: String,
    /// `wss://127.0.0.1:PORT`.
    pub wss: String,
    /// The file with the root certificate that `wss` needs. Empty if the server was given a certificate of somebody else's.
    pub root: String,
    /// The CONNECT proxy, `http://127.0.0.1:PORT`.
    pub proxy: String,
    /// The control channel, `http://127.0.0.1:PORT/control/TOKEN`.
    pub control: String,
    /// A port of 127.0.0.1 that refuses every connection.
    pub refused: u16,
}

impl Addresses {
    /// The WebSocket URL of a service or fault, such as `/echo?tag=mine`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ws)
    }

    /// The same with the token of this run, which a page of another origin needs for `/pipe` and `/probe`.
    pub fn trusted_url(&self, path: &str) -> String {
        let token = self.control.rsplit('/').next().unwrap_or_default();
        let separator = if path.contains('?') { '&' } else { '?' };
        self.url(&format!("{path}{separator}token={token}"))
    }

    /// The URL that carries out a command of the control channel when it is fetched, such as `cut?tag=mine&how=fin`.
    pub fn command(&self, command: &str) -> String {
        format!("{}/{command}", self.control)
    }

    /// The control channel as a WebSocket URL; its messages are commands, such as `{"do":"cut","tag":"mine"}`.
    pub fn steering(&self) -> String {
        self.control.replacen("http", "ws", 1)
    }

    /// Not to be called by hand: [`addresses!`] does.
    #[doc(hidden)]
    #[track_caller]
    pub fn read(value: impl Fn(&str) -> Option<String>) -> Self {
        let told = |name: &str| value(name).unwrap_or_else(|| missing(name));
        Self {
            ws: told("WEBSOCKET_CHANNEL_TEST_WS"),
            http: told("WEBSOCKET_CHANNEL_TEST_HTTP"),
            wss: told("WEBSOCKET_CHANNEL_TEST_WSS"),
            root: told("WEBSOCKET_CHANNEL_TEST_ROOT"),
            proxy: told("WEBSOCKET_CHANNEL_TEST_PROXY"),
            control: told("WEBSOCKET_CHANNEL_TEST_CONTROL"),
            refused: told("WEBSOCKET_CHANNEL_TEST_REFUSED")
                .parse()
                .unwrap_or_else(|_| missing("WEBSOCKET_CHANNEL_TEST_REFUSED")),
        }
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a test without its server fails, and says what to do")]
fn missing(name: &str) -> ! {
    panic!("{name} is not set: run the tests by `websocket-channel-server exec -- COMMAND`")
}

/// The [`Addresses`] of the server beside this test.
///
/// # Panics
/// When there is none.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[macro_export]
macro_rules! addresses {
    () => {
        $crate::Addresses::read(|name| ::std::env::var(name).ok())
    };
}

/// The [`Addresses`] of the server beside this test.
///
/// # Panics
/// When there is none.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[macro_export]
macro_rules! addresses {
    () => {
        // `option_env!` in the crate of whoever calls: that is the one to compile anew.
        $crate::Addresses::read(|name| {
            let value = match name {
                "WEBSOCKET_CHANNEL_TEST_WS" => option_env!("WEBSOCKET_CHANNEL_TEST_WS"),
                "WEBSOCKET_CHANNEL_TEST_HTTP" => option_env!("WEBSOCKET_CHANNEL_TEST_HTTP"),
                "WEBSOCKET_CHANNEL_TEST_WSS" => option_env!("WEBSOCKET_CHANNEL_TEST_WSS"),
                "WEBSOCKET_CHANNEL_TEST_ROOT" => option_env!("WEBSOCKET_CHANNEL_TEST_ROOT"),
                "WEBSOCKET_CHANNEL_TEST_PROXY" => option_env!("WEBSOCKET_CHANNEL_TEST_PROXY"),
                "WEBSOCKET_CHANNEL_TEST_CONTROL" => option_env!("WEBSOCKET_CHANNEL_TEST_CONTROL"),
                "WEBSOCKET_CHANNEL_TEST_REFUSED" => option_env!("WEBSOCKET_CHANNEL_TEST_REFUSED"),
                _ => None,
            };
            value.map(::std::string::String::from)
        })
    };
}
