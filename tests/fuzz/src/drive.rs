//! Drives a connection as its documentation says, and checks after every step what that documentation promises.

use crate::{Input, MEMORY};
use std::time::Duration;
use websocket_channel::Message;
use websocket_channel::error::{Cause, Violation};
use websocket_channel::proto::{Connection, ConnectionEvent, ProtocolLimits};

/// When everything happens.
pub const START: Duration = Duration::from_secs(1000);
/// Allocated whatever comes: room made for a message that is only announced, a codec's window, both while they grow.
const FIXED_MEMORY: usize = 1 << 20;
/// Allocated for each byte that came: an empty message is two bytes on the wire, and an event in a queue that doubles.
const MEMORY_PER_BYTE: usize = 128;
/// Everything that one handling of bytes may have queued without being asked: pongs, a Close frame, a refusal.
const MAX_ANSWERS: usize = 18 << 10;

/// What came of a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Everything that was told.
    pub events: Vec<ConnectionEvent>,
    /// Everything that was written.
    pub sent: Vec<u8>,
    /// What the peer did wrong on the open connection.
    pub violation: Option<Violation>,
    /// Whether it was open when all bytes were read.
    pub open: bool,
}

impl Outcome {
    /// The messages.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.events.iter().filter_map(|event| match event {
            ConnectionEvent::Message(message) => Some(message),
            _ => None,
        })
    }

    /// Whether it opened.
    pub fn opened(&self) -> bool {
        let mut events = self.events.iter();
        events.any(|event| matches!(event, ConnectionEvent::Opened(_)))
    }
}

/// Makes the same connection again and again, and decides on its requests.
pub trait Player {
    /// A fresh connection.
    fn make(&self) -> Connection;

    /// Server: answers a request.
    fn decide(&self, _connection: &mut Connection, _event: &ConnectionEvent) {}
}

impl<F: Fn() -> Connection> Player for F {
    fn make(&self) -> Connection {
        self()
    }
}

/// Plays the input whole, in pieces, and byte by byte, and checks that all of it comes to the same; gives that.
///
/// Two of the input's bits are used here: 2, the peer falls silent instead of ending the stream; 3, what is queued is written at
/// once and not only at the end.
pub fn same_in_any_pieces(player: &dyn Player, input: &Input) -> Outcome {
    let ending = if input.flag(2) {
        Ending::Silence
    } else {
        Ending::Eof
    };
    let limits = input.limits();
    let play = |pieces: &[&[u8]]| {
        let mut run = Run::new(player, &limits, input.flag(3));
        pieces.iter().for_each(|piece| run.read(piece));
        run.end(ending)
    };
    let whole = play(&[input.bytes]);
    if early(&whole) {
        // How much comes before the answer does depend on the cut.
        return whole;
    }
    same(&whole, &play(&input.pieces()), "in pieces");
    if input.bytes.len() <= 512 {
        let bytes: Vec<&[u8]> = input.bytes.chunks(1).collect();
        same(&whole, &play(&bytes), "byte by byte");
    }
    whole
}

fn early(outcome: &Outcome) -> bool {
    let early = ConnectionEvent::Failed(Cause::Violation(Violation::EarlyData));
    outcome.events.contains(&early)
}

fn same(whole: &Outcome, other: &Outcome, how: &str) {
    assert_eq!(whole.events, other.events, "events {how}");
    assert_eq!(whole.violation, other.violation, "{how}");
    assert_eq!(whole.open, other.open, "{how}");
    // RFC 6455 §5.5.3: past so many that wait, only the latest ping is answered, and how many wait depends on the cut.
    if whole.sent.len() < 16 << 10 && other.sent.len() < 16 << 10 {
        assert_eq!(whole.sent, other.sent, "written {how}");
    }
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Eof,
    Silence,
}

