//! The native transport: TCP, through a proxy if there is one, inside TLS for `wss`.

use super::over_io::{self, failed};
use super::{ConnectRequest, Transport, redirect};
use crate::error::{Cause, ConnectErrorKind};
use crate::message::OpenInfo;
use crate::net::proxy::{Proxy, ProxyChoice};
#[cfg(feature = "tls")]
use crate::net::tls::Tls;
use crate::net::{tcp, tunnel};
use crate::proto::{Address, Format};
use tokio::io::{AsyncRead, AsyncWrite};

/// How to reach the host. In browsers the user's settings decide.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Network {
    /// The proxy to use. Default: from the environment.
    pub proxy: ProxyChoice,
    /// Which certificates `wss`, and TLS to a proxy, trusts. Default: Mozilla's roots.
    #[cfg(feature = "tls")]
    pub tls: Tls,
    /// How many redirects to follow (301, 302, 303, 307, 308 with a `Location`; RFC 9110 §15.4). Default 0: a redirect is an error like any other
    /// status, as in browsers. So is one redirect too many.
    ///
    /// `http` in a `Location` means `ws`, `https` means `wss`. A redirect from `wss` to `ws` is refused. On a redirect to another origin (scheme,
    /// host or port) user, password and the headers `Authorization`, `Cookie`, `Proxy-Authorization` and `Host` are not sent; others are.
    pub max_redirects: u8,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Opens a connection: finds the host or the proxy, tries each of its addresses, and performs every handshake there is. Needs a
/// tokio runtime. Dropping the future drops the stream.
///
/// # Errors
/// Why it did not open. Without the feature `tls` what needs it is refused with the name `NotSupportedError`.
pub(super) async fn connect(
    mut request: ConnectRequest,
) -> Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind> {
    let mut redirects = request.network.max_redirects;
    loop {
        let failure = match attempt(request.clone()).await {
            Ok(opened) => return Ok(opened),
            Err(failure) => failure,
        };
        match redirect::follow(&request, &failure) {
            Some(next) if redirects > 0 => {
                redirects -= 1;
                request = next;
            }
            _ if offers_less(&mut request, &failure) => {}
            _ => return Err(failure),
        }
    }
}

/// Some servers answer 400 to an offer with `server_max_window_bits`, though RFC 7692 §5.1 has them decline it: once more, without. True if there
/// is anything to leave out.
fn offers_less(request: &mut ConnectRequest, failure: &ConnectErrorKind) -> bool {
    let refused = matches!(
        failure,
        ConnectErrorKind::ConnectFailed {
            cause: Cause::Status(400),
            ..
        }
    );
    match &mut request.handshake.deflate {
        Some(deflate)
            if refused
                && deflate.receive_window_bits < 15
                && request.handshake.format == Format::Rfc6455 =>
        {
            deflate.receive_window_bits = 15;
            true
        }
        _ => false,
    }
}

async fn attempt(
    request: ConnectRequest,
) -> Result<(Box<dyn Transport>, OpenInfo), ConnectErrorKind> {
    // Everything that can be refused is, before anybody is asked for anything.
    let address = over_io::offer(&request)?.address;
    let network = &request.network;
    let environment = |name: &str| std::env::var(name).ok();
    let proxy = network.proxy.clone().choose(&address, environment)?;
    let host = address.host_without_brackets();
    if proxy.is_none() && !address.secure {
        let io = tcp::connect(host, address.port).await.map_err(lost)?;
        return over_io::connect(io, request).await;
    }
    let mut io: Box<dyn Stream> = match &proxy {
        None => Box::new(tcp::connect(host, address.port).await.map_err(lost)?),
        Some(proxy) => through(proxy, &address, network).await?,
    };
    if address.secure {
        io = secured(io, false, host, network).await?;
    }
    over_io::connect(io, request).await
}

async fn through(
    proxy: &Proxy,
    address: &Address,
    network: &Network,
) -> Result<Box<dyn Stream>, ConnectErrorKind> {
    let reached = tcp::connect(&proxy.host, proxy.port).await;
    let mut io: Box<dyn Stream> = Box::new(reached.map_err(|error| {
        failed(Cause::Transport(format!(
            "the proxy cannot be reached: {error}"
        )))
    })?);
    if proxy.secure {
        io = secured(io, true, &proxy.host, network).await?;
    }
    let credentials = proxy.credentials.as_ref();
    let io = tunnel::open(io, &address.host, address.port, credentials)
        .await
        .map_err(failed)?;
    Ok(Box::new(io))
}

#[cfg(feature = "tls")]
async fn secured(
    io: Box<dyn Stream>,
    to_proxy: bool,
    host: &str,
    network: &Network,
) -> Result<Box<dyn Stream>, ConnectErrorKind> {
    use crate::net::tls::With;
    let with = if to_proxy { With::Proxy } else { With::Server };
    let secured = network.tls.connect(with, host, io).await;
    Ok(Box::new(secured.map_err(failed)?))
}

#[cfg(not(feature = "tls"))]
async fn secured(
    _io: Box<dyn Stream>,
    _to_proxy: bool,
    _host: &str,
    _network: &Network,
) -> Result<Box<dyn Stream>, ConnectErrorKind> {
    Err(ConnectErrorKind::Refused {
        name: "NotSupportedError".into(),
        message: "TLS needs the feature `tls`, which is off".into(),
    })
}

fn lost(error: std::io::Error) -> ConnectErrorKind {
    failed(Cause::Transport(error.to_string()))
}
