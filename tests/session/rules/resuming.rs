//! Tokens, fencing, positions, and what a server answers.

use super::*;
use websocket_channel::session::ServerPhase;
use websocket_channel::session::{ClientPhase, RestoredIndices};
use websocket_channel::session::{Refusal, ResumeTicket};

fn ticket(pair: &Pair) -> ResumeTicket {
    let opened = pair
        .client_events
        .iter()
        .rev()
        .find_map(|event| match event {
            ClientEvent::Opened { ticket, .. } => Some(ticket.clone()),
            _ => None,
        });
    opened.unwrap()
}

#[test]
fn both_directions_continue_after_a_resume() {
    let mut pair = Pair::open();
    for round in 0..5 {
        pair.client
            .send(DATA, format!("up {round}").as_bytes())
            .unwrap();
        pair.server()
            .send(DATA, format!("down {round}").as_bytes())
            .unwrap();
        match round {
            // Everything is lost.
            0 => {
                pair.client_says();
                pair.server_says();
            }
            1 => pair.pump(),
            // Nothing was sent.
            _ => {}
        }
        pair.cut(Blame::Suspicious);
        pair.connect();
        pair.pump();
        let read = pair.read();
        assert_eq!(read.0, [format!("down {round}")]);
        assert_eq!(read.1, [format!("up {round}")]);
    }
    assert_eq!(pair.client.phase(), ClientPhase::Open);
}

#[test]
fn received_messages_and_parts_are_not_sent_again() {
    let mut settings = Settings::default();
    settings.batch = 256;
    let mut pair = Pair::with(settings.clone(), settings, RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair.client.send(DATA, b"whole").unwrap();
    let long = "x".repeat(1000);
    pair.client.send(DATA, long.as_bytes()).unwrap();
    // The first message and some parts arrive.
    for _ in 0..3 {
        let batch = pair.client_says().unwrap();
        pair.tell_server(&batch);
    }
    pair.cut(Blame::Innocent);
    let hello = pair.hello();
    let HelloOutcome::Session(_) = pair.accept(&hello) else {
        panic!();
    };
    let welcome = pair.server_says().unwrap();
    let Welcome::Session(agreed) = welcome_of(&welcome) else {
        panic!();
    };
    let positions = agreed.positions.unwrap();
    assert_eq!(positions.received, 1);
    assert!(positions.parts >= 2, "{positions:?}");
    pair.tell_client(&welcome);
    let mut again = 0;
    while let Some(batch) = pair.client_says() {
        again += batch.len();
        pair.tell_server(&batch);
    }
    assert!(again < 700, "{again} bytes");
    assert_eq!(pair.read().1, ["whole".to_owned(), long]);
}

#[test]
fn a_lost_welcome_costs_nothing_however_often() {
    let mut pair = Pair::open();
    for _ in 0..4 {
        pair.cut(Blame::Suspicious);
        pair.connect();
        // Lost on its way.
        pair.server_says().unwrap();
    }
    pair.cut(Blame::Suspicious);
    pair.connect();
    pair.pump();
    assert_eq!(pair.client.phase(), ClientPhase::Open);
}

#[test]
fn a_lost_first_welcome_leaves_nothing() {
    let mut pair = Pair::new();
    pair.connect();
    pair.server_says().unwrap();
    pair.cut(Blame::Suspicious);
    assert_eq!(pair.registry.ids().count(), 1);
    pair.later(millis(29_999));
    assert_eq!(pair.registry.ids().count(), 1);
    pair.later(millis(1));
    assert_eq!(pair.registry.ids().count(), 0);
    assert!(!pair.server_events.contains(&ServerEvent::Started));
    // The client begins anew.
    pair.connect();
    pair.pump();
    assert!(pair.server_events.contains(&ServerEvent::Started));
}

/// A client that keeps its connection open holds no place for longer than one that left.
#[test]
fn a_session_that_is_never_confirmed_is_lost_on_an_open_connection() {
    let mut shorter = Settings::default();
    shorter.retention_time = millis(10_000);
    for (server, ms) in [(Settings::default(), 30_000), (shorter, 10_000)] {
        let mut pair = Pair::with(Settings::default(), server, RegistryBounds::default());
        pair.connect();
        pair.server_says().unwrap();
        pair.now += millis(ms - 1);
        pair.registry.handle_timeout(pair.now);
        assert_eq!(pair.registry.ids().count(), 1);
        pair.now += millis(1);
        pair.registry.handle_timeout(pair.now);
        let mut server = pair.registry.poll_ended().unwrap();
        let close = ServerEvent::Close {
            connection: pair.connection(),
            batch: None,
            code: 3001,
            reason: "lost",
        };
        assert_eq!(server.poll_event(), Some(close));
        assert_eq!(pair.registry.ids().count(), 0);
    }
}

#[test]
fn a_session_whose_confirmation_was_lost_is_confirmed_by_its_token() {
    let mut pair = Pair::new();
    pair.connect();
    let welcome = pair.server_says().unwrap();
    pair.tell_client(&welcome);
    pair.client.send(DATA, b"a").unwrap();
    // `ACK` and the message are lost.
    pair.client_says().unwrap();
    pair.cut(Blame::Suspicious);
    assert_eq!(pair.server().phase(), ServerPhase::Pending);
    pair.later(millis(29_000));
    pair.connect();
    assert_eq!(pair.server().phase(), ServerPhase::Attached);
    pair.pump();
    assert_eq!(pair.read().1, ["a"]);
    let started = |event: &&ServerEvent| **event == ServerEvent::Started;
    assert_eq!(pair.server_events.iter().filter(started).count(), 1);
}

#[test]
fn an_unused_session_is_replaced_without_a_loss() {
    let mut pair = Pair::new();
    pair.connect();
    let welcome = pair.server_says().unwrap();
    pair.tell_client(&welcome);
    pair.client_says().unwrap();
    pair.cut(Blame::Suspicious);
    pair.client.send(DATA, b"a").unwrap();
    pair.later(millis(120_001));
    pair.connect();
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Dropped(
            websocket_channel::session::DropReason::Renewed
        ))
    );
    pair.connect();
    pair.pump();
    assert_eq!(pair.read().1, ["a"]);
}

