//! What only a page can do.

use crate::server::{server, unique};
use crate::{said, tomorrow};
use wasm_bindgen::{JsCast, JsValue};
use websocket_channel::{ReconnectReason, Session, Status, Text, connect};

/// As the browser does, to whoever listens to the window.
fn dispatch(event: &str) {
    let script = format!("globalThis.dispatchEvent({event})");
    js_sys::eval(&script).unwrap();
}

/// B-R1: nothing is lost on a connection of before, and another is made without a delay.
#[crate::test]
async fn a_page_that_comes_back_goes_on_with_its_session() {
    let server = server().await;
    for event in [
        "new PageTransitionEvent('pageshow', { persisted: true })",
        "new Event('resume')",
    ] {
        let tag = unique("restored");
        let url = server.url(format_args!("/session/echo?tag={tag}"));
        let connecting = connect(url).codec(Text).reconnect(tomorrow());
        let mut channel = connecting.session(Session::default()).await.unwrap();
        assert_eq!(said(&mut channel, "one").await, "one");
        dispatch(event);
        // The event is over, and nothing else has run.
        let Status::Reconnecting { reason, .. } = channel.control().status() else {
            panic!("not reconnecting after {event}");
        };
        assert_eq!(*reason, ReconnectReason::Restored);
        assert_eq!(said(&mut channel, "two").await, "two");
        assert_eq!(channel.control().stats().resumed, 1);
    }
}

/// Hints, which prove nothing: the server is asked, and the connection stays.
#[crate::test]
async fn other_events_of_a_page_change_nothing() {
    let server = server().await;
    let url = server.url("/session/echo");
    let connecting = connect(url).codec(Text).reconnect(tomorrow());
    let mut channel = connecting.session(Session::default()).await.unwrap();
    for event in [
        "new PageTransitionEvent('pageshow', { persisted: false })",
        "new Event('visibilitychange')",
        "new Event('online')",
        "new Event('offline')",
    ] {
        dispatch(event);
        assert_eq!(said(&mut channel, event).await, event);
    }
    assert_eq!(channel.control().stats().resumed, 0);
}

/// The first one goes at once, so that a lone message does not wait. Those that follow in the same turn share WebSocket messages.
#[crate::test]
async fn sends_of_one_turn_share_websocket_messages() {
    let server = server().await;
    let connecting = connect(server.url("/session/echo")).codec(Text);
    let mut channel = connecting.session(Session::default()).await.unwrap();
    assert_eq!(said(&mut channel, "open").await, "open");
    let count = js_sys::eval(
        "(() => {
            const { send } = WebSocket.prototype;
            let sent = 0;
            WebSocket.prototype.send = function (data) { sent += 1; return send.call(this, data); };
            return (restore) => {
                if (restore) WebSocket.prototype.send = send;
                const before = sent;
                sent = 0;
                return before;
            };
        })()",
    )
    .unwrap();
    let sent = |restore: bool| {
        let count: &js_sys::Function = count.unchecked_ref();
        count
            .call1(&JsValue::UNDEFINED, &restore.into())
            .unwrap()
            .as_f64()
            .unwrap()
    };
    channel.send("first".into()).await.unwrap();
    assert_eq!(sent(false), 1.0, "a lone message waits");
    for number in 0..1000 {
        channel.send(number.to_string()).await.unwrap();
    }
    assert_eq!(channel.next().await.unwrap().unwrap(), "first");
    for number in 0..1000 {
        let line = channel.next().await.unwrap().unwrap();
        assert_eq!(line, number.to_string());
    }
    let sent = sent(true);
    assert!(sent < 50.0, "{sent} WebSocket messages for 1,000 sends");
}
