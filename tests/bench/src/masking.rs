//! Masking beside copying: the same buffers, in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};
use websocket_channel::proto::framing::mask;

/// How long each turn lasts, roughly, and how many there are: short ones, so that some of them are not interrupted.
const TURN: Duration = Duration::from_millis(2);
const TURNS: usize = 150;

/// Prints the bytes a second of masking in place and of copying, each of its best turn.
pub(crate) fn run(size: usize) {
    let source = vec![0x5A; size];
    let mut target = vec![0; size];
    let key = [0x37, 0xFA, 0x21, 0x3D];
    let (mut masking, mut copying) = (0.0, 0.0);
    for _ in 0..TURNS {
        masking = rate(size, || {
            mask::apply(black_box(key), 0, black_box(&mut target));
        })
        .max(masking);
        copying = rate(size, || {
            black_box(&mut target[..]).copy_from_slice(black_box(&source));
        })
        .max(copying);
    }
    println!("{{\"size\":{size},\"masking\":{masking:.0},\"copying\":{copying:.0}}}");
}

/// Bytes a second.
fn rate(size: usize, mut work: impl FnMut()) -> f64 {
    let per_look = (1 << 18) / size.max(1) + 1;
    let began = Instant::now();
    let mut rounds = 0;
    while began.elapsed() < TURN {
        for _ in 0..per_look {
            work();
        }
        rounds += per_look;
    }
    (rounds * size) as f64 / began.elapsed().as_secs_f64()
}
