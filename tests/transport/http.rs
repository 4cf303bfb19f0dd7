//! What a server says by HTTP around the handshake, as `connect` tells it.

use crate::support::{cause, listen, options};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::error::{Cause, Misuse, Violation};
use websocket_channel::proto::handshake::accept_key;
use websocket_channel::transport::Format;
use websocket_channel::{ConnectError, ConnectErrorKind, ConnectionOptions, Socket};

/// Reads a request's head.
pub(crate) async fn head(io: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// The value of this header line.
pub(crate) fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// A server that answers every request with these bytes, in which `{accept}` stands for the right key, and then waits for the client's end.
async fn answering(answer: &'static str) -> SocketAddr {
    listen(move |mut io| async move {
        let head = head(&mut io).await;
        let accept = accept_key(value(&head, "Sec-WebSocket-Key").unwrap_or_default());
        let answer = answer.replace("{accept}", &accept);
        io.write_all(answer.as_bytes()).await.unwrap();
        let _ = io.read_to_end(&mut Vec::new()).await;
    })
    .await
}

async fn refused(answer: &'static str) -> ConnectError {
    let url = format!("ws://{}/", answering(answer).await);
    Socket::connect(url, options()).await.unwrap_err()
}

const RIGHT: &str = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n";

#[tokio::test]
async fn early_hints_and_a_folded_line_come_before_the_connection() {
    for answer in [
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n{right}\r\n",
        "{right}X-Policy: a;\r\n b\r\n\r\n",
    ] {
        let answer = answer.replace("{right}", RIGHT).leak();
        let url = format!("ws://{}/", answering(answer).await);
        let socket = Socket::connect(url, options()).await.unwrap();
        let policy = socket.opened().headers.get("X-Policy").unwrap_or("a; b");
        assert_eq!(policy, "a; b");
    }
}

#[tokio::test]
async fn the_headers_of_the_101_are_in_open_info() {
    let answer = format!("{RIGHT}Set-Cookie: session=hidden\r\n\r\n").leak();
    let url = format!("ws://{}/", answering(answer).await);
    let socket = Socket::connect(url, options()).await.unwrap();
    let opened = socket.opened();
    assert_eq!(opened.headers.get("set-cookie"), Some("session=hidden"));
    let shown = format!("{opened:?}");
    assert!(
        shown.contains("Set-Cookie") && !shown.contains("hidden"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_refusal_has_its_headers_and_body() {
    let error = refused(
        "HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm=\"hidden\"\r\nRetry-After: 9\r\nContent-Length: 6\r\n\r\nhidden",
    )
    .await;
    let response = error.response().unwrap();
    assert_eq!((response.status, &*response.body), (401, &b"hidden"[..]));
    assert_eq!(response.headers.get("retry-after"), Some("9"));
    let shown = format!("{error:?} {error}");
    assert!(
        shown.contains("WWW-Authenticate") && !shown.contains("hidden"),
        "{shown}"
    );
    assert_eq!(cause(error), Cause::Status(401));
    // Its body may never end, and nobody waits for that.
    let endless = refused("HTTP/1.1 503 x\r\n\r\nlater").await;
    let response = endless.response().unwrap();
    assert_eq!((&*response.body, response.complete), (&b"later"[..], false));
    // No response, nothing to tell.
    assert!(refused("nonsense\r\n\r\n").await.response().is_none());
}

#[tokio::test]
async fn who_answered_is_named() {
    for (lines, words) in [
        (
            "426 x\r\nServer: uvicorn\r\nVia: 1.1 edge (squid/5.7)",
            "answered by squid/5.7: a proxy removed the Upgrade",
        ),
        (
            "400 x\r\nVia: 1.0 fred, 1.1 p.example",
            "answered by p.example: a proxy removed the Upgrade",
        ),
        (
            "502 x\r\nServer: squid/5.7",
            "answered by squid/5.7: a proxy removed the Upgrade",
        ),
        (
            "400 x\r\nServer: uvicorn",
            "answered by uvicorn: if that is a proxy, it removed the Upgrade",
        ),
        (
            "403 x\r\nServer: squid/5.7",
            "with status 403, answered by squid/5.7",
        ),
        ("404 x", "with status 404"),
    ] {
        let answer = format!("HTTP/1.1 {lines}\r\nContent-Length: 0\r\n\r\n").leak();
        let told = refused(answer).await.to_string();
        assert!(told.ends_with(words), "{told}");
    }
}

#[tokio::test]
async fn a_handshake_of_2009_that_fails_says_that_proxies_do_not_pass_it() {
    for format in [Format::Hixie75, Format::Hixie76] {
        for answer in ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", ""] {
            let address = listen(move |mut io| async move {
                head(&mut io).await;
                // What is unread at the end would become a reset: hixie-76 has eight bytes more.
                if format == Format::Hixie76 {
                    io.read_exact(&mut [0; 8]).await.unwrap();
                }
                io.write_all(answer.as_bytes()).await.unwrap();
            })
            .await;
            let mut options = options();
            options.handshake.format = format;
            let error = Socket::connect(format!("ws://{address}/"), options).await;
            let told = error.unwrap_err().to_string();
            assert!(told.contains("HTTP proxies do not pass"), "{told}");
        }
    }
    let today = refused("HTTP/1.1 400 x\r\nContent-Length: 0\r\n\r\n").await;
    assert!(!today.to_string().contains("HTTP proxies"));
}

#[tokio::test]
async fn a_header_of_the_handshake_is_refused_before_anybody_is_asked() {
    for (name, value, misuse) in [
        ("Upgrade", "h2c", Misuse::ReservedHeader),
        ("sec-websocket-key", "x", Misuse::ReservedHeader),
        ("X", "a\r\nb: c", Misuse::Header),
        ("a b", "c", Misuse::Header),
    ] {
        let mut options = options();
        options.handshake.headers.push((name.into(), value.into()));
        // There is no such host: nobody looked for it.
        let error = Socket::connect("ws://nowhere.invalid/", options)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "BAD_HEADER");
        assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        let name = name.to_owned();
        assert_eq!(error.kind, ConnectErrorKind::BadHeader { name, misuse });
    }
}

#[tokio::test]
async fn host_and_credentials_reach_the_server_once() {
    let (sender, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let address = listen(move |mut io| {
        let sender = sender.clone();
        async move { sender.send(head(&mut io).await).unwrap() }
    })
    .await;
    let mut options = options();
    options
        .handshake
        .headers
        .push(("Host".into(), "vhost".into()));
    let url = format!("ws://user:p%40ss@{address}/");
    let _ = Socket::connect(url, options).await;
    let asked = asked.recv().await.unwrap();
    assert_eq!(asked.matches("Host: ").count(), 1, "{asked}");
    assert_eq!(value(&asked, "Host"), Some("vhost"));
    assert_eq!(value(&asked, "Authorization"), Some("Basic dXNlcjpwQHNz"));
}

/// A server whose answers are taken in turn, one a connection, each with `{accept}` and `{base}` filled in; what it was asked is kept.
async fn in_turn(answers: &[&str]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    let answers: Vec<String> = answers
        .iter()
        .map(|answer| answer.replace("{base}", &address.to_string()))
        .collect();
    tokio::spawn(async move {
        for answer in answers {
            let (mut io, _) = listener.accept().await.unwrap();
            let head = head(&mut io).await;
            let accept = accept_key(value(&head, "Sec-WebSocket-Key").unwrap());
            kept.lock().unwrap().push(head);
            io.write_all(answer.replace("{accept}", &accept).as_bytes())
                .await
                .unwrap();
            // The last one stays open until the client has gone.
            tokio::spawn(async move { io.read_to_end(&mut Vec::new()).await });
        }
    });
    (address, asked)
}

fn following(redirects: u8) -> ConnectionOptions {
    let mut options = options();
    options.network.max_redirects = redirects;
    options.handshake.headers = [
        ("Authorization", "Bearer t"),
        ("Cookie", "a=b"),
        ("Host", "vhost"),
        ("X-Other", "stays"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    options
}

#[tokio::test]
async fn redirects_are_followed_if_enabled() {
    let right = format!("{RIGHT}\r\n");
    for status in [301, 302, 303, 307, 308] {
        let redirect = |to: &str| {
            format!("HTTP/1.1 {status} x\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
        };
        // Absolute as HTTP, and relative.
        let answers = [
            &*redirect("http://{base}/second?x=1#part"),
            &redirect("third"),
            &right,
        ];
        let (address, asked) = in_turn(&answers).await;
        let url = format!("ws://user:pass@{address}/first");
        let mut options = following(2);
        // The URL's own credentials, which stay with their origin.
        options.handshake.headers.remove(0);
        drop(Socket::connect(&url, options).await.unwrap());
        let asked = asked.lock().unwrap().clone();
        let targets: Vec<&str> = asked
            .iter()
            .map(|head| head.split(' ').nth(1).unwrap())
            .collect();
        assert_eq!(targets, ["/first", "/second?x=1", "/third"]);
        for head in &asked {
            assert_eq!(value(head, "Cookie"), Some("a=b"));
            assert_eq!(value(head, "Authorization"), Some("Basic dXNlcjpwYXNz"));
        }
        // Not by default, and not one too many.
        for allowed in [0, 1] {
            let (address, _) = in_turn(&answers).await;
            let url = format!("ws://{address}/first");
            let error = Socket::connect(&url, following(allowed)).await.unwrap_err();
            assert!(error.response().unwrap().headers.get("Location").is_some());
            assert_eq!(cause(error), Cause::Status(status));
        }
    }
}

#[tokio::test]
async fn secrets_stay_with_their_origin() {
    let (second, asked) = in_turn(&[&format!("{RIGHT}\r\n")]).await;
    let redirect =
        format!("HTTP/1.1 302 x\r\nLocation: ws://{second}/\r\nContent-Length: 0\r\n\r\n");
    let (first, _) = in_turn(&[&redirect]).await;
    let opened = Socket::connect(format!("ws://{first}/"), following(1)).await;
    drop(opened.unwrap());
    let asked = asked.lock().unwrap().clone();
    for gone in ["Authorization", "Cookie"] {
        assert_eq!(value(&asked[0], gone), None);
    }
    assert_eq!(value(&asked[0], "Host"), Some(&*second.to_string()));
    assert_eq!(value(&asked[0], "X-Other"), Some("stays"));
    // Nor does the URL's password go there.
    let (second, asked) = in_turn(&[&format!("{RIGHT}\r\n")]).await;
    let redirect =
        format!("HTTP/1.1 302 x\r\nLocation: ws://{second}/\r\nContent-Length: 0\r\n\r\n");
    let (first, _) = in_turn(&[&redirect]).await;
    let mut options = options();
    options.network.max_redirects = 1;
    let opened = Socket::connect(format!("ws://u:p@{first}/"), options).await;
    drop(opened.unwrap());
    assert_eq!(value(&asked.lock().unwrap()[0], "Authorization"), None);
}

#[tokio::test]
async fn invalid_redirects_are_errors() {
    for location in ["ftp://h/", "//", "http://"] {
        let redirect =
            format!("HTTP/1.1 302 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let (address, _) = in_turn(&[&redirect]).await;
        let error = Socket::connect(format!("ws://{address}/"), following(5)).await;
        assert_eq!(cause(error.unwrap_err()), Cause::Status(302), "{location}");
    }
}

/// Autobahn and nhooyr answer 400 to `server_max_window_bits`.
#[cfg(feature = "deflate")]
#[tokio::test]
async fn an_offer_refused_for_its_window_is_repeated_without_it() {
    let refusal = "HTTP/1.1 400 x\r\nContent-Length: 0\r\n\r\n";
    let right = format!("{RIGHT}\r\n");
    let offered = |head: &str| {
        let offer = value(head, "Sec-WebSocket-Extensions").unwrap();
        offer.contains("server_max_window_bits")
    };
    let mut small = options();
    small
        .handshake
        .deflate
        .as_mut()
        .unwrap()
        .receive_window_bits = 10;
    let (address, asked) = in_turn(&[refusal, &right]).await;
    let opened = Socket::connect(format!("ws://{address}/"), small.clone()).await;
    drop(opened.unwrap());
    let offers: Vec<bool> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|head| offered(head))
        .collect();
    assert_eq!(offers, [true, false]);
    // Once, and only for a window that was asked for.
    for (options, attempts) in [(small, 2), (options(), 1)] {
        let (address, asked) = in_turn(&[refusal; 3]).await;
        let error = Socket::connect(format!("ws://{address}/"), options).await;
        assert_eq!(cause(error.unwrap_err()), Cause::Status(400));
        assert_eq!(asked.lock().unwrap().len(), attempts);
    }
}

#[tokio::test]
async fn limits_of_the_responses_head_are_options_of_the_builder() {
    let answer = format!("{RIGHT}X-A: b\r\n\r\n").leak();
    let url = format!("ws://{}/", answering(answer).await);
    let connect = || websocket_channel::connect(&url);
    assert_eq!(connect().await.unwrap().opened().headers.len(), 4);
    for (builder, violation) in [
        (connect().max_head(50), Violation::HeadTooLong),
        (connect().max_header_lines(3), Violation::TooManyHeaders),
    ] {
        assert_eq!(cause(builder.await.unwrap_err()), violation.into());
    }
}

const OPENS: &str = "HTTP/1.1 101 A\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n";

#[tokio::test]
async fn a_channel_ends_when_its_peer_answers_no_ping() {
    let address = answering(OPENS).await;
    let brief = std::time::Duration::from_millis(50);
    let mut channel = websocket_channel::connect(format!("ws://{address}/"))
        .keepalive(brief, brief)
        .await
        .unwrap();
    let closed = channel.closed().await;
    assert_eq!(
        (closed.code, &*closed.reason, closed.was_clean, closed.by),
        (
            1006,
            "keepalive timeout",
            false,
            websocket_channel::ClosedBy::Error
        )
    );
}
