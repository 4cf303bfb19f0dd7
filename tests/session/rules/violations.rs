//! Whatever a peer does wrong ends the connection with its name, and the session stands.

use super::*;
use websocket_channel::session::ServerPhase;
use websocket_channel::session::{ClientPhase, DropReason};
use websocket_channel::session::{LaterReason, Refusal, SessionViolation, SessionWelcome};

const BINARY: Head = Head::Data { text: false };

fn small() -> Settings {
    let mut settings = Settings::default();
    settings.window = 100;
    settings.max_message = 1024;
    settings
}

/// What both sides call a violation in an open connection, on which each has sent one message, and read the other's.
#[test]
fn a_violation_is_shown_with_its_name() {
    assert_eq!(
        SessionViolation::AckAhead.to_string(),
        "session protocol violated: ack-ahead"
    );
}

#[test]
fn each_side_names_the_others_violation() {
    let long = [0; 40_000];
    let table: &[(&str, Vec<u8>)] = &[
        ("empty-batch", vec![0]),
        ("slot", vec![1, 3, 1, 0]),
        ("truncated", vec![0, 3]),
        ("unknown-kind", vec![0, 9, 0]),
        ("batch-too-long", long.to_vec()),
        ("ack-ahead", batch(&[Frame::Ack(2)])),
        ("ack-behind", batch(&[Frame::Ack(1), Frame::Ack(0)])),
        ("credit-behind", batch(&[Frame::Credit(99)])),
        ("pong", batch(&[Frame::Pong(1)])),
        (
            "order",
            batch(&[Frame::Welcome(Welcome::Refused(Refusal::Expired))]),
        ),
        ("utf8", batch(&[Frame::Last(DATA, &[0xff])])),
        (
            "utf8",
            batch(&[Frame::Part(&[0xc3]), Frame::Last(DATA, b"x")]),
        ),
        (
            "message-too-long",
            batch(&[Frame::Last(BINARY, &long[..1025])]),
        ),
        (
            "message-too-long",
            batch(&[Frame::Part(&long[..50]), Frame::Last(BINARY, &long[..975])]),
        ),
        (
            "credit-exceeded",
            batch(&[Frame::Last(BINARY, &long[..68]), Frame::Last(BINARY, b"")]),
        ),
        (
            "unfinished",
            batch(&[Frame::Part(b"x"), Frame::Last(Head::Cancel { to: 0 }, b"")]),
        ),
        (
            "unfinished",
            batch(&[
                Frame::Part(b"x"),
                Frame::Last(Head::Bye { code: 1000 }, b""),
            ]),
        ),
        (
            "after-bye",
            batch(&[
                Frame::Last(Head::Bye { code: 1000 }, b""),
                Frame::Last(BINARY, b""),
            ]),
        ),
        (
            "after-bye",
            batch(&[
                Frame::Last(Head::Bye { code: 1000 }, b""),
                Frame::Part(b"x"),
            ]),
        ),
        (
            "reference",
            batch(&[Frame::Last(Head::Response { text: true, to: 1 }, b"")]),
        ),
        (
            "reference",
            batch(&[Frame::Last(Head::Error { to: 1, code: 0 }, b"")]),
        ),
        (
            "reference",
            batch(&[Frame::Last(Head::Cancel { to: 1 }, b"")]),
        ),
    ];
    for (name, bad) in table {
        let opened = || {
            let mut pair = Pair::with(small(), small(), RegistryBounds::default());
            pair.connect();
            pair.pump();
            pair.client.send(DATA, b"a").unwrap();
            pair.server().send(DATA, b"b").unwrap();
            pair.pump();
            pair.read();
            pair
        };
        let mut pair = opened();
        pair.client.handle_batch(pair.now, bad);
        pair.events();
        let violation = SessionViolation::ALL
            .iter()
            .find_map(|(violation, known)| (known == name).then_some(*violation))
            .unwrap();
        let dropped = ClientEvent::Dropped(DropReason::Violation(violation));
        assert_eq!(pair.client_events.last(), Some(&dropped), "client, {name}");
        assert_eq!(pair.client.phase(), ClientPhase::Down, "client, {name}");

        let mut pair = opened();
        pair.tell_server(bad);
        let close = ServerEvent::Close {
            connection: pair.connection(),
            batch: None,
            code: violation.close_code(),
            reason: violation.name(),
        };
        let events = &pair.server_events;
        assert!(events.contains(&close), "server, {name}: {events:?}");
        assert_eq!(pair.server().phase(), ServerPhase::Detached, "{name}");

        // The session stands, and goes on; unless the forged messages before the violation counted: then somebody has what was never sent.
        if ["credit-exceeded", "after-bye"].contains(name) {
            continue;
        }
        pair.client.disconnected(pair.now, Blame::Innocent);
        pair.client_events.clear();
        pair.connect();
        pair.pump();
        assert_eq!(pair.client.phase(), ClientPhase::Open, "{name}");
    }
}

