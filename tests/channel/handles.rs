//! What the handles promise beyond sending and receiving: ends that are awaited from anywhere, spawned futures, fused streams, errors' sources.

use crate::connect;
use crate::server::server;
use futures::stream::FusedStream;
use futures::{FutureExt, StreamExt};
use std::error::Error;
use std::time::Duration;
use websocket_channel::transport::Limits;
use websocket_channel::{
    Bytes, Channel, EncodeError, Message, SendErrorKind, Socket, Status, Text,
};

/// More than is fetched ahead of a slow reader.
const COUNT: usize = 200;

async fn flooded() -> Channel<Vec<u8>, Vec<u8>> {
    let server = server().await;
    let url = server.url(format_args!("/flood?count={COUNT}&size=1024"));
    connect(url).codec(Bytes).await.unwrap()
}

#[crate::test]
async fn the_end_is_reported_while_values_are_unread_and_they_stay() {
    let mut channel = flooded().await;
    let closed = channel.control().closed().await;
    assert_eq!((closed.code, closed.was_clean), (1000, true));
    for _ in 0..COUNT {
        assert_eq!(channel.next().await.unwrap().unwrap().len(), 1024);
    }
    assert!(channel.next().await.is_none());
}

#[crate::test]
async fn closed_keeps_what_arrived() {
    let mut channel = flooded().await;
    assert_eq!(channel.closed().await.code, 1000);
    let mut read = 0;
    while let Some(value) = channel.next().await {
        assert_eq!(value.unwrap().len(), 1024);
        read += 1;
    }
    assert_eq!(read, COUNT);
}

/// Nobody can read while `closed` is awaited: without this it would wait for ever.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[crate::test]
async fn closed_completes_even_if_the_receive_buffer_is_full() {
    let server = server().await;
    let url = server.url(format_args!("/flood?count={COUNT}&size=1024"));
    let mut channel = connect(url)
        .receive_buffer(10_000, websocket_channel::Overflow::Close)
        .codec(Bytes)
        .await
        .unwrap();
    assert_eq!(channel.closed().await.code, 1000);
    let dropped = channel.control().stats().dropped_messages;
    let mut read = 0;
    let error = loop {
        match channel.next().await.unwrap() {
            Ok(_) => read += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(read + dropped, COUNT as u64);
    assert!(dropped > 0);
    // The end is clean, and what was read is not everything.
    assert_eq!(error.code(), "RECEIVE_BUFFER_FULL");
    assert!(channel.next().await.is_none());
}

#[crate::test]
async fn futures_of_control_outlive_it() {
    fn outlives<T: 'static>(value: T) -> T {
        value
    }
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let channel: Channel<String, String> = Channel::from_socket(ours, Text);
    let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    let control = channel.control();
    let closed = outlives(control.closed());
    let close = outlives(control.close(4000, &String::from("bye")));
    drop(control);
    let (closed, told, theirs) = futures::join!(closed, close, peer.closed());
    assert_eq!(closed, told.unwrap());
    assert_eq!((theirs.code, &*theirs.reason), (4000, "bye"));
}

#[crate::test]
async fn start_close_ends_a_send_that_waits_wherever_it_is_held() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 1;
    let (ours, theirs) = Socket::pair(&limits, "");
    let channel: Channel<String, String> = Channel::from_socket(ours, Text);
    let mut peer = theirs;
    channel.send("fills it".into()).await.unwrap();
    let (tx, rx) = channel.split();
    let control = tx.control();
    let mut waiting = Box::pin(async move { tx.send("waits".into()).await });
    assert!(futures::poll!(waiting.as_mut()).is_pending());
    // The component goes, and its task does not.
    drop(rx);
    assert!(control.start_close(1005, "").is_err());
    assert_eq!(control.status(), Status::Open);
    control.start_close(4000, "unmounted").unwrap();
    assert_ne!(control.status(), Status::Open);
    let error = waiting.await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.value),
        (SendErrorKind::NotOpen, "waits")
    );
    let closed = peer.closed().await;
    assert_eq!((closed.code, &*closed.reason), (4000, "unmounted"));
}