struct Run<'a> {
    player: &'a dyn Player,
    connection: Connection,
    limits: &'a ProtocolLimits,
    writes_at_once: bool,
    /// The handshake was somebody else's.
    began_open: bool,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn new(player: &'a dyn Player, limits: &'a ProtocolLimits, writes_at_once: bool) -> Self {
        let connection = player.make();
        let mut run = Self {
            player,
            began_open: !connection.is_handshaking(),
            connection,
            limits,
            writes_at_once,
            outcome: Outcome {
                events: Vec::new(),
                sent: Vec::new(),
                violation: None,
                open: false,
            },
        };
        run.check();
        run.write();
        run
    }

    fn read(&mut self, piece: &[u8]) {
        let queued = self.connection.unsent();
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        self.connection.handle_bytes(START, piece);
        let used = MEMORY.peak_usage() - before;
        let may = FIXED_MEMORY
            + MEMORY_PER_BYTE * piece.len()
            // A message whose pieces came before, or come out of little: itself while it grows.
            + 3 * self.limits.max_message
            + 8 * self.connection.undelivered();
        assert!(
            used <= may,
            "{used} bytes for {} are more than {may}",
            piece.len()
        );
        assert!(self.connection.unsent() <= queued + MAX_ANSWERS);
        self.tell();
    }

    /// Takes what is told, decides, and writes.
    fn tell(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            self.check_event(&event);
            self.player.decide(&mut self.connection, &event);
            // Of pongs in a row that nobody polled only the last is told.
            match (self.outcome.events.last_mut(), &event) {
                (Some(ConnectionEvent::Pong(last)), ConnectionEvent::Pong(pong)) => {
                    last.clone_from(pong)
                }
                _ => self.outcome.events.push(event),
            }
        }
        assert_eq!(self.connection.undelivered(), 0);
        assert!(self.connection.poll_event().is_none());
        self.check();
        if self.writes_at_once {
            self.write();
        }
    }

    fn write(&mut self) {
        // Unlike the wire, a pong that waited for this comes with it.
        while !self.connection.outgoing().is_empty() {
            let bytes = self.connection.outgoing().to_vec();
            self.connection.handle_transmitted(|| START, bytes.len());
            self.outcome.sent.extend(bytes);
        }
    }

    fn end(mut self, ending: Ending) -> Outcome {
        self.outcome.open = self.connection.is_open();
        self.outcome.violation = self.connection.violation();
        self.write();
        self.check();
        if ending == Ending::Silence {
            self.let_time_pass();
        }
        self.connection.handle_eof(START);
        assert!(
            self.connection.is_finished(),
            "the end of the stream is the end"
        );
        self.tell();
        self.write();
        // Nothing comes after the end.
        for _ in 0..2 {
            self.connection.handle_bytes(START, b"\x81\x00\x00\xff");
            self.connection.handle_eof(START);
            self.connection.handle_timeout(START + START);
        }
        assert!(self.connection.poll_event().is_none());
        assert!(self.connection.outgoing().is_empty());
        assert!(self.connection.close(START, None).is_err());
        assert!(self.connection.send("late".into()).is_err());
        self.outcome
    }

    /// Every timeout leads on, and in a few steps to the end; before its time it does nothing.
    fn let_time_pass(&mut self) {
        for _ in 0..3 {
            let Some(due) = self.connection.poll_timeout() else {
                break;
            };
            self.connection
                .handle_timeout(due - Duration::from_nanos(1));
            assert!(self.connection.poll_event().is_none());
            assert_eq!(self.connection.poll_timeout(), Some(due));
            self.connection.handle_timeout(due);
            assert_ne!(self.connection.poll_timeout(), Some(due));
            while let Some(event) = self.connection.poll_event() {
                self.outcome.events.push(event);
            }
            self.write();
        }
        assert!(
            self.connection.poll_timeout().is_none(),
            "it times out for ever"
        );
    }

    /// What holds at any moment.
    fn check(&self) {
        let connection = &self.connection;
        let (open, finished) = (connection.is_open(), connection.is_finished());
        let handshaking = connection.is_handshaking();
        assert!(u8::from(open) + u8::from(finished) + u8::from(handshaking) <= 1);
        // Somebody is waited for in every state but these two.
        match connection.poll_timeout() {
            None => assert!(open || finished),
            Some(due) => {
                assert!(!open && !finished);
                let longest = self.limits.handshake_timeout.max(self.limits.close_timeout);
                // A second timeout begins when the first has passed.
                assert!(due > START && due <= START + longest + self.limits.close_timeout);
            }
        }
        if connection.wants_shutdown() {
            assert!(connection.outgoing().is_empty() && !open && !handshaking);
        }
        if connection.violation().is_some() {
            assert!(!open && !handshaking);
        }
        assert!(connection.unsent_payload() <= connection.unsent());
    }

    /// What holds of an event, after those before it.
    fn check_event(&self, event: &ConnectionEvent) {
        let told = &self.outcome.events;
        let is_last = |event: &ConnectionEvent| {
            matches!(
                event,
                ConnectionEvent::Failed(_) | ConnectionEvent::Closed(_)
            )
        };
        assert!(!told.iter().any(is_last), "nothing comes after the end");
        let opened = |event: &ConnectionEvent| matches!(event, ConnectionEvent::Opened(_));
        let was_open = self.began_open || told.iter().any(opened);
        match event {
            ConnectionEvent::Request(_) => assert!(told.is_empty()),
            ConnectionEvent::Opened(_) | ConnectionEvent::Failed(_) => assert!(!was_open),
            ConnectionEvent::Message(message) => {
                assert!(was_open);
                assert!(message.len() <= self.limits.max_message);
            }
            ConnectionEvent::Pong(payload) => assert!(was_open && payload.len() <= 125),
            ConnectionEvent::Closed(closed) => {
                assert!(was_open);
                assert!(closed.reason.len() <= 123);
                assert_eq!(closed.unsent_bytes, 0);
                assert!(!(closed.was_clean && self.connection.violation().is_some()));
            }
            other => panic!("an event that no target knows: {other:?}"),
        }
    }
}
