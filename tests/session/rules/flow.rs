//! Acknowledgements, credit, heartbeat.

use super::*;
use websocket_channel::session::ServerPhase;
use websocket_channel::session::Unsendable;
use websocket_channel::session::{ClientPhase, DropReason};

#[test]
fn a_commit_is_acknowledged_after_200_ms_or_with_the_next_message() {
    let mut pair = Pair::open();
    pair.client.send(DATA, b"a").unwrap();
    pair.pump();
    let now = pair.now;
    // What is only received is not told.
    assert_eq!(pair.server().poll_timeout(), Some(now + millis(20_000)));
    let server = pair.server();
    server.read().unwrap();
    server.commit(now, 1);
    assert_eq!(server.poll_timeout(), Some(now + millis(200)));
    assert_eq!(pair.server_says(), None);
    pair.later(millis(200));
    assert_eq!(pair.server_says(), Some(batch(&[Frame::Ack(1)])));
    // With a message at once.
    pair.client.send(DATA, b"b").unwrap();
    pair.pump();
    let now = pair.now;
    let server = pair.server();
    server.read().unwrap();
    server.commit(now, 2);
    server.send(DATA, b"c").unwrap();
    assert_eq!(
        pair.server_says(),
        Some(batch(&[Frame::Ack(2), Frame::Last(DATA, b"c")]))
    );
}

/// The time runs from the first of them.
#[test]
fn a_later_commit_does_not_put_off_an_earlier_one() {
    let mut pair = Pair::open();
    for text in ["a", "b"] {
        pair.client.send(DATA, text.as_bytes()).unwrap();
    }
    pair.pump();
    for index in 0..2 {
        let now = pair.now;
        let server = pair.server();
        server.read().unwrap();
        server.commit(now, index + 1);
        pair.later(millis(100));
    }
    assert_eq!(pair.server_says(), Some(batch(&[Frame::Ack(2)])));
    // And from the first of those that are not told, once others were.
    pair.client.send(DATA, b"c").unwrap();
    pair.pump();
    let now = pair.now;
    let server = pair.server();
    server.read().unwrap();
    server.commit(now, 3);
    assert_eq!(server.poll_timeout(), Some(now + millis(200)));
    assert_eq!(pair.server_says(), None);
}

#[test]
fn a_flush_and_a_large_cost_are_acknowledged_at_once() {
    let mut pair = Pair::open();
    pair.client.send(DATA, b"a").unwrap();
    pair.client.flush();
    let up = pair.client_says().unwrap();
    assert_eq!(frames(&up), [Frame::Last(DATA, b"a"), Frame::Flush]);
    pair.tell_server(&up);
    assert_eq!(pair.server_says(), None);
    let now = pair.now;
    let server = pair.server();
    server.read().unwrap();
    server.commit(now, 1);
    assert_eq!(pair.server_says(), Some(batch(&[Frame::Ack(1)])));
    // 64 KiB.
    let payload = "x".repeat(30_000);
    for index in 1..4 {
        pair.client.send(DATA, payload.as_bytes()).unwrap();
        pair.pump();
        let server = pair.server();
        server.read().unwrap();
        server.commit(now, index + 1);
        let told = pair.server_says();
        assert_eq!(told.is_some(), index == 3, "{index}");
    }
}

#[test]
fn a_flush_is_asked_for_again_over_the_next_connection() {
    let mut pair = Pair::open();
    pair.client.send(DATA, b"a").unwrap();
    pair.client.flush();
    pair.client_says().unwrap();
    pair.cut(Blame::Innocent);
    pair.connect();
    let welcome = pair.server_says().unwrap();
    pair.tell_client(&welcome);
    let up = pair.client_says().unwrap();
    assert_eq!(
        frames(&up),
        [Frame::Ack(0), Frame::Last(DATA, b"a"), Frame::Flush]
    );
}

#[test]
fn a_sender_stops_without_credit_and_continues_with_more() {
    let mut narrow = Settings::default();
    narrow.window = 100;
    let mut pair = Pair::with(Settings::default(), narrow, RegistryBounds::default());
    pair.connect();
    pair.pump();
    for _ in 0..10 {
        pair.client.send(DATA, b"12345678").unwrap();
    }
    pair.pump();
    // 40 each: three begin below 100.
    assert_eq!(pair.server().next().0, 3);
    assert_eq!(pair.server().held(), 120);
    assert_eq!(pair.read().1.len(), 3);
    pair.pump();
    assert_eq!(pair.server().next().0, 6);
}

