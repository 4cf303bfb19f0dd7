//! The control channel.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use std::time::Duration;
use support::{ask, connect, control, http, next, open, server, soon, until};
use websocket_channel::error::{Cause, ConnectErrorKind};
use websocket_channel::{CloseInfo, ClosedBy, Event, Message};

#[tokio::test]
async fn connections_are_listed_by_tag() {
    let server = server().await;
    let mut a = open(&server, "/echo?tag=a").await;
    let _b = open(&server, "/sink?tag=b&x=y").await;
    let _untagged = open(&server, "/echo").await;
    ask(&mut a, "hello").await;
    let all = control(&server, "list").await;
    // The fourth is the one that asks.
    assert_eq!(all["connections"].as_array().unwrap().len(), 4);
    let b = control(&server, "list?tag=b").await;
    assert_eq!(b["connections"].as_array().unwrap().len(), 1);
    assert_eq!(b["connections"][0]["target"], "/sink?tag=b&x=y");
    assert_eq!(b["connections"][0]["frozen"], false);
    drop(a);
    let a = until(&server, "list?tag=a", |list| {
        list["connections"][0]["ended"] == true
    })
    .await;
    assert!(a["connections"][0]["received"].as_u64().unwrap() > 100);
    assert_eq!(
        control(&server, "list?tag=nobody").await,
        json!({ "connections": [] })
    );
}

#[tokio::test]
async fn cut_ends_a_connection_without_a_close_frame() {
    let server = server().await;
    for (how, words) in [("fin", ""), ("rst", "reset")] {
        let mut socket = open(&server, &format!("/echo?tag={how}")).await;
        let mut other = open(&server, "/echo?tag=other").await;
        ask(&mut socket, "hello").await;
        let answer = control(&server, &format!("cut?tag={how}&how={how}")).await;
        assert_eq!(answer, json!({ "connections": 1 }));
        assert_eq!(
            next(&mut socket).await,
            Event::Closed(CloseInfo::lost(ClosedBy::Error)),
            "{words}"
        );
        assert_eq!(
            ask(&mut other, "still here").await,
            Event::Message("still here".into())
        );
        let list = until(&server, &format!("transcript?tag={how}"), |list| {
            list["connections"][0]["ended"] == true
        })
        .await;
        let sent = list["connections"][0]["sent"]["hex"].as_str().unwrap();
        assert!(
            sent.ends_with("810568656c6c6f"),
            "the last that was sent is the echo: {sent}"
        );
    }
}

#[tokio::test]
async fn a_reset_reaches_the_client_as_one() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = server().await;
    for (how, kind) in [
        ("rst", Some(std::io::ErrorKind::ConnectionReset)),
        ("fin", None),
    ] {
        let mut io = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let request = format!("GET /silent?tag={how} HTTP/1.1\r\nHost: x\r\n\r\n");
        io.write_all(request.as_bytes()).await.unwrap();
        until(&server, &format!("list?tag={how}"), |list| {
            !list["connections"].as_array().unwrap().is_empty()
        })
        .await;
        control(&server, &format!("cut?tag={how}&how={how}")).await;
        let end = soon(io.read(&mut [0; 1])).await;
        assert_eq!(end.err().map(|error| error.kind()), kind, "{how}");
    }
}

#[tokio::test]
async fn freeze_holds_both_directions_and_thaw_loses_nothing() {
    let server = server().await;
    let mut socket = open(&server, "/echo?tag=cold").await;
    ask(&mut socket, "warm").await;
    let received = |list: &Value| list["connections"][0]["received"].as_u64().unwrap();
    let before = received(&control(&server, "list?tag=cold").await);
    assert_eq!(
        control(&server, "freeze?tag=cold").await,
        json!({ "connections": 1 })
    );
    socket.send("into the ice".into()).unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(200), next(&mut socket)).await;
    assert!(waiting.is_err(), "{waiting:?}");
    let list = control(&server, "list?tag=cold").await;
    assert_eq!(
        (received(&list), &list["connections"][0]["frozen"]),
        (before, &json!(true))
    );
    // One that comes later is frozen as well: its handshake is not answered.
    let mut late = Box::pin(connect(&server, "/echo?tag=cold", &[]));
    let waiting = tokio::time::timeout(Duration::from_millis(200), &mut late).await;
    assert!(waiting.is_err());
    assert_eq!(
        control(&server, "thaw?tag=cold").await,
        json!({ "connections": 2 })
    );
    assert_eq!(
        next(&mut socket).await,
        Event::Message("into the ice".into())
    );
    let (mut late, _) = late.await.unwrap();
    assert_eq!(
        ask(&mut late, "me too").await,
        Event::Message("me too".into())
    );
}

