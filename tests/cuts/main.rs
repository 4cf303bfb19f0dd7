//! A session over real sockets that are cut at random: numbered messages each way, none lost, repeated or reordered.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod hand;

use std::cell::OnceCell;
use std::rc::Rc;
use websocket_channel_server::cutter::{Cuts, Cutter};

#[tokio::test(flavor = "current_thread")]
async fn nothing_is_lost_repeated_or_reordered() {
    // `npm test -- --all native` runs the whole.
    let (most, cuts) = match std::env::var_os("WEBSOCKET_CHANNEL_ALL") {
        Some(_) => (1_000_000, 1000),
        None => (20_000, 40),
    };
    let tasks = tokio::task::LocalSet::new();
    let all = async {
        let cutting = Rc::new(OnceCell::<Cutter>::new());
        let cutter = cutting.clone();
        let more: hand::More = Rc::new(move |sent| {
            sent < most
                || cutter
                    .get()
                    .is_some_and(|cutter| cutter.counts().cuts < cuts)
        });
        let (served, address) = hand::Served::start(more.clone()).await;
        let mut plan = Cuts::seeded(1);
        plan.most = cuts;
        let cutter = cutting.get_or_init(|| Cutter::start(address, plan).unwrap());
        let began = std::time::Instant::now();
        let (numbers, resumed) = hand::run(&cutter.url(), more, &served).await;
        let (counts, took) = (cutter.counts(), began.elapsed());
        let (sent, read) = (numbers.sent, numbers.read);
        println!("{sent} and {read} messages in {took:?}, resumed {resumed}: {counts}");
        println!(
            "undelivered: {} {}",
            numbers.undelivered,
            served.undelivered()
        );
        assert!(numbers.read >= most && counts.are_steered());
        assert_eq!(numbers.undelivered + served.undelivered(), 0);
    };
    tasks.run_until(all).await;
}
