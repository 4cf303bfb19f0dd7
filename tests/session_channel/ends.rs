//! How a channel over a session ends.

use crate::stub::stub;
use crate::{at_once, eventually, is_away, lost, said, settings, to, tomorrow, until};
use core::time::Duration;
use websocket_channel::error::LostReason;
use websocket_channel::session::{OnLost, Refusal};
use websocket_channel::{
    ClosedBy, ConnectErrorKind, RecvError, SendErrorKind, Session, Text, connect,
};

#[tokio::test]
async fn closing_tells_the_server_behind_everything_that_was_sent() {
    let stub = stub(settings()).await;
    let channel = to(&stub).await.unwrap();
    for number in 0..100 {
        channel.send(number.to_string()).await.unwrap();
    }
    let closed = channel.control().close(4001, "done").await.unwrap();
    assert_eq!((closed.code, &*closed.reason), (4001, "done"));
    assert_eq!((closed.was_clean, closed.by), (true, ClosedBy::Local));
    assert_eq!(closed.unsent_bytes, 0);
    assert_eq!(stub.taken().len(), 100);
    assert_eq!(stub.sessions(), 0);
    let error = channel.send("late".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.value),
        (SendErrorKind::NotOpen, "late")
    );
}

#[tokio::test]
async fn dropping_the_last_handle_tells_the_server_behind_everything_that_was_sent() {
    let stub = stub(settings()).await;
    let channel = to(&stub).reconnect(tomorrow()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    stub.cut();
    until(&mut statuses, is_away).await;
    channel.send("last words".into()).await.unwrap();
    drop(channel);
    eventually(|| stub.sessions() == 0).await;
    assert_eq!(stub.taken().len(), 1);
    let closed = control.closed().await;
    assert_eq!((closed.code, closed.was_clean), (1000, true));
}

#[tokio::test]
async fn a_close_that_reaches_nobody_is_over_at_the_close_timeout() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let limit = Duration::from_millis(200);
    let channel = to(&stub).close_timeout(limit).await.unwrap();
    channel.send("never read".into()).await.unwrap();
    let closed = channel.control().close(1000, "").await.unwrap();
    assert!(!closed.was_clean);
    assert_eq!(closed.unsent_bytes, "never read".len());
}

#[tokio::test]
async fn abort_is_over_at_once() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let channel = to(&stub).await.unwrap();
    channel.send("one".into()).await.unwrap();
    let control = channel.control();
    control.abort();
    assert_eq!(control.closed().await.by, ClosedBy::Local);
    stub.set_reading(true);
    eventually(|| stub.sessions() == 0).await;
    assert_eq!(stub.taken().len(), 1);
}

#[tokio::test]
async fn the_servers_end_comes_behind_everything_it_sent() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    for line in ["a", "b", "c"] {
        channel.send(line.into()).await.unwrap();
    }
    channel.flush().await.unwrap();
    stub.with(|server, now| server.close(now, 4002, "bye").unwrap());
    for line in ["a", "b", "c"] {
        assert_eq!(channel.next().await.unwrap().unwrap(), line);
    }
    let Some(Err(RecvError::ChannelClosed(closed))) = channel.next().await else {
        panic!("no end");
    };
    assert_eq!((closed.code, closed.by), (4002, ClosedBy::Remote));
    assert!(closed.was_clean);
    assert_eq!(channel.next().await, None);
    eventually(|| stub.sessions() == 0).await;
    assert!(stub.ends()[0].contains("clean: true"), "{:?}", stub.ends());
}

#[tokio::test]
async fn a_session_that_the_server_forgot_ends_with_what_it_had_not_taken() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).reconnect(tomorrow()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    assert_eq!(said(&mut channel, "one").await, "one");
    channel.flush().await.unwrap();
    stub.set_reading(false);
    channel.send("in doubt".into()).await.unwrap();
    eventually(|| stub.with(|server, _| server.next().0) == [2]).await;
    stub.restart();
    until(&mut statuses, is_away).await;
    channel.send("never sent".into()).await.unwrap();
    control.reconnect_now();
    let lost = lost(channel.next().await);
    assert_eq!(lost.reason, LostReason::Refused(Refusal::ServerRestarted));
    assert!(!lost.renewed);
    assert_eq!(lost.in_doubt, ["in doubt".into()]);
    assert_eq!(lost.never_sent, ["never sent".into()]);
    assert_eq!(channel.next().await, None);
    let closed = channel.closed().await;
    assert_eq!((closed.by, closed.was_clean), (ClosedBy::Error, false));
}