#[tokio::test]
async fn delay_and_throttle_keep_every_byte_in_order() {
    let server = server().await;
    control(&server, "delay?tag=slow&ms=20").await;
    let mut socket = open(&server, "/echo?tag=slow").await;
    control(&server, "throttle?tag=slow&rate=2000000").await;
    let big: Vec<u8> = (0..300_000_u32).map(|index| (index % 251) as u8).collect();
    for message in [
        Message::from("a"),
        Message::Binary(big.clone()),
        Message::from("z"),
    ] {
        socket.send(message).unwrap();
    }
    assert_eq!(next(&mut socket).await, Event::Message("a".into()));
    assert!(next(&mut socket).await == Event::Message(Message::Binary(big)));
    // Taken away while bytes still wait: what comes later does not overtake them.
    control(&server, "throttle?tag=slow&rate=0").await;
    control(&server, "delay?tag=slow&ms=0").await;
    socket.send("after".into()).unwrap();
    assert_eq!(next(&mut socket).await, Event::Message("z".into()));
    assert_eq!(next(&mut socket).await, Event::Message("after".into()));
}

#[tokio::test]
async fn undelayed_bytes_do_not_overtake_delayed_ones() {
    let server = server().await;
    let mut socket = open(&server, "/echo?tag=late").await;
    let received = |list: &Value| list["connections"][0]["received"].as_u64().unwrap();
    let before = received(&control(&server, "list?tag=late").await);
    control(&server, "delay?tag=late&ms=500").await;
    socket.send("first".into()).unwrap();
    support::flush(&mut socket).await;
    until(&server, "list?tag=late", |list| received(list) > before).await;
    control(&server, "delay?tag=late&ms=0").await;
    socket.send("second".into()).unwrap();
    assert_eq!(next(&mut socket).await, Event::Message("first".into()));
    assert_eq!(next(&mut socket).await, Event::Message("second".into()));
}

#[tokio::test]
async fn a_delay_is_kept() {
    let server = server().await;
    let mut socket = open(&server, "/echo?tag=late").await;
    control(&server, "delay?tag=late&ms=100000").await;
    socket.send("hello".into()).unwrap();
    support::flush(&mut socket).await;
    let sent = |list: &Value| list["connections"][0]["sent"].as_u64().unwrap();
    let before = sent(&control(&server, "list?tag=late").await);
    // It was read and answered, and the answer has not left.
    until(&server, "list?tag=late", |list| {
        list["connections"][0]["received"].as_u64().unwrap() > 150
    })
    .await;
    let waiting = tokio::time::timeout(Duration::from_millis(200), next(&mut socket)).await;
    assert!(waiting.is_err(), "{waiting:?}");
    assert_eq!(sent(&control(&server, "list?tag=late").await), before);
}