#[test]
fn an_older_token_is_refused_and_harms_nothing() {
    let mut pair = Pair::open();
    pair.cut(Blame::Suspicious);
    let first = pair.hello();
    pair.accept(&first);
    pair.pump();
    // Confirmed: the token of the first `HELLO` is old.
    let welcome = pair.server_says();
    assert_eq!(welcome, None);
    let mut old = hello_of(&first);
    old.attempt = 1000;
    old.instance = 8;
    assert_eq!(
        answered(&pair.accept(&greet(&old))),
        "Expired, 3001 refused"
    );
    let mut unknown = old.clone();
    unknown.resume.as_mut().unwrap().id = Secret([42; 16]);
    // The same answer.
    assert_eq!(
        answered(&pair.accept(&greet(&unknown))),
        "Expired, 3001 refused"
    );
    old.resume.as_mut().unwrap().incarnation = 98;
    assert_eq!(
        answered(&pair.accept(&greet(&old))),
        "ServerRestarted, 3001 refused"
    );
    pair.connections = 2;
    assert_eq!(pair.server().phase(), ServerPhase::Attached);
    pair.client.send(DATA, b"still here").unwrap();
    pair.pump();
    assert_eq!(pair.read().1, ["still here"]);
}

#[test]
fn a_session_of_another_identity_is_not_resumed() {
    let mut pair = Pair::open();
    pair.cut(Blame::Suspicious);
    let hello = pair.hello();
    assert_eq!(
        answered(&pair.accept_as(&hello, b"somebody else")),
        "Identity, 3001 refused"
    );
    assert_eq!(answered(&pair.accept(&hello)), "session");
}

