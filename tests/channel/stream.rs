//! What only `WebSocketStream` does.

use crate::server::{server, unique};
use crate::steering::{command, steering};
use crate::{LARGEST, connect};
use futures::StreamExt;
use websocket_channel::{Bytes, ClosedBy, Control, Overflow, SendErrorKind, Text};

#[crate::test]
async fn messages_written_before_a_close_arrive_before_it() {
    let server = server().await;
    let (tx, mut rx) = connect(server.url("/echo"))
        .codec(Bytes)
        .send_high_water_mark(64 << 20)
        .await
        .unwrap()
        .split();
    // More than the browser takes at once: some of it waits when the close comes.
    for _ in 0..(20 << 20) / LARGEST {
        tx.try_send(vec![7; LARGEST]).unwrap();
    }
    let closed = tx.control().close(4000, "behind").await.unwrap();
    assert_eq!(
        (
            closed.code,
            closed.reason.as_str(),
            closed.was_clean,
            closed.by
        ),
        (4000, "behind", true, ClosedBy::Local)
    );
    assert!(rx.next().await.is_none() || rx.closed().await == closed);
}

/// What nobody read must not hold the end back.
#[crate::test]
async fn a_close_over_unread_messages_is_answered() {
    let server = server().await;
    let channel = connect(server.url("/flood?count=1000&size=65536"))
        .codec(Bytes)
        .receive_buffer(1, Overflow::Close)
        .await
        .unwrap();
    let control = channel.control();
    let (_tx, mut rx) = channel.split();
    let (arrived, mut arrivals) = futures::channel::mpsc::unbounded();
    rx.on_readable(move || drop(arrived.unbounded_send(())));
    arrivals.next().await.unwrap();
    let closed = control.close(4000, "enough").await.unwrap();
    assert_eq!((closed.code, closed.was_clean), (4000, true));
}

#[crate::test]
async fn everything_small_arrives_although_the_peer_closed_before_it_was_read() {
    let server = server().await;
    let mut channel = connect(server.url("/flood?count=50&size=10"))
        .codec(Bytes)
        .await
        .unwrap();
    // The end is known to the driver before the first message is read.
    channel.control().closed().await;
    for n in 0..50 {
        assert_eq!(channel.next().await.unwrap().unwrap(), vec![n; 10]);
    }
    assert!(channel.next().await.is_none());
    assert!(channel.closed().await.was_clean);
}

#[crate::test]
async fn text_is_text_and_a_lost_connection_is_1006() {
    let server = server().await;
    let mut channel = connect(server.url("/cut")).codec(Text).await.unwrap();
    channel.send("x".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "last words");
    let closed = channel.closed().await;
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Error)
    );
}

#[crate::test]
async fn a_too_large_message_is_refused_and_the_channel_continues() {
    let server = server().await;
    let mut channel = connect(server.url("/echo")).await.unwrap();
    let bytes = vec![7; LARGEST + 1];
    // One character more than fits, and fewer UTF-16 units.
    let text = "€".repeat(LARGEST / 3 + 1);
    for message in [bytes.into(), text.into()] {
        let error = channel.send(message).await.unwrap_err();
        assert_eq!(error.kind, SendErrorKind::SendRefused);
        assert!(error.value.len() > LARGEST);
    }
    channel.send(vec![7; LARGEST].into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap().len(), LARGEST);
    let stats = channel.control().stats();
    assert_eq!((stats.sent_messages, stats.unsent_messages), (1, 0));
}

/// What is taken at once is no danger: the page is still here.
#[crate::test]
async fn only_the_connection_is_lost_when_it_is_cut_after_the_largest_message() {
    let server = server().await;
    let mut steering = steering(&server).await;
    for _ in 0..20 {
        let tag = unique("behind-largest");
        let mut channel = connect(server.url(format_args!("/sink?tag={tag}")))
            .codec(Bytes)
            .await
            .unwrap();
        channel.send(vec![7; LARGEST]).await.unwrap();
        command(&mut steering, &format!(r#"{{"do":"cut","tag":"{tag}"}}"#)).await;
        let closed = channel.closed().await;
        assert_eq!(
            (closed.code, closed.was_clean, closed.by),
            (1006, false, ClosedBy::Error)
        );
    }
}

/// The end that Chromium can tell a write that waits: the peer's Close frame comes, and behind it the line breaks.
#[crate::test]
async fn a_pending_send_fails_when_the_peer_closes() {
    let server = server().await;
    // It reads nothing before it has written all that.
    let url = server.url("/flood?count=200&size=65536");
    let (tx, mut rx) = connect(url)
        .codec(Bytes)
        .receive_buffer(1, Overflow::Close)
        .send_high_water_mark(1)
        .await
        .unwrap()
        .split();
    let control = tx.control();
    let mut ok = 0u64;
    let sending = async {
        loop {
            match tx.send(vec![ok as u8; LARGEST]).await {
                Ok(()) => ok += 1,
                Err(error) => return error,
            }
        }
    };
    let reading = async {
        stands_still(&control).await;
        let mut read = 0;
        while let Some(message) = rx.next().await {
            assert_eq!(message.unwrap(), vec![read; 65536]);
            read += 1;
        }
        read
    };
    let (error, read) = futures::join!(sending, reading);
    assert_eq!(error.kind, SendErrorKind::NotOpen);
    assert_eq!(error.value, vec![ok as u8; LARGEST]);
    assert_eq!((read, control.stats().sent_messages), (200, ok));
    let closed = rx.closed().await;
    assert_eq!(
        (closed.code, closed.by),
        (1000, ClosedBy::Remote),
        "{closed:?}"
    );
}

/// Returns when nothing has been handed over for so many turns.
async fn stands_still(control: &Control) {
    let (mut sent, mut same) = (0, 0);
    while same < 100 {
        let (done, over) = futures::channel::oneshot::channel();
        let _timeout = gloo_timers::callback::Timeout::new(0, move || {
            let _ = done.send(());
        });
        over.await.unwrap();
        let now = control.stats().sent_messages;
        same = if now == sent && now > 0 { same + 1 } else { 0 };
        sent = now;
    }
}
