//! How far what was sent has come: taken, handed over, drained; and the sink that is made of it.

use crate::connect;
use crate::server::{AT_ONCE, server, unique};
use crate::steering::{command, steering};
use futures::future::FusedFuture as _;
use futures::{FutureExt, SinkExt, StreamExt, poll, stream};
use std::future::poll_fn;
use websocket_channel::transport::Limits;
use websocket_channel::{Bytes, Channel, SendErrorKind, Socket, Text};

#[crate::test]
async fn a_channel_is_a_sink_and_a_stream() {
    let server = server().await;
    // A watermark of one byte: each item waits for the one before.
    let mut channel: Channel<String, String> = connect(server.url("/echo"))
        .codec(Text)
        .send_high_water_mark(1)
        .await
        .unwrap();
    let mut values = stream::iter((0..50).map(|n| Ok(n.to_string())));
    SinkExt::send_all(&mut channel, &mut values).await.unwrap();
    for n in 0..50 {
        let next = StreamExt::next(&mut channel).await;
        assert_eq!(next.unwrap().unwrap(), n.to_string());
    }
    SinkExt::close(&mut channel).await.unwrap();
    let closed = channel.closed().await;
    assert_eq!((closed.code, closed.was_clean), (1000, true));
    let error = SinkExt::feed(&mut channel, "late".into()).await;
    assert_eq!(error, Err(SendErrorKind::NotOpen));
}

#[crate::test]
async fn a_sink_holds_one_item_at_most() {
    let server = server().await;
    let channel = connect(server.url("/echo")).codec(Text).await.unwrap();
    let control = channel.control();
    let (mut tx, mut rx) = channel.split();
    poll_fn(|cx| tx.poll_ready_unpin(cx)).await.unwrap();
    tx.start_send_unpin("one".into()).unwrap();
    // Taken, and where it is not handed over before the driver's turn: no second one until then.
    assert_eq!(control.stats().sent_messages, u64::from(AT_ONCE));
    assert_eq!(
        poll!(poll_fn(|cx| tx.poll_ready_unpin(cx))).is_ready(),
        AT_ONCE
    );
    SinkExt::flush(&mut tx).await.unwrap();
    assert_eq!(control.stats().sent_messages, 1);
    assert_eq!(rx.next().await.unwrap().unwrap(), "one");
    // It has got its permit meanwhile; dropped, it gives it back.
    let other = tx.clone();
    drop(tx);
    other.send("two".into()).await.unwrap();
    assert_eq!(rx.next().await.unwrap().unwrap(), "two");
}

#[crate::test]
async fn flush_means_handed_over() {
    let server = server().await;
    let channel = connect(server.url("/echo")).codec(Text).await.unwrap();
    let (tx, _rx) = channel.split();
    let control = tx.control();
    for _ in 0..10 {
        tx.try_send("taken".into()).unwrap();
    }
    assert_eq!(control.stats().sent_messages, if AT_ONCE { 10 } else { 0 });
    tx.flush().await.unwrap();
    assert_eq!(control.stats().sent_messages, 10);
    // There is nothing left to wait for.
    assert_eq!(tx.flush().now_or_never(), Some(Ok(())));
}

/// Whether `bufferedAmount` falls only as the network takes the bytes. In WebKit it does when the process next door has them, and runtimes
/// without a page each have their own idea.
fn buffered_amount_follows_the_network() -> bool {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    {
        let get = |object: &_, name: &str| js_sys::Reflect::get(object, &name.into()).unwrap();
        let agent = get(&get(&js_sys::global(), "navigator"), "userAgent");
        let agent = agent.as_string().unwrap_or_default();
        agent.contains("Firefox/") || agent.contains("Chrome/")
    }
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    true
}

/// More than the buffers of the operating system and of a browser's pipes hold.
const SIZE: usize = 32 << 20;

/// Sends so much, in messages as large as may be, without waiting for room.
async fn send_much(channel: &Channel<Vec<u8>, Vec<u8>>) {
    let size = SIZE.min(crate::LARGEST);
    for _ in 0..SIZE / size {
        channel.send(vec![7; size]).await.unwrap();
    }
}

/// A server that reads nothing: handed over, but not drained.
#[crate::test]
async fn drained_waits_for_the_platform_and_flush_does_not() {
    let server = server().await;
    let mut steering = steering(&server).await;
    let tag = unique("drained");
    let steer = |what: &str| format!(r#"{{"do":"{what}","tag":"{tag}"}}"#);
    let channel = connect(server.url(format_args!("/sink?tag={tag}")))
        .codec(Bytes)
        .send_high_water_mark(2 * SIZE)
        .await
        .unwrap();
    // Nothing was sent: nothing is held.
    channel.drained().await.unwrap();
    command(&mut steering, &steer("freeze")).await;
    send_much(&channel).await;
    {
        let mut drained = std::pin::pin!(channel.drained().fuse());
        for _ in 0..20 {
            let early = poll!(drained.as_mut()).is_ready();
            assert!(!early || !buffered_amount_follows_the_network());
            command(&mut steering, &steer("list")).await;
        }
        command(&mut steering, &steer("thaw")).await;
        if !drained.is_terminated() {
            drained.await.unwrap();
        }
    }
    channel.flush().await.unwrap();
    let control = channel.control();
    control.close(1000, "").await.unwrap();
    // A clean end comes behind everything that was sent.
    channel.drained().await.unwrap();
}

#[crate::test]
async fn drained_fails_when_the_connection_is_lost() {
    // There `stream.rs` has the end that can be told.
    if crate::STREAM_IS_LIMITED {
        return;
    }
    let server = server().await;
    let mut steering = steering(&server).await;
    let tag = unique("cut-drained");
    let steer = |what: &str| format!(r#"{{"do":"{what}","tag":"{tag}"}}"#);
    let channel = connect(server.url(format_args!("/sink?tag={tag}")))
        .codec(Bytes)
        .await
        .unwrap();
    command(&mut steering, &steer("freeze")).await;
    channel.send(vec![7; 32 << 20]).await.unwrap();
    let cut = steer("cut");
    let (drained, _) = futures::join!(channel.drained(), command(&mut steering, &cut));
    // Where the platform says that it holds nothing, there was nothing left to wait for.
    let early = drained.is_ok() && !buffered_amount_follows_the_network();
    assert!(
        early || drained == Err(SendErrorKind::NotOpen),
        "{drained:?}"
    );
}

#[crate::test]
async fn in_memory_drained_means_read() {
    let (mut one, mut other) = Socket::pair(&Limits::default(), "");
    one.send_now("hello".into()).unwrap();
    assert!(one.drained().now_or_never().is_none());
    assert_eq!(other.next().await, Some("hello".into()));
    assert_eq!(one.drained().now_or_never(), Some(Ok(())));
}
