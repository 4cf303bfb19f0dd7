//! What is sent arrives once and in order, whatever becomes of connections.

use crate::stub::stub;
use crate::{eventually, is_away, said, settings, to, tomorrow, until};
use core::time::Duration;
use futures::FutureExt;
use websocket_channel::channel::StalledBy;
use websocket_channel::{Status, TrySendErrorKind};

#[tokio::test]
async fn the_same_channel_goes_on_after_a_cut_without_a_gap() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    assert_eq!(said(&mut channel, "one").await, "one");
    for number in 0..5 {
        assert_eq!(stub.cut(), 1);
        let line = number.to_string();
        assert_eq!(said(&mut channel, &line).await, line);
    }
    let stats = channel.control().stats();
    assert!((1..=5).contains(&stats.resumed), "{stats:?}");
    assert_eq!(stub.sessions(), 1);
}

#[tokio::test]
async fn sends_succeed_without_a_connection_and_arrive_when_there_is_one() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).reconnect(tomorrow()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    stub.cut();
    until(&mut statuses, is_away).await;
    for line in ["a", "b", "c"] {
        channel.send(line.into()).await.unwrap();
    }
    assert!(stub.taken().is_empty());
    let mut flushed = Box::pin(channel.flush());
    assert!((&mut flushed).now_or_never().is_none());
    control.reconnect_now();
    flushed.await.unwrap();
    assert_eq!(stub.taken().len(), 3);
    for line in ["a", "b", "c"] {
        assert_eq!(channel.next().await.unwrap().unwrap(), line);
    }
    assert_eq!(control.status(), Status::Open);
}

#[tokio::test]
async fn a_flush_waits_until_the_server_has_taken_everything() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let channel = to(&stub).await.unwrap();
    channel.send("one".into()).await.unwrap();
    let mut flushed = Box::pin(channel.flush());
    let early = tokio::time::timeout(Duration::from_millis(300), &mut flushed).await;
    assert!(early.is_err());
    stub.set_reading(true);
    flushed.await.unwrap();
    assert_eq!(channel.control().stats().retained_bytes, 0);
}

#[tokio::test]
async fn sends_wait_at_the_high_water_mark_of_what_is_retained() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let channel = to(&stub).send_high_water_mark(10_000).await.unwrap();
    let mut waits = loop {
        let mut send = Box::pin(channel.send("x".repeat(1000)));
        let soon = tokio::time::timeout(Duration::from_millis(100), &mut send).await;
        match soon {
            Ok(sent) => sent.unwrap(),
            Err(_) => break send,
        }
    };
    // The mark counts 32 bytes more for each, and its frame.
    let stats = channel.control().stats();
    assert!(
        (10_000..11_100).contains(&stats.retained_bytes),
        "{stats:?}"
    );
    assert_eq!(stats.sent_messages, 10);
    assert!((&mut waits).now_or_never().is_none());
    stub.set_reading(true);
    waits.await.unwrap();
}

#[tokio::test]
async fn try_send_is_full_at_the_mark_and_not_before() {
    let stub = stub(settings()).await;
    stub.set_reading(false);
    let channel = to(&stub).send_high_water_mark(10_000).await.unwrap();
    let (sender, _receiver) = channel.split();
    let mut accepted = 0;
    let error = loop {
        match sender.try_send("x".repeat(1000)) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(error.kind, TrySendErrorKind::Full);
    assert!((9..=11).contains(&accepted), "{accepted}");
}

/// What the receiver has not taken is not committed, though the driver has read it ahead.
#[tokio::test]
async fn a_value_counts_as_taken_when_the_next_is_asked_for() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    for line in ["a", "b"] {
        channel.send(line.into()).await.unwrap();
    }
    assert_eq!(channel.next().await.unwrap().unwrap(), "a");
    let committed = || stub.with(|server, _| server.committed());
    stub.with(|server, _| server.flush());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(committed(), [0]);
    assert_eq!(channel.next().await.unwrap().unwrap(), "b");
    eventually(|| committed() == [1]).await;
    assert!(channel.next().now_or_never().is_none());
    eventually(|| committed() == [2]).await;
}

