//! RFC 6455 §5.5: control frames; §5.5.2 and §5.5.3: ping and pong.

use crate::support::{START, close_frame, cut, events, fails, hex, masked, open, take};
use websocket_channel::Message;
use websocket_channel::error::{Misuse, Violation::*};
use websocket_channel::proto::{ConnectionEvent, Role};

#[test]
fn a_ping_is_answered_with_its_payload() {
    for ping in ["89 00", "89 05 48 65 6c 6c 6f", "89 02 ff 00"] {
        let ping = hex(ping);
        let mut pong = ping.clone();
        pong[0] = 0x8a;
        cut(
            || open(Role::Client),
            &ping,
            |how, client| assert_eq!(take(client), masked(&pong), "{how}"),
        );
        cut(
            || open(Role::Server),
            &masked(&ping),
            |how, server| assert_eq!(take(server), pong, "{how}"),
        );
    }
    let longest = [hex("89 7d"), vec![0x2a; 125]].concat();
    cut(
        || open(Role::Client),
        &longest,
        |_, client| assert_eq!(take(client).len(), 2 + 4 + 125),
    );
}

#[test]
fn every_one_of_a_few_pings_is_answered_in_order() {
    let mut server = open(Role::Server);
    let pings: Vec<u8> = (0..10).flat_map(|n| masked(&[0x89, 1, n])).collect();
    server.handle_bytes(START, &pings);
    let pongs: Vec<u8> = (0..10).flat_map(|n| [0x8a, 1, n]).collect();
    assert_eq!(take(&mut server), pongs);
}

#[test]
fn a_flood_of_pings_does_not_grow_memory() {
    let mut server = open(Role::Server);
    for n in 0..100_000_u32 {
        let mut ping = vec![0x89, 125];
        ping.extend(n.to_be_bytes());
        ping.resize(2 + 125, 0);
        server.handle_bytes(START, &masked(&ping));
    }
    assert!(
        server.outgoing().len() < 17 << 10,
        "{} bytes wait",
        server.outgoing().len()
    );
    take(&mut server);
    // §5.5.3: "a Pong frame for only the most recently processed Ping frame".
    let latest = take(&mut server);
    assert_eq!(latest.len(), 127);
    assert_eq!(latest[2..6], 99_999_u32.to_be_bytes());
    assert!(server.outgoing().is_empty());
    server.handle_bytes(START, &masked(&[0x89, 1, 7]));
    assert_eq!(take(&mut server), [0x8a, 1, 7]);
}

#[test]
fn pings_are_answered_after_our_close_and_not_after_the_peers() {
    let mut server = open(Role::Server);
    server.close(START, None).unwrap();
    take(&mut server);
    server.handle_bytes(START, &masked(&[0x89, 1, 7]));
    assert_eq!(take(&mut server), [0x8a, 1, 7]);

    let mut server = open(Role::Server);
    server.handle_bytes(
        START,
        &[masked(&hex("88 02 03 e8")), masked(&hex("89 01 07"))].concat(),
    );
    assert_eq!(take(&mut server), close_frame(Role::Server, 1000));
}

#[test]
fn solicited_and_unsolicited_pongs_are_reported() {
    cut(
        || open(Role::Client),
        &hex("8a 00 8a 02 68 69"),
        |how, client| {
            // Nobody polled between them: the first has been replaced.
            assert_eq!(
                events(client),
                [ConnectionEvent::Pong(b"hi".to_vec())],
                "{how}"
            );
            assert_eq!((client.pongs(), client.last_pong()), (2, Some(START)));
            assert!(client.outgoing().is_empty());
        },
    );
    let mut client = open(Role::Client);
    client.handle_bytes(START, &hex("8a 00 81 01 61 8a 00"));
    let pong = || ConnectionEvent::Pong(Vec::new());
    let message = ConnectionEvent::Message(Message::from("a"));
    assert_eq!(events(&mut client), [pong(), message, pong()]);
}

#[test]
fn unpolled_pongs_do_not_grow_memory() {
    let mut client = open(Role::Client);
    let pong = [hex("8a 7d"), vec![0x2a; 125]].concat();
    let flood = pong.repeat(1000);
    for _ in 0..100 {
        client.handle_bytes(START, &flood);
    }
    assert_eq!(client.pongs(), 100_000);
    assert_eq!(client.undelivered(), 125 + size_of::<Message>());
    assert_eq!(events(&mut client).len(), 1);
    assert_eq!(client.undelivered(), 0);
    // Among messages they count as those do.
    client.handle_bytes(START, &hex("8a 00 81 00").repeat(1000));
    assert_eq!(client.undelivered(), 2000 * size_of::<Message>());
}

/// The budget for pongs counts what is unsent now, not since the queue was last empty.
#[test]
fn a_busy_sender_answers_pings() {
    let mut server = open(Role::Server);
    let ping = masked(&hex("89 01 07"));
    let mut pongs = 0;
    for _ in 0..20_000 {
        server.send(Message::from("busy")).unwrap();
        server.handle_bytes(START, &ping);
        // As much as was queued, so that something is always left.
        server.send(Message::from("more")).unwrap();
        let sent = server.outgoing()[..6 + 3].to_vec();
        pongs += usize::from(sent.windows(3).any(|bytes| bytes == [0x8a, 0x01, 0x07]));
        server.handle_transmitted(|| START, 6 + 3 + 6);
        server.send(Message::from("")).unwrap();
        server.handle_transmitted(|| START, 2);
    }
    assert!(pongs > 19_000, "{pongs} pongs for 20000 pings");
}

#[test]
fn we_can_ping() {
    let mut client = open(Role::Client);
    client.ping(b"Hello").unwrap();
    assert_eq!(take(&mut client), masked(&hex("89 05 48 65 6c 6c 6f")));
    assert_eq!(client.ping(&[0; 126]), Err(Misuse::PingTooLong(126)));
    client.close(START, None).unwrap();
    assert_eq!(client.ping(b""), Err(Misuse::NotOpen));
}

#[test]
fn control_frames_are_not_fragmented() {
    for first in ["08", "09", "0a"] {
        fails(Role::Client, first, &[], ControlFragmented, 1002);
        fails(Role::Server, first, &[], ControlFragmented, 1002);
    }
    fails(
        Role::Client,
        "81 01 61 09 01",
        &[Message::from("a")],
        ControlFragmented,
        1002,
    );
}

#[test]
fn control_frames_have_at_most_125_bytes() {
    for second in ["7e", "7f"] {
        for first in ["88", "89", "8a"] {
            fails(
                Role::Client,
                &format!("{first}{second}"),
                &[],
                ControlTooLong,
                1002,
            );
        }
    }
    fails(Role::Server, "89 fe", &[], ControlTooLong, 1002);
}
