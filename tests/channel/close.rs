//! Ends: the peer's, ours, and those of handles that are dropped.

use crate::connect;
use crate::server::{AT_ONCE, is_deno, server};
use futures::StreamExt;
use futures::stream::FusedStream;
use websocket_channel::{
    Channel, CloseError, ClosedBy, Message, RecvError, SendErrorKind, Status, Text, TryRecvError,
};

#[crate::test]
async fn the_peers_code_and_reason_arrive() {
    let server = server().await;
    for (query, code, reason) in [
        ("?code=1000&reason=bye", 1000, "bye"),
        ("?code=4321&reason=%E2%82%AC", 4321, "€"),
        ("?code=3000", 3000, ""),
        ("", 1005, ""),
    ] {
        let mut channel = connect(server.url(format_args!("/close{query}")))
            .await
            .unwrap();
        let item = channel.next().await;
        let closed = channel.closed().await;
        match code {
            1000 | 1005 => assert_eq!(item, None, "{query}"),
            _ => {
                assert_eq!(item, Some(Err(RecvError::ChannelClosed(closed.clone()))));
                assert_eq!(channel.next().await, None);
            }
        }
        assert_eq!(
            (
                closed.code,
                closed.reason.as_str(),
                closed.was_clean,
                closed.by
            ),
            (code, reason, true, ClosedBy::Remote),
            "{query}"
        );
    }
}

/// Firefox ends the sockets of a page that stays with a clean 1001 without a reason.
#[crate::test]
async fn in_a_page_a_clean_1001_without_a_reason_is_by_unknown() {
    let server = server().await;
    let without_reason = if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        ClosedBy::Unknown
    } else {
        ClosedBy::Remote
    };
    for (query, by) in [("", without_reason), ("&reason=away", ClosedBy::Remote)] {
        let mut channel = connect(server.url(format_args!("/close?code=1001{query}")))
            .await
            .unwrap();
        let closed = channel.closed().await;
        assert_eq!(
            (closed.code, closed.was_clean, closed.by),
            (1001, true, by),
            "{query}"
        );
    }
}

/// Promise 9: where messages may be missing, reading ends with an error, once.
#[crate::test]
async fn an_end_that_may_have_lost_something_is_an_error_once() {
    let server = server().await;
    for query in ["?code=1001&reason=away", "?code=1011", "?code=4401"] {
        let (_tx, mut rx) = connect(server.url(format_args!("/close{query}")))
            .await
            .unwrap()
            .split();
        // Told before it is read, and by the other way to read.
        let closed = rx.closed().await;
        assert!(!rx.is_terminated(), "{query}");
        let error = rx.try_recv().unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.close_info()),
            ("CHANNEL_CLOSED", Some(&closed))
        );
        assert!(error.to_string().contains(&closed.code.to_string()));
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Closed);
        assert!(rx.is_terminated(), "{query}");
        assert_eq!(StreamExt::next(&mut rx).await, None);
    }
}

/// Whoever ends it is not told of an error, whatever the peer says to it.
#[crate::test]
async fn after_our_own_close_reading_ends_without_an_error() {
    let server = server().await;
    for path in ["/echo", "/fault/close-unanswered"] {
        let connect = || async {
            let timeout = core::time::Duration::from_millis(100);
            let connecting = connect(server.url(path)).close_timeout(timeout);
            connecting.await.unwrap()
        };
        let mut channel = connect().await;
        channel.control().start_close(4000, "enough").unwrap();
        read_all(&mut channel, path).await;
        assert_eq!(channel.closed().await.by, ClosedBy::Local);
        let mut channel = connect().await;
        channel.control().abort();
        read_all(&mut channel, path).await;
        assert_eq!(channel.closed().await.by, ClosedBy::Local);
    }
}

/// To the end, without an error. A message may have arrived before the close.
async fn read_all(channel: &mut Channel<Message, Message>, path: &str) {
    while let Some(item) = channel.next().await {
        assert!(item.is_ok(), "{path}: {item:?}");
    }
}

