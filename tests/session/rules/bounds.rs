//! What counts against a bound, and when it no longer does.

use super::*;
use websocket_channel::session::Unsendable;

/// A window of 100, and one message of 8 bytes, costs 40.
fn narrow() -> Pair {
    let mut settings = Settings::default();
    settings.window = 100;
    let mut pair = Pair::with(Settings::default(), settings, RegistryBounds::default());
    pair.connect();
    pair.pump();
    pair
}

#[test]
fn credit_is_granted_at_half_a_window_or_when_there_is_none_left() {
    for (bytes, sent, read, granted) in [
        // 40 of 100 could be granted: less than half, and 60 are left.
        (8, 1, 1, None),
        // Half.
        (18, 1, 1, Some(150)),
        // More.
        (8, 2, 2, Some(180)),
        // Less, but everything is used up.
        (8, 3, 1, Some(140)),
        (8, 3, 0, None),
    ] {
        let mut pair = narrow();
        for _ in 0..sent {
            pair.client.send(DATA, &vec![b'x'; bytes]).unwrap();
        }
        while let Some(batch) = pair.client_says() {
            pair.tell_server(&batch);
        }
        let now = pair.now;
        for _ in 0..read {
            let message = pair.server().read().unwrap();
            pair.server().commit(now, message.index + 1);
        }
        let mut credits = Vec::new();
        while let Some(batch) = pair.server_says() {
            credits.extend(frames(&batch).iter().filter_map(|frame| match frame {
                Frame::Credit(total) => Some(*total),
                _ => None,
            }));
        }
        assert_eq!(
            credits,
            granted.into_iter().collect::<Vec<_>>(),
            "{read} of {sent} of {bytes} bytes"
        );
    }
}

/// A `FLUSH` is for what the peer has: it goes behind the last message, however long that waits for credit.
#[test]
fn a_flush_waits_for_credit_with_the_messages_before_it() {
    let mut pair = narrow();
    for _ in 0..4 {
        pair.client.send(DATA, b"12345678").unwrap();
    }
    pair.client.flush();
    let said = |pair: &mut Pair| {
        let mut flushes = 0;
        while let Some(batch) = pair.client_says() {
            flushes += frames(&batch)
                .iter()
                .filter(|frame| **frame == Frame::Flush)
                .count();
            pair.tell_server(&batch);
        }
        (pair.server().next().0, flushes)
    };
    assert_eq!(said(&mut pair), (3, 0));
    pair.read();
    let credit = pair.server_says().unwrap();
    pair.tell_client(&credit);
    assert_eq!(said(&mut pair), (4, 1));
}

/// What waited when a side closed is dropped, and its room is free again: the peer's end must get through.
#[test]
fn what_a_closed_side_drops_no_longer_counts() {
    for messages in 1..4 {
        let mut pair = narrow();
        for _ in 0..messages {
            pair.client.send(DATA, &[b'x'; 28]).unwrap();
        }
        while let Some(batch) = pair.client_says() {
            pair.tell_server(&batch);
        }
        let cost = 60 * messages.min(2);
        assert_eq!(pair.server().held(), cost);
        let now = pair.now;
        pair.server().close(now, 1000, "").unwrap();
        assert_eq!(pair.server().held(), 0);
        let batch = pair.server_says().unwrap();
        let credit = Frame::Credit(100 + cost);
        assert!(frames(&batch).contains(&credit), "{batch:?}");
    }
}

#[test]
fn what_is_retained_is_counted_by_both_sides() {
    let mut pair = Pair::open();
    assert_eq!((pair.client.retained(), pair.server().retained()), (0, 0));
    pair.client.send(DATA, b"12345678").unwrap();
    pair.server().send(DATA, b"1234").unwrap();
    // A kind, a length, the bytes and 32.
    assert_eq!((pair.client.retained(), pair.server().retained()), (42, 38));
    pair.pump();
    // The bytes and 32.
    assert_eq!((pair.client.held(), pair.server().held()), (36, 40));
    pair.read();
    pair.later(millis(200));
    pair.pump();
    assert_eq!((pair.client.retained(), pair.server().retained()), (0, 0));
    assert_eq!((pair.client.held(), pair.server().held()), (0, 0));
}

