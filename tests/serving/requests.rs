//! Requests in both directions, between a client's channel and a handler's.

use crate::serve;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use websocket_channel::codec::{Decode, Encode};
use websocket_channel::error::RequestErrorKind as Kind;
use websocket_channel::server::{Info, Options};
use websocket_channel::session::OnLost;
use websocket_channel::{
    Channel, DecodeError, EncodeError, Json, Message, Received, Reconnect, Responder,
    SendErrorKind, Session, Socket, Text, connect,
};

type Lines = Channel<String, String>;

async fn client(url: &str) -> Lines {
    let none = Duration::ZERO;
    let at_once = Reconnect::default().spread(none).base_delay(none);
    connect(url)
        .codec(Text)
        .reconnect(at_once)
        .session(Session::default())
        .await
        .unwrap()
}

/// Answers every request by a function, one after the other.
fn answering<F>(answer: F) -> impl Fn(Lines, Info) -> BoxFuture<'static, ()> + Clone + Send + use<F>
where
    F: Fn(String, Responder<String>) -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static,
{
    move |channel, _| {
        let answer = answer.clone();
        Box::pin(async move {
            let (_sender, mut received) = channel.answering();
            while let Some(Ok(item)) = received.next().await {
                if let Received::Request(line, responder) = item {
                    answer(line, responder).await;
                }
            }
        })
    }
}

fn doubling() -> impl Fn(Lines, Info) -> BoxFuture<'static, ()> + Clone + Send {
    answering(|line, responder| {
        Box::pin(async move {
            let number: u64 = line.parse().unwrap();
            responder.respond((2 * number).to_string()).await.unwrap();
        })
    })
}

#[tokio::test]
async fn a_request_gets_its_answer() {
    let server = serve(Options::default(), doubling()).await;
    let channel = client(&server.url).await;
    assert_eq!(channel.request("21".into()).await.unwrap(), "42");
    let (sender, receiver) = channel.split();
    let answer: String = sender.request("4".into()).await.unwrap();
    assert_eq!(answer, "8");
    // Answers come also when nobody reads values.
    drop(receiver);
    let answer: String = sender.request("5".into()).await.unwrap();
    assert_eq!(answer, "10");
    // What is answered is committed and acknowledged, though nothing else is said.
    let control = sender.control();
    sender.flush().await.unwrap();
    assert_eq!(control.stats().retained_bytes, 0);
    assert_eq!(control.stats().unawaited_answers, 0);
}

#[tokio::test]
async fn another_type_than_the_channels_is_an_error_before_anything_is_sent() {
    let server = serve(Options::default(), doubling()).await;
    let (sender, _receiver) = client(&server.url).await.split();
    let error = sender.request::<u64>("21".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (Kind::WrongType, Some("21".into()))
    );
}

#[tokio::test]
async fn a_channel_without_a_session_gives_the_value_back() {
    let limits = websocket_channel::transport::Limits::default();
    let (ours, _theirs) = Socket::pair(&limits, "");
    let channel: Lines = Channel::from_socket(ours, Text);
    let error = channel.request("21".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (Kind::NoSession, Some("21".into()))
    );
}

