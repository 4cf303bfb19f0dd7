//! Messages that end every connection, or that are too large for the peer: they are replaced, and their sender is told.

use super::ends::ended;
use super::*;
use websocket_channel::session::wire::UNDELIVERED;
use websocket_channel::session::{ClientPhase, Unsendable};

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
    let largest = "x".repeat(1024);
    pair.client.send(DATA, largest.as_bytes()).unwrap();
    pair.connect();
    pair.pump();
    assert_eq!(pair.read().1, ["a", "", &largest]);
    // Once the limit is known, the same is not accepted.
    let too_large = pair.client.send(DATA, &[b'x'; 1025]);
    assert_eq!(too_large, Err(Unsendable::TooLarge));
    assert_eq!(pair.client.send(DATA, largest.as_bytes()), Ok(3));
    pair.later(millis(200));
    pair.pump();
    let undelivered = pair.client_events.iter().any(
        |event| matches!(event, ClientEvent::Undelivered(message) if message.payload.len() == 1025),
    );
    assert!(undelivered);
}

/// Only the answer to the question counts: what was asked before, or never, says nothing of the suspect.
#[test]
fn an_earlier_pong_does_not_release_a_suspect() {
    let mut pair = Pair::open();
    pair.client.send(DATA, b"a").unwrap();
    pair.client.send(DATA, b"b").unwrap();
    while pair.client_says().is_some() {}
    pair.cut(Blame::Message);
    pair.connect();
    let welcome = pair.server_says().unwrap();
    pair.tell_client(&welcome);
    let said = pair.client_says().unwrap();
    assert_eq!(frames(&said), [Frame::Ack(0), Frame::Ping(1)]);
    pair.tell_client(&batch(&[Frame::Pong(0)]));
    assert_eq!(pair.client_says(), None);
    pair.tell_client(&batch(&[Frame::Pong(1)]));
    let said = pair.client_says().unwrap();
    assert_eq!(frames(&said), [Frame::Last(DATA, b"a")]);
    let said = pair.client_says().unwrap();
    assert_eq!(frames(&said), [Frame::Ping(2)]);
    pair.tell_client(&batch(&[Frame::Pong(1)]));
    assert_eq!(pair.client_says(), None);
    pair.tell_client(&batch(&[Frame::Pong(2)]));
    let said = pair.client_says().unwrap();
    assert_eq!(frames(&said), [Frame::Last(DATA, b"b")]);
    // The one behind it is the last that goes alone: its first parts may have been sent with them.
    for (text, alone) in [("c", true), ("d", false)] {
        pair.client.send(DATA, text.as_bytes()).unwrap();
        let (mut sent, mut asked) = (false, false);
        while let Some(said) = pair.client_says() {
            for frame in frames(&said) {
                if let Frame::Ping(number) = frame {
                    asked = sent;
                    pair.tell_client(&batch(&[Frame::Pong(number)]));
                }
                sent |= frame == Frame::Last(DATA, text.as_bytes());
            }
        }
        assert_eq!((sent, asked), (true, alone), "{text}");
    }
}

/// A batch has room for its last frame, whether that is `VOID` or not.
#[test]
fn many_replaced_messages_fit_their_batches() {
    let mut settings = Settings::default();
    settings.batch = 256;
    let mut small = Settings::default();
    small.max_message = 1024;
    let mut pair = Pair::with(settings, small, RegistryBounds::default());
    for _ in 0..500 {
        pair.client.send(DATA, &[b'x'; 1025]).unwrap();
    }
    pair.connect();
    let welcome = pair.server_says().unwrap();
    pair.tell_client(&welcome);
    let mut longest = 0;
    while let Some(batch) = pair.client_says() {
        longest = longest.max(batch.len());
        assert!(batch.len() <= 256, "{}", batch.len());
        pair.tell_server(&batch);
    }
    assert_eq!(longest, 256 - 16);
    assert_eq!(pair.server().next().0, 500);
}

/// An end cannot be nothing: it stays what it is, however many connections it ends.
#[test]
fn an_end_is_never_replaced() {
    let mut pair = Pair::open();
    pair.client.send(DATA, b"a").unwrap();
    pair.client.close(pair.now, 4001, "poison").unwrap();
    for _ in 0..6 {
        pass_until_poison(&mut pair);
        pair.now += millis(10_000);
        pair.cut(Blame::Message);
        pair.connect();
        let welcome = pair.server_says().unwrap();
        pair.tell_client(&welcome);
    }
    pair.pump();
    assert_eq!(pair.read().1, ["a", "poison"]);
    pair.pump();
    let end = ended(4001, "poison", true, true);
    assert_eq!(pair.client_events.last(), Some(&end));
}
