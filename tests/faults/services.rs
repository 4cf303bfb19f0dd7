//! The test server's services as a page meets them; natively the same.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use crate::server::Server;
use crate::server::server;
use websocket_channel::{Channel, ClosedBy, Message, Text, connect};

async fn open(url: String) -> Channel<String, String> {
    connect(url).codec(Text).await.unwrap()
}

async fn say(channel: &mut Channel<String, String>, text: &str) -> String {
    channel.send(text.into()).await.unwrap();
    channel.next().await.unwrap().unwrap()
}

#[crate::test]
async fn fragments_with_pings_between_them_are_one_message() {
    let server = server().await;
    let mut channel = open(server.url("/fragment?size=1&pings=yes")).await;
    for text in ["Grüße, 世界 𐍈", "", "x"] {
        assert_eq!(say(&mut channel, text).await, text);
    }
    assert_eq!(channel.control().close(1000, "").await.unwrap().code, 1000);
}

#[crate::test]
async fn pings_are_answered_internally() {
    let server = server().await;
    for query in ["count=3", "count=1&size=125", "count=1&size=0"] {
        let mut channel = open(server.url(format_args!("/ping?{query}"))).await;
        let count = if query == "count=3" { 3 } else { 1 };
        for index in 0..count {
            let told = channel.next().await.unwrap().unwrap();
            assert_eq!(told, format!("pong {index}"));
        }
        let closed = channel.closed().await;
        assert_eq!(
            (closed.code, closed.by),
            (1000, ClosedBy::Remote),
            "{query}"
        );
    }
}

#[crate::test]
async fn a_probe_reports_the_request() {
    let server = server().await;
    let url = server.trusted_url("/probe?protocol=b&tag=probe");
    let mut channel = connect(url)
        .protocols(["a", "b"])
        .codec(Text)
        .await
        .unwrap();
    assert_eq!(channel.opened().protocol, "b");
    let asked = channel.next().await.unwrap().unwrap();
    for words in [
        r#""protocols":["a","b"]"#,
        r#""version":13"#,
        r#""target":"/probe?protocol=b&tag=probe"#,
        // All of them offer compression.
        "permessage-deflate",
    ] {
        assert!(asked.contains(words), "{words}: {asked}");
    }
    // A page names its origin, and a program has none.
    let page = cfg!(all(target_family = "wasm", target_os = "unknown"));
    assert_eq!(asked.contains(r#""origin":"http://"#), page, "{asked}");
    assert_eq!(say(&mut channel, "echo").await, "echo");
}

#[crate::test]
async fn a_burst_arrives_whole_and_in_order() {
    let server = server().await;
    let mut channel = connect(server.url("/flood?count=1000&size=33"))
        .await
        .unwrap();
    for index in 0..1000 {
        let message = channel.next().await;
        assert_eq!(
            message,
            Some(Ok(Message::Binary(vec![index as u8; 33]))),
            "{index}: {:?}",
            channel.control().status()
        );
    }
    assert_eq!(channel.closed().await.code, 1000);
}

#[crate::test]
async fn fast_and_slow_sinks_accept_every_item() {
    let server = server().await;
    for path in ["/sink", "/slow?rate=100000"] {
        let channel = open(server.url(path)).await;
        for _ in 0..50 {
            channel.send("x".repeat(1000)).await.unwrap();
        }
        let closed = channel.control().close(4000, "enough").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (4000, true), "{path}");
    }
}

#[crate::test]
async fn a_refusal_is_a_status_that_pages_do_not_see() {
    let server = server().await;
    for path in ["/status/404", "/status/503", "/nothing"] {
        let error = connect(server.url(path)).await.unwrap_err();
        assert_eq!(error.code(), "CONNECT_FAILED");
    }
}

/// `ws://NAME.localhost:PORT`. Chromium, Firefox and WebKitGTK resolve such names themselves, to this machine (RFC 6761 §6.3); the
/// system's resolver, which is what we have natively, need not know them.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn host(server: &Server, name: &str) -> String {
    let (_, port) = server.authority().rsplit_once(':').unwrap();
    format!("ws://{name}.localhost:{port}")
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[crate::test]
async fn virtual_hosts_are_services() {
    let server = server().await;
    let mut echo = open(host(&server, "echo") + "/").await;
    assert_eq!(say(&mut echo, "hello").await, "hello");
    let mut chat = open(host(&server, "chat") + "/?tag=chat").await;
    let said = say(&mut chat, r#"{"Say":"hello"}"#).await;
    assert_eq!(said, r#"{"Said":{"who":"server","text":"hello"}}"#);
    let closed = open(host(&server, "close") + "/?code=4001&reason=why")
        .await
        .closed()
        .await;
    assert_eq!((closed.code, closed.reason.as_str()), (4001, "why"));
    let mut fault = open(host(&server, "fault") + "/close-empty?after=client").await;
    fault.send("go on".into()).await.unwrap();
    assert_eq!(fault.closed().await.code, 1005);
    assert!(connect(host(&server, "status") + "/503").await.is_err());
    // Under any other name the paths are as ever.
    let mut other = open(host(&server, "anything") + "/echo").await;
    assert_eq!(say(&mut other, "hello").await, "hello");
    assert!(connect(host(&server, "anything") + "/").await.is_err());
}