/// Requests and values are in one order, each way.
#[tokio::test]
async fn requests_and_values_are_in_one_order() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let handler = move |channel: Lines, _: Info| {
        let seen = seen.clone();
        async move {
            let (sender, mut received) = channel.answering();
            while let Some(Ok(item)) = received.next().await {
                match item {
                    Received::Value(line) => seen.lock().unwrap().push(line),
                    Received::Request(line, responder) => {
                        seen.lock().unwrap().push(format!("{line}?"));
                        sender.send(format!("before {line}")).await.unwrap();
                        responder.respond(line).await.unwrap();
                    }
                    _ => {}
                }
            }
        }
    };
    let server = serve(Options::default(), handler).await;
    let mut channel = client(&server.url).await;
    for number in 0..50 {
        let line = number.to_string();
        channel.send(line.clone()).await.unwrap();
        assert_eq!(channel.request(line.clone()).await.unwrap(), line);
        // It was sent before the response, so it is here.
        let before = channel.next().now_or_never().unwrap();
        assert_eq!(before.unwrap().unwrap(), format!("before {line}"));
    }
    let expected: Vec<String> = (0..50)
        .flat_map(|n| [format!("{n}"), format!("{n}?")])
        .collect();
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn an_error_of_the_peer_has_its_text() {
    let handler = answering(|line, responder| {
        Box::pin(async move {
            match &*line {
                "drop" => drop(responder),
                line => responder.fail(format!("no {line}")).await.unwrap(),
            }
        })
    });
    let server = serve(Options::default(), handler).await;
    let channel = client(&server.url).await;
    let failed = |text: &str| Kind::Failed {
        code: 1,
        text: text.into(),
    };
    let error = channel.request("tea".into()).await.unwrap_err();
    assert_eq!((error.kind, error.value), (failed("no tea"), None));
    let error = channel.request("drop".into()).await.unwrap_err();
    assert_eq!(
        error.kind,
        failed("the request was dropped without an answer")
    );
}

/// A peer that reads only values, on either side.
#[tokio::test]
async fn a_request_that_nobody_takes_is_answered_with_an_error() {
    let handler = |mut channel: Lines, _: Info| async move {
        while let Some(Ok(line)) = channel.next().await {
            let answer = match channel.request(line).await {
                Ok(answer) => answer,
                Err(error) => error.code().into(),
            };
            channel.send(answer).await.unwrap();
        }
    };
    let server = serve(Options::default(), handler).await;
    let mut channel = client(&server.url).await;
    let error = channel.request("?".into()).await.unwrap_err();
    let text = "requests are not answered here".into();
    assert_eq!(error.kind, Kind::Failed { code: 1, text });
    channel.send("?".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "FAILED");
}

/// Both sides ask, and answer in the order of their choice.
#[tokio::test]
async fn a_thousand_requests_are_answered_out_of_order_in_both_directions() {
    async fn all(channel: Lines) -> usize {
        let (sender, mut received) = channel.answering();
        let mut asked: FuturesUnordered<_> = (0..1000)
            .map(|number| {
                let sender = &sender;
                async move {
                    let answer: String = sender.request(format!("{number}")).await.unwrap();
                    assert_eq!(answer, format!("{number}!"));
                }
            })
            .collect();
        let mut waiting: Vec<(String, Responder<String>)> = Vec::new();
        let mut answered = 0;
        let mut got = 0;
        while answered < 1000 || got < 1000 {
            tokio::select! {
                Some(()) = asked.next() => got += 1,
                item = received.next() => {
                    if let Some(Ok(Received::Request(line, responder))) = item {
                        waiting.push((line, responder));
                    }
                    // The last first.
                    if waiting.len() == 1000 {
                        while let Some((line, responder)) = waiting.pop() {
                            responder.respond(format!("{line}!")).await.unwrap();
                            answered += 1;
                        }
                    }
                }
            }
        }
        drop(asked);
        sender.flush().await.unwrap();
        got
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = Arc::new(Mutex::new(Some(tell)));
    let handler = move |channel: Lines, _: Info| {
        let tell = tell.clone();
        async move {
            let got = all(channel).await;
            tell.lock().unwrap().take().unwrap().send(got).unwrap();
        }
    };
    let server = serve(Options::default(), handler).await;
    let ours = all(client(&server.url).await);
    let (ours, theirs) = futures::join!(ours, told);
    assert_eq!((ours, theirs.unwrap()), (1000, 1000));
}

#[tokio::test]
async fn a_thousand_and_first_request_is_an_error() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeping = kept.clone();
    let handler = answering(move |_, responder| {
        keeping.lock().unwrap().push(responder);
        Box::pin(async {})
    });
    let server = serve(Options::default(), handler).await;
    let channel = client(&server.url).await;
    let mut asked: FuturesUnordered<_> = (0..1000).map(|_| channel.request("?".into())).collect();
    assert!(asked.next().now_or_never().is_none());
    let error = channel.request("one more".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (Kind::TooMany, Some("one more".into()))
    );
    while kept.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let one = kept.lock().unwrap().pop().unwrap();
    one.respond("!".into()).await.unwrap();
    assert_eq!(asked.next().await.unwrap().unwrap(), "!");
    assert!(channel.request("one more".into()).now_or_never().is_none());
}

