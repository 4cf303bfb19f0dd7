//! Entries: values that wait outside the session until a connection takes them.

use crate::everywhere::echo;
use crate::server::{server, unique};
use crate::{is_away, said, tomorrow, until};
use core::time::Duration;
use futures::{FutureExt, join};
use websocket_channel::transport::Limits;
use websocket_channel::{
    Channel, Entry, EntryErrorKind, RecvError, SendErrorKind, Socket, Status, Text,
    TrySendErrorKind, connect,
};

fn keyed(key: &str) -> Entry {
    Entry::default().key(key)
}

#[crate::test]
async fn an_entry_goes_at_once_if_there_is_a_connection() {
    let server = server().await;
    let mut channel = echo(&server, &unique("at-once")).await.unwrap();
    let soon = keyed("a").deadline(Duration::from_secs(100));
    for entry in [Entry::default(), keyed("a"), soon] {
        channel.send_with("entry".into(), entry).await.unwrap();
        assert_eq!(channel.next().await.unwrap().unwrap(), "entry");
    }
    channel.flush().await.unwrap();
    assert_eq!(channel.control().stats().sent_messages, 3);
}

#[crate::test]
async fn the_newest_of_each_key_goes_when_there_is_a_connection_again() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("newest");
    let channel = echo(&server, &tag).reconnect(tomorrow()).await.unwrap();
    let (sender, mut received) = channel.split();
    let control = sender.control();
    let mut statuses = control.status_changes();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    let send = |value: &str, entry| sender.send_with(value.into(), entry);
    let entries = async {
        join!(
            send("a1", keyed("a")),
            send("b1", keyed("b")),
            send("none", Entry::default()),
            send("a2", keyed("a")),
            send("a3", keyed("a")),
        )
    };
    let mut entries = Box::pin(entries);
    assert!((&mut entries).now_or_never().is_none());
    // It is retained, and they are not.
    sender.send("plain".into()).await.unwrap();
    control.reconnect_now();
    let (a1, b1, none, a2, a3) = entries.await;
    for (superseded, value) in [(a1, "a1"), (a2, "a2")] {
        let error = superseded.unwrap_err();
        assert_eq!(
            (error.kind, &*error.value),
            (EntryErrorKind::Superseded, value)
        );
    }
    assert_eq!((b1, none, a3), (Ok(()), Ok(()), Ok(())));
    for line in ["plain", "a3", "b1", "none"] {
        assert_eq!(received.next().await.unwrap().unwrap(), line);
    }
}

#[crate::test]
async fn an_entry_that_is_late_or_dropped_is_not_sent() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("late");
    let mut channel = echo(&server, &tag).reconnect(tomorrow()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    let soon = Entry::default().deadline(Duration::from_millis(20));
    let mut dropped = Box::pin(channel.send_with("dropped".into(), keyed("a")));
    assert!((&mut dropped).now_or_never().is_none());
    let error = channel.send_with("late".into(), soon).await.unwrap_err();
    assert_eq!((error.kind, &*error.value), (EntryErrorKind::Late, "late"));
    let none = Entry::default().deadline(Duration::ZERO);
    let error = channel.send_with("0".into(), none).await.unwrap_err();
    assert_eq!(error.kind, EntryErrorKind::Late);
    drop(dropped);
    control.reconnect_now();
    assert_eq!(said(&mut channel, "the only one").await, "the only one");
    assert_eq!(control.status(), Status::Open);
}

#[crate::test]
async fn entries_count_against_the_mark() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("mark");
    let connecting = echo(&server, &tag).reconnect(tomorrow());
    let channel = connecting.send_high_water_mark(1000).await.unwrap();
    let (sender, mut received) = channel.split();
    let mut statuses = sender.control().status_changes();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    let large = "x".repeat(800);
    let mut waits = Box::pin(sender.send_with(large.clone(), keyed("a")));
    assert!((&mut waits).now_or_never().is_none());
    let error = sender
        .send_with(large.clone(), keyed("b"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.value == large),
        (EntryErrorKind::Full, true)
    );
    // 168 are left for values. It is full when the driver has looked and says so again.
    let (mut accepted, mut full) = (0, 0);
    while full < 3 {
        match sender.try_send("y".repeat(50)) {
            Ok(()) => (accepted, full) = (accepted + 1, 0),
            Err(error) => {
                assert_eq!(error.kind, TrySendErrorKind::Full);
                full += 1;
            }
        }
        settle().await;
    }
    assert!((1..=4).contains(&accepted), "{accepted}");
    let mut behind = Box::pin(sender.send("z".into()));
    assert!((&mut behind).now_or_never().is_none());
    sender.control().reconnect_now();
    let (entry, value) = join!(waits, behind);
    assert_eq!((entry.is_ok(), value.is_ok()), (true, true));
    for _ in 0..accepted {
        assert_eq!(received.next().await.unwrap().unwrap().len(), 50);
    }
    assert_eq!(received.next().await.unwrap().unwrap().len(), 800);
    assert_eq!(received.next().await.unwrap().unwrap(), "z");
}

