//! A native server among misbehaving clients. `tests/soak/soak.test.mjs` runs the three parts, each in a process of its own, and watches the server.
//!
//! ```text
//! … serve                           prints its port and echoes, every other connection by `Socket` and by `Channel`
//! … good PORT CONNECTIONS           well-behaved clients; for each line of standard input what they met since the last one, as JSON
//! … bad PORT CONNECTIONS SECONDS HELD [PART]   misbehaving clients, each connection for HELD seconds; only what has PART in its name; prints how often
//!                                            each thing was done, as JSON
//! ```
//!
//! It listens on loopback and connects to loopback alone. Each part ends with its standard input, or when its time is over.

mod bad;
mod deeds;
mod good;
mod serve;

use std::error::Error;
use std::process::ExitCode;

/// What went wrong, in a sentence.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = match *words {
        ["serve"] => runtime.block_on(until_input_ends(serve::run())),
        ["good", port, connections] => {
            runtime.block_on(good::run(port.parse()?, connections.parse()?))
        }
        ["bad", port, connections, seconds, held, ref part @ ..] => {
            runtime.block_on(until_input_ends(bad::run(
                port.parse()?,
                connections.parse()?,
                seconds.parse()?,
                held.parse()?,
                part.first().copied().unwrap_or_default(),
            )))
        }
        _ => Err("the first lines of tests/soak/src/main.rs say how it is called".into()),
    };
    // A thread may sit in a read of standard input.
    runtime.shutdown_background();
    ended
}

/// Runs until standard input ends, too: nothing outlives the test that started it.
async fn until_input_ends(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    tokio::select! {
        done = work => done,
        _ = ended => Ok(()),
    }
}
