//! How a session ends, and what becomes of what was not delivered.

use super::*;
use websocket_channel::session::{ClientPhase, Refusal, Unsendable};

pub(super) fn ended(code: u16, reason: &str, ours: bool, clean: bool) -> ClientEvent {
    ClientEvent::Ended {
        code,
        reason: reason.into(),
        ours,
        clean,
    }
}

fn server_ended(code: u16, reason: &str, ours: bool, clean: bool) -> ServerEvent {
    ServerEvent::Ended {
        code,
        reason: reason.into(),
        ours,
        clean,
    }
}

#[test]
fn a_client_closes_after_what_it_sent() {
    let mut pair = Pair::open();
    pair.client.send(DATA, b"last").unwrap();
    pair.client.close(pair.now, 4001, "done").unwrap();
    assert_eq!(pair.client.send(DATA, b"x"), Err(Unsendable::Ended));
    // What the server still says is dropped.
    pair.server().send(DATA, b"unread").unwrap();
    pair.pump();
    assert_eq!(pair.client.phase(), ClientPhase::Open);
    assert_eq!(pair.read().1, ["last", "done"]);
    pair.pump();
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(4001, "done", true, true))
    );
    assert!(
        pair.server_events
            .contains(&server_ended(4001, "done", false, true))
    );
}

#[test]
fn a_server_closes_and_the_client_acknowledges_before_it_ends() {
    let mut pair = Pair::open();
    let now = pair.now;
    pair.server().send(DATA, b"last").unwrap();
    pair.server().close(now, 4002, "enough").unwrap();
    pair.pump();
    assert_eq!(pair.read().0, ["last", "enough"]);
    assert_eq!(pair.client.phase(), ClientPhase::Open);
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Ack(2)])));
    pair.events();
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(4002, "enough", false, true))
    );
    pair.tell_server(&batch(&[Frame::Ack(2)]));
    assert!(
        pair.server_events
            .contains(&server_ended(4002, "enough", true, true))
    );
}

/// The server would not know that everything was read, and tell its application so.
#[test]
fn a_client_that_reads_the_end_while_disconnected_reconnects_to_acknowledge_it() {
    let away = || {
        let mut pair = Pair::open();
        let now = pair.now;
        pair.server().send(DATA, b"last").unwrap();
        pair.server().close(now, 4002, "enough").unwrap();
        pair.pump();
        pair.cut(Blame::Suspicious);
        assert_eq!(pair.read().0, ["last", "enough"]);
        assert_eq!(pair.client.phase(), ClientPhase::Down);
        pair
    };
    let end = ended(4002, "enough", false, true);
    let mut pair = away();
    pair.connect();
    assert_eq!(pair.client_events.last(), Some(&end));
    assert!(
        pair.server_events
            .contains(&server_ended(4002, "enough", true, true))
    );
    // Within the close timeout, not for ever.
    let mut pair = away();
    pair.later(millis(9_999));
    assert_eq!(pair.client.phase(), ClientPhase::Down);
    pair.later(millis(1));
    assert_eq!(pair.client_events.last(), Some(&end));
    // And there may be nobody left to be told.
    let mut pair = away();
    pair.registry = Registry::new(Settings::default(), RegistryBounds::default(), 100, hash);
    pair.connect();
    assert_eq!(pair.client_events.last(), Some(&end));
}

#[test]
fn both_may_close_at_once() {
    let mut pair = Pair::open();
    let now = pair.now;
    pair.client.close(now, 4001, "a").unwrap();
    pair.server().close(now, 4002, "b").unwrap();
    pair.pump();
    assert_eq!(pair.client.phase(), ClientPhase::Ended);
    assert_eq!(pair.registry.ids().count(), 0);
}

