//! Both ends natively: the accepting side as a `Socket` and as a `Channel`.

use crate::support::{cause, echo, echoes, listen, options};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::error::{Cause, Violation};
use websocket_channel::socket::Accepting;
use websocket_channel::transport::{Limits, Role};
use websocket_channel::{Channel, CloseError, ConnectionOptions, Json, Message, OpenInfo, Socket};

/// One enum for both directions and both ends.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Talk {
    Say(String),
    Said { who: u32, text: String },
}

#[tokio::test]
async fn both_ends_share_an_enum() {
    let address = listen(|io| async {
        let socket = Socket::accept(io, ConnectionOptions::default())
            .await
            .unwrap();
        let mut channel: Channel<Talk, Talk> = Channel::from_socket(socket, Json);
        while let Some(Ok(Talk::Say(text))) = channel.next().await {
            channel.send(Talk::Said { who: 7, text }).await.unwrap();
        }
    })
    .await;
    let mut channel: Channel<Talk, Talk> = websocket_channel::connect(format!("ws://{address}/"))
        .codec(Json)
        .await
        .unwrap();
    channel.send(Talk::Say("hello".into())).await.unwrap();
    let said = channel.next().await.unwrap().unwrap();
    assert_eq!(
        said,
        Talk::Said {
            who: 7,
            text: "hello".into()
        }
    );
    // Both sides are ours and want it.
    assert!(
        channel
            .opened()
            .extensions
            .starts_with("permessage-deflate")
    );
}

#[tokio::test]
async fn over_memory() {
    let (ours, theirs) = tokio::io::duplex(1000);
    tokio::spawn(echo(theirs));
    let mut options = options();
    options.protocols = ["x", "chat.v1"].into_iter().collect();
    let socket = Socket::connect_over(ours, "wss://h/", options)
        .await
        .unwrap();
    assert_eq!(
        socket.opened(),
        &OpenInfo::new("chat.v1", "permessage-deflate")
    );
    echoes(socket).await;
}

#[tokio::test]
async fn compression_is_off_by_a_switch() {
    let (ours, theirs) = tokio::io::duplex(1000);
    tokio::spawn(echo(theirs));
    let mut options = options();
    options.handshake.deflate = None;
    let socket = Socket::connect_over(ours, "ws://h/", options)
        .await
        .unwrap();
    assert_eq!(socket.opened().extensions, "");
    echoes(socket).await;
}

#[tokio::test]
async fn headers_and_origin_are_asked_for() {
    let (ours, mut theirs) = tokio::io::duplex(1000);
    let mut options = options();
    options.handshake.deflate = None;
    options.handshake.origin = Some("http://o".into());
    options.handshake.headers = vec![("Authorization".into(), "Bearer t".into())];
    let connecting = tokio::spawn(Socket::connect_over(ours, "ws://h/p", options));
    let mut head = vec![0; 16];
    theirs.read_exact(&mut head).await.unwrap();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(theirs.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(
        head.contains("\r\nOrigin: http://o\r\nAuthorization: Bearer t\r\n"),
        "{head}"
    );
    theirs.write_all(b"HTTP/1.1 401 x\r\n\r\n").await.unwrap();
    let error = connecting.await.unwrap().unwrap_err();
    assert_eq!(cause(error), Cause::Status(401));
}

#[tokio::test]
async fn a_plain_request_is_refused() {
    let (mut ours, theirs) = tokio::io::duplex(1000);
    let accepting = tokio::spawn(Socket::accept(theirs, ConnectionOptions::default()));
    ours.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    ours.shutdown().await.unwrap();
    let mut answer = String::new();
    ours.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let error = accepting.await.unwrap().unwrap_err();
    assert_eq!(cause(error), Cause::Violation(Violation::Upgrade));
}

#[tokio::test]
async fn an_accept_ends_in_time() {
    let (_ours, theirs) = tokio::io::duplex(1000);
    let options =
        ConnectionOptions::default().connect_timeout(std::time::Duration::from_millis(30));
    let error = Socket::accept(theirs, options).await.unwrap_err();
    assert_eq!(error.code(), "TIMED_OUT");
}

#[tokio::test]
async fn a_close_is_sent_without_another_poll() {
    let (mut ours, theirs) = tokio::io::duplex(1000);
    let limits = Limits::default();
    let mut socket = Socket::from_upgraded(theirs, &[], Role::Server, OpenInfo::default(), &limits);
    socket.close(4000, "x").unwrap();
    drop(socket);
    let mut rest = Vec::new();
    ours.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"\x88\x03\x0f\xa0x");
}

