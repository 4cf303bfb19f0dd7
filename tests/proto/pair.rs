//! A client and a server that talk to each other, and a clock that only the test moves.

use crate::support::{START, events};
use std::time::Duration;
use websocket_channel::proto::{Address, CloseFrame, Connection, Event, Limits, Offer};
use websocket_channel::random;
use websocket_channel::{By, Closed, Message, Opened};

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
        let offer = Offer::new(Address::parse("ws://example.com/").unwrap());
        let client = Connection::client(START, offer, Limits::default(), random::fill).unwrap();
        Self {
            client,
            server: Connection::server(START, Limits::default(), random::fill),
            now: START,
            piece,
        }
    }

    fn open(piece: usize) -> Self {
        let mut pair = Self::new(piece);
        pair.run();
        assert!(matches!(events(&mut pair.server)[..], [Event::Request(_)]));
        pair.server.accept(pair.now, None, &[]).unwrap();
        pair.run();
        assert_eq!(events(&mut pair.server), [Event::Opened(Opened::default())]);
        assert_eq!(events(&mut pair.client), [Event::Opened(Opened::default())]);
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
    from.handle_transmitted(bytes.len());
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
        let expected: Vec<Event> = messages.into_iter().map(Event::Message).collect();
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
    let closed = Closed::new(4000, "done", true, By::Peer);
    assert_eq!(
        events(&mut pair.server),
        [Event::Message(Message::from("last")), Event::Closed(closed)]
    );
    assert_eq!(
        events(&mut pair.client),
        [Event::Closed(Closed::new(4000, "done", true, By::Us))]
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
        [Event::Closed(Closed::new(4001, "", true, By::Us))]
    );
    assert_eq!(
        events(&mut pair.server),
        [Event::Closed(Closed::new(4000, "", true, By::Us))]
    );
}

#[test]
fn a_dead_line_ends_both_in_time() {
    let mut pair = Pair::open(1);
    pair.client.close(pair.now, None).unwrap();
    pair.wait();
    assert_eq!(pair.now, START + Duration::from_secs(10));
    assert_eq!(
        events(&mut pair.client),
        [Event::Closed(Closed::lost(By::Us))]
    );
    assert!(pair.server.is_open());
}

#[test]
fn a_handshake_on_a_dead_line_ends_in_time() {
    let mut pair = Pair::new(1);
    pair.wait();
    assert_eq!(pair.now, START + Duration::from_secs(60));
    assert!(matches!(events(&mut pair.client)[..], [Event::Failed(_)]));
    assert!(matches!(events(&mut pair.server)[..], [Event::Failed(_)]));
}