#[tokio::test]
async fn the_next_handshakes_of_a_tag_fail_and_no_others() {
    let server = server().await;
    let dial = |path: &'static str| connect(&server, path, &[]);
    assert_eq!(
        control(&server, "fail?tag=f&count=2").await,
        json!({ "fail": 2 })
    );
    assert!(dial("/echo?tag=other").await.is_ok());
    for _ in 0..2 {
        match dial("/echo?tag=f").await.err().unwrap() {
            ConnectErrorKind::ConnectFailed {
                cause: Cause::Status(503),
                ..
            } => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(dial("/echo?tag=f").await.is_ok());
    for how in ["404", "rst", "fin"] {
        control(&server, &format!("fail?tag=f&how={how}")).await;
        match dial("/echo?tag=f").await.err().unwrap() {
            ConnectErrorKind::ConnectFailed { cause, .. } => {
                assert_eq!(
                    matches!(cause, Cause::Status(404)),
                    how == "404",
                    "{cause:?}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
    control(&server, "fail?tag=f&how=silence").await;
    let mut silent = Box::pin(connect(&server, "/echo?tag=f", &[]));
    let silent = tokio::time::timeout(Duration::from_millis(200), &mut silent).await;
    assert!(silent.is_err());
}

#[tokio::test]
async fn the_transcript_is_every_byte() {
    let server = server().await;
    let mut socket = open(&server, "/echo?tag=t").await;
    ask(&mut socket, "hi").await;
    // So long that its header and its payload are written from where they lie.
    let long = "a".repeat(20_000);
    ask(&mut socket, long).await;
    socket.close(4000, "bye");
    assert!(matches!(next(&mut socket).await, Event::Closed(_)));
    let told = until(&server, "transcript?tag=t", |told| {
        told["connections"][0]["ended"] == true
    })
    .await;
    let hex = |way: &str| {
        told["connections"][0][way]["hex"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    // "GET /echo?tag=t HTTP/1.1\r\n" … and a masked Close frame of seven bytes at the end.
    assert!(hex("received").starts_with("474554202f6563686f3f7461673d7420485454502f312e310d0a"));
    // Both echoes, and the Close frame answered.
    let sent = hex("sent");
    let frames = format!("81026869817e4e20{}88050fa0627965", "61".repeat(20_000));
    assert!(sent.ends_with(&frames), "{sent}");
    assert_eq!(told["connections"][0]["sent"]["left_out"], 0);
}

#[tokio::test]
async fn a_websocket_carries_the_same_commands() {
    let server = server().await;
    let url = server.control_url();
    let path = url.strip_prefix(&server.http_url()).unwrap();
    let mut channel = open(&server, path).await;
    let _socket = open(&server, "/echo?tag=w").await;
    for (command, answer) in [
        (r#"{"do":"freeze","tag":"w"}"#, json!({ "connections": 1 })),
        (
            r#"{"do":"delay","tag":"w","ms":5}"#,
            json!({ "connections": 1 }),
        ),
        (
            r#"{"do":"fail","tag":"w","count":3,"how":404}"#,
            json!({ "fail": 3 }),
        ),
        (
            r#"{"do":"cut","tag":"w","how":"fin"}"#,
            json!({ "connections": 1 }),
        ),
    ] {
        assert_eq!(say(&mut channel, command).await, answer, "{command}");
    }
    for (command, words) in [
        ("{", "a command is a JSON object"),
        ("[]", "a command is a JSON object"),
        ("{}", "there is no command"),
        (r#"{"do":"explode"}"#, "there is no command"),
        (r#"{"do":"cut"}"#, "whom?"),
        (r#"{"do":"cut","tag":"w","id":1}"#, "whom?"),
        (r#"{"do":"cut","tag":"w","how":"axe"}"#, "how is"),
        (r#"{"do":"delay","tag":"w","ms":-1}"#, "ms is a number"),
        (r#"{"do":"throttle","tag":"w"}"#, "rate is a number"),
        (r#"{"do":"fail","tag":"w","how":100}"#, "how is a status"),
        (r#"{"do":"fail","id":1}"#, "a handshake to come"),
    ] {
        let answer = say(&mut channel, command).await;
        assert!(
            answer["error"].as_str().unwrap().contains(words),
            "{command}: {answer}"
        );
    }
}

async fn say(channel: &mut support::Socket, command: &str) -> Value {
    match ask(channel, command).await {
        Event::Message(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn control_needs_the_token_and_a_local_host() {
    let server = server().await;
    let url = server.control_url();
    let path = url.strip_prefix(&server.http_url()).unwrap();
    for (method, path, host, status) in [
        ("GET", format!("{path}/list"), "localhost", 200),
        ("POST", format!("{path}/list"), "127.0.0.1:80", 200),
        ("OPTIONS", format!("{path}/list"), "[::1]:80", 204),
        ("GET", format!("{path}/list"), "rebound.example.com", 403),
        ("GET", "/control/list".into(), "localhost", 403),
        (
            "GET",
            format!("/control/{}/list", "0".repeat(32)),
            "localhost",
            403,
        ),
        ("GET", format!("{path}/nothing"), "localhost", 400),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = http(&server, request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        assert!(
            answer.contains("\r\nAccess-Control-Allow-Origin: *\r\n"),
            "{answer}"
        );
    }
    assert!(connect(&server, "/control/x", &[]).await.is_err());
}
