//! Sessions: the wire contract by its vectors and by chance, the machines one rule at a time, and the simulation with a few seeds. Many seeds, optimised:
//! `cargo run --release -p websocket-channel-session`.

// The vectors are read from a file, and threads are started.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod codec;
mod rules;
mod vectors;
#[allow(unreachable_pub)]
mod world;

#[test]
fn a_few_seeds_of_the_simulation() {
    let mut all = world::hits::Hits::default();
    let (mut messages, mut losses) = (0, 0);
    for seed in 0..150 {
        let mut hits = world::hits::Hits::default();
        match world::run(seed, false, &mut hits) {
            Ok(outcome) => {
                messages += outcome.messages;
                losses += outcome.losses;
                assert!(outcome.drops >= world::DROPS, "seed {seed}");
            }
            Err(fault) => panic!(
                "seed {seed}: {fault}\nagain: cargo run --release -q -p websocket-channel-session -- --seed {seed}"
            ),
        }
        all.add(&hits);
    }
    assert!(messages > 150 * world::MESSAGES && losses > 0);
    assert!(all.lines().len() > 40, "{:?}", all.lines());
}
