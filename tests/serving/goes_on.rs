//! A session goes on over one connection after the other.

use crate::hand::Hand;
use crate::{echo, serve};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use websocket_channel::Message;
use websocket_channel::server::Options;

fn lines(range: std::ops::Range<usize>) -> Vec<Message> {
    range.map(|n| Message::from(n.to_string())).collect()
}

#[tokio::test]
async fn every_line_comes_back_once_and_in_order_over_many_cuts() {
    let started = Arc::new(AtomicUsize::new(0));
    let server = serve(Options::default(), echo(&started)).await;
    let mut client = Hand::new(&server.url, 1);
    let mut sent = 0;
    for _ in 0..20 {
        client.open().await;
        for _ in 0..50 {
            client.send(&sent.to_string());
            sent += 1;
        }
        // Cut in the midst of the answers.
        let enough = client.read.len() + 20;
        client.until(|client| client.read.len() >= enough).await;
        for _ in 0..10 {
            client.send(&sent.to_string());
            sent += 1;
        }
        client.cut();
    }
    client.open().await;
    client.until(|client| client.read.len() >= sent).await;
    assert_eq!(client.read, lines(0..sent));
    assert_eq!(started.load(Ordering::Relaxed), 1);
    assert_eq!(server.sessions.totals().sessions, 1);
    // Everything is committed, without more being said.
    client
        .until(|client| client.client.committed() == sent as u64)
        .await;
}
