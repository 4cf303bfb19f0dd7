//! How a channel that connects again ends.

use crate::server::{server, unique};
use crate::{at_once, echo, holds_on, is_away, is_waiting, tomorrow, until};
use core::time::Duration;
use futures::FutureExt;
use websocket_channel::{
    ClosedBy, ReconnectReason, RecvError, SendErrorKind, Status, Text, connect,
};

#[crate::test]
async fn a_final_code_ends_it_and_others_do_not() {
    let server = server().await;
    let policy = at_once().final_codes([4001]).max_attempts(2);
    for (code, gaps) in [(4001, 0), (4000, 2), (1000, 2), (1011, 2)] {
        let url = server.url(format_args!("/close?code={code}&reason=out"));
        let mut channel = connect(url).reconnect(policy.clone()).await.unwrap();
        for attempt in 1..=gaps {
            assert_eq!(
                channel.next().await,
                Some(Err(RecvError::Gap { attempt })),
                "{code}"
            );
        }
        let closed = channel.closed().await;
        assert_eq!((closed.code, closed.by), (code, ClosedBy::Remote));
        assert_eq!(closed.reason, "out");
    }
}

#[crate::test]
async fn attempts_that_fail_are_counted_and_end_it() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("fail");
    let mut channel = echo(&server, &tag, at_once().max_attempts(3))
        .await
        .unwrap();
    let mut statuses = channel.control().status_changes();
    steering
        .command(&format!(r#"{{"do":"fail","tag":"{tag}","count":9}}"#))
        .await;
    steering.tell("cut", &tag).await;
    let status = until(
        &mut statuses,
        |status| matches!(status, Status::Reconnecting { attempt: 3, reason, .. } if matches!(**reason, ReconnectReason::Failed(_))),
    );
    status.await;
    let send = channel.send("too late".into()).await.unwrap_err();
    assert_eq!(
        (send.kind, &*send.value),
        (SendErrorKind::NotOpen, "too late")
    );
    // Nobody said that this was all.
    let Some(Err(RecvError::ChannelClosed(closed))) = channel.next().await else {
        panic!("no error");
    };
    assert_eq!((closed.code, closed.by), (1006, ClosedBy::Error));
    assert_eq!(channel.next().await, None);
    // Each failed once: six are left.
    let left = steering
        .command(&format!(r#"{{"do":"fail","tag":"{tag}","count":0}}"#))
        .await;
    assert!(!left.contains("error"), "{left}");
}

#[crate::test]
async fn time_that_has_passed_ends_it() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("time");
    let limit = Duration::from_millis(300);
    let policy = at_once()
        .base_delay(Duration::from_millis(50))
        .max_elapsed(limit);
    let mut channel = echo(&server, &tag, policy).await.unwrap();
    steering
        .command(&format!(r#"{{"do":"fail","tag":"{tag}","count":99}}"#))
        .await;
    steering.tell("cut", &tag).await;
    assert!(matches!(
        channel.next().await,
        Some(Err(RecvError::ChannelClosed(_)))
    ));
    assert_eq!(channel.closed().await.by, ClosedBy::Error);
}

#[crate::test]
async fn closing_while_there_is_no_connection_is_over_at_once() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("close");
    let channel = echo(&server, &tag, tomorrow()).await.unwrap();
    let mut statuses = channel.control().status_changes();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_waiting).await;
    let (sender, mut receiver) = channel.split();
    let mut waits = Box::pin(sender.send("never".into()));
    assert!((&mut waits).now_or_never().is_none());
    let closed = receiver.control().close(1000, "done").await.unwrap();
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Local)
    );
    let error = waits.await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.value),
        (SendErrorKind::NotOpen, "never")
    );
    // We wanted it.
    assert_eq!(receiver.next().await, None);
}

#[crate::test]
async fn closing_and_dropping_end_an_attempt_that_is_under_way() {
    if holds_on() {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    for how in ["close", "abort", "drop"] {
        let tag = unique(how);
        let channel = echo(&server, &tag, at_once()).await.unwrap();
        let control = channel.control();
        let mut statuses = control.status_changes();
        let silent = format!(r#"{{"do":"fail","tag":"{tag}","count":99,"how":"silence"}}"#);
        steering.command(&silent).await;
        steering.tell("cut", &tag).await;
        until(&mut statuses, |status| {
            is_away(status) && !is_waiting(status)
        })
        .await;
        // The one attempt, and no other.
        while steering.live(&tag).await.is_empty() {}
        assert_eq!(steering.live(&tag).await.len(), 1);
        match how {
            "close" => drop(control.start_close(1000, "")),
            "abort" => control.abort(),
            _ => drop(channel),
        }
        assert_eq!(control.closed().await.by, ClosedBy::Local, "{how}");
        steering.none_left(&tag).await;
    }
}

#[crate::test]
async fn a_limit_of_ours_ends_it() {
    let server = server().await;
    let url = server.url("/flood?count=1&size=2000&then=stay");
    let mut channel = connect(url)
        .max_message(1000)
        .reconnect(at_once())
        .await
        .unwrap();
    assert!(matches!(
        channel.next().await,
        Some(Err(RecvError::MessageTooBig(_)))
    ));
    assert_eq!(channel.next().await, None);
}

#[crate::test]
async fn the_first_connection_is_not_retried() {
    let server = server().await;
    let connecting = connect(server.refused()).codec(Text).reconnect(at_once());
    assert_eq!(
        connecting.await.map(drop).unwrap_err().code(),
        "CONNECT_FAILED"
    );
}