#[crate::test]
async fn entries_of_a_lost_or_closed_channel_come_back() {
    let server = server().await;
    for lost in [true, false] {
        let tag = unique("lost-entries");
        let url = server.url(format_args!("/session/fault/stale-token?tag={tag}"));
        let connecting = connect(url).codec(Text).reconnect(tomorrow());
        let channel = connecting.session(Default::default()).await.unwrap();
        let (sender, mut received) = channel.split();
        let control = sender.control();
        let mut statuses = control.status_changes();
        // It cuts when it has that.
        sender.send("one".into()).await.unwrap();
        until(&mut statuses, is_away).await;
        let mut waits = Box::pin(sender.send_with("waits".into(), Entry::default()));
        assert!((&mut waits).now_or_never().is_none());
        let kind = match lost {
            true => {
                control.reconnect_now();
                while let Some(Ok(line)) = received.next().await {
                    assert_eq!(line, "one");
                }
                EntryErrorKind::SessionLost
            }
            false => {
                control.start_close(1000, "").unwrap();
                EntryErrorKind::NotSent(SendErrorKind::NotOpen)
            }
        };
        let error = waits.await.unwrap_err();
        assert_eq!((error.kind, &*error.value), (kind, "waits"));
        control.closed().await;
        let error = sender.send_with("late".into(), keyed("a")).await;
        let not_open = EntryErrorKind::NotSent(SendErrorKind::NotOpen);
        assert_eq!(error.unwrap_err().kind, not_open);
    }
}

/// Without a session: a socket that is full, and a channel that reconnects.
#[crate::test]
async fn entries_wait_for_plain_connections_too() {
    let mut limits = Limits::default();
    limits.send_high_water_mark = 100;
    let (ours, theirs) = Socket::pair(&limits, "");
    let channel: Channel<String, String> = Channel::from_socket(ours, Text);
    let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    let (sender, _receiver) = channel.split();
    // Until the peer reads no more.
    let mut sent = 0;
    while sender.send("x".repeat(50)).now_or_never().is_some() {
        sent += 1;
        settle().await;
    }
    let mut old = Box::pin(sender.send_with("old".into(), keyed("a")));
    assert!((&mut old).now_or_never().is_none());
    let reading = async {
        for _ in 0..sent {
            assert_eq!(peer.next().await.unwrap().unwrap().len(), 50);
        }
        peer.next().await.unwrap().unwrap()
    };
    let new = sender.send_with("new".into(), keyed("a"));
    let (old, new, read) = join!(old, new, reading);
    assert_eq!(old.unwrap_err().kind, EntryErrorKind::Superseded);
    assert_eq!((new, &*read), (Ok(()), "new"));

    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("plain-entries");
    let url = server.url(format_args!("/echo?tag={tag}"));
    let connecting = connect(url).codec(Text).reconnect(tomorrow());
    let channel: Channel<String, String> = connecting.await.unwrap();
    let (sender, mut received) = channel.split();
    let control = sender.control();
    let mut statuses = control.status_changes();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    let old = sender.send_with("old".into(), keyed("a"));
    let new = sender.send_with("new".into(), keyed("a"));
    let (old, new, ()) = join!(old, new, async { control.reconnect_now() });
    assert_eq!(old.unwrap_err().kind, EntryErrorKind::Superseded);
    new.unwrap();
    let gap = received.next().await;
    assert!(matches!(gap, Some(Err(RecvError::Gap { .. }))), "{gap:?}");
    assert_eq!(received.next().await.unwrap().unwrap(), "new");
}

/// The driver has its turn.
async fn settle() {
    for _ in 0..10 {
        let mut yielded = false;
        core::future::poll_fn(|cx| {
            if core::mem::replace(&mut yielded, true) {
                return core::task::Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            core::task::Poll::Pending
        })
        .await;
    }
}