/// A client, or a server, that has closed with something unread, and something under way: neither was delivered, and both are told.
#[test]
fn messages_after_our_bye_are_not_acknowledged() {
    for client_closes in [true, false] {
        let mut pair = Pair::open();
        let send = |pair: &mut Pair, text: &str| {
            let sent = if client_closes {
                pair.server().send(DATA, text.as_bytes())
            } else {
                pair.client.send(DATA, text.as_bytes())
            };
            sent.unwrap();
        };
        for text in ["read", "waits"] {
            send(&mut pair, text);
        }
        pair.pump();
        let now = pair.now;
        if client_closes {
            assert_eq!(pair.client.read().unwrap().index, 0);
            pair.client.commit(now, 1);
            pair.client.close(now, 4001, "").unwrap();
        } else {
            let server = pair.server();
            assert_eq!(server.read().unwrap().index, 0);
            server.commit(now, 1);
            server.close(now, 4001, "").unwrap();
        }
        send(&mut pair, "crosses");
        pair.later(millis(300));
        // Over another connection, too, nobody says so.
        pair.cut(Blame::Suspicious);
        pair.connect();
        pair.pump();
        pair.later(millis(300));
        pair.pump();
        let committed = if client_closes {
            pair.server().committed()
        } else {
            pair.client.committed()
        };
        assert_eq!(committed, 1, "client closes: {client_closes}");
        // The end itself is read, and what was not delivered given back.
        let id = pair.id.unwrap();
        let in_doubt = if client_closes {
            let server = pair.registry.session(id).unwrap();
            assert_eq!(server.read().unwrap().head, Head::Bye { code: 4001 });
            server.commit(now, 1);
            let mut batch = Vec::new();
            assert!(server.poll_transmit(now, &mut batch));
            pair.registry.settle(now, id);
            pair.client.handle_batch(now, &batch);
            let mut server = pair.registry.poll_ended().unwrap();
            server.take_uncommitted().0
        } else {
            assert_eq!(pair.client.read().unwrap().head, Head::Bye { code: 4001 });
            pair.client.commit(now, 1);
            let batch = pair.client_says().unwrap();
            pair.tell_server(&batch);
            pair.client.take_uncommitted().0
        };
        let indices: Vec<u64> = in_doubt.iter().map(|message| message.index).collect();
        assert_eq!(indices, [1, 2], "client closes: {client_closes}");
        pair.events();
        assert_eq!(pair.client.phase(), ClientPhase::Ended);
        assert_eq!(pair.registry.ids().count(), 0);
    }
}

#[test]
fn both_may_close_with_unread_messages_and_learn_of_it() {
    let mut pair = Pair::open();
    let now = pair.now;
    pair.client.send(DATA, b"up").unwrap();
    pair.server().send(DATA, b"down").unwrap();
    pair.client.close(now, 4001, "a").unwrap();
    pair.server().close(now, 4002, "b").unwrap();
    let up = pair.client_says().unwrap();
    let down = pair.server_says().unwrap();
    pair.tell_client(&down);
    let id = pair.id.unwrap();
    let server = pair.registry.session(id).unwrap();
    server.handle_batch(now, ConnectionId(1), &up);
    pair.registry.settle(now, id);
    let mut server = pair.registry.poll_ended().unwrap();
    assert_eq!(server.take_uncommitted().0.len(), 1);
    assert_eq!(pair.client.take_uncommitted().0.len(), 1);
    pair.events();
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(4002, "b", false, false))
    );
    let mut events = std::iter::from_fn(|| server.poll_event());
    assert!(events.any(|event| event == server_ended(4001, "a", false, false)));
}

/// The server ended while its client was away: what the client has not got, no code tells.
#[test]
fn a_client_learns_that_it_has_not_received_everything() {
    for (missing, closes) in [(false, false), (true, false), (true, true)] {
        let mut pair = Pair::open();
        let now = pair.now;
        pair.server().send(DATA, b"a").unwrap();
        if !missing {
            pair.server().close(now, 1000, "").unwrap();
        }
        pair.pump();
        pair.cut(Blame::Suspicious);
        if missing {
            if closes {
                pair.server().send(DATA, b"b").unwrap();
            }
            pair.server().close(now, 1000, "").unwrap();
        }
        pair.later(millis(10_001));
        pair.events();
        assert_eq!(pair.registry.ids().count(), 0);
        pair.connect();
        assert_eq!(
            pair.client_events.last(),
            Some(&ended(1000, "", false, !missing))
        );
    }
}