#[test]
fn agreed_terms_are_fixed() {
    let mut pair = Pair::open();
    pair.cut(Blame::Suspicious);
    let hello = pair.hello();
    let mut changed = hello_of(&hello);
    changed.terms.max_message += 1;
    assert_eq!(
        answered(&pair.accept(&greet(&changed))),
        "Changed, 3001 refused"
    );
    let mut changed = hello_of(&hello);
    changed.terms.max_batch += 1;
    assert_eq!(
        answered(&pair.accept(&greet(&changed))),
        "Changed, 3001 refused"
    );
    let mut wide = hello_of(&hello);
    wide.terms.credit = 5;
    assert_eq!(answered(&pair.accept(&greet(&wide))), "session");
}

#[test]
fn a_version_in_common_is_needed() {
    let mut pair = Pair::new();
    let hello = pair.hello();
    let mut newer = hello_of(&hello);
    newer.versions = (2, 9);
    assert_eq!(
        answered(&pair.accept(&greet(&newer))),
        "Version, 3001 refused"
    );
    newer.versions = (1, 9);
    assert_eq!(answered(&pair.accept(&greet(&newer))), "session");
}

#[test]
fn a_node_that_drains_or_is_full_says_later() {
    let mut bounds = RegistryBounds::default();
    bounds.sessions = 1;
    let mut pair = Pair::with(Settings::default(), Settings::default(), bounds);
    pair.connect();
    pair.pump();
    let mut other = Client::new(Settings::default(), 3);
    other.connected(pair.now);
    let mut hello = Vec::new();
    other.poll_transmit(pair.now, &mut hello);
    assert_eq!(answered(&pair.accept(&hello)), "Later Busy, 1000 later");
    pair.cut(Blame::Innocent);
    // Who is known still comes in.
    pair.connect();
    pair.pump();
    assert_eq!(pair.client.phase(), ClientPhase::Open);
    pair.registry.drain();
    pair.cut(Blame::Innocent);
    pair.connect();
    assert!(matches!(
        pair.client_events.last(),
        Some(ClientEvent::Later { after, .. }) if *after == millis(5000)
    ));
    assert_eq!(pair.client.phase(), ClientPhase::Down);
}

#[test]
fn a_second_instance_fences_the_first() {
    let mut pair = Pair::open();
    let ticket = ticket(&pair);
    let mut other = Client::restored(Settings::default(), 8, ticket);
    other.connected(pair.now);
    let mut hello = Vec::new();
    other.poll_transmit(pair.now, &mut hello);
    assert_eq!(answered(&pair.accept(&hello)), "session");
    pair.events();
    let close = pair.server_events.iter().find_map(|event| match event {
        ServerEvent::Close {
            connection: ConnectionId(1),
            batch,
            code: 3001,
            reason: "fenced",
        } => batch.clone(),
        _ => None,
    });
    let close = close.unwrap();
    // What the loser still says is not heard.
    let now = pair.now;
    pair.server()
        .handle_batch(now, ConnectionId(1), &batch(&[Frame::Last(DATA, b"x")]));
    assert_eq!(pair.server().next().0, 0);
    pair.server()
        .disconnected(now, ConnectionId(1), Blame::Innocent);
    assert_eq!(pair.server().phase(), ServerPhase::Attached);
    pair.tell_client(&close);
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Lost(Refusal::Fenced))
    );
    assert_eq!(pair.client.phase(), ClientPhase::Ended);
}

#[test]
fn a_late_hello_fences_no_connection() {
    let mut pair = Pair::open();
    pair.cut(Blame::Suspicious);
    // It hangs in a proxy.
    let late = pair.hello();
    pair.client.disconnected(pair.now, Blame::Suspicious);
    let hello = pair.hello();
    assert_eq!(answered(&pair.accept(&hello)), "session");
    let connection = pair.connection();
    // The new `WELCOME` is not confirmed, and the old token still valid.
    assert_eq!(answered(&pair.accept(&late)), "nothing, 3001 late");
    // Nor the same one twice.
    assert_eq!(answered(&pair.accept(&hello)), "nothing, 3001 late");
    assert_eq!(pair.server().connection(), Some(connection));
    pair.connections = connection.0;
    pair.pump();
    assert_eq!(pair.client.phase(), ClientPhase::Open);
}

