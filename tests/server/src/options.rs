//! What a server is started with.

use crate::proxy::Credentials;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a server is started with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The port on 127.0.0.1. Default 0: any free one.
    pub port: u16,
    /// The port on which the same is served over TLS. Default 0: any free one.
    pub wss_port: u16,
    /// The port of the CONNECT proxy. Default 0: any free one.
    pub proxy_port: u16,
    /// Whom the proxy serves. Default: everybody.
    pub proxy_credentials: Option<Credentials>,
    /// A certificate with its chain, and its key, as PEM files. Default: made at the start, with a root of its own.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Further ports of this machine to which `/pipe` and the proxy may connect. Default: none but the server's own.
    pub pipe_to: Vec<SocketAddr>,
    /// A folder served under `/`, read into memory once, at the start. Default: none.
    pub www: Option<PathBuf>,
    /// Connections at a time, on each port; further ones wait to be accepted. Default 10,000.
    pub max_connections: usize,
    /// The subprotocols that the server knows, the best first. Default: `chat.v1`, `echo`, `json`.
    pub protocols: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            wss_port: 0,
            proxy_port: 0,
            proxy_credentials: None,
            certificate: None,
            pipe_to: Vec::new(),
            www: None,
            max_connections: 10_000,
            protocols: ["chat.v1", "echo", "json"].map(String::from).into(),
        }
    }
}

impl Options {
    /// Any free ports, no folder.
    pub fn new() -> Self {
        Self::default()
    }
}
