//! What `npm run bench -- session` measures of ours: typed messages over a plain channel and in a session.

#[path = "../../session/message.rs"]
mod message;

use crate::workload::{expect, now};
use message::{Item, Quote, sum_of};
use wasm_bindgen::UnwrapThrowExt as _;
use websocket_channel::codec::Codec;
use websocket_channel::{Bytes, Channel, MessagePack, Session, connect};

/// Runs `count` messages by `how`, and gives the milliseconds.
pub(crate) async fn measure(how: &str, server: &str, codec: &str, kind: &str, count: u32) -> f64 {
    match codec {
        "bytes" => run::<Vec<u8>>(Bytes, how, server, codec, kind, count).await,
        _ => run::<Quote>(MessagePack, how, server, codec, kind, count).await,
    }
}

async fn run<T: Item>(
    codec: impl Codec<T, T> + 'static,
    how: &str,
    server: &str,
    name: &str,
    kind: &str,
    count: u32,
) -> f64 {
    let service = if how == "plain" { "single" } else { "session" };
    let url = format!("{server}/{service}/{name}/{kind}/{count}");
    let connecting = connect(url).codec(codec);
    let connecting = match how {
        "plain" => connecting,
        _ => connecting.session(Session::default()),
    };
    let mut channel: Channel<T, T> = connecting.await.unwrap_throw();
    let expected = match kind {
        "receive" => sum_of::<T>(count),
        _ => 0,
    };
    let began = now();
    match (kind, how) {
        ("receive", "batches") => {
            channel.send(T::make(count)).await.unwrap_throw();
            let (mut sum, mut left) = (0_u32, count as usize);
            let (_sender, mut receiver) = channel.split();
            let mut batches = receiver.batches();
            while left > 0 {
                let batch = batches.next().await.unwrap_throw().unwrap_throw();
                left -= batch.len();
                sum = batch
                    .iter()
                    .fold(sum, |sum, each| sum.wrapping_add(each.sum()));
            }
            expect(sum == expected);
            return now() - began;
        }
        ("send", "batches") => {
            let (sender, mut receiver) = channel.split();
            let values = (0..count).map(T::make);
            if sender.send_all(values).await.is_err() {
                expect(false);
            }
            receiver.next().await.unwrap_throw().unwrap_throw();
            return now() - began;
        }
        ("receive", _) => {
            channel.send(T::make(count)).await.unwrap_throw();
            let mut sum = 0_u32;
            for _ in 0..count {
                let message = channel.next().await.unwrap_throw().unwrap_throw();
                sum = sum.wrapping_add(message.sum());
            }
            expect(sum == expected);
        }
        ("send", _) => {
            for number in 0..count {
                channel.send(T::make(number)).await.unwrap_throw();
            }
            channel.next().await.unwrap_throw().unwrap_throw();
        }
        _ => {
            for number in 0..count {
                channel.send(T::make(number)).await.unwrap_throw();
                channel.next().await.unwrap_throw().unwrap_throw();
            }
        }
    }
    let took = now() - began;
    let _ = channel.control().close(1000, "").await;
    took
}
