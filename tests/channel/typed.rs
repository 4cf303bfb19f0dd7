//! Types of one's own: both ways different, with errors that belong to one value.

use crate::connect;
use crate::server::server;
use core::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use websocket_channel::codec::{Decode, Encode};
use websocket_channel::{
    Channel, ConnectErrorKind, DecodeError, EncodeError, Json, Message, RecvError, SendErrorKind,
    Text,
};

#[derive(Serialize)]
enum ToServer {
    Say(String),
    Nonsense,
}

#[derive(Deserialize, Debug, PartialEq)]
enum ToClient {
    Said { who: String, text: String },
}

#[crate::test]
async fn enums_travel_as_json() {
    let server = server().await;
    let mut chat: Channel<ToServer, ToClient> =
        connect(server.url("/chat")).codec(Json).await.unwrap();
    chat.send(ToServer::Say("hello".into())).await.unwrap();
    let said = chat.next().await.unwrap().unwrap();
    assert_eq!(
        said,
        ToClient::Said {
            who: "server".into(),
            text: "hello".into()
        }
    );
}

/// What could not be decoded.
fn raw(error: RecvError) -> Message {
    match error {
        RecvError::DecodeFailed(error) => error.raw,
        other => panic!("{other}"),
    }
}

#[crate::test]
async fn a_message_that_cannot_be_decoded_is_an_item_and_the_stream_continues() {
    let server = server().await;
    let mut chat: Channel<ToServer, ToClient> =
        connect(server.url("/chat")).codec(Json).await.unwrap();
    chat.send(ToServer::Nonsense).await.unwrap();
    chat.send(ToServer::Say("still here".into())).await.unwrap();
    let error = chat.next().await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.close_info()), ("DECODE_FAILED", None));
    assert!(error.source().unwrap().is::<DecodeError>());
    assert!(
        matches!(&raw(error), Message::Text(text) if text.contains("Error")),
        "not what came"
    );
    let ToClient::Said { text, .. } = chat.next().await.unwrap().unwrap();
    assert_eq!(text, "still here");
}

#[crate::test]
async fn a_value_that_cannot_be_encoded_is_returned_and_the_channel_stays_open() {
    let server = server().await;
    // JSON has string keys only.
    type Bad = BTreeMap<(u8, u8), u8>;
    let chat: Channel<Bad, ToClient> = connect(server.url("/chat")).codec(Json).await.unwrap();
    let value = Bad::from([((1, 2), 3)]);
    let error = chat.send(value.clone()).await.unwrap_err();
    assert!(
        matches!(error.kind, SendErrorKind::EncodeFailed(_)),
        "{error:?}"
    );
    assert_eq!(error.value, value);
    chat.send(Bad::new()).await.unwrap();
}

#[crate::test]
async fn the_wrong_kind_of_message_is_a_decode_error() {
    let server = server().await;
    /// Sends bytes, reads text.
    struct Mixed;
    impl Encode<Vec<u8>> for Mixed {
        fn encode(&self, value: &Vec<u8>) -> Result<Message, EncodeError> {
            Ok(Message::Binary(value.clone()))
        }
    }
    impl Decode<String> for Mixed {
        fn decode(&self, message: Message) -> Result<String, DecodeError> {
            Text.decode(message)
        }
    }
    let mut channel: Channel<Vec<u8>, String> =
        connect(server.url("/echo")).codec(Mixed).await.unwrap();
    channel.send(vec![1, 2]).await.unwrap();
    assert_eq!(
        raw(channel.next().await.unwrap().unwrap_err()),
        Message::Binary(vec![1, 2])
    );
}