#[test]
fn a_text_message_is_none_of_a_session() {
    let mut pair = Pair::open();
    let (now, connection) = (pair.now, pair.connection());
    pair.server().handle_text(now, connection);
    pair.client.handle_text(now);
    pair.events();
    let text = ClientEvent::Dropped(DropReason::Violation(SessionViolation::TextMessage));
    assert_eq!(pair.client_events.last(), Some(&text));
    let closed = |event: &ServerEvent| matches!(event, ServerEvent::Close { code: 3002, .. });
    assert!(pair.server_events.iter().any(closed));
}

#[test]
fn a_server_requires_an_ack_first() {
    for first in [
        Frame::Flush,
        Frame::Ping(1),
        Frame::Skipped(0x60),
        Frame::Last(DATA, b"x"),
    ] {
        let mut pair = Pair::new();
        pair.connect();
        pair.tell_server(&batch(&[first, Frame::Ack(0)]));
        let close = pair.server_events.iter().find_map(|event| match event {
            ServerEvent::Close { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(close, Some("unconfirmed"));
        // Nothing has begun.
        assert_eq!(pair.server().phase(), ServerPhase::Pending);
        assert!(!pair.server_events.contains(&ServerEvent::Started));
    }
}

#[test]
fn the_first_batch_is_only_a_hello() {
    let mut pair = Pair::new();
    let hello = pair.hello();
    let mut more = hello.clone();
    Frame::Ack(0).put(&mut more);
    let mut slot = hello.clone();
    slot[0] = 1;
    // A batch of this length, filled behind the `HELLO`.
    let filled = |len: usize| {
        let mut batch = hello.clone();
        batch.resize(len, 0);
        batch
    };
    for (bad, expected) in [
        (more, "nothing, 3002 order"),
        (filled(32 * 1024), "nothing, 3002 order"),
        (filled(32 * 1024 + 1), "nothing, 3009 batch-too-long"),
        (slot, "nothing, 3002 slot"),
        (batch(&[Frame::Ack(0)]), "nothing, 3002 order"),
        (batch(&[Frame::Ack(0), Frame::Flush]), "nothing, 3002 order"),
        (vec![], "nothing, 3002 empty-batch"),
        (vec![0; 32_769], "nothing, 3009 batch-too-long"),
        (hello[..20].to_vec(), "nothing, 3002 truncated"),
    ] {
        assert_eq!(answered(&pair.accept(&bad)), expected);
    }
    assert_eq!(answered(&pair.accept(&hello)), "session");
}

fn agreed(pair: &mut Pair) -> SessionWelcome {
    match welcome_of(&pair.server_says().unwrap()) {
        Welcome::Session(agreed) => *agreed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_checks_the_welcome() {
    let lie = |how: &dyn Fn(&mut SessionWelcome), resumed: bool| {
        let mut pair = Pair::new();
        if resumed {
            pair.connect();
            pair.pump();
            pair.client.send(DATA, b"a").unwrap();
            pair.server().send(DATA, b"b").unwrap();
            pair.pump();
            pair.read();
            pair.later(millis(300));
            pair.pump();
            pair.cut(Blame::Suspicious);
        }
        pair.connect();
        let mut agreed = agreed(&mut pair);
        how(&mut agreed);
        pair.tell_client(&batch(&[Frame::Welcome(Welcome::Session(Box::new(
            agreed,
        )))]));
        pair.client_events.pop().unwrap()
    };
    let violation = |violation| ClientEvent::Dropped(DropReason::Violation(violation));
    let as_positions = |agreed: &mut SessionWelcome| agreed.positions = Some(Default::default());
    assert_eq!(
        lie(&as_positions, false),
        violation(SessionViolation::Welcome)
    );
    assert_eq!(
        lie(&|agreed| agreed.positions = None, true),
        violation(SessionViolation::Welcome)
    );
    assert_eq!(
        lie(&|agreed| agreed.id = Secret([9; 16]), true),
        violation(SessionViolation::Welcome)
    );
    // What was agreed on stays.
    assert_eq!(
        lie(&|agreed| agreed.terms.max_message += 1, true),
        violation(SessionViolation::Welcome)
    );
    assert_eq!(
        lie(&|agreed| agreed.terms.max_batch += 1, true),
        violation(SessionViolation::Welcome)
    );
    assert_eq!(
        lie(&|agreed| agreed.version = 2, false),
        violation(SessionViolation::Version)
    );
    assert_eq!(
        lie(&|agreed| agreed.features = 1, false),
        violation(SessionViolation::Reserved)
    );
    // Positions that cannot be: the client has sent one message and it was acknowledged, and has one of the server's.
    let at = |received: u64, committed: u64, first: u64, next: u64, parts: u64| {
        move |agreed: &mut SessionWelcome| {
            agreed.positions = Some(websocket_channel::session::Positions {
                received,
                committed,
                first,
                next,
                parts,
            });
        }
    };
    let table = [
        (at(1, 1, 1, 1, 0), None),
        (at(1, 1, 1, 5, 0), None),
        // It has never had what it had acknowledged.
        (at(0, 0, 1, 1, 0), Some(Refusal::Rewound)),
        (at(1, 0, 1, 1, 0), Some(Refusal::Rewound)),
        // It has what was never sent.
        (at(2, 1, 1, 1, 0), Some(Refusal::Rewound)),
        // It has never sent what we have.
        (at(1, 1, 0, 0, 0), Some(Refusal::Rewound)),
        // It no longer has what we want.
        (at(1, 1, 2, 2, 0), Some(Refusal::Behind)),
        // It has parts of what was never cut.
        (at(1, 1, 1, 1, 1), Some(Refusal::Rewound)),
    ];
    for (how, refusal) in table {
        match (lie(&how, true), refusal) {
            (ClientEvent::Opened { resumed: true, .. }, None) => {}
            (ClientEvent::Lost(told), Some(refusal)) => assert_eq!(told, refusal),
            (told, expected) => panic!("{told:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn a_client_takes_nothing_before_a_welcome_and_no_second_one() {
    for bad in [
        Frame::Ack(0),
        Frame::Ping(1),
        Frame::Last(DATA, b"x"),
        Frame::Move { after_ms: 0 },
    ] {
        let mut pair = Pair::new();
        pair.hello();
        pair.tell_client(&batch(&[bad]));
        let order = ClientEvent::Dropped(DropReason::Violation(SessionViolation::Order));
        assert_eq!(pair.client_events, [order]);
    }
    // What belongs to a later version is skipped there, too.
    let mut pair = Pair::new();
    pair.hello();
    pair.tell_client(&batch(&[Frame::Skipped(0x70)]));
    assert_eq!(pair.client.phase(), ClientPhase::Greeting);
    let second = [
        Welcome::Refused(Refusal::Expired),
        Welcome::Ended {
            code: 1000,
            committed: 0,
            next: 0,
        },
        Welcome::Later {
            after_ms: 1,
            reason: LaterReason::Busy,
        },
    ];
    for welcome in second {
        let mut pair = Pair::open();
        pair.tell_client(&batch(&[Frame::Welcome(welcome)]));
        let order = ClientEvent::Dropped(DropReason::Violation(SessionViolation::Order));
        assert_eq!(pair.client_events.last(), Some(&order));
    }
}

#[test]
fn a_client_reads_nothing_after_an_end() {
    for welcome in [
        Welcome::Refused(Refusal::Expired),
        Welcome::Later {
            after_ms: 1,
            reason: LaterReason::Busy,
        },
    ] {
        let mut pair = Pair::new();
        pair.hello();
        let mut bytes = batch(&[Frame::Welcome(welcome)]);
        bytes.extend_from_slice(&[9, 0]);
        pair.tell_client(&bytes);
        let last = pair.client_events.pop();
        let read = matches!(last, Some(ClientEvent::Later { .. } | ClientEvent::Lost(_)));
        assert!(read && pair.client_events.is_empty(), "{last:?}");
    }
}

/// A violation that the next connection repeats, and the next: no session goes on so.
#[test]
fn a_session_in_which_nothing_but_violations_happens_is_lost() {
    let credit_behind = batch(&[Frame::Credit(0)]);
    // Found by the client, found by the server, told by the server's close code.
    for found in 0..4 {
        for progress in [false, true] {
            let mut pair = Pair::open();
            let mut connections = 0;
            while connections < 20 {
                connections += 1;
                match found {
                    0 => pair.client.handle_batch(pair.now, &credit_behind),
                    1 => pair.tell_server(&credit_behind),
                    _ => {
                        let told =
                            [SessionViolation::Order, SessionViolation::BatchTooLong][found - 2];
                        let blame = Blame::of_code(told.close_code());
                        pair.client.disconnected(pair.now, blame);
                    }
                }
                pair.events();
                let ended = pair.client.phase() == ClientPhase::Ended;
                if ended || pair.registry.ids().count() == 0 {
                    break;
                }
                pair.cut(Blame::Innocent);
                pair.connect();
                pair.pump();
                if progress && connections % 5 == 0 {
                    pair.client.send(DATA, b"x").unwrap();
                    pair.server().send(DATA, b"x").unwrap();
                    pair.pump();
                    pair.read();
                }
            }
            let lost = match found {
                1 => pair
                    .server_events
                    .contains(&ServerEvent::Lost(Refusal::Broken)),
                _ => pair
                    .client_events
                    .contains(&ClientEvent::Lost(Refusal::Broken)),
            };
            assert_eq!(lost, !progress, "{found}");
            assert_eq!(connections, if progress { 20 } else { 8 }, "{found}");
        }
    }
}

/// Before there is a session, too.
#[test]
fn a_client_gives_up_after_repeated_violations() {
    let mut pair = Pair::new();
    for _ in 0..8 {
        pair.hello();
        pair.tell_client(b"\x00\x09\x00");
    }
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Lost(Refusal::Broken))
    );
}

#[test]
fn a_client_does_not_ask_a_server_to_move() {
    let mut pair = Pair::open();
    pair.tell_server(&batch(&[Frame::Move { after_ms: 0 }]));
    assert_eq!(pair.server().phase(), ServerPhase::Detached);
}

/// Whatever comes, neither machine panics, and what it holds stays within its bounds.
#[test]
fn no_bytes_make_a_machine_panic() {
    let mut state = 5_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    };
    for _ in 0..3_000 {
        let mut pair = Pair::with(small(), small(), RegistryBounds::default());
        pair.connect();
        pair.pump();
        for _ in 0..20 {
            let mut bytes = vec![0];
            while bytes.len() < 30 {
                let kinds = [
                    3, 4, 5, 6, 7, 8, 0x10, 0x11, 0x12, 0x14, 0x16, 0x17, 0x18, 0x19, 0x1f,
                ];
                bytes.push(kinds[next() as usize % kinds.len()]);
                let len = next() % 6;
                bytes.push(len);
                bytes.extend((0..len).map(|_| next() % 4));
            }
            let (now, connection) = (pair.now, pair.connection());
            pair.client.handle_batch(now, &bytes);
            pair.server().handle_batch(now, connection, &bytes);
            assert!(pair.client.held() <= 100 + 1024 + 64);
            assert!(pair.server().held() <= 100 + 1024 + 64);
            pair.client_says();
            pair.server_says();
            if pair
                .id
                .is_some_and(|id| pair.registry.session(id).is_none())
            {
                break;
            }
        }
    }
}
