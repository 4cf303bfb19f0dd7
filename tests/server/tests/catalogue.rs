//! The fault catalogue, byte by byte. What clients make of it is in `tests/faults`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use support::{get, http, server, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use websocket_channel_server::TestServer;
use websocket_channel_server::catalogue::{Then, faults};
use websocket_channel_server::sessions::session_faults;

/// RFC 6455 §1.3's own key, so that the accept value is the RFC's, too.
fn request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// What the server sends up to its end.
async fn play(server: &TestServer, path: &str) -> Vec<u8> {
    let mut io = TcpStream::connect(server.address()).await.unwrap();
    io.write_all(request(path).as_bytes()).await.unwrap();
    // Behind the head, so that it is not dropped with it: faults that wait for the client go on.
    let mut received = Vec::new();
    soon(io.read_buf(&mut received)).await.unwrap();
    io.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    soon(io.read_to_end(&mut received)).await.unwrap();
    received
}

const OPEN: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[tokio::test]
async fn a_fault_is_the_bytes_of_its_file_with_the_accept_value_in_place() {
    let server = server().await;
    for (name, frames) in [
        (
            "frame-masked",
            &b"\x81\x82\x37\xfa\x21\x3d\x5f\x93\x88\x02\x03\xe8"[..],
        ),
        ("close-1005", b"\x88\x02\x03\xed"),
        ("utf8-surrogate", b"\x81\x05a\xed\xa0\x80b\x88\x02\x03\xe8"),
        ("fin-in-frame-header", b"\x81\x7e\x01"),
        ("length-2-63", b"\x81\x7f\x80\0\0\0\0\0\0\0hi"),
        ("drip?every=1", b"\x81\x02hi\x88\x02\x03\xe8"),
    ] {
        let received = play(&server, &format!("/fault/{name}")).await;
        assert_eq!(received, [OPEN, frames].concat(), "{name}");
    }
    let received = play(&server, "/fault/accept-duplicate").await;
    assert_eq!(
        String::from_utf8_lossy(&received)
            .matches("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            .count(),
        2
    );
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let server = server().await;
    let mut io = TcpStream::connect(server.address()).await.unwrap();
    io.write_all(request("/fault/rst-in-payload?after=client").as_bytes())
        .await
        .unwrap();
    let mut head = vec![0; OPEN.len()];
    soon(io.read_exact(&mut head)).await.unwrap();
    assert_eq!(head, OPEN);
    // The frame and the reset wait until the client has said something.
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(100), io.read_u8()).await;
    assert!(waiting.is_err(), "{waiting:?}");
    io.write_all(b"x").await.unwrap();
    let mut frame = Vec::new();
    let error = soon(io.read_to_end(&mut frame)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(frame, b"\x81\x05He");
}

#[tokio::test]
async fn a_stalled_connection_reads_nothing_and_ends_with_the_client() {
    let server = server().await;
    let mut io = TcpStream::connect(server.address()).await.unwrap();
    io.write_all(request("/fault/half-open?tag=stalled").as_bytes())
        .await
        .unwrap();
    let mut received = vec![0; OPEN.len() + 4];
    soon(io.read_exact(&mut received)).await.unwrap();
    // Until the kernel takes no more: nobody reads.
    let chunk = vec![0; 1 << 20];
    let taken = std::time::Duration::from_millis(200);
    let full = async {
        while let Ok(written) = tokio::time::timeout(taken, io.write_all(&chunk)).await {
            written.unwrap();
        }
    };
    soon(full).await;
    // An orderly end would wait behind the bytes that nobody takes.
    io.set_zero_linger().unwrap();
    drop(io);
    support::until(&server, "list?tag=stalled", |list| {
        list["connections"][0]["ended"] == true
    })
    .await;
}

#[tokio::test]
async fn the_list_is_for_programs_and_for_people() {
    let server = server().await;
    let json = get(&server, "/faults").await;
    let (head, body) = json.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/json"), "{head}");
    let list: serde_json::Value = serde_json::from_str(body).unwrap();
    for (entry, fault) in list["session_faults"]
        .as_array()
        .unwrap()
        .iter()
        .zip(session_faults())
    {
        let url = format!("ws://localhost/session/fault/{}", fault.name);
        assert_eq!(
            (&entry["name"], &entry["url"]),
            (&fault.name.into(), &url.into())
        );
        assert_eq!(
            (&entry["what"], &entry["client"]),
            (&fault.what.into(), &fault.client.into())
        );
    }
    assert!(session_faults().len() >= 10);
    let list = list["faults"].as_array().unwrap();
    assert_eq!(list.len(), faults().count() + 1);
    assert_eq!(list[0]["name"], "refuse");
    assert_eq!(
        list[0]["url"],
        format!("ws://127.0.0.1:{}/", server.refused_port().unwrap())
    );
    for (entry, fault) in list[1..].iter().zip(faults()) {
        assert_eq!(entry["name"], fault.name);
        assert_eq!(entry["url"], format!("ws://localhost/fault/{}", fault.name));
        assert_eq!(
            (&entry["what"], &entry["client"]),
            (&fault.what.into(), &fault.client.into())
        );
    }
    let page = "GET /faults HTTP/1.1\r\nHost: <x>\r\nAccept: text/html,*/*\r\n\r\n";
    let page = http(&server, page.as_bytes()).await;
    assert!(
        page.contains("text/html")
            && page.contains("<tr id=half-head>")
            && page.contains("<tr id=lost-welcome>"),
        "{page}"
    );
    assert!(!page.contains("<x>"), "the host is the client's own words");
}

#[tokio::test]
async fn an_unknown_fault_is_an_error() {
    let server = server().await;
    for (path, status) in [
        ("/fault/nothing", 404),
        ("/fault/", 404),
        ("/fault/../lib.rs", 404),
        ("/fault/silence?after=noon", 400),
        ("/fault/drip?every=fast", 400),
    ] {
        let answer = http(&server, request(path).as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
}

#[test]
fn the_catalogue_has_at_least_80_faults() {
    let names: Vec<&str> = faults().map(|fault| fault.name).collect();
    assert!(names.len() >= 80, "{}", names.len());
    assert!(faults().any(|fault| fault.then == Then::Stall));
}
