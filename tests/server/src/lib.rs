//! The native test server: it speaks the protocol with the crate's own core, serves pages, and listens on loopback only.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use websocket_channel_server::{Options, TestServer};
//!
//! let server = TestServer::start(Options::default()).await?;
//! let url = format!("{}/echo", server.url());
//! // … connect to `url` …
//! server.shutdown().await; // or drop it
//! # Ok(())
//! # }
//! ```
//!
//! The services, by path, are listed in [`services`].

mod files;
mod listener;
pub mod services;

pub use files::Files;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// What a server is started with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The port on 127.0.0.1. Default 0: any free one.
    pub port: u16,
    /// A folder served under `/`, read into memory once, at the start. Default: none.
    pub www: Option<PathBuf>,
    /// Connections at a time; further ones wait to be accepted. Default 10,000.
    pub max_connections: usize,
    /// The subprotocols that the server knows, the best first. Default: `chat.v1`, `echo`, `json`.
    pub protocols: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            www: None,
            max_connections: 10_000,
            protocols: ["chat.v1", "echo", "json"].map(String::from).into(),
        }
    }
}

impl Options {
    /// Any free port, no folder.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A running server. Dropping it ends it and every connection it has.
#[derive(Debug)]
#[must_use = "dropping it ends the server"]
pub struct TestServer {
    address: SocketAddr,
    /// Bound and not listening: the kernel refuses every connection, and nobody else gets the port meanwhile.
    refusing: TcpSocket,
    task: JoinHandle<()>,
}

impl TestServer {
    /// Starts a server on the current tokio runtime. It listens when this returns.
    ///
    /// # Errors
    /// The port is taken, or the folder cannot be read.
    pub async fn start(options: Options) -> io::Result<Self> {
        let files = match &options.www {
            Some(folder) => Files::read(folder)?,
            None => Files::default(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let refusing = TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let shared = Arc::new(Shared {
            files,
            protocols: options.protocols,
        });
        let task = tokio::spawn(listener::run(listener, shared, options.max_connections));
        Ok(Self {
            address,
            refusing,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A port on 127.0.0.1 that refuses every connection for as long as the server runs.
    ///
    /// # Errors
    /// The operating system does not tell.
    pub fn refused_port(&self) -> io::Result<u16> {
        Ok(self.refusing.local_addr()?.port())
    }

    /// Its address as a WebSocket URL without a path, such as `ws://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Its address as an HTTP URL without a path, such as `http://127.0.0.1:8080`.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it and every connection it has. When this returns the port is free.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // Cancelled is what it shall be.
        let _ = (&mut self.task).await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What every connection of a server reads.
#[derive(Debug)]
struct Shared {
    files: Files,
    protocols: Vec<String>,
}