#[test]
fn retention_is_used_up_to_the_last_byte() {
    for (retention, second) in [(82, Ok(1)), (81, Err(Unsendable::Full))] {
        let mut settings = Settings::default();
        settings.retention = retention;
        let mut pair = Pair::with(settings, Settings::default(), RegistryBounds::default());
        // It costs 42, and is taken if there is room for 40: the kind and the length are not counted beforehand.
        assert_eq!(pair.client.send(DATA, b"12345678"), Ok(0));
        assert_eq!(pair.client.send(DATA, b"12345678"), second);
    }
}

#[test]
fn a_message_is_as_large_as_its_parts_together() {
    let part = |bytes: usize| vec![b'x'; bytes];
    for (parts, last, taken) in [
        (&[512, 512][..], Some(0), true),
        (&[512, 511], Some(1), true),
        (&[512, 512], Some(1), false),
        (&[512, 513], None, false),
        (&[600, 600], None, false),
        (&[], Some(1024), true),
        (&[], Some(1025), false),
    ] {
        let mut settings = Settings::default();
        settings.max_message = 1024;
        let mut pair = Pair::with(Settings::default(), settings, RegistryBounds::default());
        pair.connect();
        pair.pump();
        for bytes in parts {
            pair.tell_server(&batch(&[Frame::Part(&part(*bytes))]));
        }
        if let Some(bytes) = last {
            pair.tell_server(&batch(&[Frame::Last(DATA, &part(bytes))]));
        }
        let told = pair.server_events.iter().any(|event| {
            matches!(
                event,
                ServerEvent::Close {
                    code: 3009,
                    reason: "message-too-long",
                    ..
                }
            )
        });
        assert_eq!(told, !taken, "{parts:?} {last:?}");
        assert_eq!(pair.server().next().0, u64::from(taken), "{parts:?}");
    }
}

#[test]
fn a_batch_may_be_as_long_as_the_settings_say() {
    let long = |bytes: usize| {
        let mut batch = batch(&[Frame::Last(DATA, &vec![b'x'; bytes - 5])]);
        assert_eq!(batch.len(), bytes);
        std::mem::take(&mut batch)
    };
    for (bytes, taken) in [(32 * 1024, true), (32 * 1024 + 1, false)] {
        let mut pair = Pair::open();
        pair.tell_client(&long(bytes));
        assert_eq!(pair.client.next().0, u64::from(taken));
        pair.tell_server(&long(bytes));
        assert_eq!(pair.server().next().0, u64::from(taken));
    }
}

/// The bound of all sessions together counts what they hold and retain now.
#[test]
fn a_registry_is_full_while_its_sessions_hold_and_retain_too_much() {
    let mut bounds = RegistryBounds::default();
    bounds.cost = 100;
    let mut pair = Pair::with(Settings::default(), Settings::default(), bounds);
    pair.connect();
    pair.pump();
    let (id, connection) = (pair.id, pair.connections);
    let is_full = |pair: &mut Pair| {
        let mut other = Client::new(Settings::default(), 3);
        other.connected(pair.now);
        let mut hello = Vec::new();
        other.poll_transmit(pair.now, &mut hello);
        let answer = answered(&pair.accept(&hello));
        pair.connections = connection;
        pair.id = id;
        answer == "Later Busy, 1000 later"
    };
    assert!(!is_full(&mut pair));
    // 40 held, and 42 retained.
    pair.client.send(DATA, b"12345678").unwrap();
    pair.pump();
    pair.server().send(DATA, b"12345678").unwrap();
    pair.pump();
    assert!(!is_full(&mut pair));
    pair.client.send(DATA, b"12345678").unwrap();
    pair.pump();
    assert!(is_full(&mut pair));
    pair.read();
    pair.later(millis(200));
    pair.pump();
    assert!(!is_full(&mut pair));
    // It ends while it retains.
    pair.server().send(DATA, &[b'x'; 100]).unwrap();
    pair.pump();
    assert!(is_full(&mut pair));
    pair.client.close(pair.now, 1000, "").unwrap();
    pair.pump();
    pair.read();
    pair.pump();
    assert_eq!(
        pair.client.phase(),
        websocket_channel::session::ClientPhase::Ended
    );
    assert!(!is_full(&mut pair));
}
