//! Against the test server, natively and in every browser.

use crate::server::{Server, server, unique};
use crate::{at_once, is_away, lost, said, tomorrow, until};
use core::pin::pin;
use core::time::Duration;
use futures::future::{Either, join_all, join3, select};
use websocket_channel::error::LostReason;
use websocket_channel::session::{OnLost, Refusal};
use websocket_channel::{
    ClosedBy, Connect, ConnectErrorKind, Received, RecvError, RequestErrorKind, Session, Status,
    Text, connect,
};

pub(crate) fn echo(server: &Server, tag: &str) -> Connect<String, String> {
    let url = server.url(format_args!("/session/echo?tag={tag}"));
    connect(url)
        .codec(Text)
        .reconnect(at_once())
        .session(Session::default())
}

#[crate::test]
async fn a_session_goes_on_after_each_kind_of_cut() {
    let server = server().await;
    let mut steering = server.steering().await;
    for how in ["rst", "fin"] {
        let tag = unique(how);
        let mut channel = echo(&server, &tag).await.unwrap();
        for round in 0..10 {
            // Some of it has arrived there when the connection is cut, some has not.
            for number in 0..20 {
                let line = format!("{round} {number}");
                channel.send(line).await.unwrap();
            }
            let cut = format!(r#"{{"do":"cut","tag":"{tag}","how":"{how}"}}"#);
            steering.command(&cut).await;
            for number in 0..20 {
                let line = channel.next().await.unwrap().unwrap();
                assert_eq!(line, format!("{round} {number}"), "{how}");
            }
        }
        channel.flush().await.unwrap();
        let stats = channel.control().stats();
        assert!(stats.resumed >= 5, "{how}: {stats:?}");
        assert_eq!(stats.retained_bytes, 0);
        let closed = channel.control().close(1000, "").await.unwrap();
        assert_eq!((closed.was_clean, closed.by), (true, ClosedBy::Local));
    }
}

#[crate::test]
async fn sends_succeed_while_there_is_no_connection() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("away");
    let mut channel = echo(&server, &tag).reconnect(tomorrow()).await.unwrap();
    let control = channel.control();
    let mut statuses = control.status_changes();
    steering.tell("cut", &tag).await;
    until(&mut statuses, is_away).await;
    for line in ["a", "b"] {
        channel.send(line.into()).await.unwrap();
    }
    control.reconnect_now();
    for line in ["a", "b"] {
        assert_eq!(channel.next().await.unwrap().unwrap(), line);
    }
    assert_eq!(control.status(), Status::Open);
}

#[crate::test]
async fn large_values_go_in_parts_and_arrive_whole() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("large");
    let mut channel = echo(&server, &tag).await.unwrap();
    for letter in ["x", "y", "z"] {
        let line = letter.repeat(500_000);
        channel.send(line.clone()).await.unwrap();
        steering.tell("cut", &tag).await;
        assert!(channel.next().await.unwrap().unwrap() == line);
    }
}

#[crate::test]
async fn what_a_faulty_server_does_costs_a_connection_and_no_value() {
    let server = server().await;
    for name in [
        "bad-ack",
        "credit-overflow",
        "credit-behind",
        "resume-during-resume",
        "late-hello",
        "move",
    ] {
        let tag = unique(name);
        let url = server.url(format_args!("/session/fault/{name}?tag={tag}"));
        let connecting = connect(url)
            .codec(Text)
            .connect_timeout(Duration::from_secs(1))
            .reconnect(at_once().max_delay(Duration::ZERO));
        let mut channel = connecting.session(Session::default()).await.unwrap();
        for line in ["one", "two"] {
            assert_eq!(said(&mut channel, line).await, line, "{name}");
        }
        let mut statuses = channel.control().status_changes();
        until(&mut statuses, |status| *status == Status::Open).await;
        while channel.control().stats().resumed == 0 {
            assert_eq!(said(&mut channel, "again").await, "again", "{name}");
        }
    }
}

#[crate::test]
async fn a_session_that_cannot_go_on_comes_back_with_its_values() {
    let server = server().await;
    for (name, refusal) in [
        ("stale-token", Refusal::Expired),
        ("gap", Refusal::Behind),
        ("two-connections", Refusal::Fenced),
    ] {
        for on_lost in [OnLost::End, OnLost::Renew] {
            let tag = unique(name);
            let url = server.url(format_args!("/session/fault/{name}?tag={tag}"));
            let session = Session::default().on_lost(on_lost);
            let connecting = connect(url).codec(Text).reconnect(at_once());
            let mut channel = connecting.session(session).await.unwrap();
            channel.send("one".into()).await.unwrap();
            let told = loop {
                match channel.next().await {
                    // It may have been answered before.
                    Some(Ok(line)) => assert_eq!(line, "one"),
                    told => break lost(told),
                }
            };
            assert_eq!(told.reason, LostReason::Refused(refusal), "{name}");
            assert_eq!(told.renewed, on_lost == OnLost::Renew, "{name}");
            assert!(told.never_sent.is_empty(), "{name}");
            if on_lost == OnLost::End {
                assert_eq!(channel.next().await, None, "{name}");
                assert_eq!(channel.closed().await.by, ClosedBy::Error, "{name}");
            }
        }
    }
}

