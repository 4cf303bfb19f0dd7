//! What a client can do wrong, as raw bytes, of which nothing of this project encodes any: the faults of the test server's catalogue that a client can
//! have, and floods.

use crate::serve::MAX_MESSAGE;
use flate2::{Compress, Compression, FlushCompress};

/// One thing to do on a connection.
pub(crate) struct Deed {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    /// The connection is kept for its whole time, whatever the server does.
    pub(crate) holds: bool,
    /// It ends by a reset, always.
    pub(crate) resets: bool,
}

/// A part of it.
#[derive(Clone)]
pub(crate) enum Step {
    /// Sends these bytes.
    Write(Vec<u8>),
    /// Sends them so many times, and reads nothing.
    Flood(Vec<u8>, usize),
    /// Sends them so many times, and reads all the time.
    FloodAndRead(Vec<u8>, usize),
    /// Byte by byte, with pauses.
    WriteSlowly(Vec<u8>),
    /// Reads the head of an answer.
    Head,
    /// Reads to the end.
    Read,
    /// The same, byte by byte, with pauses.
    ReadSlowly,
    /// Ends the stream, and can still read.
    End,
}

use Step::{End, Flood, FloodAndRead, Head, Read, ReadSlowly, Write, WriteSlowly};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
/// So many bytes of each flood: enough for every bound of the server.
const FLOOD: usize = 512 << 10;

/// The table.
pub(crate) fn deeds() -> Vec<Deed> {
    let mut all = Vec::new();
    heads(&mut all);
    frames(&mut all);
    texts(&mut all);
    closes(&mut all);
    ends(&mut all);
    floods(&mut all);
    compressed(&mut all);
    all
}

fn add(all: &mut Vec<Deed>, name: impl Into<String>, steps: Vec<Step>) {
    all.push(Deed {
        name: name.into(),
        steps,
        holds: false,
        resets: false,
    });
}

/// Behind a handshake; what the server says to it is read.
fn open(all: &mut Vec<Deed>, name: impl Into<String>, bytes: &[u8]) {
    let steps = vec![Write(request("")), Head, Write(bytes.to_vec()), Read];
    add(all, name, steps);
}