/// The responder hears of it, and its late answer is discarded.
#[tokio::test]
async fn a_dropped_request_is_cancelled() {
    let cancelled = Arc::new(AtomicUsize::new(0));
    let counts = cancelled.clone();
    let handler = answering(move |line, mut responder| {
        let counts = counts.clone();
        Box::pin(async move {
            if line == "never" {
                // Inline: CANCEL has to pass a handler that does not read.
                tokio::spawn(async move {
                    responder.cancelled().await;
                    counts.fetch_add(1, Ordering::Relaxed);
                    responder.respond("late".into()).await.unwrap();
                });
            } else {
                responder.respond(line).await.unwrap();
            }
        })
    });
    let server = serve(Options::default(), handler).await;
    let channel = client(&server.url).await;
    let error = channel
        .request_within("never".into(), Duration::from_millis(50))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.value), (Kind::TimedOut, None));
    let mut dropped = Box::pin(channel.request("never".into()));
    assert!((&mut dropped).now_or_never().is_none());
    assert_eq!(channel.request("here".into()).await.unwrap(), "here");
    drop(dropped);
    while cancelled.load(Ordering::Relaxed) < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(channel.request("there".into()).await.unwrap(), "there");
    // The peer knew that nobody waits.
    assert_eq!(channel.control().stats().unawaited_answers, 0);
}

