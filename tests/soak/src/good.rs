//! Well-behaved clients, of this project: one message at a time, each of which has to come back.

use crate::Failure;
use std::io::BufRead as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use websocket_channel::{Bytes, connect};

/// From an answer to the next message.
const PAUSE: Duration = Duration::from_millis(20);
/// An answer that takes longer counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the clients met since the last look.
#[derive(Default)]
struct Met {
    /// How long each answer took.
    took: Vec<Duration>,
    /// What went wrong, in words.
    wrong: Vec<String>,
}

pub(crate) async fn run(port: u16, connections: usize) -> Result<(), Failure> {
    let met = Arc::new(Mutex::new(Met::default()));
    for number in 0..connections {
        let met = met.clone();
        tokio::spawn(async move {
            let Err(failure) = exchange(port, number, &met).await;
            lock(&met).wrong.push(format!("client {number}: {failure}"));
        });
    }
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines() {
            line?;
            println!("{}", tell(std::mem::take(&mut *lock(&met))));
        }
        Ok(())
    })
    .await?
}

/// One message after another, until something is wrong.
async fn exchange(
    port: u16,
    number: usize,
    met: &Mutex<Met>,
) -> Result<std::convert::Infallible, Failure> {
    let mut channel = connect(format!("ws://127.0.0.1:{port}/"))
        .codec(Bytes)
        .await?;
    for sequence in 0_u64.. {
        // From 16 bytes to 4 KiB, and no two alike.
        let mut message = vec![number as u8; 16 + (sequence as usize * 37) % 4080];
        message[..8].copy_from_slice(&sequence.to_be_bytes());
        let began = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, async {
            channel
                .send(message.clone())
                .await
                .map_err(|error| error.kind.to_string())?;
            let answer = channel.next().await.ok_or("the connection ended")?;
            answer.map_err(|error| error.to_string())
        });
        let answer: Vec<u8> = answer
            .await
            .map_err(|_| format!("no answer to message {sequence} in {PATIENCE:?}"))??;
        if answer != message {
            return Err(format!("another answer to message {sequence}").into());
        }
        lock(met).took.push(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Err("there are no more numbers".into())
}

fn tell(mut met: Met) -> serde_json::Value {
    met.took.sort_unstable();
    let at = |part: f64| {
        let index = (met.took.len() as f64 * part) as usize;
        let took = met.took.get(index.min(met.took.len().saturating_sub(1)));
        took.map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    };
    serde_json::json!({
        "messages": met.took.len(),
        "p50": at(0.5),
        "p99": at(0.99),
        "max": at(1.0),
        "wrong": met.wrong,
    })
}

fn lock(met: &Mutex<Met>) -> MutexGuard<'_, Met> {
    met.lock().unwrap_or_else(PoisonError::into_inner)
}
