//! One test that passes while a task that nobody awaits panics. The suite `homes:rust:workers` runs it in a page, where a failure must come of it.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../channel/server.rs"]
mod server;

use wasm_bindgen_test::wasm_bindgen_test as test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[test]
async fn a_task_panics_and_this_passes() {
    server::report_panics();
    let (done, over) = futures::channel::oneshot::channel::<()>();
    wasm_bindgen_futures::spawn_local(async move {
        let _done = done;
        panic!("in a task that nobody awaits");
    });
    // The panic is a trap: nothing of the task is dropped any more, so there is nothing to wait for but a turn.
    drop(over);
    let (turned, turn) = futures::channel::oneshot::channel();
    let _timeout = gloo_timers::callback::Timeout::new(100, move || {
        let _ = turned.send(());
    });
    turn.await.unwrap();
}