#[tokio::test]
async fn an_upgrade_made_by_other_software() {
    let (mut ours, theirs) = tokio::io::duplex(1000);
    // The first half of a masked "Hi" was read with the request.
    let limits = Limits::default();
    let mut socket = Socket::from_upgraded(
        theirs,
        &[0x81, 0x82, 0, 0, 0, 0, b'H'],
        Role::Server,
        OpenInfo::default(),
        &limits,
    );
    ours.write_all(b"i").await.unwrap();
    assert_eq!(socket.next().await, Some(Message::from("Hi")));
    socket.send_now(Message::from("yo")).unwrap();
    drop(socket);
    let mut rest = Vec::new();
    ours.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"\x81\x02yo\x88\x00");
}

/// Natively nothing overflows: at 0 one message waits at a time, and the handshake is no message.
#[tokio::test]
async fn at_bounds_of_zero_messages_pass_one_by_one() {
    let mut options = options();
    options.limits.receive_buffer = 0;
    options.limits.send_high_water_mark = 0;
    let server = listen(echo).await;
    let mut socket = Socket::connect(format!("ws://{server}/"), options)
        .await
        .unwrap();
    for text in ["a", "b", "c"] {
        socket.send(text.into()).await.unwrap();
    }
    for text in ["a", "b", "c"] {
        assert_eq!(socket.next().await, Some(text.into()));
    }
}

/// RFC 6455 §7.4.1 and its registry: what an endpoint may send. A page may send less.
#[tokio::test]
async fn a_native_end_sends_every_close_code_that_an_endpoint_may() {
    let all = (0..=1016).chain([2999, 3000, 4999, 5000, u16::MAX]);
    for code in all {
        let sendable = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let limits = Limits::default();
        let (ours, theirs) = tokio::io::duplex(1000);
        let mut socket =
            Socket::from_upgraded(ours, &[], Role::Server, OpenInfo::default(), &limits);
        let mut peer =
            Socket::from_upgraded(theirs, &[], Role::Client, OpenInfo::default(), &limits);
        let closing = socket.close(code, "why");
        if !sendable {
            assert_eq!(closing, Err(CloseError::BadCloseCode(code)));
            continue;
        }
        closing.unwrap();
        let (ours, theirs) = futures::future::join(socket.closed(), peer.closed()).await;
        assert_eq!((theirs.code, &*theirs.reason), (code, "why"));
        assert_eq!((ours.code, ours.was_clean), (code, true));
    }
    // The channel too, and the reason is measured for these codes as for others.
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let channel: Channel<String, String> = Channel::from_socket(ours, websocket_channel::Text);
    let mut peer: Channel<String, String> = Channel::from_socket(theirs, websocket_channel::Text);
    let long = "x".repeat(124);
    let control = channel.control();
    let refused = control.close(1011, &long).await;
    assert_eq!(refused, Err(CloseError::LongCloseReason(124)));
    let (ours, theirs) = futures::future::join(control.close(1013, "later"), peer.closed()).await;
    assert_eq!((ours.unwrap().code, theirs.code), (1013, 1013));
}

/// The connection, and another handle of it that stays with the test.
fn watched(io: TcpStream) -> (TcpStream, TcpStream) {
    let io = io.into_std().unwrap();
    let watch = TcpStream::from_std(io.try_clone().unwrap()).unwrap();
    (TcpStream::from_std(io).unwrap(), watch)
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap());
    let (ours, theirs) = futures::future::join(ours, listener.accept()).await;
    (ours.unwrap(), theirs.unwrap().0)
}

/// What a client offers, and what each way to accept agrees to.
#[tokio::test]
async fn every_way_to_accept_has_the_same_defaults() {
    for way in ["whatever comes", "looked at"] {
        let (ours, theirs) = tcp_pair().await;
        let ((ours, our_watch), (theirs, watch)) = (watched(ours), watched(theirs));
        assert!(!watch.nodelay().unwrap() && !our_watch.nodelay().unwrap());
        let accepting = async {
            let options = ConnectionOptions::default();
            let socket = match way {
                "whatever comes" => Socket::accept(theirs, options).await.unwrap(),
                _ => {
                    let accepting = Accepting::read(theirs, options).await.unwrap();
                    accepting.accept(None).await.unwrap()
                }
            };
            socket.opened().extensions.clone()
        };
        let connecting = Socket::connect_over(ours, "ws://h/", options());
        let (extensions, connected) = futures::future::join(accepting, connecting).await;
        drop(connected.unwrap());
        assert_eq!(extensions, "permessage-deflate", "{way}");
        assert!(
            watch.nodelay().unwrap() && our_watch.nodelay().unwrap(),
            "{way}"
        );
    }
}

