//! How a session ends, and what becomes of what was not delivered.

use super::*;
use websocket_channel::session::wire::UNDELIVERED;
use websocket_channel::session::{ClientPhase, Refusal, Unsendable};

fn ended(code: u16, reason: &str, ours: bool, clean: bool) -> ClientEvent {
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
    assert_eq!(
        pair.registry.poll_timeout(),
        Some(pair.now + millis(120_000))
    );
    pair.now += millis(120_000);
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

/// What the client says is passed on, up to a batch with this word in it, which its connection does not survive.
fn pass_until_poison(pair: &mut Pair) {
    while let Some(batch) = pair.client_says() {
        if batch.windows(6).any(|window| window == b"poison") {
            break;
        }
        pair.tell_server(&batch);
        while let Some(batch) = pair.server_says() {
            if batch.windows(6).any(|window| window == b"poison") {
                return;
            }
            pair.tell_client(&batch);
        }
    }
}

/// A message that ends every connection it is sent on, behind others in the same batch. So long passes from one to the next.
fn poisoned(blame: Blame, every: u64) -> (Pair, u32) {
    let mut pair = Pair::open();
    let mut connections = 0;
    for text in ["a", "b", "poison", "c"] {
        pair.client.send(DATA, text.as_bytes()).unwrap();
    }
    for _ in 0..50 {
        pass_until_poison(&mut pair);
        if pair.server().next().0 == 4 {
            break;
        }
        pair.now += millis(1);
        pair.cut(blame);
        connections += 1;
        pair.now += millis(every);
        pair.connect();
        let welcome = pair.server_says().unwrap();
        pair.tell_client(&welcome);
    }
    (pair, connections)
}

#[test]
fn a_message_that_ends_every_connection_is_replaced_and_reported() {
    // Two in batches on resumed connections, behind the first one; then one after the other alone, and the culprit twice.
    // Who says that a message was at fault is believed sooner. The code of any other violation may be for a message, too.
    for (blame, most) in [
        (Blame::Suspicious, 5),
        (Blame::of_code(1009), 2),
        (Blame::of_code(3007), 2),
        (Blame::of_code(3009), 2),
        (Blame::of_code(3002), 5),
    ] {
        let (mut pair, connections) = poisoned(blame, 10_000);
        assert_eq!(connections, most, "{blame:?}");
        assert_eq!(pair.read().1, ["a", "b", "", "c"]);
        pair.later(millis(200));
        pair.pump();
        let undelivered = pair.client_events.iter().find_map(|event| match event {
            ClientEvent::Undelivered(message) => {
                Some((message.index, message.payload.as_bytes().to_vec()))
            }
            _ => None,
        });
        assert_eq!(undelivered, Some((2, b"poison".to_vec())), "{blame:?}");
    }
    // Connections that end for other reasons condemn nothing.
    let (pair, connections) = poisoned(Blame::Innocent, 10_000);
    assert_eq!(connections, 50);
    assert_eq!(pair.client.committed(), 0);
}

/// The other side waits for a response. It is told that there is none, by the session itself, and once.
#[test]
fn an_error_takes_the_place_of_a_response_that_was_not_delivered() {
    let request = Head::Request { text: true };
    let response = Head::Response { text: true, to: 0 };
    let error = Head::Error { to: 0, code: 7 };
    let in_its_place = Head::Error {
        to: 0,
        code: UNDELIVERED,
    };
    for head in [response, error, DATA] {
        for (from_client, acknowledged_at_resume) in
            [(true, false), (true, true), (false, false), (false, true)]
        {
            let name = format!("{head:?} {from_client} {acknowledged_at_resume}");
            let mut pair = Pair::open();
            if from_client {
                pair.server().send(request, b"?").unwrap();
            } else {
                pair.client.send(request, b"?").unwrap();
            }
            pair.pump();
            pair.read();
            pair.later(millis(200));
            pair.pump();
            let heads = |pair: &mut Pair| {
                let now = pair.now;
                let mut heads = Vec::new();
                while let Some(message) = if from_client {
                    pair.server().read()
                } else {
                    pair.client.read()
                } {
                    if from_client {
                        pair.server().commit(now, message.index + 1);
                    } else {
                        pair.client.commit(now, message.index + 1);
                    }
                    heads.push(message.head);
                }
                heads
            };
            if from_client {
                pair.client.send(head, b"poison").unwrap();
            } else {
                pair.server().send(head, b"poison").unwrap();
            }
            for _ in 0..3 {
                pass_until_poison(&mut pair);
                pair.cut(Blame::Message);
                pair.connect();
                let welcome = pair.server_says().unwrap();
                pair.tell_client(&welcome);
            }
            pair.pump();
            assert_eq!(heads(&mut pair), [Head::Void], "{name}");
            if acknowledged_at_resume {
                pair.cut(Blame::Innocent);
                pair.connect();
            } else {
                pair.later(millis(200));
            }
            pair.pump();
            let expected = if head == DATA {
                &[][..]
            } else {
                &[in_its_place]
            };
            assert_eq!(heads(&mut pair), expected, "{name}");
            let told = if from_client {
                let told = |event: &ClientEvent| matches!(event, ClientEvent::Undelivered(message) if message.head == head);
                pair.client_events
                    .iter()
                    .filter(|event| told(event))
                    .count()
            } else {
                let told = |event: &ServerEvent| matches!(event, ServerEvent::Undelivered(message) if message.head == head);
                pair.server_events
                    .iter()
                    .filter(|event| told(event))
                    .count()
            };
            assert_eq!(told, 1, "{name}");
            pair.later(millis(200));
            pair.pump();
            assert_eq!(heads(&mut pair), [], "{name}");
        }
    }
}

/// Nothing may be sent after `BYE`, and nobody waits any more.
#[test]
fn no_error_takes_the_place_of_a_response_at_the_end() {
    let mut pair = Pair::open();
    pair.server()
        .send(Head::Request { text: true }, b"?")
        .unwrap();
    pair.pump();
    pair.read();
    let response = Head::Response { text: true, to: 0 };
    pair.client.send(response, b"poison").unwrap();
    pair.client.close(pair.now, 1000, "").unwrap();
    for _ in 0..4 {
        pass_until_poison(&mut pair);
        pair.cut(Blame::Message);
        pair.connect();
        let welcome = pair.server_says().unwrap();
        pair.tell_client(&welcome);
    }
    pair.pump();
    pair.read();
    pair.pump();
    assert!(matches!(
        pair.client_events[..],
        [
            ..,
            ClientEvent::Undelivered(_),
            ClientEvent::Ended { clean: true, .. }
        ]
    ));
    assert_eq!(pair.client.next().1, 2);
}

/// In a bad network connection after connection ends, and always on the same message, as nothing gets through: that condemns none within 10 s.
#[test]
fn a_bad_network_condemns_no_message() {
    let (pair, connections) = poisoned(Blame::Suspicious, 190);
    assert_eq!((connections, pair.client.next().1), (50, 4));
    let (mut pair, connections) = poisoned(Blame::Suspicious, 500);
    // Three connections until it goes alone for the first time, and 10 s of them then: 20 of 501 ms, and the one that ends them.
    assert_eq!(connections, 3 + 1 + 20);
    assert_eq!(pair.read().1, ["a", "b", "", "c"]);
}

/// Many in a row are as many messages, and no session that cannot go on: also if the peer reads none of it.
#[test]
fn every_message_may_be_one_that_no_connection_survives() {
    let mut pair = Pair::open();
    for _ in 0..10 {
        pair.client.send(DATA, b"poison").unwrap();
    }
    for _ in 0..100 {
        pass_until_poison(&mut pair);
        if pair.server().next().0 == 10 {
            break;
        }
        let (now, connection) = (pair.now, pair.connection());
        pair.client.disconnected(now, Blame::Message);
        pair.server()
            .disconnected(now, connection, Blame::Suspicious);
        pair.connect();
        let welcome = pair.server_says().unwrap();
        pair.tell_client(&welcome);
    }
    assert_eq!(pair.client.phase(), ClientPhase::Open);
    let server = pair.server();
    let heads = std::iter::from_fn(|| server.read().map(|read| read.head));
    assert_eq!(heads.collect::<Vec<_>>(), [Head::Void; 10]);
}

/// Ended says what the server has committed as an `ACK` would: also of what was replaced, and of what was delivered.
#[test]
fn messages_that_ended_reports_as_committed_are_certain() {
    let (mut pair, _) = poisoned(Blame::Suspicious, 10_000);
    pair.client.close(pair.now, 4001, "").unwrap();
    while let Some(batch) = pair.client_says() {
        pair.tell_server(&batch);
    }
    let told = |event: &ClientEvent| matches!(event, ClientEvent::Undelivered(message) if message.index == 2);
    pair.read();
    // The last `ACK` is lost.
    while pair.server_says().is_some() {}
    pair.events();
    assert_eq!(pair.registry.ids().count(), 0);
    assert!(!pair.client_events.iter().any(told));
    pair.client.disconnected(pair.now, Blame::Suspicious);
    pair.connect();
    assert_eq!(
        pair.client_events.last(),
        Some(&ended(4001, "", true, true))
    );
    assert!(pair.client_events.iter().any(told));
    let (in_doubt, never_sent) = pair.client.take_uncommitted();
    assert_eq!((in_doubt.len(), never_sent.len()), (0, 0));
}

/// Something on the way swallows a message, and what comes behind it: no close code tells, the heartbeat does.
fn swallowed(whole: bool) -> (Pair, u32) {
    let mut pair = Pair::open();
    let mut connections = 0;
    for text in ["a", "b", "poison", "c"] {
        pair.client.send(DATA, text.as_bytes()).unwrap();
    }
    while connections < 50 {
        while let Some(batch) = pair.client_says() {
            if whole || batch.windows(6).any(|window| window == b"poison") {
                break;
            }
            pair.tell_server(&batch);
            while let Some(batch) = pair.server_says() {
                pair.tell_client(&batch);
            }
        }
        if pair.server().next().0 == 4 {
            break;
        }
        for wait in [25_000, 10_000] {
            pair.now += millis(wait);
            pair.client.handle_timeout(pair.now);
            pair.client_says();
        }
        assert_eq!(
            pair.client_events.last(),
            Some(&ClientEvent::Dropped(
                websocket_channel::session::DropReason::Silent
            ))
        );
        let (now, connection) = (pair.now, pair.connection());
        pair.server().disconnected(now, connection, Blame::Silent);
        connections += 1;
        pair.connect();
        let welcome = pair.server_says().unwrap();
        pair.tell_client(&welcome);
    }
    (pair, connections)
}

#[test]
fn a_swallowed_message_is_replaced_and_reported() {
    let (mut pair, connections) = swallowed(false);
    assert_eq!(connections, 7);
    assert_eq!(pair.read().1, ["a", "b", "", "c"]);
    pair.later(millis(200));
    pair.pump();
    let undelivered = pair
        .client_events
        .iter()
        .any(|event| matches!(event, ClientEvent::Undelivered(message) if message.index == 2));
    assert!(undelivered);
    // Of a connection that is dead from its beginning no message is the cause.
    let (pair, connections) = swallowed(true);
    assert_eq!((connections, pair.client.committed()), (50, 0));
    assert_eq!(pair.client.next().1, 4);
}

/// A connection that another one replaces says little of its last message: its client gave it up, and nobody knows why.
#[test]
fn connections_that_are_replaced_condemn_as_late_as_silent_ones() {
    let mut pair = Pair::open();
    pair.server().send(DATA, b"poison").unwrap();
    let mut replaced = 0;
    while pair.client.next().0 == 0 && replaced < 20 {
        loop {
            let (up, down) = (pair.client_says(), pair.server_says());
            if up.is_none() && down.is_none() {
                break;
            }
            if let Some(batch) = up {
                pair.tell_server(&batch);
            }
            if let Some(batch) = down {
                if batch.windows(6).any(|window| window == b"poison") {
                    break;
                }
                pair.tell_client(&batch);
            }
        }
        pair.client.disconnected(pair.now, Blame::Suspicious);
        replaced += 1;
        pair.now += millis(5_000);
        pair.connect();
        let welcome = pair.server_says().unwrap();
        pair.tell_client(&welcome);
    }
    // Not on a resumed one, twice with others, three times alone; and then the `VOID`.
    assert_eq!(replaced, 7);
    assert_eq!(pair.client.read().unwrap().head, Head::Void);
}

/// The place that a `VOID` takes had parts at the peer, and the `VOID` was lost.
#[test]
fn a_message_that_is_replaced_fits_the_parts_that_the_peer_holds() {
    let mut settings = Settings::default();
    settings.batch = 256;
    let mut pair = Pair::with(settings.clone(), settings, RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair.client.send(DATA, &[b'x'; 1000]).unwrap();
    let mut first = true;
    for round in 0..6 {
        // The first batch arrives, the second never.
        while let Some(batch) = pair.client_says() {
            let frames = frames(&batch);
            let data = |frame: &Frame<'_>| matches!(frame, Frame::Part(_) | Frame::Last(..));
            if frames.iter().any(data) && !std::mem::take(&mut first) {
                break;
            }
            pair.tell_server(&batch);
            while let Some(batch) = pair.server_says() {
                pair.tell_client(&batch);
            }
        }
        pair.cut(Blame::of_code(1009));
        pair.connect();
        let welcome = pair.server_says().unwrap();
        let Welcome::Session(agreed) = welcome_of(&welcome) else {
            panic!();
        };
        assert_eq!(agreed.positions.unwrap().parts, 1, "{round}");
        pair.tell_client(&welcome);
        assert_eq!(pair.client.phase(), ClientPhase::Open, "{round}");
    }
    pair.pump();
    assert_eq!(pair.server().read().unwrap().head, Head::Void);
}

#[test]
fn a_message_above_the_peers_limit_is_reported() {
    let mut small = Settings::default();
    small.max_message = 1024;
    let mut pair = Pair::with(Settings::default(), small, RegistryBounds::default());
    pair.client.send(DATA, b"a").unwrap();
    pair.client.send(DATA, "x".repeat(1025).as_bytes()).unwrap();
    pair.client.send(DATA, b"b").unwrap();
    pair.connect();
    pair.pump();
    assert_eq!(pair.read().1, ["a", "", "b"]);
    pair.later(millis(200));
    pair.pump();
    let undelivered = pair.client_events.iter().any(
        |event| matches!(event, ClientEvent::Undelivered(message) if message.payload.len() == 1025),
    );
    assert!(undelivered);
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