/// Not even one of the page before a reload.
#[test]
fn a_late_hello_of_an_earlier_page_fences_no_connection() {
    let mut pair = Pair::open();
    let ticket = ticket(&pair);
    pair.cut(Blame::Suspicious);
    let late = pair.hello();
    pair.client = Client::restored(Settings::default(), 8, ticket);
    let hello = pair.hello();
    assert_eq!(hello_of(&hello).attempt, 65_536);
    assert_eq!(answered(&pair.accept(&hello)), "session");
    assert_eq!(answered(&pair.accept(&late)), "nothing, 3001 late");
}

#[test]
fn a_reloaded_page_continues_from_the_servers_positions() {
    let mut pair = Pair::open();
    for text in ["a", "b"] {
        pair.client.send(DATA, text.as_bytes()).unwrap();
        pair.server().send(DATA, text.as_bytes()).unwrap();
    }
    pair.pump();
    // The page reads one, and the server is told.
    let message = pair.client.read().unwrap();
    pair.client.commit(pair.now, message.index + 1);
    pair.later(millis(200));
    pair.pump();
    pair.client.send(DATA, b"lost with the page").unwrap();
    let ticket = ticket(&pair);
    pair.cut(Blame::Innocent);
    pair.client = Client::restored(
        Settings::default(),
        8,
        ResumeTicket::new(ticket.id, ticket.token, ticket.incarnation, ticket.attempt),
    );
    // Indices are not known yet, so what names one waits.
    assert_eq!(pair.client.send(DATA, b"c"), Ok(0));
    assert!(pair.client.send(Head::Cancel { to: 0 }, b"").is_err());
    pair.connect();
    pair.pump();
    let restored = pair
        .client_events
        .iter()
        .rev()
        .find_map(|event| match event {
            ClientEvent::Opened { restored, .. } => Some(*restored),
            _ => None,
        });
    assert_eq!(
        restored,
        Some(Some(RestoredIndices {
            send_from: 2,
            receive_from: 1
        }))
    );
    assert_eq!(pair.client.next().1, 3);
    let read = pair.read();
    assert_eq!(read.0, ["b"]);
    assert_eq!(read.1, ["a", "b", "c"]);
}

#[test]
fn a_server_may_go_back_to_its_last_commit() {
    let mut pair = Pair::with_one_of_three_committed();
    let now = pair.now;
    let server = pair.server();
    // Read, and not committed.
    server.read().unwrap();
    server.fall_back(now);
    pair.events();
    pair.client.disconnected(now, Blame::Innocent);
    pair.connect();
    pair.pump();
    assert_eq!(pair.read().1, ["b", "c"]);
}

#[test]
fn positions_that_do_not_fit_end_the_session_on_both_sides() {
    let lie = |how: &dyn Fn(&mut Hello)| {
        let mut pair = Pair::open();
        pair.client.send(DATA, b"a").unwrap();
        pair.server().send(DATA, b"b").unwrap();
        pair.pump();
        pair.read();
        pair.later(millis(200));
        pair.pump();
        pair.cut(Blame::Innocent);
        let mut hello = hello_of(&pair.hello());
        how(&mut hello);
        let answer = answered(&pair.accept(&greet(&hello)));
        // Nobody is left to tell the registry of it.
        let lost = pair.registry.ids().count() == 0;
        assert_eq!(lost, answer != "session");
        pair.events();
        (answer, pair.server_events.pop())
    };
    let at = |received: u64, committed: u64, first: u64, next: u64, parts: u64| {
        move |hello: &mut Hello| {
            hello.resume.as_mut().unwrap().positions = websocket_channel::session::Positions {
                received,
                committed,
                first,
                next,
                parts,
            };
        }
    };
    for (how, answer, refusal) in [
        (at(0, 0, 1, 1, 0), "Rewound", Refusal::Rewound),
        (at(1, 0, 1, 1, 0), "Rewound", Refusal::Rewound),
        (at(2, 1, 1, 1, 0), "Rewound", Refusal::Rewound),
        (at(1, 1, 0, 0, 0), "Rewound", Refusal::Rewound),
        (at(1, 1, 2, 2, 0), "Behind", Refusal::Behind),
        (at(1, 1, 1, 1, 1), "Rewound", Refusal::Rewound),
    ] {
        let (said, event) = lie(&how);
        assert_eq!(said, format!("{answer}, 3001 refused"));
        assert_eq!(event, Some(ServerEvent::Lost(refusal)));
    }
    assert_eq!(lie(&at(1, 1, 1, 1, 0)).0, "session");
}