/// Its `committed` says that it has read our end: that is the end, not another resume.
#[test]
fn a_client_that_resumes_an_ended_session_gets_ended() {
    let mut pair = Pair::open();
    let now = pair.now;
    pair.server().close(now, 4002, "x").unwrap();
    pair.pump();
    pair.cut(Blame::Suspicious);
    let mut hello = hello_of(&pair.hello());
    let positions = &mut hello.resume.as_mut().unwrap().positions;
    assert_eq!((positions.received, positions.committed), (1, 0));
    positions.committed = 1;
    assert_eq!(
        answered(&pair.accept(&greet(&hello))),
        "Ended 4002 0, 1000 "
    );
    pair.events();
    assert!(
        pair.server_events
            .contains(&server_ended(4002, "x", true, true))
    );
    assert_eq!(pair.registry.ids().count(), 0);
}

#[test]
fn a_client_that_closes_while_disconnected_reconnects_for_it() {
    let mut pair = Pair::open();
    pair.cut(Blame::Suspicious);
    pair.client.send(DATA, b"a").unwrap();
    pair.client.close(pair.now, 1000, "").unwrap();
    assert_eq!(pair.client.phase(), ClientPhase::Down);
    pair.connect();
    pair.pump();
    assert_eq!(pair.read().1, ["a", ""]);
    pair.pump();
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(1000, "", true, true))
    );
}

#[test]
fn an_unanswered_close_ends_at_its_timeout() {
    let mut pair = Pair::open();
    pair.cut(Blame::Suspicious);
    pair.client.send(DATA, b"a").unwrap();
    pair.client.close(pair.now, 4001, "x").unwrap();
    assert_eq!(pair.client.poll_timeout(), Some(pair.now + millis(10_000)));
    pair.later(millis(10_000));
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(4001, "x", true, false))
    );
    let (in_doubt, never_sent) = pair.client.take_uncommitted();
    assert_eq!((in_doubt.len(), never_sent.len()), (0, 1));
}

/// The `ACK` of its `BYE` was lost.
#[test]
fn a_late_client_learns_how_its_session_ended() {
    let mut pair = Pair::open();
    pair.client.close(pair.now, 4001, "x").unwrap();
    let bye = pair.client_says().unwrap();
    pair.tell_server(&bye);
    pair.read();
    while pair.server_says().is_some() {}
    pair.events();
    assert_eq!(pair.registry.ids().count(), 0);
    pair.client.disconnected(pair.now, Blame::Suspicious);
    let hello = pair.hello();
    // Who has no valid token is told nothing.
    let mut stranger = hello_of(&hello);
    stranger.resume.as_mut().unwrap().token = Secret([77; 16]);
    assert_eq!(
        answered(&pair.accept(&greet(&stranger))),
        "Expired, 3001 refused"
    );
    let accepted = pair.accept(&hello);
    assert_eq!(answered(&accepted), "Ended 4001 1, 1000 ");
    let HelloOutcome::Close {
        batch: Some(answer),
        ..
    } = accepted
    else {
        panic!();
    };
    pair.tell_client(&answer);
    // Its own reason, which is nobody else's to remember.
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(4001, "x", true, true))
    );
    // Not for ever.
    pair.later(millis(600_000));
    assert_eq!(answered(&pair.accept(&hello)), "Expired, 3001 refused");
}