#[crate::test]
async fn our_code_and_reason_reach_the_peer_and_come_back() {
    let server = server().await;
    let channel = connect(server.url("/echo")).await.unwrap();
    let control = channel.control();
    assert_eq!(control.status(), Status::Open);
    let closed = control.close(4000, "done").await.unwrap();
    let end = (
        closed.code,
        closed.reason.as_str(),
        closed.was_clean,
        closed.by,
    );
    // Deno's `WebSocketStream` rejects some ends of ours without a code: `src/transport/web_stream`.
    let is_denos_stream = is_deno() && control.has_receive_backpressure();
    if !(is_denos_stream && end == (1006, "", false, ClosedBy::Local)) {
        assert_eq!(end, (4000, "done", true, ClosedBy::Local));
    }
    assert_eq!(control.status(), Status::Closed(closed.clone()));
    // A second close only waits, and the end has come.
    assert_eq!(control.close(1000, "").await.unwrap(), closed);
}

#[crate::test]
async fn close_checks_its_arguments_before_anything_happens() {
    let server = server().await;
    let mut channel = connect(server.url("/echo")).codec(Text).await.unwrap();
    let control = channel.control();
    // A native end may send more: `native_close_codes`.
    let page_only = [1001, 1003, 1007, 1014]
        .iter()
        .filter(|_| cfg!(all(target_family = "wasm", target_os = "unknown")));
    for &code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]
        .iter()
        .chain(page_only)
    {
        assert_eq!(
            control.close(code, "").await.unwrap_err(),
            CloseError::BadCloseCode(code)
        );
    }
    assert_eq!(
        control.close(1000, &"é".repeat(62)).await.unwrap_err(),
        CloseError::LongCloseReason(124)
    );
    channel.send("still open".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "still open");
}

#[crate::test]
async fn a_send_after_the_end_returns_its_value_at_once() {
    let server = server().await;
    let (tx, mut rx) = connect(server.url("/close?code=1000"))
        .codec(Text)
        .await
        .unwrap()
        .split();
    assert!(rx.next().await.is_none());
    let error = tx.send("too late".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value.as_str()),
        (SendErrorKind::NotOpen, "too late")
    );
}

#[crate::test]
async fn the_connection_outlives_either_half_but_not_both() {
    let server = server().await;
    let (tx, rx) = connect(server.url("/echo"))
        .codec(Text)
        .await
        .unwrap()
        .split();
    let control = tx.control();
    let other = tx.clone();
    drop((rx, tx));
    other.send("nobody reads the echo".into()).await.unwrap();
    assert_eq!(control.status(), Status::Open);
    drop(other);
    assert_eq!(control.closed().await.by, ClosedBy::Local);

    let (tx, mut rx) = connect(server.url("/echo"))
        .codec(Text)
        .await
        .unwrap()
        .split();
    tx.send("last words".into()).await.unwrap();
    drop(tx);
    assert_eq!(rx.next().await.unwrap().unwrap(), "last words");
}

#[crate::test]
async fn a_send_that_is_dropped_sends_nothing() {
    let server = server().await;
    let (tx, mut rx) = connect(server.url("/echo"))
        .codec(Text)
        .await
        .unwrap()
        .split();
    tx.try_send("before".into()).unwrap();
    {
        // Polled once, so that its offer is in line, and dropped before the driver's turn, if that has not come with it.
        let mut send = std::pin::pin!(tx.send("unless at once".into()));
        assert_eq!(futures::poll!(send.as_mut()).is_ready(), AT_ONCE);
    }
    drop(tx.send("never polled".into()));
    tx.send("after".into()).await.unwrap();
    assert_eq!(rx.next().await.unwrap().unwrap(), "before");
    if AT_ONCE {
        assert_eq!(rx.next().await.unwrap().unwrap(), "unless at once");
    }
    assert_eq!(rx.next().await.unwrap().unwrap(), "after");
}

#[crate::test]
async fn abort_ends_at_once_though_the_peer_never_answers() {
    let server = server().await;
    let mut channel = connect(server.url("/fault/close-unanswered"))
        .await
        .unwrap();
    let control = channel.control();
    control.abort();
    let closed = channel.closed().await;
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Local)
    );
    assert_eq!(control.closed().await, closed);
    assert_eq!(
        channel.send("late".into()).await.unwrap_err().kind,
        SendErrorKind::NotOpen
    );
}
