//! `wss`: TLS with a root of the test's own.

use crate::support::{cause, echo, echoes, listen, options, proxy, serve_proxy, through};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use websocket_channel::error::Cause;
use websocket_channel::transport::tls::Tls;
use websocket_channel::{Options, Socket};

/// An authority, and a server's TLS with a certificate of it.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap())
    }

    fn trusted(&self) -> Tls {
        Tls::with_roots(self.0.pem().as_bytes()).unwrap()
    }

    fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.0)
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

/// An echo inside TLS. The names that clients asked for are kept.
async fn secure_echo(acceptor: TlsAcceptor) -> (SocketAddr, Arc<Mutex<Vec<Option<String>>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    let address = listen(move |io| {
        let (acceptor, asked) = (acceptor.clone(), kept.clone());
        async move {
            let Ok(io) = acceptor.accept(io).await else {
                return;
            };
            let session = io.get_ref().1;
            asked
                .lock()
                .unwrap()
                .push(session.server_name().map(str::to_owned));
            assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
            echo(io).await;
        }
    });
    (address.await, asked)
}

fn trusting(tls: Tls, mut options: Options) -> Options {
    options.network.tls = tls;
    options
}

#[tokio::test]
async fn wss_with_a_root_of_our_own() {
    let authority = Authority::new();
    let (address, asked) = secure_echo(authority.acceptor(&["localhost", "127.0.0.1"])).await;
    let options = trusting(authority.trusted(), options());
    let url = format!("wss://localhost:{}/", address.port());
    echoes(Socket::connect(url, options.clone()).await.unwrap()).await;
    echoes(
        Socket::connect(format!("https://{address}/"), options)
            .await
            .unwrap(),
    )
    .await;
    // RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
    assert_eq!(*asked.lock().unwrap(), [Some("localhost".into()), None]);
}

#[tokio::test]
async fn whom_it_does_not_trust() {
    let authority = Authority::new();
    let (address, _) = secure_echo(authority.acceptor(&["localhost"])).await;
    let url = format!("wss://localhost:{}/", address.port());
    let refused = |words: &'static str| {
        move |cause: Cause| {
            assert!(
                matches!(&cause, Cause::Tls(found) if found.contains(words)),
                "{cause:?}"
            )
        }
    };
    // By default the roots are the world's; another authority is another; another name is another.
    let error = Socket::connect(&url, options()).await.unwrap_err();
    refused("UnknownIssuer")(cause(error));
    let error = Socket::connect(&url, trusting(Authority::new().trusted(), options()))
        .await
        .unwrap_err();
    assert!(matches!(cause(error), Cause::Tls(_)));
    let error = Socket::connect(
        format!("wss://{address}/"),
        trusting(authority.trusted(), options()),
    )
    .await
    .unwrap_err();
    refused("not valid for name")(cause(error));
    // What answers is no TLS at all.
    let plain = listen(echo).await;
    let error = Socket::connect(format!("wss://{plain}/"), options())
        .await
        .unwrap_err();
    assert!(matches!(cause(error), Cause::Tls(_)));
}

#[tokio::test]
async fn roots_that_are_none() {
    for pem in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(
            matches!(Tls::with_roots(pem.as_bytes()), Err(Cause::Tls(_))),
            "{pem:?}"
        );
    }
}

#[tokio::test]
async fn tls_runs_inside_the_tunnel() {
    let authority = Authority::new();
    let (target, asked) = secure_echo(authority.acceptor(&["secret.invalid"])).await;
    let (address, tunnels) = proxy(target, "HTTP/1.1 200 OK\r\n\r\n").await;
    let options = trusting(authority.trusted(), through(&format!("http://{address}")));
    echoes(
        Socket::connect("wss://secret.invalid/", options)
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(*asked.lock().unwrap(), [Some("secret.invalid".into())]);
    assert!(tunnels.lock().unwrap()[0].starts_with("CONNECT secret.invalid:443 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_proxy_spoken_to_over_tls() {
    let authority = Authority::new();
    let target = secure_echo(authority.acceptor(&["secret.invalid"])).await.0;
    let acceptor = authority.acceptor(&["localhost"]);
    let address = listen(move |io| {
        let acceptor = acceptor.clone();
        async move {
            let mut io = acceptor.accept(io).await.unwrap();
            serve_proxy(
                &mut io,
                target,
                "HTTP/1.1 200 OK\r\n\r\n",
                &Mutex::default(),
            )
            .await;
        }
    })
    .await;
    let proxy = format!("https://localhost:{}", address.port());
    let options = trusting(authority.trusted(), through(&proxy));
    echoes(
        Socket::connect("wss://secret.invalid/", options)
            .await
            .unwrap(),
    )
    .await;
}
