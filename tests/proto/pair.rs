//! A client and a server that talk to each other, and a clock that only the test moves.

use crate::support::{START, events};
use std::time::Duration;
use websocket_channel::proto::{
    Address, ClientRequest, CloseFrame, Connection, ConnectionEvent, Format, ProtocolLimits,
};
use websocket_channel::{CloseInfo, ClosedBy, Message, OpenInfo};

/// Two connections and the wires between them.
struct Pair {
    client: Connection,
    server: Connection,
    now: Duration,
    /// Bytes that go over a wire at a time.
    piece: usize,
}

impl Pair {
    fn new(piece: usize) -> Self {
        Self::speaking(Format::Rfc6455, piece)
    }

    fn speaking(format: Format, piece: usize) -> Self {
        let mut offer = ClientRequest::new(Address::parse("ws://example.com/").unwrap());
        offer.format = format;
        let client =
            Connection::client(START, offer, ProtocolLimits::default(), rand::fill).unwrap();
        Self {
            client,
            server: Connection::server(START, ProtocolLimits::default(), rand::fill),
            now: START,
            piece,
        }
    }

    fn open(piece: usize) -> Self {
        Self::new(piece).opened()
    }

    fn opened(self) -> Self {
        let mut pair = self;
        pair.run();
        assert!(matches!(
            events(&mut pair.server)[..],
            [ConnectionEvent::Request(_)]
        ));
        pair.server.accept(pair.now, None, &[]).unwrap();
        pair.run();
        assert_eq!(
            events(&mut pair.server),
            [ConnectionEvent::Opened(OpenInfo::default())]
        );
        assert_eq!(
            events(&mut pair.client),
            [ConnectionEvent::Opened(OpenInfo::default())]
        );
        pair
    }

    /// Carries bytes until neither side has any, then the end of the stream.
    fn run(&mut self) {
        loop {
            let moved = carry(&mut self.client, &mut self.server, self.now, self.piece)
                | carry(&mut self.server, &mut self.client, self.now, self.piece);
            if !moved {
                break;
            }
        }
        // The server's end may be what lets the client end, and the other way round.
        for _ in 0..2 {
            if self.client.wants_shutdown() {
                self.server.handle_eof(self.now);
            }
            if self.server.wants_shutdown() {
                self.client.handle_eof(self.now);
            }
        }
    }

    /// The next of both timeouts comes.
    fn wait(&mut self) {
        let next = [self.client.poll_timeout(), self.server.poll_timeout()]
            .into_iter()
            .flatten()
            .min();
        self.now = next.expect("somebody waits for something");
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }
}

fn carry(from: &mut Connection, to: &mut Connection, now: Duration, piece: usize) -> bool {
    let bytes: Vec<u8> = from.outgoing().iter().take(piece).copied().collect();
    from.handle_transmitted(|| now, bytes.len());
    to.handle_bytes(now, &bytes);
    !bytes.is_empty()
}

#[test]
fn messages_go_both_ways_in_any_pieces() {
    for piece in [1, 7, 1 << 20] {
        let mut pair = Pair::open(piece);
        let messages: Vec<Message> = (0..50)
            .map(|n| {
                if n % 2 == 0 {
                    Message::Text("é".repeat(n * 10))
                } else {
                    Message::Binary(vec![n as u8; n * 100])
                }
            })
            .collect();
        for message in &messages {
            pair.client.send(message.clone()).unwrap();
            pair.server.send(message.clone()).unwrap();
        }
        pair.run();
        let expected: Vec<ConnectionEvent> =
            messages.into_iter().map(ConnectionEvent::Message).collect();
        assert!(events(&mut pair.client) == expected && events(&mut pair.server) == expected);
    }
}

#[test]
fn both_ends_tell_the_same_end() {
    let mut pair = Pair::open(3);
    pair.client.send(Message::from("last")).unwrap();
    pair.client
        .close(pair.now, Some(&CloseFrame::new(4000, "done").unwrap()))
        .unwrap();
    pair.run();
    let closed = CloseInfo::new(4000, "done", true, ClosedBy::Remote);
    assert_eq!(
        events(&mut pair.server),
        [
            ConnectionEvent::Message(Message::from("last")),
            ConnectionEvent::Closed(closed)
        ]
    );
    assert_eq!(
        events(&mut pair.client),
        [ConnectionEvent::Closed(CloseInfo::new(
            4000,
            "done",
            true,
            ClosedBy::Local
        ))]
    );
    assert!(pair.client.is_finished() && pair.server.is_finished());
}

