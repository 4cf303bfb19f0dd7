//! Many values at once.

use crate::everywhere::echo;
use crate::server::{server, unique};
use websocket_channel::codec::{Decode, Encode};
use websocket_channel::transport::Limits;
use websocket_channel::{
    Bytes, Channel, DecodeError, EncodeError, Message, RecvError, SendErrorKind, Session, Socket,
    Text, connect,
};

#[crate::test]
async fn whole_arrays_go_and_come_in_order_while_connections_are_cut() {
    const VALUES: usize = 5000;
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("many");
    let channel = echo(&server, &tag).await.unwrap();
    let (sender, mut receiver) = channel.split();
    let sending = async {
        for round in 0..5 {
            let values = (round * VALUES / 5..(round + 1) * VALUES / 5).map(|n| n.to_string());
            sender.send_all(values).await.unwrap();
            steering.tell("cut", &tag).await;
        }
        sender.flush().await.unwrap();
    };
    let (mut number, mut most) = (0, 0);
    let receiving = async {
        let mut batches = receiver.batches();
        while number < VALUES {
            let batch = batches.next().await.unwrap().unwrap();
            assert!(!batch.is_empty());
            most = most.max(batch.len());
            for line in batch {
                assert_eq!(line, number.to_string());
                number += 1;
            }
        }
    };
    futures::join!(sending, receiving);
    assert!(most > 1, "{most} at most at once");
    let stats = sender.control().stats();
    assert_eq!(stats.sent_messages, VALUES as u64);
}

/// Numbers below 100.
struct Small;

impl Encode<u32> for Small {
    fn encode(&self, value: &u32) -> Result<Message, EncodeError> {
        match value {
            0..100 => Ok(value.to_string().into()),
            _ => Err(EncodeError::new("large")),
        }
    }
}

impl Decode<u32> for Small {
    fn decode(&self, message: Message) -> Result<u32, DecodeError> {
        let text = core::str::from_utf8(message.as_bytes());
        match text.ok().and_then(|text| text.parse().ok()) {
            Some(value) => Ok(value),
            None => Err(DecodeError::new(message, "not a number")),
        }
    }
}

#[crate::test]
async fn a_value_that_cannot_be_decoded_keeps_its_place() {
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let channel: Channel<u32, u32> = Channel::from_socket(ours, Small);
    let peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    let (sender, receiver) = peer.split();
    let lines = ["1", "2", "three", "4", "five", "six", "7"].map(String::from);
    sender.send_all(lines).await.unwrap();
    drop((sender, receiver));
    let (_sender, mut channel) = channel.split();
    let mut all = Vec::new();
    // Some of it by values, some by batches, whatever came together.
    all.push(channel.next().await.unwrap().map_err(|_| "?"));
    let mut batches = channel.batches();
    while let Some(batch) = batches.next().await {
        match batch {
            Ok(values) => all.extend(values.into_iter().map(Ok)),
            Err(RecvError::DecodeFailed(error)) => {
                assert_eq!(error.detail, "not a number");
                all.push(Err("bad"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    let bad = || Err("bad");
    assert_eq!(all, [Ok(1), Ok(2), bad(), Ok(4), bad(), bad(), Ok(7)]);
}

#[crate::test]
async fn a_value_that_cannot_be_encoded_comes_back_with_those_behind_it() {
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let channel: Channel<u32, u32> = Channel::from_socket(ours, Small);
    let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
    let (sender, _receiver) = channel.split();
    let error = sender.send_all([1, 2, 300, 4]).await.unwrap_err();
    assert_eq!(error.value, [300, 4]);
    assert!(matches!(error.kind, SendErrorKind::EncodeFailed(_)));
    for line in ["1", "2"] {
        assert_eq!(peer.next().await.unwrap().unwrap(), line);
    }
    sender.control().close(1000, "").await.unwrap();
    let error = sender.send_all([5, 6]).await.unwrap_err();
    assert_eq!(
        (error.value, error.kind),
        (vec![5, 6], SendErrorKind::NotOpen)
    );
}

/// Sends lines, and reads numbers below 100.
struct Lines;

impl Encode<String> for Lines {
    fn encode(&self, line: &String) -> Result<Message, EncodeError> {
        Ok(line.as_str().into())
    }
}

impl Decode<u32> for Lines {
    fn decode(&self, message: Message) -> Result<u32, DecodeError> {
        Small.decode(message)
    }
}

/// Whatever was read together, value by value or as batches.
#[crate::test]
async fn over_a_session_too() {
    let server = server().await;
    for by_value in 0..5 {
        let url = server.url(format_args!("/session/echo?tag={}", unique("places")));
        let channel: Channel<String, u32> = connect(url)
            .codec(Lines)
            .session(Session::default())
            .await
            .unwrap();
        let (sender, mut receiver) = channel.split();
        let lines = ["1", "2", "three", "4", "five", "six", "7"].map(String::from);
        sender.send_all(lines).await.unwrap();
        let mut all = Vec::new();
        let known = |item: Result<u32, RecvError>| match item {
            Err(RecvError::DecodeFailed(error)) => Err(error.raw),
            item => Ok(item.unwrap()),
        };
        for _ in 0..by_value {
            all.push(known(receiver.next().await.unwrap()));
        }
        let mut batches = receiver.batches();
        while all.len() < 7 {
            match batches.next().await.unwrap() {
                Ok(values) => {
                    assert!(!values.is_empty());
                    all.extend(values.into_iter().map(Ok));
                }
                Err(error) => all.push(known(Err(error))),
            }
        }
        let bad = |line: &str| Err(line.into());
        let expected = [
            Ok(1),
            Ok(2),
            bad("three"),
            Ok(4),
            bad("five"),
            bad("six"),
            Ok(7),
        ];
        assert_eq!(all, expected, "{by_value}");
        assert_eq!(receiver.control().stats().received_messages, 7);
    }
}

/// Values of every length go as they are, and in order with those that are sent alone.
#[crate::test]
async fn long_and_short_values_keep_their_order() {
    let server = server().await;
    let url = server.url(format_args!("/session/echo?tag={}", unique("lengths")));
    let channel: Channel<Vec<u8>, Vec<u8>> = connect(url)
        .codec(Bytes)
        .session(Session::default())
        .await
        .unwrap();
    let (sender, mut receiver) = channel.split();
    let value = |number: usize| vec![number as u8; [0, 1, 127, 128, 20_000, 70_000][number % 6]];
    let sending = async {
        for first in (0..60).step_by(10) {
            sender.try_send(value(first)).unwrap();
            sender.send(value(first + 1)).await.unwrap();
            sender
                .send_all((first + 2..first + 10).map(value))
                .await
                .unwrap();
        }
        sender.flush().await.unwrap();
    };
    let receiving = async {
        let mut got = Vec::new();
        for _ in 0..20 {
            got.push(receiver.next().await.unwrap().unwrap());
        }
        let mut batches = receiver.batches();
        while got.len() < 60 {
            got.extend(batches.next().await.unwrap().unwrap());
        }
        got
    };
    let ((), got) = futures::join!(sending, receiving);
    for (number, got) in got.into_iter().enumerate() {
        assert!(got == value(number), "{number}");
    }
}