#[test]
fn a_message_above_the_window_gets_through_unread_ones_or_not() {
    let mut narrow = Settings::default();
    narrow.window = 100;
    narrow.batch = 256;
    let mut pair = Pair::with(narrow.clone(), narrow, RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair.client.send(DATA, b"unread").unwrap();
    pair.client.send(DATA, "x".repeat(5000).as_bytes()).unwrap();
    pair.client.send(DATA, b"no room for this").unwrap();
    pair.pump();
    assert_eq!(pair.server().next().0, 2);
    assert!(pair.server().held() <= 100 + 5000 + 256);
    pair.read();
    pair.pump();
    assert_eq!(pair.server().next().0, 3);
}

#[test]
fn unread_messages_count_on_the_next_connection() {
    let mut narrow = Settings::default();
    narrow.window = 100;
    let mut pair = Pair::with(Settings::default(), narrow, RegistryBounds::default());
    pair.connect();
    pair.pump();
    for _ in 0..9 {
        pair.client.send(DATA, b"12345678").unwrap();
    }
    for _ in 0..3 {
        pair.pump();
        pair.cut(Blame::Innocent);
        pair.connect();
    }
    pair.pump();
    assert_eq!(pair.server().held(), 120);
    // And what was read meanwhile is granted.
    assert_eq!(pair.read().1.len(), 3);
    pair.pump();
    assert_eq!(pair.read().1.len(), 3);
}

#[test]
fn retention_is_bounded_and_one_message_always_fits() {
    let mut settings = Settings::default();
    settings.retention = 100;
    let mut pair = Pair::with(settings, Settings::default(), RegistryBounds::default());
    let big = "x".repeat(1000);
    assert_eq!(pair.client.send(DATA, big.as_bytes()), Ok(0));
    assert_eq!(pair.client.send(DATA, b"a"), Err(Unsendable::Full));
    pair.connect();
    pair.pump();
    pair.read();
    pair.later(millis(200));
    pair.pump();
    assert_eq!((pair.client.committed(), pair.client.retained()), (1, 0));
    assert_eq!(pair.client.send(DATA, b"a"), Ok(1));
}

#[test]
fn messages_that_cannot_be_sent_are_refused() {
    let mut pair = Pair::open();
    let client = &mut pair.client;
    assert_eq!(client.send(DATA, &[0xff]), Err(Unsendable::Utf8));
    for head in [
        Head::Void,
        Head::Bye { code: 1000 },
        Head::Response { text: true, to: 0 },
        Head::Error { to: 0, code: 0 },
        Head::Cancel { to: 0 },
    ] {
        assert_eq!(
            client.send(head, b""),
            Err(Unsendable::Reference),
            "{head:?}"
        );
    }
    let huge = vec![0; 1024 * 1024 + 1];
    let binary = Head::Data { text: false };
    assert_eq!(client.send(binary, &huge), Err(Unsendable::TooLarge));
    assert_eq!(client.send(binary, &huge[1..]), Ok(0));
    assert_eq!(client.close(pair.now, 1001, ""), Err(Unsendable::Close));
    assert_eq!(
        client.close(pair.now, 1000, &"x".repeat(124)),
        Err(Unsendable::Close)
    );
}

#[test]
fn a_request_and_its_answers() {
    let mut pair = Pair::open();
    let request = pair
        .client
        .send(Head::Request { text: true }, b"2+2")
        .unwrap();
    pair.pump();
    let now = pair.now;
    let server = pair.server();
    let got = server.read().unwrap();
    assert_eq!(
        (got.head, got.index),
        (Head::Request { text: true }, request)
    );
    server.commit(now, 1);
    let response = Head::Response {
        text: true,
        to: got.index,
    };
    server.send(response, b"4").unwrap();
    let error = Head::Error {
        to: got.index,
        code: 9,
    };
    server.send(error, b"no").unwrap();
    pair.client.send(Head::Cancel { to: request }, b"").unwrap();
    pair.pump();
    assert_eq!(pair.client.read().unwrap().head, response);
    assert_eq!(pair.client.read().unwrap().head, error);
    assert_eq!(
        pair.server().read().unwrap().head,
        Head::Cancel { to: request }
    );
}

#[test]
fn keepalive_pings_an_idle_connection_and_ends_a_dead_one() {
    let mut pair = Pair::open();
    // The server asks after 20 s, and the client answers.
    pair.later(millis(20_000));
    let ping = pair.server_says().unwrap();
    assert_eq!(frames(&ping), [Frame::Ping(1)]);
    pair.tell_client(&ping);
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Pong(1)])));
    pair.tell_server(&batch(&[Frame::Pong(1)]));
    // Nothing more comes: the client asks after 25 s, and gives up after another 10.
    pair.now += millis(25_000);
    pair.client.handle_timeout(pair.now);
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Ping(1)])));
    pair.now += millis(10_000);
    pair.client.handle_timeout(pair.now);
    pair.events();
    assert_eq!(
        pair.client_events.last(),
        Some(&ClientEvent::Dropped(DropReason::Silent))
    );
    assert_eq!(pair.client.phase(), ClientPhase::Down);
    // The server's patience is longer.
    let now = pair.now;
    pair.server().handle_timeout(now);
    pair.server_says();
    assert_eq!(pair.server().phase(), ServerPhase::Attached);
    pair.later(millis(40_000));
    assert_eq!(pair.server().phase(), ServerPhase::Detached);
}

