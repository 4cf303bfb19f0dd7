//! Both ends natively: the accepting side as a `Socket` and as a `Channel`.

use crate::support::{cause, echo, echoes, listen, options};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use websocket_channel::error::{Cause, Violation};
use websocket_channel::transport::Limits;
use websocket_channel::transport::pipe::Role;
use websocket_channel::{Channel, Json, Message, Opened, Options, Socket};

/// One enum for both directions and both ends.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Talk {
    Say(String),
    Said { who: u32, text: String },
}

#[tokio::test]
async fn both_ends_share_an_enum() {
    let address = listen(|io| async {
        let socket = Socket::accept(io, Options::default()).await.unwrap();
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
        &Opened::new("chat.v1", "permessage-deflate")
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
    let accepting = tokio::spawn(Socket::accept(theirs, Options::default()));
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
    let options = Options {
        connect_timeout: std::time::Duration::from_millis(30),
        ..Options::default()
    };
    let error = Socket::accept(theirs, options).await.unwrap_err();
    assert_eq!(error.code(), "TIMED_OUT");
}

#[tokio::test]
async fn a_close_goes_out_though_nobody_polls_again() {
    let (mut ours, theirs) = tokio::io::duplex(1000);
    let limits = Limits::default();
    let mut socket = Socket::from_upgraded(theirs, &[], Role::Server, Opened::default(), &limits);
    socket.close(4000, "x").unwrap();
    drop(socket);
    let mut rest = Vec::new();
    ours.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"\x88\x03\x0f\xa0x");
}

#[tokio::test]
async fn an_upgrade_of_somebody_else() {
    let (mut ours, theirs) = tokio::io::duplex(1000);
    // The first half of a masked "Hi" was read with the request.
    let limits = Limits::default();
    let mut socket = Socket::from_upgraded(
        theirs,
        &[0x81, 0x82, 0, 0, 0, 0, b'H'],
        Role::Server,
        Opened::default(),
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
    options.limits.receive_bound = 0;
    options.limits.send_watermark = 0;
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
