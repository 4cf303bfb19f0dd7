//! Promise 4: when the peer closes, code, reason and cleanness arrive after every message that came before.

use crate::connect;
use crate::server::server;
use futures::StreamExt;
use websocket_channel::transport::Limits;
use websocket_channel::{Bytes, Channel, ClosedBy, RecvError, Socket};

/// More than one turn of the driver, more than its window, and less than the bound.
const COUNT: usize = 3000;
const SIZE: usize = 1000;

async fn everything_and_then_the_end(mut channel: Channel<Vec<u8>, Vec<u8>>) {
    let control = channel.control();
    for number in 0..COUNT {
        let message = channel.next().await.unwrap().unwrap();
        assert_eq!((message.len(), message[0]), (SIZE, (number % 256) as u8));
    }
    assert!(channel.next().await.is_none());
    let closed = channel.closed().await;
    assert_eq!(
        (
            closed.code,
            closed.reason.as_str(),
            closed.was_clean,
            closed.by
        ),
        (1000, "", true, ClosedBy::Remote)
    );
    assert_eq!(control.stats().received_messages, COUNT as u64);
    assert_eq!(control.stats().dropped_messages, 0);
}

#[crate::test]
async fn the_end_comes_after_every_message_of_a_flood() {
    let server = server().await;
    let url = server.url(format_args!("/flood?count={COUNT}&size={SIZE}"));
    everything_and_then_the_end(connect(url).codec(Bytes).await.unwrap()).await;
}

#[crate::test]
async fn the_end_comes_after_every_message_in_memory() {
    let (ours, mut theirs) = Socket::pair(&Limits::default(), "");
    let client = everything_and_then_the_end(Channel::from_socket(ours, Bytes));
    let server = async {
        for number in 0..COUNT {
            theirs
                .send_now(vec![(number % 256) as u8; SIZE].into())
                .unwrap();
        }
        theirs.close(1000, "").unwrap();
        assert!(theirs.next().await.is_none());
    };
    futures::join!(server, client);
}

/// Told late: the end has long come when the reader begins.
#[crate::test]
async fn a_late_reader_still_gets_every_message_before_the_end() {
    let server = server().await;
    // Fewer than what is fetched ahead, so that the end is seen with all of them unread.
    let url = server.url("/flood?count=30&size=1000");
    let mut channel = connect(url).codec(Bytes).await.unwrap();
    let closed = channel.control().closed().await;
    assert_eq!((closed.code, closed.by), (1000, ClosedBy::Remote));
    for number in 0..30 {
        assert_eq!(channel.next().await.unwrap().unwrap()[0], number);
    }
    assert!(channel.next().await.is_none());
}

/// A stream that breaks loses what was under way, not what had arrived.
#[crate::test]
async fn messages_before_a_broken_stream_are_read() {
    let server = server().await;
    let mut channel = connect(server.url("/cut")).await.unwrap();
    channel.send("go".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "last words".into());
    let error = channel.next().await.unwrap().unwrap_err();
    assert!(channel.next().await.is_none());
    let closed = channel.closed().await;
    assert_eq!(error, RecvError::ChannelClosed(closed.clone()));
    assert_eq!(
        (closed.code, closed.was_clean, closed.by),
        (1006, false, ClosedBy::Error)
    );
}
