//! Meets one fault and puts into words what came of it.

use crate::server::Server;
use crate::table::Row;
use std::time::Duration;
use websocket_channel::error::Cause;
use websocket_channel::{CloseInfo, ClosedBy, Connect, ConnectErrorKind, Message};

/// For whoever does not answer: there is nothing to wait for.
const PATIENCE: Duration = Duration::from_millis(300);
/// Less than the bomb, more than anything else here.
const MAX_MESSAGE: usize = 1 << 20;

/// A connection error, or messages and then the end.
pub(crate) async fn outcome(
    server: &Server,
    row: &Row,
    connect: fn(String) -> Connect<Message, Message>,
) -> String {
    let url = match row.fault {
        "refuse" => server.refused(),
        "drip" => server.url("/fault/drip?every=1"),
        name if row.waits => server.url(format_args!("/fault/{name}?after=client")),
        name => server.url(format_args!("/fault/{name}")),
    };
    let mut connecting = connect(url)
        .protocols(row.offer().iter().copied())
        .max_message(MAX_MESSAGE)
        .close_timeout(PATIENCE);
    if matches!(row.fault, "silence" | "half-head") {
        connecting = connecting.connect_timeout(PATIENCE);
    }
    let mut channel = match connecting.await {
        Ok(channel) => channel,
        Err(error) => return failed(&error.kind),
    };
    let mut words = String::new();
    if !channel.opened().protocol.is_empty() {
        words += &format!("protocol {}, ", channel.opened().protocol);
    }
    if row.waits {
        // The server waits for this: a browser that meets handshake and fault in one piece may tell the one or the other.
        channel.send("go on".into()).await.unwrap();
    }
    let mut lost = None;
    while let Some(message) = channel.next().await {
        assert_eq!(lost, None, "an error of the end is the last item");
        words += &match message {
            Ok(Message::Text(text)) => format!("{text}, "),
            Ok(Message::Binary(bytes)) => format!("{} bytes, ", bytes.len()),
            Err(error) => {
                lost = Some(error);
                continue;
            }
        };
        if matches!(row.fault, "close-unanswered" | "half-open" | "length-1-gib") {
            // It says no more: the end is ours to begin, and ours to make when nobody answers.
            let closed = channel.control().close(4000, "").await.unwrap();
            return words + &ended(&closed);
        }
    }
    let closed = channel.closed().await;
    // Loss never looks like success.
    let whole = closed.was_clean && matches!(closed.code, 1000 | 1005);
    assert_eq!(lost.is_none(), whole, "{lost:?}, {closed:?}");
    if let Some(error) = lost {
        assert_eq!(error.close_info(), Some(&closed));
    }
    words + &ended(&closed)
}

fn failed(kind: &ConnectErrorKind) -> String {
    match kind {
        ConnectErrorKind::TimedOut { .. } => "timed out".into(),
        ConnectErrorKind::ConnectFailed { closed, cause, .. } => {
            assert_eq!(*closed, CloseInfo::lost(ClosedBy::Error));
            match cause {
                Cause::Hidden => "not open".into(),
                // The operating system's words differ from system to system.
                Cause::Transport(_) => "not open: transport".into(),
                Cause::Status(status) => format!("not open: status {status}"),
                Cause::Violation(violation) => format!("not open: {violation:?}"),
                other => format!("not open: {other:?}"),
            }
        }
        ConnectErrorKind::Subprotocol { .. } => "not open: none of the subprotocols".into(),
        other => format!("{other:?}"),
    }
}

fn ended(closed: &CloseInfo) -> String {
    let how = match (closed.by, closed.was_clean) {
        (ClosedBy::Remote, true) => "by the peer",
        (ClosedBy::Remote, false) => "by the peer, not clean",
        (ClosedBy::Local, true) => "by us",
        (ClosedBy::Local, false) => "by us, not clean",
        (ClosedBy::Error, false) => "lost",
        _ => "lost, and clean",
    };
    match closed.reason.as_str() {
        "" => format!("{} {how}", closed.code),
        reason => format!("{} {how}: {reason}", closed.code),
    }
}