/// An answer that crosses the cancellation is counted.
#[tokio::test]
async fn an_answer_that_nobody_awaits_is_counted() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeping = kept.clone();
    let handler = answering(move |_, responder| {
        keeping.lock().unwrap().push(responder);
        Box::pin(async {})
    });
    let server = serve(Options::default(), handler).await;
    let channel = client(&server.url).await;
    let mut dropped = Box::pin(channel.request("?".into()));
    let responder = loop {
        assert!((&mut dropped).now_or_never().is_none());
        if let Some(responder) = kept.lock().unwrap().pop() {
            break responder;
        }
        tokio::task::yield_now().await;
    };
    let control = channel.control();
    // The response is on its way before the client's task can run again, or its CANCEL is first.
    let responding = tokio::spawn(responder.respond("!".into()));
    responding.await.unwrap().unwrap();
    drop(dropped);
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    while control.stats().unawaited_answers == 0 {
        assert!(tokio::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_response_that_cannot_be_decoded_is_kept() {
    let server = serve(Options::default(), doubling()).await;
    let channel: Channel<u64, bool> = connect(&*server.url)
        .codec(Json)
        .session(Session::default())
        .await
        .unwrap();
    let error = channel.request(4).await.unwrap_err();
    let Kind::DecodeFailed(error) = error.kind else {
        panic!("{error:?}");
    };
    assert_eq!(error.raw, Message::from("8"));
}

/// A codec that takes no `x`.
struct NoX;

impl Encode<String> for NoX {
    fn encode(&self, line: &String) -> Result<Message, EncodeError> {
        match line.contains('x') {
            true => Err(EncodeError::new("x")),
            false => Ok(line.clone().into()),
        }
    }
}

impl Decode<String> for NoX {
    fn decode(&self, message: Message) -> Result<String, DecodeError> {
        Text.decode(message)
    }
}

#[tokio::test]
async fn what_cannot_be_encoded_or_is_too_large_comes_back() {
    let handler = answering(|_, responder| {
        Box::pin(async move {
            let error = responder.respond("y".repeat(2000)).await.unwrap_err();
            assert_eq!(error.kind, SendErrorKind::SendRefused);
            assert_eq!(error.value.len(), 2000);
        })
    });
    let server = serve(Options::default().max_message(1024), handler).await;
    let channel = connect(&*server.url)
        .codec(NoX)
        .session(Session::default().max_message(1024))
        .await
        .unwrap();
    let error = channel.request("x".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (
            Kind::NotSent(SendErrorKind::EncodeFailed(EncodeError::new("x"))),
            Some("x".into())
        )
    );
    let large = "y".repeat(2000);
    let error = channel.request(large.clone()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (Kind::NotSent(SendErrorKind::SendRefused), Some(large))
    );
    let error = channel.request("y".into()).await.unwrap_err();
    assert_eq!(error.code(), "FAILED");
}

#[tokio::test]
async fn a_lost_session_leaves_requests_in_doubt_and_a_new_one_answers() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = asked.clone();
    let handler = answering(move |line, mut responder| {
        let counts = counts.clone();
        Box::pin(async move {
            counts.fetch_add(1, Ordering::Relaxed);
            match &*line {
                "never" => responder.cancelled().await,
                _ => responder.respond(line).await.unwrap(),
            }
        })
    });
    let options = Options::default().retention_time(Duration::from_millis(100));
    let server = serve(options, handler).await;
    let none = Duration::ZERO;
    let channel = connect(&*server.url)
        .codec(Text)
        .reconnect(Reconnect::default().spread(none).base_delay(none))
        .session(Session::default().on_lost(OnLost::Renew))
        .await
        .unwrap();
    let control = channel.control();
    let mut doubtful = Box::pin(channel.request("never".into()));
    while asked.load(Ordering::Relaxed) == 0 {
        assert!((&mut doubtful).now_or_never().is_none());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    control.suspend();
    while server.sessions.totals().sessions > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut unsent = Box::pin(channel.request("later".into()));
    assert!((&mut unsent).now_or_never().is_none());
    control.resume();
    let error = doubtful.await.unwrap_err();
    let lost = |in_doubt| Kind::SessionLost { in_doubt };
    assert_eq!((error.kind, error.value), (lost(true), None));
    let error = unsent.await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (lost(false), Some("later".into()))
    );
    assert_eq!(channel.request("again".into()).await.unwrap(), "again");
}

/// The end of a session ends what waits on both sides.
#[tokio::test]
async fn the_end_ends_requests() {
    let handler = |channel: Lines, _: Info| async move {
        let (_sender, mut received) = channel.answering();
        let Some(Ok(Received::Request(_, responder))) = received.next().await else {
            panic!("no request");
        };
        // The handler returns, and the session ends.
        std::mem::forget(responder);
    };
    let server = serve(Options::default(), handler).await;
    let channel = client(&server.url).await;
    let error = channel.request("?".into()).await.unwrap_err();
    assert_eq!(error.kind, Kind::SessionLost { in_doubt: true });
    let error = channel.request("?".into()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.value),
        (Kind::NotSent(SendErrorKind::NotOpen), Some("?".into()))
    );
}

#[tokio::test]
async fn requests_wait_for_a_connection_and_are_answered_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = asked.clone();
    let handler = answering(move |line, responder| {
        counts.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { responder.respond(line).await.unwrap() })
    });
    let server = serve(Options::default(), handler).await;
    let channel = client(&server.url).await;
    let control = channel.control();
    for round in 0..20 {
        control.suspend();
        let mut asked: FuturesUnordered<_> = (0..10)
            .map(|number| channel.request(format!("{round} {number}")))
            .collect();
        assert!(asked.next().now_or_never().is_none());
        control.resume();
        let mut answers = 0;
        while let Some(answer) = asked.next().await {
            answer.unwrap();
            answers += 1;
        }
        assert_eq!(answers, 10);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 200);
}
