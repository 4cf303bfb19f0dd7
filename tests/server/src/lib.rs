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

pub mod catalogue;
mod control;
pub mod cutter;
mod files;
mod line;
mod listener;
mod options;
mod proxy;
pub mod services;
pub mod sessions;
mod tls;

pub use files::Files;
pub use options::Options;
pub use proxy::Credentials;

use control::{Cutters, Registry};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tls::Tls;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

/// A running server. Dropping it ends it and every connection it has.
#[derive(Debug)]
#[must_use = "dropping it ends the server"]
pub struct TestServer {
    address: SocketAddr,
    wss: SocketAddr,
    proxy: SocketAddr,
    root: Option<String>,
    token: String,
    /// Bound and not listening: the kernel refuses every connection, and nobody else gets the port meanwhile.
    refusing: TcpSocket,
    /// One for each port.
    tasks: JoinSet<()>,
}

impl TestServer {
    /// Starts a server on the current tokio runtime. It listens when this returns.
    ///
    /// # Errors
    /// A sentence: a port is taken, the folder or the certificate cannot be read.
    pub async fn start(options: Options) -> io::Result<Self> {
        let files = match &options.www {
            Some(folder) => Files::read(folder)?,
            None => Files::default(),
        };
        let tls = match &options.certificate {
            Some((certificate, key)) => Tls::read(certificate, key)?,
            None => Tls::self_signed()?,
        };
        let (plain, address) = listen(options.port).await?;
        let (secure, wss) = listen(options.wss_port).await?;
        let (tunnels, proxy) = listen(options.proxy_port).await?;
        let refusing = TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let token = control::token();
        let refused = refusing.local_addr()?;
        let own = [address, wss, proxy, refused];
        let shared = Arc::new(Shared {
            files,
            protocols: options.protocols,
            registry: Arc::default(),
            token: token.clone(),
            refused_port: refused.port(),
            pages: [address, wss],
            reachable: [own.to_vec(), options.pipe_to].concat(),
            cutters: Cutters::default(),
            sessions: sessions::Services::default(),
        });
        let max = options.max_connections;
        let mut tasks = JoinSet::new();
        for (listener, tls) in [(plain, None), (secure, Some(tls.acceptor))] {
            let shared = shared.clone();
            tasks.spawn(listener::run(listener, max, move |io| {
                services::serve(io, tls.clone(), shared.clone())
            }));
        }
        let credentials = options.proxy_credentials.map(Arc::new);
        tasks.spawn(listener::run(tunnels, max, move |io| {
            let (credentials, shared) = (credentials.clone(), shared.clone());
            async move { proxy::serve(io, credentials.as_deref(), &shared.reachable).await }
        }));
        Ok(Self {
            address,
            wss,
            proxy,
            root: tls.root,
            token,
            refusing,
            tasks,
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

    /// The address at which it speaks TLS, as a WebSocket URL without a path, such as `wss://127.0.0.1:8443`.
    pub fn wss_url(&self) -> String {
        format!("wss://{}", self.wss)
    }

    /// The root that a client has to trust, as PEM; `None` if the certificate is somebody else's.
    pub fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// The CONNECT proxy, such as `http://127.0.0.1:3128`.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.proxy)
    }

    /// The control channel, with this run's token: an HTTP URL to which `/COMMAND?…` is appended. With `ws` for `http` it
    /// is the WebSocket's.
    pub fn control_url(&self) -> String {
        format!("{}/control/{}", self.http_url(), self.token)
    }

    /// The URL of a service with this run's token, which a page of another origin needs for `/pipe` and `/probe`.
    pub fn trusted_url(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{separator}token={}", self.url(), self.token)
    }

    /// Ends it and every connection it has. When this returns the ports are free.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}

/// A listener on this port, and where it is.
async fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            let sentence = format!("port {port} is taken: choose another, or 0 for any free one");
            io::Error::new(error.kind(), sentence)
        }
        kind => io::Error::new(kind, format!("port {port} cannot be used: {error}")),
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What every connection of a server reads.
#[derive(Debug)]
struct Shared {
    files: Files,
    protocols: Vec<String>,
    registry: Arc<Registry>,
    token: String,
    refused_port: u16,
    /// Where its own pages come from.
    pages: [SocketAddr; 2],
    /// Where `/pipe`, the proxy and cutters may connect to.
    reachable: Vec<SocketAddr>,
    /// The relays that the control channel started.
    cutters: Cutters,
    sessions: sessions::Services,
}
