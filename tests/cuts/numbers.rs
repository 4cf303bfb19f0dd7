//! Numbers to the server and back, over a session whose connections are cut.

use crate::server::{Steering, server};
use core::time::Duration;
use serde_json::Value;
use std::cell::Cell;
use websocket_channel::{Message, Raw, Reconnect, Session, connect};

const PAGE: bool = cfg!(all(target_family = "wasm", target_os = "unknown"));

/// How many numbers each way, and how many cuts, at least.
struct Plan {
    numbers: u64,
    cuts: u64,
}

impl Plan {
    /// With `--all` it is the whole one.
    fn read() -> Self {
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        let whole = option_env!("WEBSOCKET_CHANNEL_ALL").is_some();
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        let whole = std::env::var_os("WEBSOCKET_CHANNEL_ALL").is_some();
        let (numbers, cuts) = match (PAGE, whole) {
            (false, false) => (20_000, 40),
            (false, true) => (1_000_000, 1000),
            (true, false) => (5000, 20),
            (true, true) => (100_000, 200),
        };
        Self { numbers, cuts }
    }
}

const SEED: u64 = 1;
/// Numbers that are read before the cuts are counted again.
const LOOK: u64 = 200;
/// The last one.
const END: u64 = u64::MAX;

/// Sends numbers, and checks each that comes back, until there were numbers and cuts enough.
pub(crate) async fn run() {
    let plan = Plan::read();
    let server = server().await;
    let mut steering = server.steering().await;
    let cuts = plan.cuts;
    let begin = format!(r#"{{"do":"cutter","seed":{SEED},"cuts":{cuts}}}"#);
    let cutter = ask(&mut steering, &begin).await;
    let url = cutter["url"].as_str().unwrap();
    // A frozen connection is given up after less than twice this. A page has other things to do.
    let heartbeat = if PAGE { 500 } else { 200 };
    let url = format!("{url}/session/echo?heartbeat={heartbeat}");
    let none = Duration::ZERO;
    let policy = Reconnect::default().spread(none).base_delay(none);
    let connecting = connect(url).codec(Raw).reconnect(policy);
    let connecting = connecting
        .session(Session::default())
        // Not more than a few cuts let through. Below 128 KiB each fill would wait 200 ms for its acknowledgement.
        .send_high_water_mark(256 << 10)
        .connect_timeout(Duration::from_secs(5));
    let (sender, mut receiver) = connecting.await.unwrap().split();
    let control = receiver.control();

    let enough = Cell::new(false);
    let sending = async {
        let mut number = 0_u64;
        while !enough.get() {
            if sender.send(bytes(number)).await.is_err() {
                // The reader finds the end, and tells it.
                return number;
            }
            number += 1;
        }
        sender.send(bytes(END)).await.unwrap();
        number
    };
    let counts = format!(r#"{{"do":"cutter-counts","port":{}}}"#, cutter["port"]);
    let reading = async {
        let mut expected = 0_u64;
        loop {
            let item = receiver.next().await;
            // A lower one is repeated; a higher one is lost, or comes later.
            let next = match &item {
                Some(Ok(message)) => Some(number(message)),
                _ => None,
            };
            if next == Some(END) {
                return expected;
            }
            if next != Some(expected) {
                let line = ask(&mut steering, &counts).await["line"].to_string();
                panic!("{item:?} instead of {expected}, after {line}");
            }
            expected += 1;
            if expected.is_multiple_of(LOOK) && !enough.get() {
                let made = ask(&mut steering, &counts).await;
                // A number is committed when the next one is asked for, and only then acknowledged.
                let acknowledged = made["acknowledged"]["by_clients"].as_u64().unwrap();
                let line = &made["line"];
                assert!(
                    acknowledged <= expected,
                    "{acknowledged} acknowledged, {expected} read, after {line}"
                );
                assert_eq!(made["overgrants"], 0, "after {line}");
                enough.set(expected >= plan.numbers && made["cuts"].as_u64().unwrap() >= cuts);
            }
        }
    };
    let (sent, read) = futures::join!(sending, reading);
    assert_eq!(sent, read);

    let made = ask(&mut steering, &counts).await;
    let resumed = control.stats().resumed;
    let line = made["line"].as_str().unwrap();
    say(&format!(
        "seed {SEED}: {read} numbers each way, resumed {resumed} times; {line}"
    ));
    assert!(resumed > 0 && made["steered"] == true, "{line}");
    assert_eq!(made["overgrants"], 0, "{line}");
    assert!(made["lost"] != 0 && made["late"] != 0, "{line}");
    for (kind, count) in made["kinds"].as_object().unwrap() {
        assert!(count.as_u64().unwrap() * 20 >= cuts, "{kind}: {line}");
    }
    let closed = control.close(1000, "").await.unwrap();
    assert_eq!(closed.code, 1000);
    let end = format!(r#"{{"do":"cutter-end","port":{}}}"#, cutter["port"]);
    ask(&mut steering, &end).await;
}

fn bytes(number: u64) -> Message {
    Message::Binary(number.to_be_bytes().to_vec())
}

fn number(message: &Message) -> u64 {
    u64::from_be_bytes(message.as_bytes().try_into().unwrap())
}

async fn ask(steering: &mut Steering, command: &str) -> Value {
    serde_json::from_str(&steering.command(command).await).unwrap()
}

fn say(line: &str) {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    println!("{line}");
}