/// A codec with a name on the wire.
struct Named(&'static str);

impl Encode<String> for Named {
    fn encode(&self, value: &String) -> Result<Message, EncodeError> {
        Text.encode(value)
    }
    fn subprotocol(&self) -> Option<&str> {
        Some(self.0)
    }
}

impl Decode<String> for Named {
    fn decode(&self, message: Message) -> Result<String, DecodeError> {
        Text.decode(message)
    }
}

#[crate::test]
async fn a_codec_that_names_a_subprotocol_agrees_on_it_or_fails_at_connect() {
    let server = server().await;
    // Named by the application as well, and not the first there: offered once, and before all others.
    let mut channel = connect(server.url("/echo"))
        .protocols(["unknown", "chat.v1"])
        .codec(Named("chat.v1"))
        .await
        .unwrap();
    assert_eq!(channel.opened().protocol, "chat.v1");
    channel.send("agreed".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "agreed");
    // The server takes another of those offered.
    let error = connect(server.url("/echo?protocol=chat.v1"))
        .protocols(["chat.v1"])
        .codec(Named("prices.v9"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "SUBPROTOCOL");
    assert_eq!(
        error.kind,
        ConnectErrorKind::Subprotocol {
            expected: "prices.v9".into(),
            chosen: "chat.v1".into()
        }
    );
    // The server takes none: a browser fails the connection itself (WHATWG WebSockets, "establish a WebSocket connection").
    let error = connect(server.url("/echo"))
        .codec(Named("prices.v9"))
        .await
        .unwrap_err();
    assert!(
        ["SUBPROTOCOL", "CONNECT_FAILED"].contains(&error.code()),
        "{error:?}"
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Nested(Vec<Nested>);

/// So many arrays in each other.
fn nested(depth: usize) -> Nested {
    (1..depth).fold(Nested(Vec::new()), |inner, _| Nested(vec![inner]))
}

#[crate::test]
async fn json_that_is_nested_too_deep_is_a_decode_error() {
    let server = server().await;
    let mut channel: Channel<Nested, Nested> =
        connect(server.url("/echo")).codec(Json).await.unwrap();
    for (depth, fits) in [(127, true), (128, false), (10_000, false), (1, true)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let mut raw = connect(server.url("/echo")).await.unwrap();
        raw.send(text.as_str().into()).await.unwrap();
        let decoded: Result<Nested, _> = Json.decode(raw.next().await.unwrap().unwrap());
        assert_eq!(decoded.is_ok(), fits, "{depth}");
    }
    channel.send(nested(100)).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), nested(100));
}

#[cfg(feature = "messagepack")]
mod message_pack {
    use super::*;
    use websocket_channel::MessagePack;

    #[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
    enum Move {
        Step { x: i32, y: f64 },
        Name(String),
        Stop,
    }

    #[crate::test]
    async fn enums_travel_as_message_pack() {
        let server = server().await;
        let mut channel: Channel<Move, Move> = connect(server.url("/echo"))
            .codec(MessagePack)
            .await
            .unwrap();
        for value in [
            Move::Step { x: -7, y: 0.5 },
            Move::Name("€".into()),
            Move::Stop,
        ] {
            channel.send(value.clone()).await.unwrap();
            assert_eq!(channel.next().await.unwrap().unwrap(), value);
        }
    }

    /// What other implementations write: {"Step": {"y": 0.5, "x": -7}}, the fields by name and in any order.
    #[crate::test]
    async fn structs_are_maps_with_names() {
        let bytes = b"\x81\xa4Step\x82\xa1y\xcb\x3f\xe0\0\0\0\0\0\0\xa1x\xf9";
        let value: Move = MessagePack.decode(bytes.as_slice().into()).unwrap();
        assert_eq!(value, Move::Step { x: -7, y: 0.5 });
        let Message::Binary(written) = MessagePack.encode(&value).unwrap() else {
            panic!("MessagePack is binary");
        };
        assert!(written.starts_with(b"\x81\xa4Step\x82\xa1x\xf9\xa1y"));
    }

    #[crate::test]
    async fn an_invalid_message_is_an_item_and_the_stream_continues() {
        let server = server().await;
        let deep = |depth| [0x91].repeat(depth);
        let mut closed_deep = deep(100);
        closed_deep.push(0x90);
        // Raw in, to be decoded on the way back.
        struct Raw;
        impl Encode<Message> for Raw {
            fn encode(&self, value: &Message) -> Result<Message, EncodeError> {
                Ok(value.clone())
            }
        }
        impl Decode<Nested> for Raw {
            fn decode(&self, message: Message) -> Result<Nested, DecodeError> {
                MessagePack.decode(message)
            }
        }
        let mut channel: Channel<Message, Nested> =
            connect(server.url("/echo")).codec(Raw).await.unwrap();
        let cases: [(Message, bool); 7] = [
            (closed_deep.into(), true),
            // Deeper than 128; an announced 4 GiB; a value cut short; bytes behind one; text; nothing.
            (deep(50_000).into(), false),
            (vec![0xdd, 0xff, 0xff, 0xff, 0xff].into(), false),
            (vec![0x91].into(), false),
            (vec![0x90, 0x90].into(), false),
            ("[]".into(), false),
            (Vec::new().into(), false),
        ];
        for (message, fits) in cases {
            channel.send(message.clone()).await.unwrap();
            let decoded = channel.next().await.unwrap();
            assert_eq!(decoded.is_ok(), fits, "{} bytes", message.len());
            if let Err(error) = decoded {
                assert!(raw(error) == message);
            }
        }
    }
}