/// Why a session was lost is remembered as how one ended: for who has a token, and not for ever.
#[test]
fn a_late_client_learns_why_its_session_was_lost() {
    for refusal in [Refusal::Broken, Refusal::Behind, Refusal::Rewound] {
        let mut pair = Pair::open();
        if refusal == Refusal::Broken {
            for _ in 0..7 {
                pair.tell_server(b"\x00\x09\x00");
                pair.cut(Blame::Innocent);
                pair.connect();
                pair.pump();
            }
            pair.tell_server(b"\x00\x09\x00");
        } else {
            pair.cut(Blame::Innocent);
            let mut hello = hello_of(&pair.hello());
            let positions = &mut hello.resume.as_mut().unwrap().positions;
            if refusal == Refusal::Behind {
                (positions.first, positions.next) = (1, 1);
            } else {
                positions.received = 1;
            }
            // Nobody hears the answer.
            pair.accept(&greet(&hello));
            pair.events();
        }
        assert_eq!(pair.server_events.last(), Some(&ServerEvent::Lost(refusal)));
        assert_eq!(pair.registry.ids().count(), 0);
        pair.client.disconnected(pair.now, Blame::Innocent);
        let hello = pair.hello();
        let mut stranger = hello_of(&hello);
        stranger.resume.as_mut().unwrap().token = Secret([77; 16]);
        assert_eq!(
            answered(&pair.accept(&greet(&stranger))),
            "Expired, 3001 refused"
        );
        assert_eq!(
            answered(&pair.accept(&hello)),
            format!("{refusal:?}, 3001 refused")
        );
        pair.later(millis(600_000));
        assert_eq!(answered(&pair.accept(&hello)), "Expired, 3001 refused");
    }
}

#[test]
fn a_session_expires_and_returns_its_undelivered_messages() {
    let mut pair = Pair::open();
    pair.server().send(DATA, b"sent").unwrap();
    pair.pump();
    pair.cut(Blame::Suspicious);
    pair.server().send(DATA, b"never").unwrap();
    let id = pair.id.unwrap();
    pair.registry.settle(pair.now, id);
    // The entry from before its confirmation is looked at first.
    pair.now += millis(30_000);
    pair.registry.handle_timeout(pair.now);
    assert_eq!(
        pair.registry.poll_timeout(),
        Some(pair.now + millis(90_000))
    );
    pair.now += millis(90_000);
    pair.registry.handle_timeout(pair.now);
    let mut server = pair.registry.poll_ended().unwrap();
    assert_eq!(
        server.poll_event(),
        Some(ServerEvent::Lost(Refusal::Expired))
    );
    let (in_doubt, never_sent) = server.take_uncommitted();
    assert_eq!((in_doubt[0].index, never_sent[0].index), (0, 1));
    // The client is told when it comes at last.
    pair.client.send(DATA, b"late").unwrap();
    pair.connect();
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Lost(Refusal::Expired))
    );
    let (in_doubt, never_sent) = pair.client.take_uncommitted();
    assert_eq!((in_doubt.len(), never_sent.len()), (0, 1));
}

/// The server's timer has not fired when its client comes.
#[test]
fn an_expired_session_is_not_resumed_before_its_timer_fires() {
    let mut pair = Pair::open();
    pair.pump();
    pair.cut(Blame::Suspicious);
    let id = pair.id.unwrap();
    pair.registry.settle(pair.now, id);
    pair.now += millis(120_000);
    let hello = pair.hello();
    assert_eq!(answered(&pair.accept(&hello)), "Expired, 3001 refused");
    assert!(pair.registry.poll_ended().is_some());
}

/// One entry a lost connection, no timer a session: one that came back is not expired by an older entry.
#[test]
fn a_session_does_not_expire_if_its_client_resumes_in_time() {
    let mut pair = Pair::open();
    for _ in 0..10 {
        pair.cut(Blame::Suspicious);
        pair.now += millis(60_000);
        pair.registry.handle_timeout(pair.now);
        pair.connect();
        pair.pump();
        assert_eq!(pair.client.phase(), ClientPhase::Open);
    }
    pair.cut(Blame::Suspicious);
    pair.now += millis(120_000);
    pair.registry.handle_timeout(pair.now);
    pair.registry.handle_timeout(pair.now);
    assert_eq!(pair.registry.ids().count(), 0);
}

