//! `wss`: TLS with a root of the test's own.

use crate::support::{cause, echo, echoes, listen, options, proxy, serve_proxy, through};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use websocket_channel::error::Cause;
use websocket_channel::transport::tls::Tls;
use websocket_channel::{ConnectionOptions, Socket};

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
        self.serving(certificate.der().clone(), key)
    }

    fn serving(&self, certificate: CertificateDer<'static>, key: KeyPair) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
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

fn trusting(tls: Tls, mut options: ConnectionOptions) -> ConnectionOptions {
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
    refused("UnknownIssuer")(cause(error.clone()));
    refused("Tls::with_roots")(cause(error));
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
    refused("not valid for name")(cause(error.clone()));
    refused("the server's certificate is not for `127.0.0.1`")(cause(error));
    // What answers is no TLS at all.
    let plain = listen(echo).await;
    let error = Socket::connect(format!("wss://{plain}/"), options())
        .await
        .unwrap_err();
    refused("does not speak TLS on this port")(cause(error));
}

/// What a certificate of this shape, trusted or signed by what is trusted, is refused for.
async fn refusal_of(shape: impl Fn(&mut CertificateParams)) -> String {
    let authority = Authority::new();
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    shape(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority.0).unwrap();
    let acceptor = authority.serving(certificate.der().clone(), key);
    let (address, _) = secure_echo(acceptor).await;
    let url = format!("wss://localhost:{}/", address.port());
    let error = Socket::connect(url, trusting(authority.trusted(), options())).await;
    match cause(error.unwrap_err()) {
        Cause::Tls(words) => words,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_error_of_a_refused_certificate_says_what_to_do() {
    let expired = refusal_of(|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1)).await;
    assert!(expired.contains("has expired: renew it"), "{expired}");
    let early = refusal_of(|params| params.not_before = rcgen::date_time_ymd(2999, 1, 1)).await;
    assert!(early.contains("is not valid yet"), "{early}");
    let authority = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    };
    let authority = refusal_of(authority).await;
    assert!(authority.contains("with CA:FALSE"), "{authority}");
    let client = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    };
    let client = refusal_of(client).await;
    assert!(client.contains("needs serverAuth"), "{client}");
}

#[tokio::test]
async fn invalid_root_certificates() {
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

#[tokio::test]
async fn no_redirect_leads_out_of_encryption() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"]);
    let plain = listen(echo).await;
    let address = listen(move |io| {
        let acceptor = acceptor.clone();
        async move {
            let mut io = acceptor.accept(io).await.unwrap();
            let answer =
                format!("HTTP/1.1 307 x\r\nLocation: ws://{plain}/\r\nContent-Length: 0\r\n\r\n");
            io.write_all(answer.as_bytes()).await.unwrap();
            let _ = io.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let mut options = trusting(authority.trusted(), options());
    options.network.max_redirects = 3;
    let error = Socket::connect(format!("wss://localhost:{}/", address.port()), options).await;
    assert_eq!(cause(error.unwrap_err()), Cause::Status(307));
}

/// The variable is the process' own, so the program runs itself once more with it.
#[cfg(feature = "native-roots")]
#[tokio::test]
async fn the_roots_of_the_operating_system() {
    const GIVEN: &str = "WEBSOCKET_CHANNEL_TEST_NATIVE_ROOTS";
    if let Ok(url) = std::env::var(GIVEN) {
        if url.is_empty() {
            assert!(matches!(Tls::with_native_roots(), Err(Cause::Tls(_))));
            return;
        }
        let roots = Tls::with_native_roots().unwrap();
        echoes(
            Socket::connect(url, trusting(roots, options()))
                .await
                .unwrap(),
        )
        .await;
        return;
    }
    let authority = Authority::new();
    let (address, _) = secure_echo(authority.acceptor(&["localhost"])).await;
    let folder = std::env::temp_dir().join(format!("native-roots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, pem, url) in [
        (
            "one.pem",
            authority.0.pem(),
            format!("wss://localhost:{}/", address.port()),
        ),
        ("none.pem", String::new(), String::new()),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, pem).unwrap();
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again
            .args([
                "--exact",
                "tls::the_roots_of_the_operating_system",
                "--nocapture",
            ])
            .env("SSL_CERT_FILE", &file)
            .env_remove("SSL_CERT_DIR")
            .env(GIVEN, url);
        let run = tokio::task::spawn_blocking(move || again.output().unwrap());
        let run = run.await.unwrap();
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(
            run.status.success() && told.contains("1 passed"),
            "{name}: {told}"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
