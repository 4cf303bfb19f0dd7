//! A page with a channel that connects again, which is then frozen, left and come back to, or taken offline: `lifecycle.test.mjs`.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use core::future::poll_fn;
use core::pin::Pin;
use futures_core::Stream as _;
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use websocket_channel::{
    Channel, Connect, Control, Reconnect, RecvError, Sender, Session, Status, Text, connect,
};

#[wasm_bindgen]
extern "C" {
    /// The page notes what it is told, and when.
    fn note(what: &str);
}

thread_local! {
    static HELD: RefCell<Option<(Sender<String>, Control)>> = const { RefCell::new(None) };
}

/// Connects, and tells everything that is read.
#[wasm_bindgen]
pub fn open(url: String) {
    let connecting = connect(url).codec(Text).reconnect(Reconnect::default());
    spawn_local(read(connecting));
}

/// The same with a session. It also tells each status.
#[wasm_bindgen]
pub fn open_session(url: String) {
    let connecting = connect(url).codec(Text).reconnect(Reconnect::default());
    spawn_local(read(connecting.session(Session::default())));
}

async fn read(connecting: Connect<String, String>) {
    let Ok(channel) = connecting.await else {
        return note("not open");
    };
    spawn_local(watch(&channel));
    let (sender, mut receiver) = channel.split();
    HELD.set(Some((sender, receiver.control())));
    note("open");
    while let Some(item) = receiver.next().await {
        match item {
            Ok(line) => note(&line),
            Err(RecvError::Gap { .. }) => note("gap"),
            Err(_) => note("error"),
        }
    }
    note("end");
}

/// Tells each status.
fn watch(channel: &Channel<String, String>) -> impl Future<Output = ()> + use<> {
    let mut statuses = channel.control().status_changes();
    async move {
        while let Some(status) = poll_fn(|cx| Pin::new(&mut statuses).poll_next(cx)).await {
            note(&format!("status: {}", word(&status)));
        }
    }
}

/// How many connections went on with the session.
#[wasm_bindgen]
pub fn resumed() -> u32 {
    HELD.with_borrow(|held| {
        let resumed = held.as_ref().map(|held| held.1.stats().resumed);
        resumed
            .and_then(|resumed| resumed.try_into().ok())
            .unwrap_or(0)
    })
}

/// In one word.
#[wasm_bindgen]
pub fn status() -> String {
    HELD.with_borrow(|held| {
        let status = held.as_ref().map(|held| held.1.status());
        status.as_ref().map_or("other", word).into()
    })
}

fn word(status: &Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Reconnecting { .. } => "reconnecting",
        _ => "other",
    }
}

/// Sends a line, and tells when it was handed over.
#[wasm_bindgen]
pub fn send(line: String) {
    let Some(sender) = HELD.with_borrow(|held| held.as_ref().map(|held| held.0.clone())) else {
        return;
    };
    spawn_local(async move {
        let sent = format!("sent: {line}");
        note(match sender.send(line).await {
            Ok(()) => &sent,
            Err(_) => "not sent",
        });
    });
}
