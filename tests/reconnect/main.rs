//! A channel that connects again: against a server that cuts its connections, natively and in every browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod drops;
mod ends;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page;
#[path = "../channel/server.rs"]
mod server;
mod steered;

use core::time::Duration;
use futures::StreamExt;
use server::Server;
use websocket_channel::{Channel, Connect, Reconnect, Status, StatusStream, Text, connect};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// WebKitGTK says that all is out, whatever the peer reads.
pub(crate) fn knows_what_is_out() -> bool {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return js_sys::eval(
        "!/AppleWebKit/.test(navigator.userAgent) || /Chrome/.test(navigator.userAgent)",
    )
    .unwrap()
        == true;
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    true
}

/// Firefox holds on to a connection that was given up while it opened, and opens no other to that host meanwhile: every later test would wait. It is
/// spared servers that never answer.
pub(crate) fn holds_on() -> bool {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return js_sys::eval("navigator.userAgent.includes('Firefox')").unwrap() == true;
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    false
}

pub(crate) type Lines = Channel<String, String>;

/// Without a delay: only the order of things is looked at.
pub(crate) fn at_once() -> Reconnect {
    let none = Duration::ZERO;
    Reconnect::default().spread(none).base_delay(none)
}

/// A day between attempts: what happens sooner was asked for.
pub(crate) fn tomorrow() -> Reconnect {
    let day = Duration::from_secs(86_400);
    Reconnect::default().spread(day).base_delay(day)
}

pub(crate) fn echo(server: &Server, tag: &str, policy: Reconnect) -> Connect<String, String> {
    let url = server.url(format_args!("/echo?tag={tag}"));
    connect(url).codec(Text).reconnect(policy)
}

/// Sends a line and gives what comes back.
pub(crate) async fn said(channel: &mut Lines, line: &str) -> String {
    channel.send(line.into()).await.unwrap();
    channel.next().await.unwrap().unwrap()
}

/// The first status that is so. The test's limit is the end of patience.
pub(crate) async fn until(statuses: &mut StatusStream, is: impl Fn(&Status) -> bool) -> Status {
    loop {
        let status = statuses.next().await.unwrap();
        if is(&status) {
            return status;
        }
    }
}

pub(crate) fn is_waiting(status: &Status) -> bool {
    matches!(
        status,
        Status::Reconnecting {
            next_retry_at: Some(_),
            ..
        }
    )
}

pub(crate) fn is_away(status: &Status) -> bool {
    matches!(status, Status::Reconnecting { .. })
}
