//! A page with a channel that connects again, which is then frozen, left and come back to, or taken offline: `lifecycle.test.mjs`.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use websocket_channel::{Control, Reconnect, RecvError, Sender, Status, Text, connect};

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
    spawn_local(async move {
        let connecting = connect(url).codec(Text).reconnect(Reconnect::default());
        let Ok(channel) = connecting.await else {
            return note("not open");
        };
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
    });
}

/// In one word.
#[wasm_bindgen]
pub fn status() -> String {
    HELD.with_borrow(|held| match held.as_ref().map(|held| held.1.status()) {
        Some(Status::Open) => "open".into(),
        Some(Status::Reconnecting { .. }) => "reconnecting".into(),
        _ => "other".into(),
    })
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
