//! The control channel, used from where it is needed: beside the connection that it steers, natively and in a browser.

use crate::http::fetch;
use crate::server::server;
use websocket_channel::{ClosedBy, Status, Text, connect};

#[crate::test]
async fn a_connection_that_is_cut_is_lost() {
    let server = server().await;
    let mut steering = server.steering().await;
    for how in ["fin", "rst"] {
        let url = server.url(format_args!("/echo?tag=cut-{how}"));
        let mut channel = connect(url).codec(Text).await.unwrap();
        channel.send("hello".into()).await.unwrap();
        assert_eq!(channel.next().await.unwrap().unwrap(), "hello");
        let cut = format!(r#"{{"do":"cut","tag":"cut-{how}","how":"{how}"}}"#);
        assert_eq!(steering.command(&cut).await, r#"{"connections":1}"#);
        let closed = channel.closed().await;
        assert_eq!(
            (closed.code, closed.was_clean, closed.by),
            (1006, false, ClosedBy::Error)
        );
    }
}

#[crate::test]
async fn a_frozen_connection_stays_open_and_continues_after_thaw() {
    let server = server().await;
    let mut steering = server.steering().await;
    let mut channel = connect(server.url("/echo?tag=ice"))
        .codec(Text)
        .await
        .unwrap();
    steering.tell("freeze", "ice").await;
    channel.send("hello".into()).await.unwrap();
    // The other connection is answered all the while.
    assert!(
        steering
            .tell("list", "ice")
            .await
            .contains(r#""frozen":true"#)
    );
    assert_eq!(channel.control().status(), Status::Open);
    assert_eq!(channel.control().stats().received_messages, 0);
    steering.tell("thaw", "ice").await;
    assert_eq!(channel.next().await.unwrap().unwrap(), "hello");
}

#[crate::test]
async fn handshakes_fail_as_often_as_requested() {
    let server = server().await;
    let mut steering = server.steering().await;
    steering
        .command(r#"{"do":"fail","tag":"f","count":2,"how":503}"#)
        .await;
    let url = server.url("/echo?tag=f");
    for _ in 0..2 {
        assert_eq!(connect(&url).await.unwrap_err().code(), "CONNECT_FAILED");
    }
    assert!(connect(&url).await.is_ok());
}

#[crate::test]
async fn the_bytes_of_a_connection_can_be_read() {
    let server = server().await;
    let mut steering = server.steering().await;
    let mut channel = connect(server.url("/echo?tag=bytes"))
        .codec(Text)
        .await
        .unwrap();
    channel.send("hi".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "hi");
    let told = steering.tell("transcript", "bytes").await;
    // "GET /echo", and the echo of "hi", which no browser here compresses unless the server agreed to it.
    assert!(
        told.contains("474554202f6563686f3f7461673d6279746573"),
        "{told}"
    );
    assert!(told.contains(r#"81026869""#), "{told}");
}

#[crate::test]
async fn plain_http_carries_the_same_commands() {
    let server = server().await;
    let fetch =
        async |command: &str| fetch(&server, &format!("{}/{command}", server.control())).await;
    let mut channel = connect(server.url("/echo?tag=plain"))
        .codec(Text)
        .await
        .unwrap();
    let (status, list) = fetch("list?tag=plain").await;
    assert_eq!(status, 200);
    assert!(list.contains(r#""target":"/echo?tag=plain""#), "{list}");
    assert_eq!(fetch("freeze?tag=plain").await.1, "{\"connections\":1}\n");
    channel.send("hello".into()).await.unwrap();
    assert_eq!(channel.control().stats().received_messages, 0);
    fetch("thaw?tag=plain").await;
    assert_eq!(channel.next().await.unwrap().unwrap(), "hello");
    assert_eq!(
        fetch("cut?tag=plain&how=rst").await.1,
        "{\"connections\":1}\n"
    );
    assert_eq!(channel.closed().await.code, 1006);
    let (status, error) = fetch("cut?tag=plain&how=axe").await;
    assert_eq!(status, 400);
    assert!(error.contains(r#"how is \"fin\" or \"rst\""#), "{error}");
}

#[crate::test]
async fn control_without_the_token_is_refused() {
    let server = server().await;
    let control = server.control();
    let wrong = [&control[..control.len() - 1], "x"].concat();
    let (status, sentence) = fetch(&server, &format!("{wrong}/list")).await;
    assert_eq!(status, 403);
    assert!(sentence.contains("the token of this run"), "{sentence}");
    assert!(connect(wrong.replacen("http", "ws", 1)).await.is_err());
}

#[crate::test]
async fn delayed_and_throttled_bytes_arrive_whole_and_in_order() {
    let server = server().await;
    let mut steering = server.steering().await;
    steering
        .command(r#"{"do":"delay","tag":"line","ms":20}"#)
        .await;
    steering
        .command(r#"{"do":"throttle","tag":"line","rate":500000}"#)
        .await;
    let mut channel = connect(server.url("/echo?tag=line"))
        .codec(Text)
        .await
        .unwrap();
    let long = "0123456789".repeat(10_000);
    for text in ["a", long.as_str(), "z"] {
        channel.send(text.into()).await.unwrap();
    }
    for text in ["a", long.as_str(), "z"] {
        assert!(channel.next().await.unwrap().unwrap() == text);
    }
}
