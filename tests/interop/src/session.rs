//! A native session that does what its standard input says, a line at a time, and answers each with a line of JSON.
//!
//! - `numbers N`: sends N numbers and reads them back, each where it is expected.
//! - `stats`: how often the session was resumed.
//!
//! At the end of its input it closes.

use crate::checks::Outcome;
use futures::StreamExt as _;
use futures::channel::mpsc;
use serde_json::json;
use std::io::BufRead as _;
use std::time::Duration;
use websocket_channel::{Channel, Message, Raw, Reconnect, Session, connect};

/// Arguments: the URL of an echo.
pub(crate) async fn run(url: &str) -> Outcome {
    let policy = Reconnect::default()
        .spread(Duration::ZERO)
        .base_delay(Duration::from_millis(50));
    let connecting = connect(url).codec(Raw).reconnect(policy);
    let mut channel = connecting
        .session(Session::default())
        .await
        .map_err(|error| error.to_string())?;
    let mut lines = lines();
    let mut next = 0;
    tell(&channel, next);
    while let Some(line) = lines.next().await {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["numbers", count] => {
                let count: u64 = count.parse().map_err(|_| line.clone())?;
                next = echoed(&mut channel, next, count).await?;
            }
            ["stats"] => {}
            _ => return Err(format!("unknown line {line:?}")),
        }
        tell(&channel, next);
    }
    let closed = channel.control().close(1000, "").await;
    let closed = closed.map_err(|error| error.to_string())?;
    println!(
        "{}",
        json!({ "code": closed.code, "clean": closed.was_clean })
    );
    Ok(())
}

fn tell(channel: &Channel<Message, Message>, next: u64) {
    let resumed = channel.control().stats().resumed;
    println!("{}", json!({ "next": next, "resumed": resumed }));
}

/// The lines of standard input, as they come.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.unbounded_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Sends and reads so many numbers; gives the next one.
async fn echoed(
    channel: &mut Channel<Message, Message>,
    first: u64,
    count: u64,
) -> Result<u64, String> {
    for number in first..first + count {
        let message = Message::Binary(number.to_be_bytes().into());
        let sent = channel.send(message).await;
        sent.map_err(|error| error.to_string())?;
    }
    for number in first..first + count {
        let item = channel.next().await;
        match &item {
            Some(Ok(message)) if message.as_bytes() == number.to_be_bytes() => {}
            _ => return Err(format!("{item:?} instead of {number}")),
        }
    }
    Ok(first + count)
}
