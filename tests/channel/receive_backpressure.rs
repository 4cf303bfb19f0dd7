//! Past the receive buffer where the transport pushes back: natively, and over `WebSocketStream`. Nothing is lost, whatever the policy.

use crate::connect;
use crate::server::{server, unique};
use crate::steering::{command, steering};
use websocket_channel::{Bytes, Channel, Overflow};

const FLOOD: usize = 200;
const SIZE: usize = 10_000;
const BOUND: usize = 10 * SIZE;

#[crate::test]
async fn past_the_bound_reading_pauses_and_nothing_is_lost() {
    let server = server().await;
    let url = server.url(format_args!("/flood?count={FLOOD}&size={SIZE}"));
    let mut channel = connect(url)
        .codec(Bytes)
        .receive_buffer(BOUND, Overflow::DropOldest)
        .await
        .unwrap();
    let control = channel.control();
    assert!(control.has_receive_backpressure());
    for n in 0..FLOOD {
        let message = channel.next().await.unwrap().unwrap();
        assert_eq!((message.len(), message[0]), (SIZE, n as u8));
        // The driver's window comes on top of the bound.
        assert!(control.stats().queued_bytes <= BOUND + (64 << 10));
    }
    assert_eq!(control.stats().dropped_messages, 0);
    assert!(channel.next().await.is_none());
    assert_eq!(channel.closed().await.code, 1000);
}

/// Seen from the server: it stands still while nobody reads, and everything arrives when somebody does.
#[crate::test]
async fn a_reader_that_stops_reading_stops_the_server() {
    const MIB: usize = 1 << 20;
    /// Far more than sockets, pipes and the browser's own buffers hold.
    const COUNT: usize = 64;
    let server = server().await;
    let mut steering = steering(&server).await;
    let tag = unique("pushing");
    let url = server.url(format_args!("/flood?count={COUNT}&size={MIB}&tag={tag}"));
    let mut channel = connect(url)
        .codec(Bytes)
        .receive_buffer(MIB, Overflow::Close)
        .await
        .unwrap();
    let (mut sent, mut same) = (0, 0);
    while same < 50 {
        let now = sent_bytes(&mut steering, &tag).await;
        same = if now == sent && now > 0 { same + 1 } else { 0 };
        sent = now;
    }
    assert!(
        sent < (COUNT / 2 * MIB) as u64,
        "the server has sent {sent} bytes to a reader that reads nothing"
    );
    for n in 0..COUNT {
        let message = channel.next().await.unwrap().unwrap();
        assert!(message.len() == MIB && message.iter().all(|byte| *byte == n as u8));
    }
    assert!(channel.next().await.is_none());
    assert!(sent_bytes(&mut steering, &tag).await > (COUNT * MIB) as u64);
}

/// Bytes that the server has written to the connection of this tag.
async fn sent_bytes(steering: &mut Channel<String, String>, tag: &str) -> u64 {
    let list = format!(r#"{{"do":"list","tag":"{tag}"}}"#);
    let told = command(steering, &list).await;
    let after = told
        .split(r#""sent":"#)
        .nth(1)
        .unwrap_or_else(|| panic!("{told}"));
    let digits = after.split(|c: char| !c.is_ascii_digit()).next().unwrap();
    digits.parse().unwrap()
}