#[crate::test]
async fn streams_know_that_they_are_over() {
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let mut socket = theirs;
    let mut channel: Channel<String, String> = Channel::from_socket(ours, Text);
    let mut changes = channel.control().status_changes();
    socket.send_now("last".into()).unwrap();
    socket.close(1000, "").unwrap();
    assert!(!socket.is_terminated() && !channel.is_terminated() && !changes.is_terminated());
    assert!(StreamExt::next(&mut socket).await.is_none());
    channel.control().closed().await;
    assert!(!channel.is_terminated());
    channel.next().await.unwrap().unwrap();
    while changes.next().await.is_some() {}
    assert!(socket.is_terminated() && channel.is_terminated() && changes.is_terminated());
    let (_, rx) = channel.split();
    assert!(rx.is_terminated());
    // What asks for a fused stream takes it as it is.
    let mut rx = rx;
    let value = futures::select! { value = rx.select_next_some() => Some(value), complete => None };
    assert!(value.is_none());
}

#[crate::test]
async fn a_codec_that_fails_is_the_source() {
    struct Failing;
    impl websocket_channel::codec::Encode<()> for Failing {
        fn encode(&self, (): &()) -> Result<Message, EncodeError> {
            Err(EncodeError::new("never"))
        }
    }
    impl websocket_channel::codec::Decode<()> for Failing {
        fn decode(&self, _: Message) -> Result<(), websocket_channel::DecodeError> {
            Ok(())
        }
    }
    let (ours, _theirs) = Socket::pair(&Limits::default(), "");
    let channel: Channel<(), ()> = Channel::from_socket(ours, Failing);
    let error = channel.send(()).await.unwrap_err();
    assert!(error.source().unwrap().is::<EncodeError>());
    assert!(error.kind.source().unwrap().is::<EncodeError>());
    let (tx, _rx) = channel.split();
    let error = tx.try_send(()).unwrap_err();
    assert!(error.source().unwrap().is::<EncodeError>());
}

/// Each leaves the line by itself: none looks at the others.
#[crate::test]
async fn a_hundred_thousand_pending_sends_are_dropped_quickly() {
    const SENDS: usize = 100_000;
    const BAR: Duration = Duration::from_millis(300);
    let mut limits = Limits::default();
    limits.send_high_water_mark = 1;
    let (ours, theirs) = Socket::pair(&limits, "");
    let channel: Channel<String, String> = Channel::from_socket(ours, Text);
    let mut peer = theirs;
    channel.send("fills it".into()).await.unwrap();
    // The shortest of three: others share the machine.
    let mut took = Duration::MAX;
    for _ in 0..3 {
        let mut sends = Vec::new();
        for _ in 0..SENDS {
            let mut send = Box::pin(channel.send("waits".into()));
            assert!(send.as_mut().now_or_never().is_none());
            sends.push(send);
        }
        let began = now();
        while let Some(newest) = sends.pop() {
            drop(newest);
        }
        took = took.min(now() - began);
    }
    assert!(took < BAR, "{took:?}");
    assert_eq!(peer.next().await, Some("fills it".into()));
    channel.send("goes on".into()).await.unwrap();
    assert_eq!(peer.next().await, Some("goes on".into()));
}

/// Time since some moment.
fn now() -> Duration {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return Duration::from_secs_f64(js_sys::Date::now() / 1000.0);
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    {
        use std::time::Instant;
        static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed()
    }
}

/// A page has `Rc` where others have `Arc`.
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
#[crate::test]
async fn a_callback_in_a_page_need_not_be_send() {
    use std::cell::Cell;
    use std::rc::Rc;
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let (_tx, mut rx) = Channel::<String, String>::from_socket(ours, Text).split();
    let peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    let woken = Rc::new(Cell::new(0));
    let counted = woken.clone();
    rx.on_readable(move || counted.set(counted.get() + 1));
    peer.send("news".into()).await.unwrap();
    assert_eq!(woken.get(), 1);
    rx.on_readable(|| {});
    assert_eq!(Rc::strong_count(&woken), 1);
}