/// `Limits::handshake_timeout`, for each of them.
#[tokio::test]
async fn a_client_without_a_request_is_answered_in_time() {
    let mut limits = Limits::default();
    assert_eq!(
        limits.handshake_timeout,
        ConnectionOptions::default().connect_timeout
    );
    limits.handshake_timeout = Duration::from_millis(30);
    limits.close_timeout = Duration::from_millis(30);
    for way in ["whatever comes", "looked at"] {
        let (mut ours, theirs) = tokio::io::duplex(1000);
        let options = ConnectionOptions::default().limits(limits.clone());
        let accepting = tokio::spawn(async move {
            match way {
                "whatever comes" => Socket::accept(theirs, options).await.map(drop),
                _ => Accepting::read(theirs, options).await.map(drop),
            }
            .map_err(cause)
        });
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        let expected = Err(Cause::Violation(Violation::HandshakeTimeout));
        assert_eq!(accepting.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn limits_of_the_head_and_of_fragments_are_options() {
    let asking = |change: fn(&mut Limits)| async move {
        let mut options = ConnectionOptions::default();
        change(&mut options.limits);
        let (mut ours, theirs) = tokio::io::duplex(1000);
        let accepting = tokio::spawn(async move {
            let accepting = Accepting::read(theirs, options).await;
            accepting.map(drop).map_err(cause)
        });
        let request = b"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
        ours.write_all(request).await.unwrap();
        ours.shutdown().await.unwrap();
        accepting.await.unwrap()
    };
    assert_eq!(asking(|_| {}).await, Ok(()));
    let long = asking(|limits| limits.max_head = 30).await;
    assert_eq!(long, Err(Violation::HeadTooLong.into()));
    let many = asking(|limits| limits.max_header_lines = 1).await;
    assert_eq!(many, Err(Violation::TooManyHeaders.into()));

    let mut limits = Limits::default();
    limits.max_fragments = 2;
    let (mut ours, theirs) = tokio::io::duplex(1000);
    let mut socket = Socket::from_upgraded(theirs, &[], Role::Client, OpenInfo::default(), &limits);
    ours.write_all(b"\x01\x01a\x00\x01b\x00\x01c")
        .await
        .unwrap();
    ours.shutdown().await.unwrap();
    assert_eq!(socket.closed().await.code, 1008);
}

/// A request of hixie-75, and one of hixie-76 with its eight bytes.
const LEGACY: [&str; 2] = [
    "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: h\r\nOrigin: http://h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n\
     Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://h\r\n\r\n^n:ds[4U",
];

#[tokio::test]
async fn the_formats_of_2009_are_off_by_default() {
    for request in LEGACY {
        for (way, legacy) in [false, true]
            .map(|legacy| ["whatever comes", "looked at"].map(|way| (way, legacy)))
            .concat()
        {
            let (mut ours, theirs) = tokio::io::duplex(1000);
            // A connection that is dropped waits for its peer so long.
            let mut limits = Limits::default();
            limits.close_timeout = Duration::from_millis(20);
            let accepting = tokio::spawn(async move {
                let mut options = ConnectionOptions::default();
                assert!(!options.handshake.legacy);
                options.handshake.legacy = legacy;
                options.limits = limits;
                if way == "looked at" {
                    return match Accepting::read(theirs, options).await {
                        Ok(accepting) => accepting.accept(None).await.is_ok(),
                        Err(_) => false,
                    };
                }
                Socket::accept(theirs, options).await.is_ok()
            });
            ours.write_all(request.as_bytes()).await.unwrap();
            ours.shutdown().await.unwrap();
            assert_eq!(accepting.await.unwrap(), legacy, "{way}");
            let mut answer = Vec::new();
            ours.read_to_end(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer);
            if legacy {
                assert!(answer.starts_with("HTTP/1.1 101 Web"), "{answer}");
            } else {
                assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
                assert!(
                    answer.contains("\r\nSec-WebSocket-Version: 13, 8, 7\r\n"),
                    "{answer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn into_io_returns_the_bytes_after_the_request() {
    for pieces in [
        &["GET / HTTP/1.1\r\nHost: h\r\n\r\nbehind it"][..],
        &["GET / HT", "TP/1.1\r\nHost: h\r\n\r\nbeh", "ind it"],
    ] {
        let (mut ours, theirs) = tokio::io::duplex(1000);
        let write = async {
            for piece in pieces {
                ours.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
            ours.shutdown().await.unwrap();
        };
        let (accepting, ()) =
            futures::future::join(Accepting::read(theirs, ConnectionOptions::default()), write)
                .await;
        let (mut io, mut behind) = accepting.unwrap().into_io().unwrap();
        io.read_to_end(&mut behind).await.unwrap();
        assert_eq!(behind, b"behind it");
    }
}
