//! RFC 6455 §5.5.1 Close frames, §7.1 the closing handshake, §7.4 close codes.

use crate::support::{START, close_frame, cut, events, fails, hex, masked, open, take};
use std::time::Duration;
use websocket_channel::error::{Misuse, Violation::*};
use websocket_channel::proto::{CloseFrame, Connection, ConnectionEvent, Role};
use websocket_channel::{CloseInfo, ClosedBy, Message};

#[test]
fn client_receives_close_answers_and_waits_for_the_end() {
    cut(
        || open(Role::Client),
        &hex("88 05 0f a1 77 68 79"),
        |how, client| {
            assert!(!client.is_open());
            // The peer's own body goes back to it.
            assert_eq!(take(client), masked(&hex("88 05 0f a1 77 68 79")), "{how}");
            // §7.1.1: the server closes the TCP connection first.
            assert!(!client.wants_shutdown() && !client.is_finished());
            assert!(events(client).is_empty());
            client.handle_eof(START);
            assert_eq!(
                events(client),
                [ConnectionEvent::Closed(CloseInfo::new(
                    4001,
                    "why",
                    true,
                    ClosedBy::Remote
                ))]
            );
            assert!(client.wants_shutdown() && client.is_finished());
        },
    );
}

#[test]
fn server_receives_close_answers_and_closes() {
    cut(
        || open(Role::Server),
        &masked(&hex("88 02 03 e8")),
        |how, server| {
            assert!(!server.wants_shutdown(), "the answer is not written yet");
            assert_eq!(take(server), close_frame(Role::Server, 1000), "{how}");
            assert!(server.wants_shutdown());
            server.handle_eof(START);
            assert_eq!(
                events(server),
                [ConnectionEvent::Closed(CloseInfo::new(
                    1000,
                    "",
                    true,
                    ClosedBy::Remote
                ))]
            );
        },
    );
}

#[test]
fn a_close_without_code_is_answered_without_code_and_reported_as_1005() {
    let mut client = open(Role::Client);
    client.handle_bytes(START, &hex("88 00"));
    assert_eq!(take(&mut client), masked(&hex("88 00")));
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::new(
            1005,
            "",
            true,
            ClosedBy::Remote
        ))]
    );
}

#[test]
fn we_close_and_the_peer_answers() {
    let mut client = open(Role::Client);
    client
        .close(START, Some(&CloseFrame::new(4000, "bye").unwrap()))
        .unwrap();
    assert_eq!(take(&mut client), masked(&hex("88 05 0f a0 62 79 65")));
    assert!(!client.is_open());
    // Messages on their way still arrive.
    client.handle_bytes(START, &hex("81 01 61 88 02 0f a0"));
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Message(Message::from("a"))]
    );
    assert!(take(&mut client).is_empty());
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::new(
            4000,
            "",
            true,
            ClosedBy::Local
        ))]
    );
}

#[test]
fn messages_sent_before_close_go_out_before_it_and_none_after() {
    let mut server = open(Role::Server);
    server.send(Message::from("a")).unwrap();
    server.close(START, None).unwrap();
    assert_eq!(server.send(Message::from("b")), Err(Message::from("b")));
    assert_eq!(server.close(START, None), Err(Misuse::NotOpen));
    assert_eq!(take(&mut server), hex("81 01 61 88 00"));
}

#[test]
fn both_close_at_once() {
    let mut client = open(Role::Client);
    client
        .close(START, Some(&CloseFrame::new(4000, "").unwrap()))
        .unwrap();
    client.handle_bytes(START, &hex("88 02 0f a1"));
    assert_eq!(take(&mut client), close_frame(Role::Client, 4000));
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::new(
            4001,
            "",
            true,
            ClosedBy::Local
        ))]
    );
}

#[test]
fn data_after_the_peers_close_is_discarded() {
    for behind in ["81 01 61", "88 00", "ff ff ff", "89 00"] {
        let mut client = open(Role::Client);
        client.handle_bytes(START, &[hex("88 02 03 e8"), hex(behind)].concat());
        client.handle_bytes(START, &hex(behind));
        assert_eq!(take(&mut client), close_frame(Role::Client, 1000));
        client.handle_eof(START);
        assert_eq!(
            events(&mut client),
            [ConnectionEvent::Closed(CloseInfo::new(
                1000,
                "",
                true,
                ClosedBy::Remote
            ))]
        );
    }
}

