//! Types of one's own: both ways different, with errors that belong to one value.

use crate::server::server;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use websocket_channel::codec::{Decode, Encode};
use websocket_channel::{
    Channel, DecodeError, EncodeError, Json, Message, SendErrorKind, Text, connect,
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

#[crate::test]
async fn a_message_that_cannot_be_decoded_is_an_item_and_the_stream_goes_on() {
    let server = server().await;
    let mut chat: Channel<ToServer, ToClient> =
        connect(server.url("/chat")).codec(Json).await.unwrap();
    chat.send(ToServer::Nonsense).await.unwrap();
    chat.send(ToServer::Say("still here".into())).await.unwrap();
    let error = chat.next().await.unwrap().unwrap_err();
    assert_eq!(error.code(), "DECODE_FAILED");
    assert!(
        matches!(&error.raw, Message::Text(text) if text.contains("Error")),
        "{error:?}"
    );
    let ToClient::Said { text, .. } = chat.next().await.unwrap().unwrap();
    assert_eq!(text, "still here");
}

#[crate::test]
async fn a_value_that_cannot_be_encoded_comes_back_and_the_channel_stays_open() {
    let server = server().await;
    // JSON has string keys only.
    type Bad = BTreeMap<(u8, u8), u8>;
    let chat: Channel<Bad, ToClient> = connect(server.url("/chat")).codec(Json).await.unwrap();
    let value = Bad::from([((1, 2), 3)]);
    let error = chat.send(value.clone()).await.unwrap_err();
    assert!(matches!(error.kind, SendErrorKind::Encode(_)), "{error:?}");
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
        channel.next().await.unwrap().unwrap_err().raw,
        Message::Binary(vec![1, 2])
    );
}
