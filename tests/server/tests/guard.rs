//! What a web page may make the server do: requests as a browser would send them for a hostile page.
//! `tests/run/hostile.test.mjs` is the same with such a page, in Chromium.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::{get, http, server, soon};
use tokio::net::TcpListener;
use websocket_channel_server::{Options, TestServer};

/// The status of a handshake with these lines, or of a plain GET without any of a WebSocket.
async fn handshake(server: &TestServer, path: &str, host: &str, more: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut io = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    );
    io.write_all(request.as_bytes()).await.unwrap();
    let mut line = [0; 12];
    soon(io.read_exact(&mut line)).await.unwrap();
    String::from_utf8_lossy(&line[9..]).into_owned()
}

fn token(server: &TestServer) -> String {
    let url = server.control_url();
    url.rsplit_once('/').unwrap().1.to_owned()
}

#[tokio::test]
async fn a_page_of_another_origin_neither_reaches_out_nor_reads_headers() {
    let server = server().await;
    let port = server.address().port();
    let secure = server.wss_url();
    let secure = secure.rsplit_once(':').unwrap().1;
    let host = format!("127.0.0.1:{port}");
    let pipe = format!("/pipe?to=127.0.0.1:{port}");
    let token = token(&server);
    for path in [pipe.as_str(), "/probe", "/probe?protocol=a"] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let trusted = format!("{path}{separator}token={token}");
        let guessed = format!("{path}{separator}token={token:.31}");
        let empty = format!("{path}{separator}token=");
        for (path, origin, status) in [
            // No page: a program says none, and could connect itself.
            (path, String::new(), "101"),
            // A page of this server's own, by any of its names.
            (path, format!("http://127.0.0.1:{port}"), "101"),
            (path, format!("http://localhost:{port}"), "101"),
            (path, format!("https://echo.localhost:{secure}"), "101"),
            // Everybody else's, this machine's other ports among them.
            (path, "http://evil.example".into(), "403"),
            (path, format!("http://evil.example:{port}"), "403"),
            (path, "http://127.0.0.1:1".into(), "403"),
            (path, "http://localhost".into(), "403"),
            (path, format!("http://127.0.0.1.evil.example:{port}"), "403"),
            (path, format!("http://evil.example#127.0.0.1:{port}"), "403"),
            (path, format!("http://127.0.0.1:{port}@evil.example"), "403"),
            (path, format!("chrome-extension://127.0.0.1:{port}"), "403"),
            // A sandboxed frame, a file.
            (path, "null".into(), "403"),
            (path, "?".into(), "403"),
            (&guessed, "http://evil.example".into(), "403"),
            (&empty, "http://evil.example".into(), "403"),
            (&trusted, "http://evil.example".into(), "101"),
            (&trusted, "null".into(), "101"),
        ] {
            for name in ["Origin", "Sec-WebSocket-Origin"] {
                let line = match origin.as_str() {
                    "" => String::new(),
                    origin => format!("{name}: {origin}\r\n"),
                };
                let got = handshake(&server, path, &host, &line).await;
                assert_eq!(got, status, "{path} for {name} {origin:?}");
            }
        }
    }
    // What a page only hears from itself is everybody's.
    for path in ["/echo", "/chat", "/repeat", "/sink"] {
        let line = "Origin: http://evil.example\r\n";
        assert_eq!(handshake(&server, path, &host, line).await, "101", "{path}");
    }
}

#[tokio::test]
async fn a_name_that_dns_leads_here_opens_nothing() {
    let server = server().await;
    let port = server.address().port();
    let token = token(&server);
    for path in [
        "/probe".to_owned(),
        format!("/probe?token={token}"),
        format!("/pipe?token={token}&to=127.0.0.1:{port}"),
        format!("/control/{token}"),
    ] {
        for host in ["evil.example".to_owned(), format!("evil.example:{port}")] {
            let origin = format!("Origin: http://{host}\r\n");
            for line in ["", &origin] {
                let got = handshake(&server, &path, &host, line).await;
                assert_eq!(got, "403", "{path} as {host}");
            }
        }
    }
}

#[tokio::test]
async fn only_the_servers_own_pages_can_read_the_served_folder() {
    let folder =
        std::env::temp_dir().join(format!("websocket-channel-guard-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("notes.txt"), "private").unwrap();
    let mut options = Options::new();
    options.www = Some(folder.clone());
    let server = TestServer::start(options).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let answer = get(&server, "/notes.txt").await;
    assert!(answer.ends_with("\r\n\r\nprivate"), "{answer}");
    assert!(!answer.contains("Access-Control-Allow-Origin"), "{answer}");
    assert!(answer.contains("\r\nCross-Origin-Resource-Policy: same-origin\r\n"));
    let rebound = http(
        &server,
        b"GET /notes.txt HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    )
    .await;
    assert!(rebound.starts_with("HTTP/1.1 403 ") && !rebound.contains("private"));
}

#[tokio::test]
async fn the_proxy_reaches_only_the_servers_and_allowed_ports() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = other.local_addr().unwrap();
    let status = async |server: &TestServer| {
        let url = server.proxy_url();
        let proxy = url.strip_prefix("http://").unwrap();
        let mut io = tokio::net::TcpStream::connect(proxy).await.unwrap();
        let request = format!("CONNECT {to} HTTP/1.1\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut io, request.as_bytes())
            .await
            .unwrap();
        let mut line = [0; 12];
        soon(tokio::io::AsyncReadExt::read_exact(&mut io, &mut line))
            .await
            .unwrap();
        String::from_utf8_lossy(&line[9..]).into_owned()
    };
    assert_eq!(status(&server().await).await, "403");
    let mut options = Options::new();
    options.pipe_to = vec![to];
    assert_eq!(
        status(&TestServer::start(options).await.unwrap()).await,
        "200"
    );
}
