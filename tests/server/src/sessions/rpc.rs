//! Answers requests.

use tokio::task::JoinSet;
use websocket_channel::{Channel, Message, Received, Responder, Sender};

/// Answers every request, each in a task of its own, so that none waits for another.
pub(super) async fn answer(channel: Channel<Message, Message>) {
    let (sender, mut received) = channel.answering();
    // They end with it.
    let mut answers = JoinSet::new();
    while let Some(Ok(item)) = received.next().await {
        match item {
            Received::Request(question, responder) => {
                answers.spawn(answer_one(question, responder, sender.clone()));
            }
            Received::Value(value) => {
                let sent = sender.send(value).await;
                if sent.is_err() {
                    return;
                }
            }
            _ => {}
        }
        while answers.try_join_next().is_some() {}
    }
}

async fn answer_one(question: Message, mut responder: Responder<Message>, sender: Sender<Message>) {
    let text = String::from_utf8_lossy(question.as_bytes()).into_owned();
    // The end of a session is told to whoever asked.
    if text == "never" {
        responder.cancelled().await;
    } else if text == "fail" {
        let _ = responder.fail("as you wish").await;
    } else if let Some(question) = text.strip_prefix("ask ") {
        let _ = match sender.request::<Message>(question.into()).await {
            Ok(answer) => responder.respond(answer).await.map_err(|error| error.kind),
            Err(error) => responder.fail(error.to_string()).await,
        };
    } else if let Ok(number) = text.parse::<u64>() {
        let doubled = number.wrapping_mul(2).to_string();
        let _ = responder.respond(doubled.into()).await;
    } else {
        let _ = responder.fail(format!("{text:?} is not a number")).await;
    }
}