/// Requests that are none, or never end.
fn heads(all: &mut Vec<Deed>) {
    let long = format!("{REQUEST}X: {}\r\n\r\n", "x".repeat(64 << 10));
    let lines = format!("{REQUEST}{}\r\n", "X: y\r\n".repeat(5000));
    for (name, bytes) in [
        ("head-none", b"hello\r\n\r\n".to_vec()),
        ("head-tls", b"\x16\x03\x01\x02\x00\x01\x00".to_vec()),
        ("head-zeros", vec![0; 4096]),
        ("head-too-long", long.into_bytes()),
        ("head-too-many-lines", lines.into_bytes()),
        (
            "head-no-key",
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n".to_vec(),
        ),
        (
            "head-old-version",
            format!("{REQUEST}\r\n").replace("Version: 13", "Version: 6").into_bytes(),
        ),
        ("head-plain", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
    ] {
        add(all, name, vec![Write(bytes), Read]);
    }
    let half = REQUEST.as_bytes().to_vec();
    add(all, "head-half", vec![Write(half.clone()), Read]);
    add(all, "head-drip", vec![WriteSlowly(half.clone())]);
    add(all, "head-half-fin", vec![Write(half.clone()), End, Read]);
    add(all, "silence", vec![Read]);
    // Nobody waits for the answer.
    let pipelined = [request(""), frame(0x82, &[7; 100])].concat();
    add(all, "head-and-away", vec![Write(pipelined)]);
    if let Some(last) = all.last_mut() {
        last.resets = true;
    }
}

/// Frames that must not be (RFC 6455 §5).
fn frames(all: &mut Vec<Deed>) {
    open(all, "frame-unmasked", b"\x81\x02hi");
    for (name, bit) in [("rsv1", 0x40), ("rsv2", 0x20), ("rsv3", 0x10)] {
        open(all, format!("frame-{name}"), &frame(0x81 | bit, b"hi"));
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        open(
            all,
            format!("opcode-{opcode:x}"),
            &frame(0x80 | opcode, b"hi"),
        );
    }
    open(all, "length-16-not-minimal", b"\x81\xfe\x00\x02\0\0\0\0hi");
    open(
        all,
        "length-64-not-minimal",
        b"\x81\xff\0\0\0\0\0\0\0\x02\0\0\0\0hi",
    );
    open(all, "length-2-63", b"\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0hi");
    open(all, "length-1-gib", b"\x82\xff\0\0\0\0\x40\0\0\0\0\0\0\0hi");
    // Within the limit, and never there.
    open(all, "length-and-no-more", b"\x82\xfe\xff\xff\0\0\0\0hi");
    open(all, "control-fragmented", &frame(0x09, b"a"));
    open(all, "control-too-long", &frame(0x89, &[7; 126]));
    open(all, "continuation-orphan", &frame(0x80, b"hi"));
    let inside = [frame(0x01, b"he"), frame(0x81, b"hi")].concat();
    open(all, "message-inside-message", &inside);
    open(
        all,
        "message-too-long",
        &frame(0x82, &vec![7; MAX_MESSAGE + 1]),
    );
}

/// Text that is not UTF-8 (RFC 6455 §8.1).
fn texts(all: &mut Vec<Deed>) {
    for (name, bytes) in [
        ("first", &b"a\x80b"[..]),
        ("second", b"a\xc3(b"),
        ("third", b"a\xe2\x82(b"),
        ("fourth", b"a\xf0\x9f\x92(b"),
        ("overlong", b"a\xc0\xafb"),
        ("surrogate", b"a\xed\xa0\x80b"),
        ("too-high", b"a\xf4\x90\x80\x80b"),
        ("never", b"a\xffb"),
        ("truncated", b"a\xe2\x82"),
    ] {
        open(all, format!("utf8-{name}"), &frame(0x81, bytes));
    }
    let across = [frame(0x01, b"a\xe2"), frame(0x80, b"(b")].concat();
    open(all, "utf8-across-fragments", &across);
    open(
        all,
        "utf8-later-fragment",
        &[frame(0x01, b"a"), frame(0x80, b"\xff")].concat(),
    );
}

/// Close frames that must not be, and what comes with them (RFC 6455 §5.5.1, §7.4).
fn closes(all: &mut Vec<Deed>) {
    for code in [999_u16, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        open(
            all,
            format!("close-{code}"),
            &frame(0x88, &code.to_be_bytes()),
        );
    }
    open(all, "close-empty", &frame(0x88, b""));
    open(all, "close-1-byte", &frame(0x88, b"\x03"));
    open(all, "close-bad-utf8", &frame(0x88, b"\x03\xe8\xff\xfe"));
    open(all, "close-fragmented", &frame(0x08, b"\x03\xe8"));
    let close = frame(0x88, b"\x03\xe8");
    open(all, "close-twice", &close.repeat(2));
    open(
        all,
        "close-then-data",
        &[close.clone(), frame(0x81, b"hi")].concat(),
    );
    // Asked for the end, it goes on.
    let steps = vec![
        Write(request("")),
        Head,
        Write(close),
        Flood(frame(0x82, &[7; 1000]), 500),
    ];
    add(all, "close-then-flood", steps);
}

/// Connections that break, or stay and are dead.
fn ends(all: &mut Vec<Deed>) {
    for (name, bytes) in [
        ("after-open", vec![]),
        ("in-frame-header", vec![0x81]),
        ("in-payload", b"\x81\x85\0\0\0\0he".to_vec()),
        ("in-message", frame(0x01, b"he")),
        ("in-utf8", frame(0x01, b"\xe2")),
    ] {
        let steps = vec![Write(request("")), Head, Write(bytes)];
        add(all, format!("rst-{name}"), steps.clone());
        if let Some(last) = all.last_mut() {
            last.resets = true;
        }
        add(
            all,
            format!("fin-{name}"),
            [steps, vec![End, Read]].concat(),
        );
    }
    add(all, "half-open", vec![Write(request("")), Head]);
    if let Some(last) = all.last_mut() {
        last.holds = true;
    }
}

/// Much of what is allowed.
fn floods(all: &mut Vec<Deed>) {
    let whole = |bytes: &[u8]| (bytes.to_vec(), FLOOD / bytes.len());
    for (name, bytes) in [
        ("pings", frame(0x89, &[7; 125])),
        ("empty-pings", frame(0x89, b"")),
        ("pongs", frame(0x8A, &[7; 125])),
        ("empty-messages", frame(0x82, b"")),
        ("tiny-messages", frame(0x81, b"x")),
        ("messages", frame(0x82, &[7; 1000])),
        ("large-messages", frame(0x82, &vec![7; MAX_MESSAGE])),
    ] {
        let (bytes, times) = whole(&bytes);
        let begin = [Write(request("")), Head];
        let unread = [&begin[..], &[Flood(bytes.clone(), times)]].concat();
        add(all, format!("flood-{name}-unread"), unread);
        if let Some(last) = all.last_mut() {
            last.holds = true;
        }
        let read = [&begin[..], &[FloodAndRead(bytes.clone(), times)]].concat();
        add(all, format!("flood-{name}-read"), read);
        let slow = [&begin[..], &[Flood(bytes, times.min(200)), ReadSlowly]].concat();
        add(all, format!("flood-{name}-read-slowly"), slow);
    }
    // A message that never ends.
    for (name, fragment) in [("empty", frame(0x00, b"")), ("tiny", frame(0x00, b"x"))] {
        let (fragment, times) = whole(&fragment);
        let steps = vec![
            Write(request("")),
            Head,
            Write(frame(0x01, b"x")),
            Flood(fragment, times),
            Read,
        ];
        add(all, format!("flood-{name}-fragments"), steps);
    }
    let slow = frame(0x82, &[7; 1000]);
    add(
        all,
        "drip",
        vec![Write(request("")), Head, WriteSlowly(slow)],
    );
}

/// What inflates to very much (RFC 7692).
fn compressed(all: &mut Vec<Deed>) {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";
    let begin = [Write(request(offer)), Head];
    let within = frame(0xC2, &deflate(&vec![0; MAX_MESSAGE]));
    let beyond = frame(0xC2, &deflate(&vec![0; 64 << 20]));
    let steps = |last: Step| [&begin[..], &[last]].concat();
    add(all, "inflates-unread", steps(Flood(within.clone(), 200)));
    if let Some(last) = all.last_mut() {
        last.holds = true;
    }
    add(all, "inflates-read", steps(FloodAndRead(within, 50)));
    add(
        all,
        "inflates-beyond",
        [&steps(Write(beyond))[..], &[Read]].concat(),
    );
    let broken = frame(0xC2, &[0xFF; 100]);
    add(
        all,
        "inflates-never",
        [&steps(Write(broken))[..], &[Read]].concat(),
    );
}

fn request(lines: &str) -> Vec<u8> {
    format!("{REQUEST}{lines}\r\n").into_bytes()
}

/// A masked frame (RFC 6455 §5.2) with this first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(0xFE);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0xFF);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

/// The payload of a compressed message (RFC 7692 §7.2.1).
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    // Zeros shrink to a thousandth.
    let mut out = Vec::with_capacity(bytes.len() / 500 + 1024);
    // It has all its room, so it takes everything.
    let _ = compress.compress_vec(bytes, &mut out, FlushCompress::Sync);
    out.truncate(out.len().saturating_sub(4));
    out
}
