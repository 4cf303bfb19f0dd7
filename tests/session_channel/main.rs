//! A channel over a session, while its connections are cut.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod ends;
mod entries;
mod everywhere;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod keeps;
mod many;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page;
#[path = "../channel/server.rs"]
mod server;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod stub;

use core::time::Duration;
use futures::StreamExt;
use websocket_channel::error::Lost;
use websocket_channel::{Channel, Reconnect, RecvError, Status, StatusStream};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use native::*;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use tokio::test;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

pub(crate) type Lines = Channel<String, String>;

pub(crate) fn at_once() -> Reconnect {
    let none = Duration::ZERO;
    Reconnect::default().spread(none).base_delay(none)
}

/// A day between attempts: what happens sooner was asked for.
pub(crate) fn tomorrow() -> Reconnect {
    let day = Duration::from_secs(86_400);
    Reconnect::default().spread(day).base_delay(day)
}

/// Sends a line and gives what comes back.
pub(crate) async fn said(channel: &mut Lines, line: &str) -> String {
    channel.send(line.into()).await.unwrap();
    channel.next().await.unwrap().unwrap()
}

/// The first status that is so.
pub(crate) async fn until(statuses: &mut StatusStream, is: impl Fn(&Status) -> bool) -> Status {
    loop {
        let status = statuses.next().await.unwrap();
        if is(&status) {
            return status;
        }
    }
}

pub(crate) fn is_away(status: &Status) -> bool {
    matches!(status, Status::Reconnecting { .. })
}

pub(crate) fn lost(item: Option<Result<String, RecvError>>) -> Lost {
    match item {
        Some(Err(RecvError::SessionLost(lost))) => *lost,
        other => panic!("{other:?}"),
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native {
    use crate::stub::Stub;
    use core::time::Duration;
    use websocket_channel::session::Settings;
    use websocket_channel::{Connect, Session, Text, connect};

    pub(crate) fn settings() -> Settings {
        Settings::default()
    }

    pub(crate) fn to(stub: &Stub) -> Connect<String, String> {
        connect(stub.url())
            .codec(Text)
            .reconnect(crate::at_once())
            .session(Session::default())
    }

    /// Waits until it is so.
    pub(crate) async fn eventually(is: impl Fn() -> bool) {
        while !is() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
