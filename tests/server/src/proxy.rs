//! The proxy port: HTTP CONNECT (RFC 9110 §9.3.6), to the server's own ports and those that were allowed.

use base64::Engine as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer heads are refused.
const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;
/// How long a client may take for its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Who may use the proxy: a user's name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The user's name, without a colon.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// Reads `user:password`.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, password) = text.split_once(':')?;
        Some(Self {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }

    /// The value of `Proxy-Authorization` (RFC 7617 §2).
    fn header(&self) -> String {
        let pair = format!("{}:{}", self.user, self.password);
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        format!("Basic {pair}")
    }
}

/// Serves one connection to its end.
pub(crate) async fn serve(
    mut io: TcpStream,
    credentials: Option<&Credentials>,
    reachable: &[SocketAddr],
) {
    let _ = io.set_nodelay(true);
    let head = tokio::time::timeout(HEAD_TIMEOUT, read(&mut io));
    let Ok(Ok(Some((asked, rest)))) = head.await else {
        return;
    };
    // Whatever ends the tunnel ends this connection and nothing else.
    let _ = match target(&asked, credentials, reachable).await {
        Ok(target) => tunnel(io, target, &rest).await,
        Err(status) => refuse(io, status).await,
    };
}

/// What a client asks for.
struct TunnelRequest {
    method: String,
    target: String,
    authorization: Option<String>,
}

/// The head, and what came behind it. `None` if it is none.
async fn read(io: &mut TcpStream) -> io::Result<Option<(TunnelRequest, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if io.read_buf(&mut bytes).await? == 0 || bytes.len() > MAX_HEAD {
            return Ok(None);
        }
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Err(_) => return Ok(None),
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(len)) => {
                let authorization = request
                    .headers
                    .iter()
                    .find(|header| header.name.eq_ignore_ascii_case("Proxy-Authorization"))
                    .map(|header| String::from_utf8_lossy(header.value).into_owned());
                let asked = TunnelRequest {
                    method: request.method.unwrap_or_default().to_owned(),
                    target: request.path.unwrap_or_default().to_owned(),
                    authorization,
                };
                return Ok(Some((asked, bytes.split_off(len))));
            }
        }
    }
}

/// A connection to the target, or the status that says why not.
async fn target(
    asked: &TunnelRequest,
    credentials: Option<&Credentials>,
    reachable: &[SocketAddr],
) -> Result<TcpStream, &'static str> {
    if credentials.is_some_and(|known| asked.authorization != Some(known.header())) {
        return Err(
            "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"",
        );
    }
    if asked.method != "CONNECT" {
        return Err("405 Method Not Allowed\r\nAllow: CONNECT");
    }
    let address = crate::services::loopback(&asked.target)
        .filter(|address| reachable.contains(address))
        .ok_or("403 Forbidden")?;
    TcpStream::connect(address)
        .await
        .map_err(|_| "502 Bad Gateway")
}

async fn tunnel(mut io: TcpStream, mut target: TcpStream, rest: &[u8]) -> io::Result<()> {
    let _ = target.set_nodelay(true);
    io.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        .await?;
    target.write_all(rest).await?;
    tokio::io::copy_bidirectional(&mut io, &mut target).await?;
    Ok(())
}

async fn refuse(mut io: TcpStream, status: &str) -> io::Result<()> {
    let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    io.write_all(response.as_bytes()).await?;
    io.shutdown().await?;
    // Closed with bytes unread it would be a reset, and the answer lost.
    tokio::time::timeout(HEAD_TIMEOUT, async {
        let mut dropped = [0; 1024];
        while matches!(io.read(&mut dropped).await, Ok(read) if read > 0) {}
    })
    .await?;
    Ok(())
}