#[test]
fn both_close_at_once() {
    let mut pair = Pair::open(1);
    pair.client
        .close(pair.now, Some(&CloseFrame::new(4000, "").unwrap()))
        .unwrap();
    pair.server
        .close(pair.now, Some(&CloseFrame::new(4001, "").unwrap()))
        .unwrap();
    pair.run();
    assert_eq!(
        events(&mut pair.client),
        [ConnectionEvent::Closed(CloseInfo::new(
            4001,
            "",
            true,
            ClosedBy::Local
        ))]
    );
    assert_eq!(
        events(&mut pair.server),
        [ConnectionEvent::Closed(CloseInfo::new(
            4000,
            "",
            true,
            ClosedBy::Local
        ))]
    );
}

#[test]
fn a_dead_network_ends_both_sides_in_time() {
    let mut pair = Pair::open(1);
    pair.client.close(pair.now, None).unwrap();
    pair.wait();
    assert_eq!(pair.now, START + Duration::from_secs(10));
    assert_eq!(
        events(&mut pair.client),
        [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
    );
    assert!(pair.server.is_open());
}

#[test]
fn a_handshake_over_a_dead_network_times_out() {
    let mut pair = Pair::new(1);
    pair.wait();
    assert_eq!(pair.now, START + Duration::from_secs(60));
    assert!(matches!(
        events(&mut pair.client)[..],
        [ConnectionEvent::Failed(_)]
    ));
    assert!(matches!(
        events(&mut pair.server)[..],
        [ConnectionEvent::Failed(_)]
    ));
}

#[test]
fn the_formats_of_2009_carry_text_both_ways_in_any_pieces() {
    for format in [Format::Hixie75, Format::Hixie76] {
        for piece in [1, 7, 1 << 20] {
            let mut pair = Pair::speaking(format, piece).opened();
            let messages: Vec<Message> = (0..50)
                .map(|n| Message::Text("é\0".repeat(n * 10)))
                .collect();
            for message in &messages {
                pair.client.send(message.clone()).unwrap();
                pair.server.send(message.clone()).unwrap();
            }
            pair.run();
            let expected: Vec<ConnectionEvent> =
                messages.into_iter().map(ConnectionEvent::Message).collect();
            assert!(events(&mut pair.client) == expected, "{format}");
            assert!(events(&mut pair.server) == expected, "{format}");
        }
    }
}

#[test]
fn hixie_75_ends_with_the_stream_from_either_side() {
    for client_closes in [true, false] {
        let mut pair = Pair::speaking(Format::Hixie75, 3).opened();
        let (closing, other) = if client_closes {
            (&mut pair.client, &mut pair.server)
        } else {
            (&mut pair.server, &mut pair.client)
        };
        closing.send("last".into()).unwrap();
        other.send("lost".into()).unwrap();
        closing.close(START, None).unwrap();
        pair.run();
        let (client, server) = (events(&mut pair.client), events(&mut pair.server));
        let (closing, other) = if client_closes {
            (client, server)
        } else {
            (server, client)
        };
        assert_eq!(
            closing,
            [ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Local))]
        );
        let lost = ConnectionEvent::Closed(CloseInfo::lost(ClosedBy::Error));
        assert_eq!(other, [ConnectionEvent::Message("last".into()), lost]);
        assert!(pair.client.is_finished() && pair.server.is_finished());
    }
}

#[test]
fn hixie_76_closes_cleanly_from_either_side() {
    for (client_closes, server_closes) in [(true, false), (false, true), (true, true)] {
        let mut pair = Pair::speaking(Format::Hixie76, 3).opened();
        let by = |us: bool| {
            ConnectionEvent::Closed(CloseInfo::new(
                1005,
                "",
                true,
                if us {
                    ClosedBy::Local
                } else {
                    ClosedBy::Remote
                },
            ))
        };
        if client_closes {
            pair.client
                .close(START, Some(&CloseFrame::new(4000, "dropped").unwrap()))
                .unwrap();
        }
        if server_closes {
            pair.server.close(START, None).unwrap();
        }
        pair.run();
        assert_eq!(events(&mut pair.client), [by(client_closes)]);
        assert_eq!(events(&mut pair.server), [by(server_closes)]);
        assert!(pair.client.is_finished() && pair.server.is_finished());
    }
}