/// A page that was loaded anew, and again before it was answered: its `HELLO` that comes late fences nothing.
#[test]
fn every_page_says_attempts_above_those_of_every_earlier_page() {
    let mut pair = Pair::open();
    let mut stored = ticket(&pair);
    let mut highest = 0;
    for instance in 10..14 {
        // What is stored is all that the next page has; nobody answers this one.
        let page = Client::restored(Settings::default(), instance, stored);
        stored = page.ticket().unwrap().clone();
        pair.client = page;
        for attempt in 0..3 {
            let said = hello_of(&pair.hello()).attempt;
            assert!(said > highest, "{said} behind {highest}, {attempt}");
            highest = said;
            pair.client.disconnected(pair.now, Blame::Suspicious);
        }
    }
    // Nonsense in the store is no panic.
    stored = ResumeTicket::new(stored.id, stored.token, stored.incarnation, u64::MAX);
    pair.client = Client::restored(Settings::default(), 20, stored);
    pair.hello();
}

/// What the server had from the earlier page and had not committed, nobody can send again: its place stays.
#[test]
fn a_reloaded_page_survives_a_handler_that_restarts() {
    let mut pair = Pair::with_one_of_three_committed();
    let server = pair.server();
    // One is read, one waits.
    server.read().unwrap();
    let ticket = ticket(&pair);
    pair.client = Client::restored(Settings::default(), 8, ticket);
    pair.client.send(DATA, b"d").unwrap();
    pair.connect();
    pair.pump();
    for _ in 0..2 {
        let now = pair.now;
        pair.server().fall_back(now);
        pair.client.disconnected(now, Blame::Suspicious);
        pair.events();
        pair.connect();
        pair.pump();
        assert_eq!(pair.client.phase(), ClientPhase::Open);
    }
    let server = pair.server();
    let heads: Vec<Head> = std::iter::from_fn(|| server.read().map(|read| read.head)).collect();
    assert_eq!(heads, [Head::Void, Head::Void, DATA]);
}

/// A response to the earlier page is none to a request of this one: no index is used again.
#[test]
fn a_reloaded_page_gets_unused_indices() {
    let mut pair = Pair::open();
    let request = Head::Request { text: true };
    for text in ["1", "2"] {
        pair.client.send(request, text.as_bytes()).unwrap();
    }
    pair.pump();
    let now = pair.now;
    let server = pair.server();
    server.read().unwrap();
    server.commit(now, 1);
    server.read().unwrap();
    let response = Head::Response { text: true, to: 1 };
    server.send(response, b"to the earlier page").unwrap();
    server.fall_back(now);
    let ticket = ticket(&pair);
    pair.client = Client::restored(Settings::default(), 8, ticket);
    pair.client.send(request, b"new").unwrap();
    pair.connect();
    pair.pump();
    let restored = pair
        .client_events
        .iter()
        .rev()
        .find_map(|event| match event {
            ClientEvent::Opened { restored, .. } => *restored,
            _ => None,
        });
    assert_eq!(
        restored,
        Some(RestoredIndices {
            send_from: 2,
            receive_from: 0
        })
    );
    let server = pair.server();
    let read: Vec<(u64, Head)> =
        std::iter::from_fn(|| server.read().map(|read| (read.index, read.head))).collect();
    assert_eq!(read, [(1, Head::Void), (2, request)]);
}

