//! What an application can steer, and is asked.

use crate::server::{server, unique};
use crate::{at_once, echo, holds_on, is_away, is_waiting, said, tomorrow, until};
use core::time::Duration;
use futures::FutureExt;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use websocket_channel::{ConnectErrorKind, ReconnectReason, RecvError, Status, Text, connect};

#[crate::test]
async fn the_provider_is_asked_for_each_attempt_with_its_number_and_reason() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("asked");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let url = server.url(format_args!("/echo?tag={tag}"));
    let mut channel = connect(url)
        .codec(Text)
        .url_provider(move |attempt| {
            let reason = attempt.reason.as_deref().map(|reason| match reason {
                ReconnectReason::Closed(closed) => closed.code,
                ReconnectReason::Failed(_) => 1,
                _ => 0,
            });
            log.lock().unwrap().push((attempt.number, reason));
            async { Ok::<_, Infallible>(attempt.url) }
        })
        .reconnect(at_once().max_delay(Duration::ZERO))
        .await
        .unwrap();
    steering
        .command(&format!(r#"{{"do":"fail","tag":"{tag}","count":2}}"#))
        .await;
    steering.tell("cut", &tag).await;
    assert_eq!(
        channel.next().await,
        Some(Err(RecvError::Gap { attempt: 3 }))
    );
    assert_eq!(said(&mut channel, "hi").await, "hi");
    let expected = [(1, None), (1, Some(1006)), (2, Some(1)), (3, Some(1))];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[crate::test]
async fn reconnect_now_replaces_a_connection_that_is_open() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("now");
    let mut channel = echo(&server, &tag, at_once()).await.unwrap();
    assert_eq!(said(&mut channel, "one").await, "one");
    let before = steering.live(&tag).await;
    channel.control().reconnect_now();
    assert_eq!(
        channel.next().await,
        Some(Err(RecvError::Gap { attempt: 1 }))
    );
    assert_eq!(said(&mut channel, "two").await, "two");
    loop {
        let now = steering.live(&tag).await;
        if now.len() == 1 {
            assert_ne!(now[0]["id"], before[0]["id"]);
            break;
        }
    }
}

#[crate::test]
async fn a_channel_that_is_suspended_has_no_connection_until_it_is_resumed() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("suspended");
    let mut channel = echo(&server, &tag, at_once()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    control.suspend();
    let status = until(&mut statuses, is_away).await;
    let Status::Reconnecting {
        reason,
        next_retry_at: None,
        ..
    } = status
    else {
        panic!("{status:?}");
    };
    assert_eq!(*reason, ReconnectReason::Suspended);
    steering.none_left(&tag).await;
    // A button for "now" does not undo it.
    control.reconnect_now();
    let mut send = Box::pin(channel.send("later".into()));
    assert!((&mut send).now_or_never().is_none());
    assert!(steering.live(&tag).await.is_empty());
    control.resume();
    send.await.unwrap();
    assert_eq!(
        channel.next().await,
        Some(Err(RecvError::Gap { attempt: 1 }))
    );
    assert_eq!(channel.next().await.unwrap().unwrap(), "later");
    // Again, from a wait.
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    control.suspend();
    control.resume();
    assert!(matches!(
        channel.next().await,
        Some(Err(RecvError::Gap { .. }))
    ));
}

#[crate::test]
async fn one_attempt_is_made_at_a_time() {
    if holds_on() {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("single");
    let channel = echo(&server, &tag, tomorrow()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    steering
        .command(&format!(
            r#"{{"do":"fail","tag":"{tag}","count":99,"how":"silence"}}"#
        ))
        .await;
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_waiting).await;
    for _ in 0..5 {
        control.reconnect_now();
    }
    until(&mut statuses, |status| {
        is_away(status) && !is_waiting(status)
    })
    .await;
    for _ in 0..5 {
        control.reconnect_now();
        while steering.live(&tag).await.is_empty() {}
        assert_eq!(steering.live(&tag).await.len(), 1);
    }
}

#[crate::test]
async fn a_channel_that_does_not_reconnect_ignores_its_controls() {
    let server = server().await;
    let url = server.url("/echo");
    let mut channel = connect(url).codec(Text).await.unwrap();
    channel.control().suspend();
    channel.control().reconnect_now();
    assert_eq!(said(&mut channel, "still here").await, "still here");
}

/// A browser makes one handshake at a time to a host. One that hangs is closed at its time limit, and the next goes through.
#[crate::test]
async fn an_attempt_that_hangs_is_closed_and_makes_way_for_the_next() {
    if holds_on() {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("hangs");
    let limit = Duration::from_millis(500);
    let url = server.url("");
    let path = format!("?tag={tag}");
    let mut channel = connect(url)
        .codec(Text)
        .connect_timeout(limit)
        .url_provider(move |attempt| {
            let hangs = attempt.number == 1 && attempt.reason.is_some();
            let service = if hangs { "/silent" } else { "/echo" };
            let url = format!("{}{service}{path}", attempt.url);
            async { Ok::<_, Infallible>(url) }
        })
        .reconnect(at_once().max_delay(Duration::ZERO))
        .await
        .unwrap();
    let mut statuses = channel.control().status_changes();
    steering.tell("cut", &tag).await;
    let status = until(&mut statuses, |status| {
        matches!(status, Status::Reconnecting { attempt: 2, .. })
    });
    let Status::Reconnecting { reason, .. } = status.await else {
        panic!("not reconnecting");
    };
    let ReconnectReason::Failed(error) = &*reason else {
        panic!("{reason:?}");
    };
    assert_eq!(error.kind, ConnectErrorKind::TimedOut { limit });
    assert_eq!(
        channel.next().await,
        Some(Err(RecvError::Gap { attempt: 2 }))
    );
    assert_eq!(said(&mut channel, "through").await, "through");
    assert_eq!(steering.live(&tag).await.len(), 1);
}