/// One that came back and left again expires at its own time, not with the others that left meanwhile.
#[test]
fn sessions_expire_in_the_order_of_their_deadlines() {
    let mut pair = Pair::open();
    let first = pair.id.unwrap();
    let connection = pair.connection();
    pair.cut(Blame::Suspicious);
    pair.now += millis(10_000);
    pair.connect();
    pair.pump();
    pair.now += millis(10_000);
    // At 20 s the first one leaves for good, at 60 s another.
    pair.cut(Blame::Suspicious);
    assert_ne!(pair.connection(), connection);
    pair.now += millis(40_000);
    pair.client = Client::new(Settings::default(), 9);
    pair.connect();
    pair.pump();
    pair.cut(Blame::Suspicious);
    for (after, left) in [
        (59_999, 2),
        (1, 2),
        (19_999, 2),
        (1, 1),
        (39_999, 1),
        (1, 0),
    ] {
        pair.now += millis(after);
        pair.registry.handle_timeout(pair.now);
        assert_eq!(pair.registry.ids().count(), left, "{:?}", pair.now);
        assert_eq!(pair.registry.session(first).is_some(), left == 2);
    }
    assert_eq!(pair.registry.poll_timeout(), None);
}

#[test]
fn ended_sessions_are_remembered_within_bounds() {
    let mut bounds = RegistryBounds::default();
    bounds.ended = 1;
    let mut pair = Pair::with(Settings::default(), Settings::default(), bounds);
    let mut hellos = Vec::new();
    for number in 0..2 {
        pair.client = Client::new(Settings::default(), number);
        pair.connect();
        pair.pump();
        pair.client.close(pair.now, 4001, "").unwrap();
        let bye = pair.client_says().unwrap();
        pair.tell_server(&bye);
        pair.read();
        while pair.server_says().is_some() {}
        pair.events();
        pair.client.disconnected(pair.now, Blame::Innocent);
        hellos.push(pair.hello());
    }
    assert_eq!(answered(&pair.accept(&hellos[0])), "Expired, 3001 refused");
    assert_eq!(answered(&pair.accept(&hellos[1])), "Ended 4001 1, 1000 ");
}

/// Ended says what was committed: the client's `BYE`, or only what is before it. What is not was in vain.
#[test]
fn a_client_learns_whether_its_end_was_committed() {
    for (committed, ours) in [(0, false), (1, false), (2, true)] {
        let mut pair = Pair::open();
        pair.client.send(DATA, b"a").unwrap();
        pair.client.close(pair.now, 4001, "x").unwrap();
        while pair.client_says().is_some() {}
        pair.cut(Blame::Innocent);
        pair.hello();
        pair.tell_client(&batch(&[Frame::Welcome(Welcome::Ended {
            code: 4002,
            committed,
            next: 1,
        })]));
        let expected = if ours {
            ended(4001, "x", true, true)
        } else {
            ended(4002, "", false, false)
        };
        assert_eq!(pair.client_events.last(), Some(&expected));
        let next = pair.client.next().1;
        let (in_doubt, never_sent) = pair.client.take_uncommitted();
        assert_eq!(in_doubt.len(), usize::from(committed == 0));
        assert_eq!(never_sent.len(), 0);
        // They are given back once, and their indices are nobody else's.
        assert_eq!(pair.client.take_uncommitted(), (Vec::new(), Vec::new()));
        assert_eq!(pair.client.next().1, next);
        assert_eq!(pair.client.retained(), 0);
    }
}

#[test]
fn after_stop_reading_everything_is_committed() {
    let mut pair = Pair::open();
    let now = pair.now;
    pair.server().stop_reading(now);
    for _ in 0..100 {
        pair.client
            .send(DATA, "x".repeat(10_000).as_bytes())
            .unwrap();
    }
    pair.client.flush();
    pair.pump();
    assert_eq!(pair.client.committed(), 100);
    assert_eq!(pair.server().held(), 0);
}