#[test]
fn a_peer_that_never_answers_times_out() {
    let mut client = open(Role::Client);
    assert_eq!(client.poll_timeout(), None);
    client.close(START, None).unwrap();
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, START + Duration::from_secs(10));
    client.handle_timeout(due - Duration::from_nanos(1));
    assert!(events(&mut client).is_empty());
    client.handle_timeout(due);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_server_that_never_ends_the_stream_times_out_and_the_close_stays_clean() {
    let mut client = open(Role::Client);
    client.handle_bytes(START, &hex("88 02 03 e8"));
    take(&mut client);
    let due = client.poll_timeout().unwrap();
    client.handle_timeout(due);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::new(
            1000,
            "",
            true,
            ClosedBy::Remote
        ))]
    );
}

#[test]
fn a_lost_connection_is_1006() {
    let mut client = open(Role::Client);
    client.handle_bytes(START, &hex("81 01 61 81 05 48"));
    client.handle_eof(START);
    let expected = [
        ConnectionEvent::Message(Message::from("a")),
        ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Error)),
    ];
    assert_eq!(events(&mut client), expected);

    let mut client = open(Role::Client);
    client.close(START, None).unwrap();
    take(&mut client);
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
}

#[test]
fn queued_messages_are_still_written_when_the_peer_has_ended_its_half() {
    let mut server = open(Role::Server);
    server.send(Message::from("a")).unwrap();
    server.handle_bytes(START, &masked(&hex("88 02 03 e8")));
    server.handle_eof(START);
    assert!(!server.is_finished() && !server.wants_read() && !server.wants_shutdown());
    assert!(events(&mut server).is_empty());
    assert_eq!(take(&mut server), hex("81 01 61 88 02 03 e8"));
    assert!(server.is_finished() && server.wants_shutdown() && !server.has_lost());
    assert_eq!(
        events(&mut server),
        [ConnectionEvent::Closed(CloseInfo::new(
            1000,
            "",
            true,
            ClosedBy::Remote
        ))]
    );
}

/// RFC 6455 §7.1.4: the closing handshake takes the Close frames of both.
#[test]
fn a_close_is_clean_only_when_ours_has_left() {
    type End = fn(&mut Connection);
    let ends: [End; 3] = [
        |server| server.handle_timeout(server.poll_timeout().unwrap()),
        |server| server.handle_write_failure(START),
        |server| {
            // All but its last byte.
            server.handle_transmitted(|| START, server.unsent() - 1);
            server.handle_eof(START);
            server.handle_timeout(server.poll_timeout().unwrap());
        },
    ];
    for (at, end) in ends.iter().enumerate() {
        let mut server = open(Role::Server);
        server.send(Message::from("abc")).unwrap();
        server.handle_bytes(START, &masked(&hex("88 02 03 e8")));
        end(&mut server);
        let mut closed = CloseInfo::new(1000, "", false, ClosedBy::Remote);
        // A few bytes of headers may be counted in.
        closed.unsent_bytes = [3, 3, 1][at];
        assert_eq!(
            events(&mut server),
            [ConnectionEvent::Closed(closed)],
            "{at}"
        );
        assert!(server.has_lost() && server.is_finished(), "{at}");
    }
}

#[test]
fn messages_before_a_failed_write_still_arrive() {
    let mut client = open(Role::Client);
    client.send(Message::from("abc")).unwrap();
    client.handle_write_failure(START);
    assert!(!client.is_open() && client.has_lost() && client.wants_read());
    assert_eq!(client.send(Message::from("d")), Err(Message::from("d")));
    client.handle_bytes(START, &hex("89 00 81 01 61 88 02 03 e8"));
    assert_eq!(client.unsent(), 0, "nothing is queued for nobody");
    let mut closed = CloseInfo::new(1000, "", false, ClosedBy::Remote);
    closed.unsent_bytes = 3;
    assert_eq!(
        events(&mut client),
        [
            ConnectionEvent::Message(Message::from("a")),
            ConnectionEvent::Closed(closed)
        ]
    );

    // A peer that says nothing more is given up, once.
    let mut client = open(Role::Client);
    client.handle_write_failure(START);
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, START + Duration::from_secs(10));
    client.handle_timeout(due);
    assert!(client.is_finished() && client.poll_timeout().is_none());
}