#[tokio::test]
async fn greetings_that_are_cut_change_nothing() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    stub.cut_greetings(3);
    stub.cut();
    assert_eq!(said(&mut channel, "still here").await, "still here");
    assert_eq!(stub.sessions(), 1);
}

#[tokio::test]
async fn a_server_that_asks_to_move_is_left_when_the_next_connection_is_there() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    assert_eq!(said(&mut channel, "one").await, "one");
    assert_eq!(
        stub.with(|server, _| server.ask_to_move(Duration::from_millis(50))),
        [true]
    );
    eventually(|| channel.control().stats().resumed == 1).await;
    assert_eq!(said(&mut channel, "two").await, "two");
    eventually(|| stub.open() == 1).await;
}

#[tokio::test]
async fn a_suspended_session_goes_on_when_it_is_resumed() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    control.suspend();
    until(&mut statuses, is_away).await;
    eventually(|| stub.open() == 0).await;
    channel.send("later".into()).await.unwrap();
    control.resume();
    assert_eq!(channel.next().await.unwrap().unwrap(), "later");
    control.reconnect_now();
    eventually(|| control.stats().resumed == 2).await;
    assert_eq!(said(&mut channel, "again").await, "again");
}

/// A peer that is silent is found by the heartbeat.
#[tokio::test]
async fn an_idle_session_beats() {
    let mut settings = settings();
    settings.heartbeat = Duration::from_millis(100);
    let stub = stub(settings).await;
    let mut channel = to(&stub).await.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(channel.control().stats().resumed, 0);
    assert_eq!(said(&mut channel, "idle").await, "idle");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_cuts_lose_repeat_and_reorder_nothing() {
    const CUTS: u64 = 100;
    let stub = stub(settings()).await;
    let channel = to(&stub).await.unwrap();
    let (sender, mut receiver) = channel.split();
    let control = receiver.control();
    let sending = tokio::spawn(async move {
        let mut number = 0_u64;
        while control.stats().resumed < CUTS {
            sender.send(number.to_string()).await.unwrap();
            number += 1;
        }
        sender.send("end".into()).await.unwrap();
        (sender, number)
    });
    let mut number = 0_u64;
    loop {
        let line = receiver.next().await.unwrap().unwrap();
        if line == "end" {
            break;
        }
        assert_eq!(line, number.to_string());
        if number.is_multiple_of(200) {
            stub.cut();
        }
        number += 1;
    }
    let (sender, sent) = sending.await.unwrap();
    assert_eq!(number, sent);
    sender.flush().await.unwrap();
    assert_eq!(stub.taken().len() as u64, sent + 1);
}

#[tokio::test]
async fn whoever_reads_nothing_for_five_seconds_is_named() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    let mut statuses = channel.control().status_changes();
    let began = std::time::Instant::now();
    channel.send("unread".into()).await.unwrap();
    let stalled = |by| move |status: &Status| matches!(status, Status::Stalled { by: is, since } if *is == by && since.elapsed() >= Duration::from_secs(5));
    until(&mut statuses, stalled(StalledBy::Receiver)).await;
    assert!(began.elapsed() >= Duration::from_secs(5));
    // It can be sent to all the same.
    stub.set_reading(false);
    channel.send("unread there".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "unread");
    assert!(channel.next().now_or_never().is_none());
    until(&mut statuses, stalled(StalledBy::Peer)).await;
    stub.set_reading(true);
    until(&mut statuses, |status| *status == Status::Open).await;
}

#[tokio::test]
async fn a_session_that_is_suspended_while_it_moves_has_no_connection() {
    let stub = stub(settings()).await;
    let mut channel = to(&stub).await.unwrap();
    assert_eq!(said(&mut channel, "one").await, "one");
    let long = Duration::from_secs(3000);
    stub.with(|server, _| server.ask_to_move(long));
    assert_eq!(said(&mut channel, "two").await, "two");
    channel.control().suspend();
    eventually(|| stub.open() == 0).await;
    channel.control().resume();
    assert_eq!(said(&mut channel, "three").await, "three");
}
