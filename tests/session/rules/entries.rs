//! When a connection takes a message that waits outside the session.

use super::*;

#[test]
fn a_message_is_taken_while_there_is_a_connection_with_credit_that_has_sent_everything() {
    let mut narrow = Settings::default();
    narrow.window = 1000;
    let mut pair = Pair::with(Settings::default(), narrow, RegistryBounds::default());
    assert!(!pair.client.takes(10, 0));
    pair.connect();
    assert!(!pair.client.takes(10, 0), "before WELCOME");
    pair.pump();
    assert!(pair.client.takes(10, 0));
    assert!(pair.server().takes(10, 0));
    // The credit: 25 at 40 each.
    for count in 0..25 {
        assert!(pair.client.takes(8, u64::MAX), "{count}");
        pair.client.send(DATA, b"12345678").unwrap();
        pair.pump();
    }
    // Sent, and not read.
    assert!(!pair.client.takes(8, 0));
    pair.read();
    pair.pump();
    assert!(pair.client.takes(8, u64::MAX));
    pair.cut(Blame::Innocent);
    assert!(!pair.client.takes(8, 0));
    assert!(!pair.server().takes(8, 0));
    pair.connect();
    pair.pump();
    let now = pair.now;
    pair.client.close(now, 1000, "").unwrap();
    assert!(!pair.client.takes(8, 0), "behind BYE");
}

#[test]
fn a_message_has_its_turn_when_everything_before_it_was_sent() {
    let mut pair = Pair::open();
    let since = pair.client.next().1 + 2;
    for _ in 0..4 {
        pair.client.send(DATA, &[b'x'; 20_000]).unwrap();
    }
    assert!(!pair.client.takes(10, since));
    pair.client_says().unwrap();
    assert!(!pair.client.takes(10, since));
    pair.client_says().unwrap();
    // Two are still unsent, more than half a batch; they came later.
    assert!(!pair.client.takes(10, since + 1));
    assert!(pair.client.takes(10, since));
}

#[test]
fn a_message_is_not_taken_beyond_the_bound_of_what_is_retained() {
    let mut settings = Settings::default();
    settings.retention = 1000;
    let mut pair = Pair::with(settings, Settings::default(), RegistryBounds::default());
    pair.connect();
    pair.pump();
    assert!(pair.client.takes(100_000, 0));
    pair.client.send(DATA, &[b'x'; 500]).unwrap();
    assert!(pair.client.takes(400, 0));
    assert!(!pair.client.takes(500, 0));
}