/// After a sleep or a jump of the clock.
#[test]
fn a_late_timer_sends_another_ping_first() {
    let mut pair = Pair::open();
    pair.now += millis(25_000);
    pair.client.handle_timeout(pair.now);
    pair.client_says().unwrap();
    // Asleep for an hour.
    pair.now += millis(3_600_000);
    pair.client.handle_timeout(pair.now);
    assert_eq!(pair.client.phase(), ClientPhase::Open);
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Ping(2)])));
    pair.tell_client(&batch(&[Frame::Pong(1)]));
    pair.now += millis(10_000);
    pair.client.handle_timeout(pair.now);
    assert_eq!(pair.client.phase(), ClientPhase::Open);
}

#[test]
fn of_many_pings_one_is_answered() {
    let mut pair = Pair::open();
    let pings: Vec<Frame<'_>> = (1..=100).map(Frame::Ping).collect();
    pair.tell_client(&batch(&pings));
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Pong(100)])));
    pair.client.probe(pair.now);
    assert_eq!(pair.client_says(), Some(batch(&[Frame::Ping(1)])));
}

#[test]
fn a_missing_welcome_drops_the_connection() {
    let mut pair = Pair::new();
    pair.hello();
    assert_eq!(pair.client.poll_timeout(), Some(pair.now + millis(20_000)));
    pair.now += millis(20_000);
    pair.client.handle_timeout(pair.now);
    pair.events();
    assert_eq!(
        pair.client_events,
        [ClientEvent::Dropped(DropReason::NoWelcome)]
    );
}

/// A full batch of short messages costs two bytes a message beside the payload.
#[test]
fn a_batch_is_full_and_costs_two_bytes_a_message() {
    let mut pair = Pair::open();
    for _ in 0..2_000 {
        pair.client
            .send(Head::Data { text: false }, &[0; 64])
            .unwrap();
    }
    let mut bytes = 0;
    let mut batches = 0;
    while let Some(batch) = pair.client_says() {
        assert!(batch.len() <= 32 * 1024);
        bytes += batch.len();
        batches += 1;
    }
    assert_eq!(bytes, 2_000 * 66 + batches);
    assert_eq!(batches, 5);
}

/// At most 1 KiB a session on the server, in addition to what it retains and holds.
#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<Server>() <= 1024, "{}", size_of::<Server>());
}

/// The peer acknowledges before the sender waits, however low its mark is: no 200 ms pass, and a round trip moves half of the mark or more.
#[test]
fn a_low_high_water_mark_costs_round_trips_and_no_time() {
    const MESSAGES: u64 = 1000;
    const COST: u64 = 132;
    for mark in [1, 500, 4096, 16 * 1024, 100_000] {
        let mut settings = Settings::default();
        settings.high_water_mark = mark;
        let mut pair = Pair::with(settings, Settings::default(), RegistryBounds::default());
        let hello = pair.hello();
        assert_eq!(hello_of(&hello).terms.retention, mark);
        pair.cut(Blame::Innocent);
        pair.connect();
        pair.pump();
        let (mut sent, mut round_trips) = (0, 0);
        while pair.client.committed() < MESSAGES {
            while sent < MESSAGES && pair.client.retained() < mark {
                pair.client.send(DATA, &[b'x'; 100]).unwrap();
                sent += 1;
            }
            if sent == MESSAGES {
                pair.client.flush();
            }
            let before = pair.client.committed();
            pair.pump();
            pair.read();
            pair.pump();
            assert!(pair.client.committed() > before, "{mark}: it waits");
            round_trips += 1;
        }
        let least = (mark / 2 / COST).max(1);
        assert!(
            round_trips <= MESSAGES / least + 1,
            "{mark}: {round_trips} round trips"
        );
    }
}
