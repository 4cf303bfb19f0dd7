//! Promise 2: `connect` ends, with an open channel or with a typed error and the time it took.

use crate::connect;
use crate::faults::{self, Column, column};
use crate::server::{server, unique};
use std::time::Duration;
use websocket_channel::ConnectErrorKind;

/// For whoever never answers. It decides no outcome that another fault has: those come at once.
const PATIENCE: Duration = Duration::from_millis(500);

/// Firefox holds on to a connection that was given up while it opened until its own timeout, 20 s, and opens no other to that host meanwhile:
/// every later test would wait. There `faults/` alone meets those who never answer.
fn holds_on() -> bool {
    column() == Column::Firefox
}

#[crate::test]
async fn connect_ends_in_every_fault_there_is() {
    let server = server().await;
    let mut met = 0;
    let sections = faults::SECTIONS
        .into_iter()
        .filter(|section| *section != "Silence" || !holds_on());
    for row in sections.flat_map(faults::section) {
        let url = match row.fault {
            "refuse" => server.refused(),
            name => server.url(format_args!("/fault/{name}?every=1")),
        };
        let outcome = connect(url)
            .protocols(row.offer().iter().copied())
            .connect_timeout(PATIENCE)
            .close_timeout(PATIENCE)
            .await;
        met += 1;
        let Err(error) = outcome else { continue };
        match &error.kind {
            ConnectErrorKind::TimedOut { limit } => assert_eq!(*limit, PATIENCE, "{}", row.fault),
            ConnectErrorKind::ConnectFailed { closed, .. } => {
                assert_eq!(
                    (closed.code, closed.was_clean),
                    (1006, false),
                    "{}",
                    row.fault
                );
            }
            ConnectErrorKind::Subprotocol { .. } => {
                assert!(row.fault.starts_with("protocol-"), "{}", row.fault);
            }
            other => panic!("{}: {other:?}", row.fault),
        }
    }
    assert!(met >= if holds_on() { 80 } else { 89 }, "{met} faults");
}

#[crate::test]
async fn connect_ends_however_the_handshake_is_made_to_fail() {
    let server = server().await;
    let mut steering = server.steering().await;
    for how in [r#""rst""#, r#""fin""#, r#""silence""#, "200", "503"] {
        if how == r#""silence""# && holds_on() {
            continue;
        }
        let tag = unique("fail");
        let told = steering
            .command(&format!(
                r#"{{"do":"fail","tag":"{tag}","count":1,"how":{how}}}"#
            ))
            .await;
        assert_eq!(told, r#"{"fail":1}"#);
        let url = server.url(format_args!("/echo?tag={tag}"));
        let error = connect(&url).connect_timeout(PATIENCE).await.unwrap_err();
        let expected = match how {
            r#""silence""# => "TIMED_OUT",
            _ => "CONNECT_FAILED",
        };
        assert_eq!(error.code(), expected, "{how}");
        steering.none_left(&tag).await;
        // The next one is not held responsible.
        let channel = connect(&url).await.unwrap();
        drop(channel);
        steering.none_left(&tag).await;
    }
}

#[crate::test]
async fn connecting_to_a_frozen_server_times_out() {
    if holds_on() {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("frozen");
    steering.tell("freeze", &tag).await;
    let url = server.url(format_args!("/echo?tag={tag}"));
    let error = connect(&url).connect_timeout(PATIENCE).await.unwrap_err();
    assert_eq!(error.code(), "TIMED_OUT");
    // It went, though the server never read a word of it.
    steering.tell("thaw", &tag).await;
    steering.none_left(&tag).await;
}
