//! The control channel, used from where it is needed: beside the connection that it steers, natively and in a browser.

use crate::server::server;
use websocket_channel::{By, Status, Text, connect};

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
            (closed.code, closed.clean, closed.by),
            (1006, false, By::Failure)
        );
    }
}

#[crate::test]
async fn a_connection_that_is_frozen_stays_open_and_goes_on_when_it_is_thawed() {
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
async fn handshakes_fail_as_often_as_they_were_told_to() {
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
