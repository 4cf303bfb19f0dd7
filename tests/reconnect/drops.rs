//! What becomes of values when a connection is lost.

use crate::server::{server, unique};
use crate::{at_once, echo, is_away, is_waiting, knows_what_is_out, said, tomorrow, until};
use futures::FutureExt;
use websocket_channel::{
    ClosedBy, ReconnectReason, RecvError, Status, Text, TryRecvError, TrySendErrorKind, connect,
};

#[crate::test]
async fn the_same_channel_continues_after_each_kind_of_cut() {
    let server = server().await;
    let mut steering = server.steering().await;
    for how in ["rst", "fin"] {
        let tag = unique(how);
        let mut channel = echo(&server, &tag, at_once()).await.unwrap();
        let sender = channel.control();
        for round in 0..3 {
            assert_eq!(
                said(&mut channel, "before").await,
                "before",
                "{how} {round}"
            );
            let cut = format!(r#"{{"do":"cut","tag":"{tag}","how":"{how}"}}"#);
            assert_eq!(steering.command(&cut).await, r#"{"connections":1}"#);
            assert_eq!(
                channel.next().await,
                Some(Err(RecvError::Gap { attempt: round + 1 }))
            );
            assert_eq!(sender.status(), Status::Open);
            assert_eq!(said(&mut channel, "after").await, "after", "{how} {round}");
        }
        assert_eq!(steering.live(&tag).await.len(), 1);
    }
}

#[crate::test]
async fn a_gap_is_between_the_values_of_two_connections() {
    let server = server().await;
    // Three values and the end, on each connection.
    let url = server.url("/flood?count=3&size=1");
    let mut channel = connect(url)
        .reconnect(at_once().max_attempts(3))
        .await
        .unwrap();
    let mut items = Vec::new();
    // All of it is there before anything is read.
    let mut statuses = channel.control().status_changes();
    until(&mut statuses, |status| matches!(status, Status::Closed(_))).await;
    while let Some(item) = channel.next().await {
        items.push(item.map(|message| message.len()));
    }
    let gap = |attempt| Err(RecvError::Gap { attempt });
    let mut expected = vec![Ok(1), Ok(1), Ok(1)];
    for attempt in 1..=3 {
        expected.extend([gap(attempt), Ok(1), Ok(1), Ok(1)]);
    }
    assert_eq!(items, expected);
    // A limit was reached behind a clean 1000: nothing is missing.
    assert_eq!(channel.closed().await.code, 1000);
}

#[crate::test]
async fn a_pending_send_is_sent_once_on_the_next_connection() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("waits");
    let channel = echo(&server, &tag, tomorrow()).await.unwrap();
    let (sender, mut receiver) = channel.split();
    let control = receiver.control();
    let mut statuses = control.status_changes();
    steering.tell("cut", &tag).await;
    let status = until(&mut statuses, is_waiting).await;
    let Status::Reconnecting {
        attempt: 1,
        reason,
        next_retry_at: Some(at),
    } = &status
    else {
        panic!("{status:?}");
    };
    let ReconnectReason::Closed(closed) = &**reason else {
        panic!("{reason:?}");
    };
    assert_eq!((closed.code, closed.by), (1006, ClosedBy::Error));
    assert!(at.remaining().as_secs() <= 86_400);
    // In line, in order; one gives up. Nothing is taken without waiting.
    let mut sends: Vec<_> = (0..5)
        .map(|n| Box::pin(sender.send(n.to_string())))
        .collect();
    for send in &mut sends {
        assert!(send.now_or_never().is_none());
    }
    drop(sends.remove(2));
    let error = sender.try_send("now".into()).unwrap_err();
    assert_eq!((error.kind, &*error.value), (TrySendErrorKind::Full, "now"));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    control.reconnect_now();
    for send in sends {
        send.await.unwrap();
    }
    assert_eq!(
        receiver.next().await,
        Some(Err(RecvError::Gap { attempt: 1 }))
    );
    for line in ["0", "1", "3", "4"] {
        assert_eq!(receiver.next().await.unwrap().unwrap(), line);
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(control.stats().sent_messages, 4);
}

#[crate::test]
async fn a_permit_of_before_the_drop_is_good_for_the_next_connection() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("permit");
    let channel = echo(&server, &tag, tomorrow()).await.unwrap();
    let (sender, mut receiver) = channel.split();
    let control = receiver.control();
    let mut statuses = control.status_changes();
    let permit = sender.reserve().await.unwrap();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    permit.send("first".into()).unwrap();
    let mut second = Box::pin(sender.send("second".into()));
    assert!((&mut second).now_or_never().is_none());
    control.reconnect_now();
    second.await.unwrap();
    assert_eq!(
        receiver.next().await,
        Some(Err(RecvError::Gap { attempt: 1 }))
    );
    assert_eq!(receiver.next().await.unwrap().unwrap(), "first");
    assert_eq!(receiver.next().await.unwrap().unwrap(), "second");
}

/// A queue with a policy: the gap stays where it is, however much is dropped on either side of it.
#[crate::test]
async fn a_gap_is_reported_although_the_values_around_it_are_dropped() {
    use websocket_channel::Overflow;
    let server = server().await;
    let url = server.url("/flood?count=20&size=100");
    let mut channel = connect(url)
        .receive_buffer(300, Overflow::DropOldest)
        .reconnect(at_once().max_attempts(1))
        .await
        .unwrap();
    let mut statuses = channel.control().status_changes();
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        until(&mut statuses, |status| matches!(status, Status::Closed(_))).await;
    }
    let (mut values, mut gaps) = (0, 0);
    while let Some(item) = channel.next().await {
        match item {
            Ok(_) => values += 1,
            Err(RecvError::Gap { attempt: 1 }) => gaps += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(gaps, 1);
    let stats = channel.control().stats();
    assert_eq!(values + stats.dropped_messages, 40);
}

#[crate::test]
async fn a_pending_flush_fails_when_the_connection_is_lost() {
    if !knows_what_is_out() {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("flush");
    let url = server.url(format_args!("/slow?rate=1&tag={tag}"));
    let channel = connect(url)
        .codec(Text)
        .send_high_water_mark(1 << 30)
        .reconnect(tomorrow())
        .await
        .unwrap();
    let mut statuses = channel.control().status_changes();
    for _ in 0..64 {
        channel.send("x".repeat(1 << 18)).await.unwrap();
    }
    let mut drained = Box::pin(channel.drained());
    assert!((&mut drained).now_or_never().is_none());
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    assert!(drained.await.is_err());
}