#[test]
fn a_client_reconnects_when_the_server_sends_move() {
    let mut pair = Pair::open();
    assert!(pair.server().ask_to_move(millis(70)));
    pair.client.send(DATA, b"a").unwrap();
    pair.pump();
    let after = millis(70);
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Move { after })
    );
    // Until it leaves, the connection serves.
    assert_eq!(pair.read().1, ["a"]);
    pair.cut(Blame::Innocent);
    assert!(!pair.server().ask_to_move(millis(70)));
}

#[test]
fn secrets_are_not_shown() {
    let mut pair = Pair::open();
    let hello = {
        pair.cut(Blame::Innocent);
        hello_of(&pair.hello())
    };
    let shown = format!(
        "{hello:?} {:?} {:?} {:?}",
        ticket(&pair),
        pair.client,
        pair.registry
    );
    let shown = format!("{shown} {:?}", pair.server());
    for secret in [
        hello.resume.as_ref().unwrap().id,
        hello.resume.as_ref().unwrap().token,
    ] {
        assert!(!shown.contains(&format!("{:?}", secret.0)), "{shown}");
        let list = secret.0.map(|byte| byte.to_string()).join(", ");
        assert!(!shown.contains(&list), "{shown}");
    }
    // And yet something is.
    for said in [
        "Secret(..)",
        "Client { phase: Greeting, .. }",
        "Registry { sessions: 1, .. }",
        "Server { phase: Detached, .. }",
    ] {
        assert!(shown.contains(said), "{shown}");
    }
}

/// What a page commands before it is open counts from where the session goes on.
#[test]
fn a_page_that_was_loaded_anew_may_close_before_it_is_open() {
    let mut pair = Pair::with_one_of_three_committed();
    pair.server().send(DATA, b"d").unwrap();
    let ticket = ticket(&pair);
    pair.client = Client::restored(Settings::default(), 8, ticket);
    pair.client.send(DATA, b"e").unwrap();
    pair.client.close(pair.now, 4001, "gone").unwrap();
    pair.connect();
    pair.pump();
    assert_eq!(pair.client.next().1, 5);
    assert_eq!(pair.client.read(), None);
    // All but the end.
    let now = pair.now;
    let server = pair.server();
    let read: Vec<u64> = std::iter::from_fn(|| server.read().map(|read| read.index)).collect();
    assert_eq!(read, [1, 2, 3, 4]);
    server.commit(now, 4);
    server.flush();
    pair.later(millis(200));
    pair.pump();
    assert_eq!(pair.client.phase(), ClientPhase::Open);
    assert_eq!(pair.server().committed(), 0);
    let now = pair.now;
    pair.server().commit(now, 5);
    pair.pump();
    assert_eq!(
        pair.client_events.last(),
        Some(&super::ends::ended(4001, "gone", true, true))
    );
}

/// Who has said that nobody reads need not say it again after a reload.
#[test]
fn a_page_that_was_loaded_anew_may_stop_reading_before_it_is_open() {
    let mut pair = Pair::open();
    pair.server().send(DATA, b"a").unwrap();
    let ticket = ticket(&pair);
    pair.client = Client::restored(Settings::default(), 8, ticket);
    pair.client.stop_reading(pair.now);
    pair.connect();
    pair.pump();
    pair.later(millis(200));
    pair.pump();
    assert_eq!(pair.client.read(), None);
    assert_eq!(pair.server().committed(), 1);
}

/// Its credit is that of its `HELLO`: the server may use it at once, and need not be told again.
#[test]
fn a_page_that_was_loaded_anew_has_granted_credit_in_its_hello() {
    let mut pair = Pair::open();
    pair.cut(Blame::Innocent);
    pair.server().send(DATA, b"a").unwrap();
    let ticket = ticket(&pair);
    pair.client = Client::restored(Settings::default(), 8, ticket);
    pair.connect();
    while let Some(batch) = pair.server_says() {
        pair.client.handle_batch(pair.now, &batch);
    }
    let said = pair.client_says().unwrap();
    assert_eq!(frames(&said), [Frame::Ack(0)]);
    assert_eq!(pair.read().0, ["a"]);
}

