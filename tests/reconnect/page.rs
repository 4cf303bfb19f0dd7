//! What only a page can do.

use crate::server::{server, unique};
use crate::{echo, is_away, is_waiting, said, tomorrow, until};
use websocket_channel::{
    Channel, CloseInfo, ClosedBy, ReconnectReason, RecvError, Status, Text, TrySendErrorKind,
    connect,
};

/// As the browser does, to whoever listens to the window.
fn dispatch(event: &str) {
    let script = format!("globalThis.dispatchEvent({event})");
    js_sys::eval(&script).unwrap();
}

#[crate::test]
async fn the_next_attempt_is_made_at_once_when_the_page_is_seen_or_online() {
    let server = server().await;
    let mut steering = server.steering().await;
    for event in ["visibilitychange", "online"] {
        let tag = unique(event);
        let mut channel = echo(&server, &tag, tomorrow()).await.unwrap();
        let mut statuses = channel.control().status_changes();
        steering.tell("cut", &tag).await;
        until(&mut statuses, is_waiting).await;
        dispatch(&format!("new Event('{event}')"));
        assert_eq!(
            channel.next().await,
            Some(Err(RecvError::Gap { attempt: 1 })),
            "{event}"
        );
        assert_eq!(said(&mut channel, "hi").await, "hi");
    }
}

/// Nothing is sent on the old connection, and another is made without a delay.
#[crate::test]
async fn a_page_that_comes_back_leaves_its_connection_before_its_own_listeners_run() {
    let server = server().await;
    for event in [
        "new PageTransitionEvent('pageshow', { persisted: true })",
        "new Event('resume')",
    ] {
        let tag = unique("restored");
        let mut channel = echo(&server, &tag, tomorrow()).await.unwrap();
        assert_eq!(said(&mut channel, "one").await, "one");
        let (sender, mut receiver) = channel.split();
        let control = receiver.control();
        dispatch(event);
        // The event is over, and nothing else has run.
        let status = control.status();
        let Status::Reconnecting {
            attempt: 1, reason, ..
        } = status
        else {
            panic!("{status:?} after {event}");
        };
        assert_eq!(*reason, ReconnectReason::Restored);
        let error = sender.try_send("lost".into()).unwrap_err();
        assert_eq!(error.kind, TrySendErrorKind::Full);
        sender.send("kept".into()).await.unwrap();
        assert_eq!(
            receiver.next().await,
            Some(Err(RecvError::Gap { attempt: 1 }))
        );
        assert_eq!(receiver.next().await.unwrap().unwrap(), "kept");
    }
}

/// A channel that does not reconnect ends before the page's own listeners run, whichever side began to close it.
#[crate::test]
async fn a_page_that_comes_back_ends_a_plain_channel_before_its_own_listeners_run() {
    let server = server().await;
    for event in [
        "new PageTransitionEvent('pageshow', { persisted: true })",
        "new Event('resume')",
    ] {
        for closes in [false, true] {
            let channel = connect(server.url("/fault/close-unanswered")).codec(Text);
            let channel: Channel<String, String> = channel.await.unwrap();
            let (sender, mut receiver) = channel.split();
            let control = receiver.control();
            // Neither ends it.
            dispatch("new PageTransitionEvent('pageshow', { persisted: false })");
            dispatch("new Event('visibilitychange')");
            assert_eq!(control.status(), Status::Open);
            if closes {
                control.start_close(4000, "").unwrap();
            }
            dispatch(event);
            // The event is over, and nothing else has run.
            let by = match closes {
                true => ClosedBy::Local,
                false => ClosedBy::Error,
            };
            let closed = CloseInfo::lost(by);
            assert_eq!(control.status(), Status::Closed(closed.clone()), "{event}");
            let error = sender.try_send("lost".into()).unwrap_err();
            assert_eq!(error.kind, TrySendErrorKind::NotOpen);
            let error = sender.send("lost".into()).await.unwrap_err();
            assert_eq!(error.value, "lost");
            let expected = (!closes).then_some(Err(RecvError::ChannelClosed(closed)));
            assert_eq!(receiver.next().await, expected, "{event}");
            assert_eq!(receiver.next().await, None);
        }
    }
}

#[crate::test]
async fn other_events_of_a_page_change_nothing() {
    let server = server().await;
    let tag = unique("others");
    let mut channel = echo(&server, &tag, tomorrow()).await.unwrap();
    for event in [
        "new PageTransitionEvent('pageshow', { persisted: false })",
        "new Event('visibilitychange')",
        "new Event('online')",
        "new Event('offline')",
    ] {
        dispatch(event);
        assert_eq!(said(&mut channel, event).await, event);
    }
    assert!(!is_away(&channel.control().status()));
}
