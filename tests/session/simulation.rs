//! The deterministic simulation of sessions: `cargo run --release -p websocket-channel-session -- --seeds 100000`, `-- --seed 17` for one with its trace.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use world::hits::Hits;
use world::run;

/// What a run takes at least 100 times each.
const TRANSITIONS: &[&str] = &[
    "client: down -- connected -> greeting",
    "client: greeting -- batch -> open",
    "client: greeting -- batch -> down",
    "client: greeting -- batch -> ended",
    "client: greeting -- disconnected -> down",
    "client: greeting -- timeout -> down",
    "client: open -- batch -> open",
    "client: open -- batch -> down",
    "client: open -- batch -> ended",
    "client: open -- commit -> open",
    "client: open -- commit -> ended",
    "client: open -- timeout -> open",
    "client: open -- timeout -> down",
    "client: open -- disconnected -> down",
    "client: open -- command -> open",
    "client: down -- command -> down",
    "server: pending -- HELLO -> pending",
    "server: pending -- HELLO -> attached",
    "server: pending -- batch -> attached",
    "server: pending -- disconnected -> pending",
    "server: attached -- HELLO -> attached",
    "server: attached -- batch -> attached",
    "server: attached -- batch -> ended",
    "server: attached -- commit -> attached",
    "server: attached -- commit -> ended",
    "server: attached -- timeout -> attached",
    "server: attached -- timeout -> detached",
    "server: attached -- disconnected -> attached",
    "server: attached -- disconnected -> detached",
    "server: attached -- command -> detached",
    "server: detached -- HELLO -> attached",
    "server: detached -- batch -> detached",
    "server: detached -- command -> detached",
    "server closes: \"fenced\"",
    "server closes: \"late\"",
    "server closes: \"moved\"",
    "server closes: \"refused\"",
    "server closes: \"replaced\"",
    "server closes: \"silent\"",
    "reload",
    "restart",
    "connection ended by a poisonous message",
    "closed at the end",
    "closed early",
    "closed by both",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    if let Some(seed) = number("--seed") {
        match run(seed, true, &mut Hits::default()) {
            Ok(outcome) => println!(
                "seed {seed}: {} messages, {} drops, {} sessions lost: all well",
                outcome.messages, outcome.drops, outcome.losses
            ),
            Err(fault) => {
                println!("seed {seed}: {fault}");
                std::process::exit(1);
            }
        }
        return;
    }
    let long = arguments.iter().any(|argument| argument == "--long");
    let first = number("--from").unwrap_or(0);
    let seeds = number("--seeds").unwrap_or(if long { 10_000_000 } else { 100_000 });
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let total = Mutex::new((Hits::default(), 0_u64, 0_u64, 0_u64));
    let failed = Mutex::new(None::<(u64, String)>);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut hits = Hits::default();
                let (mut messages, mut drops, mut losses) = (0, 0, 0);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds || failed.lock().unwrap().is_some() {
                        break;
                    }
                    match run(seed, false, &mut hits) {
                        Ok(outcome) => {
                            messages += u64::from(outcome.messages);
                            drops += u64::from(outcome.drops);
                            losses += u64::from(outcome.losses);
                        }
                        Err(fault) => {
                            let mut failed = failed.lock().unwrap();
                            if failed.as_ref().is_none_or(|(other, _)| seed < *other) {
                                *failed = Some((seed, fault));
                            }
                        }
                    }
                }
                let mut total = total.lock().unwrap();
                total.0.add(&hits);
                total.1 += messages;
                total.2 += drops;
                total.3 += losses;
            });
        }
    });
    let (hits, messages, drops, losses) = total.into_inner().unwrap();
    if let Some((seed, fault)) = failed.into_inner().unwrap() {
        println!("seed {seed}: {fault}");
        println!(
            "again, with what happened: cargo run --release -q -p websocket-channel-session -- --seed {seed}"
        );
        println!("found after {} seeds", seed - first + 1);
        std::process::exit(1);
    }
    let lines = hits.lines();
    for (transition, count) in &lines {
        println!("{count:>12}  {transition}");
    }
    let rare: Vec<&str> = TRANSITIONS
        .iter()
        .copied()
        .filter(|transition| {
            let hit = lines.iter().find(|(line, _)| line == transition);
            hit.is_none_or(|(_, count)| *count < 100)
        })
        .collect();
    println!(
        "{seeds} seeds, {messages} messages, {drops} drops, {losses} sessions lost and told, in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    if seeds >= 100_000 && !rare.is_empty() {
        println!("taken fewer than 100 times: {rare:?}");
        std::process::exit(1);
    }
}