/// A slow upload is not cut, and a peer that takes nothing costs one timeout.
#[test]
fn the_close_timeout_begins_when_the_close_frame_has_left() {
    const SECOND: Duration = Duration::from_secs(1);
    let mut server = open(Role::Server);
    server.send(Message::Binary(vec![0; 1000])).unwrap();
    server.close(START, None).unwrap();
    let mut now = START;
    while server.unsent() > 0 {
        now += SECOND * 9;
        server.handle_timeout(now);
        assert!(!server.is_finished(), "it is cut at {now:?}");
        server.handle_transmitted(|| now, server.unsent().min(100));
    }
    assert!(now > START + SECOND * 90);
    assert_eq!(server.poll_timeout(), Some(now + SECOND * 10));
    // What is written behind it is no progress of ours.
    server.handle_bytes(now, &masked(&hex("89 00")));
    server.handle_transmitted(|| now + SECOND, 2);
    assert_eq!(server.poll_timeout(), Some(now + SECOND * 10));

    let mut server = open(Role::Server);
    server.send(Message::Binary(vec![0; 1000])).unwrap();
    server.close(START, None).unwrap();
    server.handle_timeout(START + SECOND * 10);
    assert!(server.is_finished() && server.has_lost());
}

#[test]
fn nothing_happens_after_the_end() {
    let mut client = open(Role::Client);
    client.handle_eof(START);
    assert_eq!(events(&mut client).len(), 1);
    client.handle_eof(START);
    client.handle_bytes(START, &hex("81 01 61"));
    client.handle_timeout(START * 2);
    assert!(events(&mut client).is_empty());
    assert_eq!(client.send(Message::from("a")), Err(Message::from("a")));
}

#[test]
fn close_codes_on_the_wire() {
    for code in 0..=u16::MAX {
        let valid = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(CloseFrame::new(code, "").is_ok(), valid, "{code}");
        let mut client = open(Role::Client);
        client.handle_bytes(START, &[&hex("88 02"), &code.to_be_bytes()[..]].concat());
        assert_eq!(
            client.violation(),
            if valid { None } else { Some(CloseCode) },
            "{code}"
        );
    }
    for code in [
        "00 00", "03 e7", "03 ec", "03 ed", "03 ee", "03 f7", "0b b7", "13 88", "ff ff",
    ] {
        fails(Role::Client, &format!("88 02 {code}"), &[], CloseCode, 1002);
    }
}

#[test]
fn close_bodies() {
    fails(Role::Client, "88 01 03", &[], CloseBody, 1002);
    fails(Role::Client, "88 03 03 e8 ff", &[], CloseReason, 1007);
    fails(Role::Client, "88 04 03 e8 e2 82", &[], CloseReason, 1007);
    fails(
        Role::Client,
        "81 01 61 88 01 03",
        &[Message::from("a")],
        CloseBody,
        1002,
    );

    let reason = "x".repeat(123);
    assert_eq!(
        CloseFrame::new(1000, reason.clone())
            .unwrap()
            .to_bytes()
            .len(),
        125
    );
    assert_eq!(
        CloseFrame::new(1000, "é".repeat(62)),
        Err(Misuse::CloseReason(124))
    );
    assert_eq!(CloseFrame::new(1005, ""), Err(Misuse::CloseCode(1005)));
    let mut client = open(Role::Client);
    client.handle_bytes(
        START,
        &[hex("88 7d 03 e8"), reason.clone().into_bytes()].concat(),
    );
    take(&mut client);
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::new(
            1000,
            reason,
            true,
            ClosedBy::Remote
        ))]
    );
}

#[test]
fn a_violation_after_our_close_sends_no_second_one() {
    let mut client = open(Role::Client);
    client.close(START, None).unwrap();
    take(&mut client);
    client.handle_bytes(START, &hex("83"));
    assert!(take(&mut client).is_empty());
    assert_eq!(client.violation(), Some(Opcode));
    assert!(client.wants_shutdown());
    client.handle_eof(START);
    assert_eq!(
        events(&mut client),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
}

#[test]
fn a_failed_connection_times_out() {
    let mut server = open(Role::Server);
    server.handle_bytes(START, &hex("81 00"));
    let due = server.poll_timeout().unwrap();
    server.handle_timeout(due);
    assert_eq!(
        events(&mut server),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
}