#[crate::test]
async fn the_first_connection_is_not_retried() {
    let server = server().await;
    let tag = unique("first");
    let to = |path: &str| {
        let url = server.url(format_args!("{path}?tag={tag}"));
        let limit = Duration::from_secs(2);
        let connecting = connect(url).codec(Text).connect_timeout(limit);
        connecting.session(Session::default())
    };
    let error = to("/session/fault/later").await.map(drop).unwrap_err();
    let ConnectErrorKind::SessionLater { after } = error.kind else {
        panic!("{error:?}");
    };
    assert_eq!(after, Duration::from_millis(200));
    for path in ["/echo", "/sink", "/session/fault/lost-welcome"] {
        let error = to(path).await.map(drop).unwrap_err();
        assert_eq!(error.code(), "NO_SESSION", "{path}: {error}");
    }
    let error = connect(server.refused())
        .session(Session::default())
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.code(), "CONNECT_FAILED");
}

/// What has arrived and was not read stays readable behind the end.
#[crate::test]
async fn the_servers_end_comes_behind_its_values() {
    let server = server().await;
    let url = server.url("/session/burst?count=1000");
    let mut channel = connect(url)
        .codec(websocket_channel::Raw)
        .session(Session::default())
        .await
        .unwrap();
    let mut values = 0;
    let end = loop {
        match channel.next().await {
            Some(Ok(_)) => values += 1,
            end => break end,
        }
    };
    assert_eq!(values, 1000);
    assert!(
        matches!(end, None | Some(Err(RecvError::ChannelClosed(_)))),
        "{end:?}"
    );
    let closed = channel.closed().await;
    assert_eq!((closed.by, closed.was_clean), (ClosedBy::Remote, true));
}

/// Each is answered once, whatever is cut between; and the server asks the client meanwhile.
#[crate::test]
async fn requests_are_answered_over_cuts_in_both_directions() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("rpc");
    let url = server.url(format_args!("/session/rpc?tag={tag}"));
    let connecting = connect(url).codec(Text).reconnect(at_once());
    let channel = connecting.session(Session::default()).await.unwrap();
    let (sender, mut received) = channel.answering();
    let mut asked = 0;
    for round in 0..10 {
        let ask = |text: String| sender.request::<String>(text);
        let numbers = join_all((0..20).map(|number| ask(number.to_string())));
        let backwards = join_all((0..5).map(|number| ask(format!("ask {round} {number}"))));
        let mut all = pin!(join3(numbers, backwards, steering.tell("cut", &tag)));
        let (numbers, backwards, _) = loop {
            match select(&mut all, pin!(received.next())).await {
                Either::Left((all, _)) => break all,
                Either::Right((item, _)) => {
                    let Some(Ok(Received::Request(line, responder))) = item else {
                        panic!("{item:?}");
                    };
                    asked += 1;
                    responder.respond(line + "!").await.unwrap();
                }
            }
        };
        for (number, answer) in numbers.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), (2 * number).to_string());
        }
        for (number, answer) in backwards.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), format!("{round} {number}!"));
        }
    }
    assert_eq!(asked, 50);
    let stats = sender.control().stats();
    assert!(stats.resumed >= 5, "{stats:?}");
    assert_eq!(stats.unawaited_answers, 0);
}

#[crate::test]
async fn requests_fail_and_time_out() {
    let server = server().await;
    let url = server.url("/session/rpc");
    let connecting = connect(url).codec(Text).session(Session::default());
    let channel: crate::Lines = connecting.await.unwrap();
    let error = channel.request("fail".into()).await.unwrap_err();
    let text = "as you wish".into();
    assert_eq!(error.kind, RequestErrorKind::Failed { code: 1, text });
    let limit = Duration::from_millis(50);
    let error = channel
        .request_within("never".into(), limit)
        .await
        .unwrap_err();
    assert_eq!(error.kind, RequestErrorKind::TimedOut);
    assert_eq!(channel.request("4".into()).await.unwrap(), "8");
}