#[tokio::test]
async fn a_lost_session_is_renewed_at_its_place_among_the_values() {
    let stub = stub(settings()).await;
    let session = Session::default().on_lost(OnLost::Renew);
    let mut channel = to(&stub).session(session).await.unwrap();
    for _ in 0..3 {
        channel.send("old".into()).await.unwrap();
        channel.flush().await.unwrap();
        // The echo is on its way, or here; then the server forgets.
        assert_eq!(channel.next().await.unwrap().unwrap(), "old");
        stub.restart();
        let lost = lost(channel.next().await);
        assert!(lost.renewed);
        assert_eq!(lost.reason, LostReason::Refused(Refusal::ServerRestarted));
        assert_eq!(said(&mut channel, "new").await, "new");
        // The next one has the incarnation of this one.
        channel.flush().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_sessions_is_told_as_such() {
    let server = websocket_channel_server::TestServer::start(Default::default())
        .await
        .unwrap();
    let limit = Duration::from_millis(300);
    for path in ["/echo", "/sink", "/close?code=1000"] {
        let url = format!("{}{path}", server.url());
        let connecting = connect(url)
            .codec(Text)
            .connect_timeout(limit)
            .session(Session::default());
        let error = connecting.await.map(drop).unwrap_err();
        assert_eq!(error.code(), "NO_SESSION", "{path}: {error}");
        assert!(error.elapsed < 2 * limit, "{path}");
    }
}

#[tokio::test]
async fn a_server_that_drains_is_told_at_the_first_connection_and_obeyed_later() {
    let stub = stub(settings()).await;
    let channel = to(&stub).reconnect(at_once()).await.unwrap();
    let mut statuses = channel.control().status_changes();
    stub.drain();
    let error = to(&stub).await.map(drop).unwrap_err();
    let ConnectErrorKind::SessionLater { after } = error.kind else {
        panic!("{error:?}");
    };
    assert_eq!(after, Duration::from_secs(5));
    stub.cut();
    let status = until(
        &mut statuses,
        |status| matches!(status, websocket_channel::Status::Reconnecting { reason, .. } if matches!(**reason, websocket_channel::ReconnectReason::Later { .. })),
    );
    let websocket_channel::Status::Reconnecting {
        next_retry_at: Some(at),
        ..
    } = status.await
    else {
        panic!("not waiting");
    };
    assert!(at.remaining() > Duration::from_secs(4));
}

#[tokio::test]
async fn a_final_code_ends_it_and_gives_everything_back() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let policy = at_once().max_attempts(0);
    let mut channel = to(&stub).reconnect(policy).await.unwrap();
    channel.send("kept".into()).await.unwrap();
    eventually(|| stub.with(|server, _| server.next().0) == [1]).await;
    stub.cut();
    let lost = lost(channel.next().await);
    assert!(matches!(lost.reason, LostReason::GaveUp(_)));
    assert_eq!(lost.in_doubt, ["kept".into()]);
    assert_eq!(channel.next().await, None);
}

#[tokio::test]
async fn a_message_that_is_larger_than_the_server_accepts_comes_back() {
    let mut settings = settings();
    settings.max_message = 2000;
    let stub = stub(settings).await;
    let mut channel = to(&stub).await.unwrap();
    let error = channel.send("x".repeat(2001)).await.unwrap_err();
    assert_eq!(error.kind, SendErrorKind::SendRefused);
    assert_eq!(error.value.len(), 2001);
    assert_eq!(said(&mut channel, "small").await, "small");
}

/// The server ends while something of ours is on its way: it comes back.
#[tokio::test]
async fn what_the_server_had_not_taken_when_it_ended_comes_back() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    stub.set_reading(false);
    channel.send("too late".into()).await.unwrap();
    eventually(|| stub.with(|server, _| server.next().0) == [1]).await;
    stub.with(|server, now| server.close(now, 1000, "").unwrap());
    let lost = lost(channel.next().await);
    let LostReason::Ended(closed) = &lost.reason else {
        panic!("{lost:?}");
    };
    assert_eq!((closed.code, closed.unsent_bytes), (1000, 8));
    assert_eq!(lost.in_doubt, ["too late".into()]);
    assert_eq!(channel.next().await, None);
    assert!(channel.flush().await.is_err());
}

#[tokio::test]
async fn a_flush_that_waits_while_the_session_is_lost_is_told() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let session = Session::default().on_lost(OnLost::Renew);
    let mut channel = to(&stub).session(session).await.unwrap();
    channel.send("lost".into()).await.unwrap();
    let control = channel.control();
    let stub = &stub;
    let (flushed, ()) = futures::join!(channel.flush(), async {
        eventually(|| stub.with(|server, _| server.next().0) == [1]).await;
        stub.restart();
    });
    assert_eq!(flushed, Err(SendErrorKind::NotOpen));
    let lost = lost(channel.next().await);
    assert_eq!((lost.renewed, lost.in_doubt.len()), (true, 1));
    stub.set_reading(true);
    assert_eq!(said(&mut channel, "new").await, "new");
    channel.flush().await.unwrap();
    assert_eq!(control.stats().unsent_bytes, 4);
}
