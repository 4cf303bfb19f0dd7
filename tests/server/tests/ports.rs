//! The further ports: TLS and the CONNECT proxy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::{ask, control, server, soon};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use websocket_channel::Event;
use websocket_channel::proto::{Address, ClientRequest, Connection};
use websocket_channel::transport::{Limits, framed};
use websocket_channel_server::{Credentials, Options, TestServer};

fn address(url: &str) -> SocketAddr {
    url.split_once("://").unwrap().1.parse().unwrap()
}

async fn tls(
    server: &TestServer,
    name: &'static str,
    root: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let io = TcpStream::connect(address(&server.wss_url())).await?;
    let name = ServerName::try_from(name).unwrap();
    soon(TlsConnector::from(Arc::new(config)).connect(name, io)).await
}

/// A WebSocket over any stream.
async fn over<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: Io,
    url: &str,
) -> support::Socket {
    let limits = Limits::default();
    let offer = ClientRequest::new(Address::parse(url).unwrap());
    let core = Connection::client(Duration::ZERO, offer, (&limits).into(), rand::fill);
    let (framed, _) = soon(framed::open(io, core.unwrap(), &limits))
        .await
        .unwrap();
    Box::new(framed)
}

#[tokio::test]
async fn tls_is_spoken_under_every_name_of_this_machine_and_under_control() {
    let server = server().await;
    let root = server.root().unwrap();
    for name in ["localhost", "127.0.0.1", "::1", "echo.localhost"] {
        let io = tls(&server, name, root).await.unwrap();
        let mut socket = over(io, &format!("{}/echo?tag=tls", server.wss_url())).await;
        assert_eq!(
            ask(&mut socket, "secret").await,
            Event::Message("secret".into()),
            "{name}"
        );
    }
    assert!(tls(&server, "example.com", root).await.is_err());
    // What is recorded is what is inside.
    let told = control(&server, "transcript?tag=tls").await;
    let sent = told["connections"][0]["sent"]["hex"].as_str().unwrap();
    assert!(
        sent.starts_with("485454502f312e31") && sent.contains("8106736563726574"),
        "{sent}"
    );
    let io = tls(&server, "localhost", root).await.unwrap();
    let mut socket = over(io, &format!("{}/echo?tag=cut", server.wss_url())).await;
    control(&server, "cut?tag=cut").await;
    assert!(matches!(support::next(&mut socket).await, Event::Closed(_)));
}

#[tokio::test]
async fn each_run_has_its_own_root() {
    let (server, other) = (server().await, support::server().await);
    assert!(
        tls(&server, "localhost", other.root().unwrap())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_client_without_tls_is_dropped_and_others_are_not_affected() {
    let server = server().await;
    let mut io = TcpStream::connect(address(&server.wss_url()))
        .await
        .unwrap();
    io.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    // An alert, and the end; or a reset.
    let _ = soon(io.read_to_end(&mut Vec::new())).await;
    assert!(
        tls(&server, "localhost", server.root().unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_certificate_from_files() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::env::temp_dir();
    let file = |name: &str, text: &str| {
        let path = folder.join(format!("websocket-channel-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    };
    let certificate = file("cert.pem", &pair.cert.pem());
    let key = file("key.pem", &pair.signing_key.serialize_pem());
    let mut options = Options::new();
    options.certificate = Some((certificate.clone(), key.clone()));
    let server = TestServer::start(options.clone()).await.unwrap();
    assert_eq!(server.root(), None);
    assert!(tls(&server, "localhost", &pair.cert.pem()).await.is_ok());
    // The wrong way round, and not there at all.
    for pair in [
        (key.clone(), certificate.clone()),
        (certificate.clone(), folder.join("no such file")),
    ] {
        options.certificate = Some(pair);
        let error = TestServer::start(options.clone())
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no certificate or key that can be used"),
            "{error}"
        );
    }
    std::fs::remove_file(certificate).unwrap();
    std::fs::remove_file(key).unwrap();
}

/// Asks the proxy; gives the stream and the head of its answer.
async fn tunnel(server: &TestServer, request: &str) -> (TcpStream, String) {
    let mut io = TcpStream::connect(address(&server.proxy_url()))
        .await
        .unwrap();
    io.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match soon(io.read_u8()).await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    (io, String::from_utf8(head).unwrap())
}

#[tokio::test]
async fn the_proxy_makes_tunnels_to_this_machine() {
    let server = server().await;
    let port = server.address().port();
    for host in ["127.0.0.1", "localhost", "echo.localhost"] {
        let (io, head) = tunnel(
            &server,
            &format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        )
        .await;
        assert_eq!(head, "HTTP/1.1 200 Connection Established\r\n\r\n");
        let mut socket = over(io, &format!("{}/echo", server.url())).await;
        assert_eq!(
            ask(&mut socket, "through").await,
            Event::Message("through".into())
        );
    }
    // What comes behind the head belongs to the tunnel.
    let get = format!(
        "CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nGET /status/404 HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    let (mut io, _) = tunnel(&server, &get).await;
    let mut answer = String::new();
    soon(io.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    for (request, status) in [
        ("CONNECT example.com:80 HTTP/1.1\r\n\r\n".to_owned(), "403"),
        ("CONNECT 10.0.0.1:80 HTTP/1.1\r\n\r\n".into(), "403"),
        ("CONNECT localhost HTTP/1.1\r\n\r\n".into(), "403"),
        (
            format!(
                "CONNECT localhost:{} HTTP/1.1\r\n\r\n",
                server.refused_port().unwrap()
            ),
            "502",
        ),
        ("GET http://localhost/ HTTP/1.1\r\n\r\n".into(), "405"),
    ] {
        let (_, head) = tunnel(&server, &request).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {head}"
        );
    }
    for request in ["\x16\x03\x01", "x\r\n\r\n", &"x".repeat(20_000)] {
        // Dropped, whatever it was.
        let mut io = TcpStream::connect(address(&server.proxy_url()))
            .await
            .unwrap();
        let _ = io.write_all(request.as_bytes()).await;
        let _ = io.shutdown().await;
        let _ = soon(io.read_to_end(&mut Vec::new())).await;
    }
}

#[tokio::test]
async fn a_proxy_with_credentials_requires_them() {
    let mut options = Options::new();
    options.proxy_credentials = Credentials::parse("ednamode:nocapes!");
    let server = TestServer::start(options).await.unwrap();
    let port = server.address().port();
    let connect = |line: &str| format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n{line}\r\n");
    for line in [
        "",
        "Proxy-Authorization: Basic eDp5\r\n",
        "Authorization: Basic ZWRuYW1vZGU6bm9jYXBlcyE=\r\n",
    ] {
        let (_, head) = tunnel(&server, &connect(line)).await;
        assert!(
            head.starts_with("HTTP/1.1 407 ") && head.contains("\r\nProxy-Authenticate: Basic "),
            "{head}"
        );
    }
    // RFC 6455 §4.1's own example.
    let (_, head) = tunnel(
        &server,
        &connect("Proxy-authorization: Basic ZWRuYW1vZGU6bm9jYXBlcyE=\r\n"),
    )
    .await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}
