//! What `connect` answers to bad input: always a typed error, always within the timeout.

use crate::connect;
use crate::server::server;
use std::time::Duration;
use websocket_channel::error::Cause;
use websocket_channel::{ClosedBy, ConnectError, ConnectErrorKind};

async fn error(url: &str, protocols: &[&str]) -> ConnectError {
    connect(url)
        .protocols(protocols.iter().copied())
        .await
        .map(|channel| format!("{channel:?}"))
        .unwrap_err()
}

#[crate::test]
async fn a_bad_url_is_an_error() {
    for url in [
        "ws://",
        "ws://[",
        "ftp://127.0.0.1/",
        "mailto:a@b",
        "ws://127.0.0.1:65536/",
    ] {
        let error = error(url, &[]).await;
        assert_eq!(error.kind, ConnectErrorKind::BadUrl, "{url}");
        assert_eq!(error.code(), "BAD_URL");
    }
}

#[crate::test]
async fn even_an_empty_fragment_is_an_error() {
    let server = server().await;
    for path in ["/echo#", "/echo#part"] {
        assert_eq!(
            error(&server.url(path), &[]).await.kind,
            ConnectErrorKind::UrlFragment,
            "{path}"
        );
    }
}

#[crate::test]
async fn a_bad_subprotocol_is_an_error() {
    let server = server().await;
    for protocol in ["", "a b", "a,b", "é"] {
        let expected = ConnectErrorKind::BadProtocol {
            protocol: protocol.into(),
        };
        assert_eq!(
            error(&server.url("/echo"), &["good", protocol]).await.kind,
            expected
        );
    }
}

#[crate::test]
async fn a_duplicate_subprotocol_is_an_error() {
    let server = server().await;
    let expected = ConnectErrorKind::DuplicateProtocol {
        protocol: "a".into(),
    };
    assert_eq!(
        error(&server.url("/echo"), &["a", "b", "a"]).await.kind,
        expected
    );
}

#[crate::test]
async fn connecting_to_a_closed_port_fails() {
    let server = server().await;
    let error = error(&server.refused(), &[]).await;
    let ConnectErrorKind::ConnectFailed { closed, cause, .. } = error.kind else {
        panic!("{error:?}")
    };
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Error)
    );
    assert!(
        hidden_or(&cause, |cause| matches!(cause, Cause::Transport(_))),
        "{cause:?}"
    );
}

#[crate::test]
async fn a_server_that_answers_404_fails() {
    let server = server().await;
    let error = error(&server.url("/status/404"), &[]).await;
    let ConnectErrorKind::ConnectFailed { closed, cause, .. } = error.kind else {
        panic!("{error:?}")
    };
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Error)
    );
    assert!(
        hidden_or(&cause, |cause| *cause == Cause::Status(404)),
        "{cause:?}"
    );
}

#[crate::test]
async fn a_server_that_never_answers_runs_into_the_timeout() {
    let server = server().await;
    let limit = Duration::from_millis(300);
    let error = connect(server.url("/silent"))
        .connect_timeout(limit)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ConnectErrorKind::TimedOut { limit });
    // A timer may fire a little early by the clock that measures it: browsers round clocks.
    assert!(
        error.elapsed >= limit - Duration::from_millis(5),
        "{:?}",
        error.elapsed
    );
}

/// RFC 6455 lets a client go on without; Chromium, Node and Bun fail the connection themselves, and Firefox and WebKit open.
#[crate::test]
async fn a_server_that_chooses_no_subprotocol_is_refused() {
    let server = server().await;
    for options in [&["prices.v9"][..], &["prices.v9", "prices.v8"]] {
        let error = error(&server.url("/echo"), options).await;
        // `tests/faults` states which it is in each browser.
        if cfg!(target_family = "wasm") && error.code() == "CONNECT_FAILED" {
            continue;
        }
        let expected = options.join(", ");
        let chosen = String::new();
        assert_eq!(
            error.kind,
            ConnectErrorKind::Subprotocol { expected, chosen }
        );
    }
}

#[crate::test]
async fn the_server_chooses_among_the_subprotocols() {
    let server = server().await;
    let channel = connect(server.url("/echo"))
        .protocols(["unknown", "chat.v1"])
        .await
        .unwrap();
    assert_eq!(channel.opened().protocol, "chat.v1");
    let channel = connect(server.url("/echo")).await.unwrap();
    assert_eq!(channel.opened().protocol, "");
    // The same lines compile in a page, which sees no header.
    let accept = channel.opened().headers.get("sec-websocket-accept");
    let native = cfg!(not(all(target_family = "wasm", target_os = "unknown")));
    assert_eq!(accept.is_some(), native);
}

#[crate::test]
async fn http_names_the_same_server() {
    let server = server().await;
    let mut channel = connect(server.url("/echo").replacen("ws://", "http://", 1))
        .await
        .unwrap();
    channel.send("hello".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "hello".into());
}

/// Browsers hide the cause from scripts; natively it is known.
fn hidden_or(cause: &Cause, known: impl Fn(&Cause) -> bool) -> bool {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        *cause == Cause::Hidden
    } else {
        known(cause)
    }
}

#[crate::test]
async fn the_url_comes_from_its_provider() {
    let server = server().await;
    let mut channel = connect(server.url("/echo"))
        .url_provider(|attempt| async move {
            assert_eq!(attempt.number, 1);
            Ok::<_, String>(format!("{}?protocol=chat.v1", attempt.url))
        })
        .protocols(["chat.v1", "chat.v2"])
        .await
        .unwrap();
    channel.send("hello".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "hello".into());
    let error = connect(server.url("/echo"))
        .url_provider(|_| async { Err::<String, _>("no token today") })
        .await
        .unwrap_err();
    let detail = "no token today".into();
    assert_eq!(error.kind, ConnectErrorKind::ProviderFailed { detail });
    assert_eq!(error.code(), "PROVIDER_FAILED");
    // It may take as long as connecting may.
    let limit = Duration::from_millis(50);
    let error = connect(server.url("/echo"))
        .url_provider(|_| std::future::pending::<Result<String, String>>())
        .connect_timeout(limit)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ConnectErrorKind::TimedOut { limit });
}

/// The same lines compile in a page, which sees no response.
#[crate::test]
async fn a_refusal_has_its_response_where_it_can_be_known() {
    let server = server().await;
    let error = connect(server.url("/status/503")).await.unwrap_err();
    let status = error.response().map(|response| response.status);
    let native = cfg!(not(all(target_family = "wasm", target_os = "unknown")));
    assert_eq!(status, native.then_some(503));
}