/// What the session was told to do with what it receives it still does.
#[test]
fn a_server_that_falls_back_stays_closed_and_goes_on_discarding() {
    for closes in [false, true] {
        let mut pair = Pair::with_one_of_three_committed();
        let now = pair.now;
        if closes {
            pair.server().close(now, 1000, "").unwrap();
        } else {
            pair.server().stop_reading(now);
        }
        pair.pump();
        pair.server().fall_back(now);
        pair.cut(Blame::Innocent);
        pair.client.send(DATA, b"d").unwrap();
        pair.connect();
        pair.pump();
        let server = pair.server();
        assert_eq!(server.next().0, 4, "{closes}");
        assert_eq!((server.read(), server.held()), (None, 0), "{closes}");
        let committed = if closes { 1 } else { 4 };
        assert_eq!(server.has_committed(), committed, "{closes}");
    }
}

/// What the client knows is committed it is not told again.
#[test]
fn a_server_that_falls_back_acknowledges_nothing_twice() {
    let mut pair = Pair::with_one_of_three_committed();
    pair.later(millis(200));
    pair.pump();
    let now = pair.now;
    pair.server().fall_back(now);
    pair.cut(Blame::Innocent);
    pair.server().send(DATA, b"d").unwrap();
    pair.connect();
    pair.server_says().unwrap();
    let said = pair.server_says().unwrap();
    assert_eq!(frames(&said), [Frame::Last(DATA, b"d")]);
}

/// Parts that the peer has are skipped, wherever the message is. So many as it has not are none that were ever sent.
#[test]
fn several_parts_of_a_later_message_are_skipped() {
    let mut settings = Settings::default();
    settings.batch = 256;
    // A frame has at most 144 bytes, for a batch of 256 has room for others before and behind.
    for (parts, left) in [(0, 400), (1, 256), (2, 112), (3, 0)] {
        let mut pair = Pair::with(
            settings.clone(),
            Settings::default(),
            RegistryBounds::default(),
        );
        pair.connect();
        pair.pump();
        pair.client.send(DATA, b"first").unwrap();
        pair.client.send(DATA, &[b'x'; 400]).unwrap();
        while pair.client_says().is_some() {}
        pair.cut(Blame::Innocent);
        let hello = pair.hello();
        pair.accept(&hello);
        let Welcome::Session(mut agreed) = welcome_of(&pair.server_says().unwrap()) else {
            panic!();
        };
        let positions = agreed.positions.as_mut().unwrap();
        (positions.received, positions.parts) = (1, parts);
        pair.tell_client(&batch(&[Frame::Welcome(Welcome::Session(agreed))]));
        let mut bytes = 0;
        while let Some(batch) = pair.client_says() {
            for frame in frames(&batch) {
                if let Frame::Part(part) | Frame::Last(_, part) = frame {
                    bytes += part.len();
                }
            }
        }
        assert_eq!(bytes, left, "{parts}");
        let lost = ClientEvent::Lost(Refusal::Rewound);
        assert_eq!(pair.client_events.contains(&lost), parts == 3, "{parts}");
    }
}

/// The earlier page may have sent and heard more than what it stored says.
#[test]
fn a_page_that_was_loaded_anew_does_not_renew_its_session_silently() {
    let pair = Pair::open();
    let mut page = Client::restored(Settings::default(), 8, ticket(&pair));
    page.connected(pair.now);
    assert!(page.poll_transmit(pair.now, &mut Vec::new()));
    let refused = batch(&[Frame::Welcome(Welcome::Refused(Refusal::Expired))]);
    page.handle_batch(pair.now, &refused);
    assert_eq!(page.poll_event(), Some(ClientEvent::Lost(Refusal::Expired)));
}
