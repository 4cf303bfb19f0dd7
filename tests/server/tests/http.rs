//! Plain HTTP: pages, and requests that are none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::{connect, get, http, server};
use websocket_channel_server::{Options, TestServer};

/// A folder of this test's own, deleted at its end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!(
            "websocket-channel-server-{}-{name}",
            std::process::id()
        ));
        std::fs::create_dir_all(path.join("pkg")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_folder_is_served_from_memory() {
    let folder = Folder::new("www");
    folder.write("index.html", b"<p>hello");
    folder.write("style.css", b"p {}");
    folder.write("data.json", b"{}");
    folder.write("pkg/app.js", b"import 1");
    folder.write("pkg/app_bg.wasm", b"\0asm");
    folder.write("pkg/unknown", b"?");
    let mut options = Options::new();
    options.www = Some(folder.0.clone());
    let server = TestServer::start(options).await.unwrap();
    for (path, mime, body) in [
        ("/", "text/html; charset=utf-8", "<p>hello"),
        ("/index.html?x=y", "text/html; charset=utf-8", "<p>hello"),
        ("/style.css", "text/css; charset=utf-8", "p {}"),
        ("/data.json", "application/json", "{}"),
        ("/pkg/app.js", "text/javascript; charset=utf-8", "import 1"),
        ("/pkg/app_bg.wasm", "application/wasm", "\0asm"),
        ("/pkg/unknown", "application/octet-stream", "?"),
    ] {
        let response = get(&server, path).await;
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\n"),
            "{path}: {response}"
        );
        assert!(
            response.contains(&format!("\r\nContent-Type: {mime}\r\n")),
            "{path}: {response}"
        );
        assert!(response.contains("\r\nCache-Control: no-store\r\n"));
        assert!(response.contains("\r\nX-Content-Type-Options: nosniff\r\n"));
        assert!(
            response.ends_with(&format!("\r\n\r\n{body}")),
            "{path}: {response}"
        );
    }
    for path in [
        "/nothing",
        "/pkg/",
        "/pkg",
        "/../secret",
        "/pkg/../index.html",
        "/%2e%2e/secret",
        "//index.html",
        "/pkg//app.js",
    ] {
        assert!(
            get(&server, path).await.starts_with("HTTP/1.1 404 "),
            "{path}"
        );
    }
    // A page of the folder's does not hide a service, and a WebSocket does not get a page.
    assert!(connect(&server, "/echo", &[]).await.is_ok());
    assert!(connect(&server, "/style.css", &[]).await.is_err());
    let head = http(&server, b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(
        head.contains("\r\nContent-Length: 8\r\n") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn services_want_a_websocket() {
    let server = server().await;
    let response = get(&server, "/echo").await;
    assert!(
        response.starts_with("HTTP/1.1 426 ") && response.contains("\r\nUpgrade: websocket\r\n"),
        "{response}"
    );
    assert!(get(&server, "/").await.starts_with("HTTP/1.1 404 "));
    assert!(
        get(&server, "/status/503")
            .await
            .starts_with("HTTP/1.1 503 ")
    );
}

#[tokio::test]
async fn texts_that_are_no_request() {
    let server = server().await;
    for (request, status) in [
        (&b"\x16\x03\x01\x02\x00"[..], 400),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", 405),
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 6\r\n\r\n", 426),
    ] {
        let response = http(&server, request).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {response}");
    }
    let long = [b"GET /".to_vec(), vec![b'x'; 20_000]].concat();
    assert!(http(&server, &long).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let mut options = Options::new();
    options.www = Some("/no/such/folder".into());
    assert!(TestServer::start(options).await.is_err());
}
