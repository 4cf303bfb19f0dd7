#!/usr/bin/env bash
# A Rust client receives in a loop with a time-out of 50 ms around each receive (as `select!` does). The server's first message arrives in pieces.
# Expected: a receive that was dropped loses nothing; "first" and "second" arrive. Seen: so it is with tokio-tungstenite. fastwebsockets and soketto keep
# what they have parsed of a frame in the future: the header is lost with it, the payload is taken for the next header, and the connection fails.
# Needs Rust (cargo); it builds for a minute.
. "$(dirname "$0")/lib.sh"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "receive-in-select"
version = "0.0.0"
edition = "2024"
[dependencies]
fastwebsockets = "=0.10.0"
futures = "0.3"
soketto = "=0.8.1"
tokio = { version = "1", features = ["net", "rt", "time", "macros", "io-util"] }
tokio-tungstenite = "=0.30.0"
tokio-util = { version = "0.7", features = ["compat"] }
[profile.dev]
debug = 0
TOML
cat >src/main.rs <<'RS'
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_util::compat::TokioAsyncReadCompatExt;

/// Receives with a time-out around each, until two messages have come or one receive fails.
macro_rules! receive {
    ($name:literal, $next:expr) => {{
        let mut seen = Vec::new();
        for _ in 0..40 {
            match timeout(Duration::from_millis(50), $next).await {
                Ok(Ok(text)) => seen.push(text),
                Ok(Err(error)) => { seen.push(error); break }
                Err(_) => {}
            }
            if seen.len() == 2 { break }
        }
        println!("{}: {}", $name, seen.join(", "));
    }};
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let (mut tungstenite, _) = tokio_tungstenite::connect_async(format!("ws://127.0.0.1:{port}/")).await.unwrap();
    receive!("tokio-tungstenite", async {
        match tungstenite.next().await.unwrap() { Ok(m) => Ok(format!("message of {}", m.len())), Err(e) => Err(format!("{e:?}")) }
    });

    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") { head.push(stream.read_u8().await.unwrap()) }
    let mut fast = fastwebsockets::WebSocket::after_handshake(stream, fastwebsockets::Role::Client);
    receive!("fastwebsockets", async {
        match fast.read_frame().await { Ok(f) => Ok(format!("message of {}", f.payload.len())), Err(e) => Err(format!("{e:?}")) }
    });

    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut client = soketto::handshake::Client::new(stream.compat(), "x", "/");
    client.handshake().await.unwrap();
    let (_sender, mut receiver) = client.into_builder().finish();
    receive!("soketto", async {
        let mut data = Vec::new();
        match receiver.receive_data(&mut data).await { Ok(_) => Ok(format!("message of {}", data.len())), Err(e) => Err(format!("{e:?}")) }
    });
}
RS
cargo build -q 2>cargo.log || { cat cargo.log; exit 2; }
for c in tokio-tungstenite fastwebsockets soketto; do grep -A1 "^name = \"$c\"" Cargo.lock | tail -1 | sed "s/version = /crate $c /"; done
cat >run.py <<'PY'
import subprocess, time, peer
def handler(end):
    peer.answer(end)
    time.sleep(0.1)
    frame = end.frame(peer.TEXT, "a" * 200)
    for piece in (frame[:4], frame[4:104], frame[104:], end.frame(peer.TEXT, "second")):
        end.raw(piece)
        time.sleep(0.15)
    end.recv(5)
subprocess.run(["target/debug/receive-in-select", str(peer.serve(handler))], timeout=60, check=True)
PY
python3 run.py >seen
check seen "tokio-tungstenite: message of 200, message of 6" "fastwebsockets: ReservedBitsNotZero" "soketto: UnexpectedOpCode(Continue)"
