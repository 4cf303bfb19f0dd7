//! Keepalive: pings of our own, and what becomes of a peer that does not answer them (RFC 6455 §5.5.2). Time is what the test says.

use crate::support::{START, close_frame, events, hex, masked, open_with, take};
use std::time::Duration;
use websocket_channel::proto::{CloseFrame, Connection, ConnectionEvent, ProtocolLimits, Role};
use websocket_channel::{CloseInfo, ClosedBy, Message};

const SECOND: Duration = Duration::from_secs(1);

fn limits(interval: u64, timeout: Option<u64>) -> ProtocolLimits {
    let mut limits = ProtocolLimits::default();
    limits.ping_interval = Some(SECOND * interval as u32);
    limits.ping_timeout = timeout.map(|timeout| SECOND * timeout as u32);
    limits
}

/// An open server whose first ping has left.
fn pinged() -> (Connection, Duration, Vec<u8>) {
    let mut server = open_with(Role::Server, limits(20, Some(5)));
    let due = server.poll_timeout().unwrap();
    assert_eq!(due, SECOND * 20);
    server.handle_timeout(due);
    assert_eq!(server.unsent(), 10);
    let ping = server.outgoing().to_vec();
    server.handle_transmitted(|| due, ping.len());
    assert_eq!(ping[..2], [0x89, 8]);
    assert_eq!(server.poll_timeout(), Some(due + SECOND * 5));
    (server, due, ping)
}

fn pong(ping: &[u8]) -> Vec<u8> {
    masked(&[&[0x8a, 8], &ping[2..]].concat())
}

fn expired() -> ConnectionEvent {
    let mut closed = CloseInfo::lost(ClosedBy::Error);
    closed.reason = "keepalive timeout".into();
    ConnectionEvent::Closed(closed)
}

#[test]
fn a_silent_peer_is_lost() {
    let (mut server, now, _) = pinged();
    server.handle_timeout(now + SECOND * 5);
    assert_eq!(events(&mut server), [expired()]);
    assert!(server.is_finished() && server.poll_timeout().is_none());
}

#[test]
fn a_pong_begins_the_next_interval() {
    let (mut server, now, ping) = pinged();
    server.handle_bytes(now + SECOND, &pong(&ping));
    assert_eq!(server.poll_timeout(), Some(now + SECOND * 21));
    assert_eq!(server.round_trip(), Some(SECOND));
    assert_eq!(
        (server.pongs(), server.last_pong()),
        (1, Some(now + SECOND))
    );
    assert!(
        events(&mut server).is_empty(),
        "nobody is told of our own pings"
    );
    // The next ping is another.
    server.handle_timeout(now + SECOND * 21);
    assert_ne!(server.outgoing(), ping);
    server.handle_transmitted(|| now + SECOND * 21, ping.len());
    server.handle_timeout(now + SECOND * 26);
    assert_eq!(events(&mut server), [expired()]);
}

#[test]
fn a_peer_that_sends_is_alive_although_its_pong_comes_later() {
    let (mut server, mut now, ping) = pinged();
    for _ in 0..10 {
        server.handle_bytes(now, &masked(&hex("81 01 61")));
        now += SECOND * 5;
        server.handle_timeout(now);
        assert_eq!(
            events(&mut server),
            [ConnectionEvent::Message(Message::from("a"))]
        );
    }
    server.handle_bytes(now, &pong(&ping));
    assert_eq!(server.poll_timeout(), Some(now + SECOND * 20));
}

#[test]
fn keepalive_does_not_end_a_connection_while_nothing_is_read() {
    let mut limits = limits(20, Some(5));
    limits.receive_buffer = 0;
    let mut server = open_with(Role::Server, limits);
    server.handle_bytes(START, &masked(&hex("81 01 61")));
    assert!(!server.wants_read());
    let mut now = SECOND * 20;
    server.handle_timeout(now);
    take(&mut server);
    for _ in 0..10 {
        now = server.poll_timeout().unwrap();
        server.handle_timeout(now);
        assert!(server.is_open(), "its pong could not be seen");
    }
    // Read again, it has its time again.
    assert_eq!(events(&mut server).len(), 1);
    server.handle_timeout(now + SECOND * 5);
    assert_eq!(events(&mut server), [expired()]);
}

#[test]
fn the_wait_begins_when_the_ping_has_left() {
    let mut server = open_with(Role::Server, limits(20, Some(5)));
    server.send(Message::Binary(vec![0; 1000])).unwrap();
    let mut now = SECOND * 20;
    server.handle_timeout(now);
    while server.unsent() > 0 {
        now += SECOND * 4;
        server.handle_timeout(now);
        assert!(server.is_open(), "a slow upload is cut at {now:?}");
        server.handle_transmitted(|| now, server.unsent().min(100));
    }
    assert_eq!(server.poll_timeout(), Some(now + SECOND * 5));
    // A peer that takes nothing is lost after one timeout.
    let mut server = open_with(Role::Server, limits(20, Some(5)));
    server.send(Message::from("abc")).unwrap();
    server.handle_timeout(SECOND * 20);
    server.handle_timeout(SECOND * 25);
    let mut closed = CloseInfo::lost(ClosedBy::Error);
    closed.reason = "keepalive timeout".into();
    closed.unsent_bytes = 3;
    assert_eq!(events(&mut server), [ConnectionEvent::Closed(closed)]);
}

#[test]
fn without_a_timeout_pings_go_on() {
    let mut server = open_with(Role::Server, limits(20, None));
    for round in 1..10 {
        server.handle_timeout(SECOND * 20 * round);
        assert_eq!(take(&mut server).len(), 10);
    }
    assert!(server.is_open());
}

#[test]
fn keepalive_can_be_off_and_ends_with_the_close() {
    let mut off = limits(20, Some(5));
    off.ping_interval = None;
    let mut server = open_with(Role::Server, off);
    assert_eq!(server.poll_timeout(), None);
    server.handle_timeout(SECOND * 1000);
    assert_eq!(server.unsent(), 0);

    let (mut server, now, ping) = pinged();
    server
        .close(now, CloseFrame::new(1000, "").ok().as_ref())
        .unwrap();
    assert_eq!(take(&mut server), close_frame(Role::Server, 1000));
    let due = server.poll_timeout();
    assert_eq!(due, Some(START + SECOND * 10));
    // A late pong does not move the deadline of the close.
    server.handle_bytes(now, &pong(&ping));
    assert_eq!(server.poll_timeout(), due);
}
