//! Writes the seeds that come from somewhere else: the vectors of `tests/proto`, the faults of the test server, the examples of
//! the RFCs. `cargo run --manifest-path tests/fuzz/Cargo.toml --example seeds`; what is in `corpus/` beside them was found.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use websocket_channel::proto::{Connection, ConnectionEvent, Format, ProtocolLimits};
use websocket_channel_fuzz::drive::START;
use websocket_channel_fuzz::open::offer;
use websocket_channel_fuzz::wire::{fixed, write};

const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
const REQUEST: &str = "GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n\
                       Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n";

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = fs::read(here.join("../proto/wire.json")).expect("the vectors");
    let vectors: serde_json::Value = serde_json::from_slice(&vectors).expect("they are JSON");
    let mut seeds = Seeds(Vec::new());
    frames(&mut seeds);
    faults(&mut seeds, &here.join("../server/src/faults"));
    hixie(&mut seeds, &vectors);
    handshakes(&mut seeds, &vectors);
    compression(&mut seeds, &vectors);
    tunnels(&mut seeds);
    let batches = fs::read(here.join("../session/vectors.json")).expect("the vectors");
    sessions(
        &mut seeds,
        &serde_json::from_slice(&batches).expect("they are JSON"),
    );
    seeds.save(&here.join("corpus"));
}

/// Target, name, and an input without its second byte.
struct Seeds(Vec<(&'static str, String, Vec<u8>)>);

impl Seeds {
    fn add(&mut self, target: &'static str, name: impl Into<String>, flags: u8, bytes: &[u8]) {
        self.0
            .push((target, name.into(), [&[flags, 7], bytes].concat()));
    }

    fn save(self, folder: &Path) {
        for (target, name, bytes) in self.0 {
            let folder = folder.join(target);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(name), bytes).expect("a file");
        }
    }
}

/// RFC 6455 §5.7, and what it has no example of.
fn frames(seeds: &mut Seeds) {
    let examples: [(&str, &[(u8, &[u8])]); 6] = [
        ("text", &[(0x81, b"Hello")]),
        (
            "fragments",
            &[(0x01, b"Hel"), (0x89, b"ping"), (0x80, b"lo")],
        ),
        ("ping-pong", &[(0x89, b"Hello"), (0x8a, b"Hello")]),
        ("binary-256", &[(0x82, &[0xfe; 256])]),
        (
            "utf8-across",
            &[(0x01, b"\xf0\x9f"), (0x00, b"\x98"), (0x80, b"\x80")],
        ),
        ("close", &[(0x81, b""), (0x88, b"\x03\xe8bye")]),
    ];
    for (name, frames) in examples {
        let (mut of_server, mut of_client) = (Vec::new(), Vec::new());
        for (first, payload) in frames {
            write(*first, false, payload, &mut of_server);
            write(*first, true, payload, &mut of_client);
        }
        for target in ["rfc6455", "tungstenite"] {
            seeds.add(target, format!("{name}.client"), 0, &of_server);
            seeds.add(target, format!("{name}.server"), 1, &of_client);
        }
    }
}

/// Behind the head, for the decoders; with it, for the client's handshake.
fn faults(seeds: &mut Seeds, folder: &Path) {
    for file in fs::read_dir(folder).expect("the faults").flatten() {
        let path = file.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "fault")
        {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bytes = fs::read(&path).expect("a fault");
        let start = bytes
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .expect("a line")
            + 2;
        let accept = &b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..];
        let bytes = replace(&bytes[start..], b"{accept}", accept);
        if bytes.len() > 2000 {
            continue;
        }
        let answers = [
            "accept",
            "status",
            "protocol",
            "extension",
            "window",
            "half-head",
        ];
        if answers.iter().any(|kind| name.starts_with(kind)) {
            let deflate = name.starts_with("extension") || name.starts_with("window");
            seeds.add(
                "client_handshake",
                &name,
                if deflate { 0x80 } else { 0x40 },
                &bytes,
            );
            continue;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let frames = &bytes[end + 4..];
        if !frames.is_empty() && !name.contains("-in-") {
            seeds.add("rfc6455", &name, 0, frames);
            seeds.add("tungstenite", &name, 0, frames);
        }
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    match bytes.windows(from.len()).position(|part| part == from) {
        None => bytes.to_vec(),
        Some(at) => {
            let rest = replace(&bytes[at + from.len()..], from, to);
            [&bytes[..at], to, &rest].concat()
        }
    }
}

fn hixie(seeds: &mut Seeds, vectors: &serde_json::Value) {
    for target in ["hixie75", "hixie76"] {
        for (name, bytes) in [
            ("hi", &b"\x00Hi\xff"[..]),
            ("empty", b"\x00\xff\x00\xff"),
            ("slide-10", b"\x80\x10Hello, WebSocket\x00Hi\xff"),
            ("unknown", b"\x01Hi\xff\x7f\xff\x00Hi\xff"),
            ("not-utf8", b"\x00\xc3\x28\xe2\x82\xff"),
            ("close", b"\x00Hi\xff\xff\x00\x00late\xff"),
            ("close-long", b"\xff\x80\x80\x00"),
        ] {
            seeds.add(target, format!("{name}.client"), 0, bytes);
            seeds.add(target, format!("{name}.server"), 1, bytes);
        }
        let lengths: BTreeMap<String, String> =
            serde_json::from_value(vectors["hixie_len"].clone()).expect("lengths");
        for (len, digits) in lengths {
            let bytes = [vec![0x80], hex(&digits), b"payload".to_vec()].concat();
            seeds.add(target, format!("length-{len}"), 1, &bytes);
        }
    }
}

fn handshakes(seeds: &mut Seeds, vectors: &serde_json::Value) {
    let plain = format!("{RESPONSE}\r\n\u{81}\u{2}hi");
    seeds.add(
        "client_handshake",
        "right",
        0,
        &plain.chars().map(|c| c as u8).collect::<Vec<_>>(),
    );
    let protocol = format!("{RESPONSE}Sec-WebSocket-Protocol: sample\r\n\r\n");
    seeds.add(
        "client_handshake",
        "right-protocol",
        0x40,
        protocol.as_bytes(),
    );
    let server = hex(vectors["hixie75_server"].as_str().expect("bytes"));
    seeds.add("client_handshake", "hixie75", 0x50, &server);
    seeds.add(
        "client_handshake",
        "hixie76",
        0x20,
        &answer(Format::Hixie76),
    );

    let right = format!("{REQUEST}\r\n");
    seeds.add(
        "server_handshake",
        "right",
        0,
        &[right.as_bytes(), b"\x81\x80\0\0\0\0"].concat(),
    );
    let deflate = format!(
        "{REQUEST}Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    );
    seeds.add("server_handshake", "deflate", 0x80, deflate.as_bytes());
    for version in ["8", "7", "12"] {
        let other = right.replace("Version: 13", &format!("Version: {version}"));
        let other = other.replace("Origin:", "Sec-WebSocket-Origin:");
        seeds.add(
            "server_handshake",
            format!("version-{version}"),
            0,
            other.as_bytes(),
        );
    }
    seeds.add(
        "server_handshake",
        "page",
        0,
        b"HEAD /?x HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    seeds.add(
        "server_handshake",
        "absolute",
        0,
        right.replace("/chat", "http://a/chat").as_bytes(),
    );
    let client = hex(vectors["hixie75_client"].as_str().expect("bytes"));
    seeds.add(
        "server_handshake",
        "hixie75",
        0,
        &[&client[..], b"\0Hi\xff"].concat(),
    );
    for (index, challenge) in vectors["hixie76"]
        .as_array()
        .expect("challenges")
        .iter()
        .enumerate()
    {
        let text = |name: &str| challenge[name].as_str().expect("text").to_owned();
        let head = format!(
            "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nSec-WebSocket-Key2: {}\r\n\
             Sec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key1: {}\r\n\
             Origin: http://example.com\r\n\r\n",
            text("key2"),
            text("key1")
        );
        let bytes = [head.as_bytes(), &hex(&text("key3_hex")), b"\0Hi\xff\xff\0"].concat();
        seeds.add("server_handshake", format!("hixie76-{index}"), 0, &bytes);
    }
}

/// What our server answers our client.
fn answer(format: Format) -> Vec<u8> {
    let client =
        Connection::client(START, offer(format), ProtocolLimits::default(), fixed).expect("offer");
    let mut server = Connection::server(START, ProtocolLimits::default(), fixed);
    server.handle_bytes(START, client.outgoing());
    assert!(matches!(
        server.poll_event(),
        Some(ConnectionEvent::Request(_))
    ));
    server.accept(START, None, &[]).expect("a request");
    server.outgoing().to_vec()
}

fn compression(seeds: &mut Seeds, vectors: &serde_json::Value) {
    for (index, message) in vectors["deflate"]
        .as_array()
        .expect("messages")
        .iter()
        .enumerate()
    {
        let bytes = hex(message["hex"].as_str().expect("bytes"));
        seeds.add(
            "inflate",
            format!("message-{index}"),
            index as u8 & 1,
            &bytes,
        );
        let mut frames = Vec::new();
        write(0xc1, index & 1 == 1, &bytes, &mut frames);
        write(0xc1, index & 1 == 1, &bytes, &mut frames);
        seeds.add(
            "inflate",
            format!("frames-{index}"),
            0x80 | index as u8 & 1,
            &frames,
        );
    }
    // RFC 7692 §7.1.3 and §7.2.1, and the traps of the fault catalogue.
    for (index, value) in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; client_max_window_bits=\"12\"; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; a=\"b\\c\", x-webkit-deflate-frame",
        ", ,permessage-deflate;client_max_window_bits=15",
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = [&[0xff], value.as_bytes()].concat();
        seeds.add("negotiation", format!("offer-{index}"), 1, &bytes);
        seeds.add("negotiation", format!("answer-{index}"), 0, &bytes);
    }
    let text = b"\x06\xff\x00\x06\xff\x00Hello, Hello, Hello \xff\xfe aaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for flags in [0x00, 0x01, 0x03, 0x0c] {
        seeds.add("round_trip", format!("hello-{flags:02x}"), flags, text);
    }
    let text = [
        &b"\x00\x99\x03\x09\xaf\x03"[..],
        &[b'a'; 200],
        b"Hello \xff\xfe",
    ]
    .concat();
    seeds.add("round_trip", "small-windows", 0x0c, &text);
}

fn tunnels(seeds: &mut Seeds) {
    for (name, answer) in [
        ("open", &b"HTTP/1.1 200 Connection established\r\n\r\n\x00Hi\xff"[..]),
        ("interim", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 P\r\nA: b\r\n\r\nHTTP/1.0 204\r\n\r\nx"),
        ("credentials", b"HTTP/1.1 407 P\r\nProxy-Authenticate: Basic realm=\"a\"\r\nProxy-Authenticate: X\r\n\r\nbody"),
        ("refused", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        ("switching", b"HTTP/1.1 101 A\r\n\r\n"),
    ] {
        seeds.add("tunnel", name, 0, answer);
    }
}

/// Every batch for the codec; some of them for the machines, behind what opens a session.
fn sessions(seeds: &mut Seeds, vectors: &serde_json::Value) {
    for (index, vector) in vectors.as_array().expect("a list").iter().enumerate() {
        let batch = hex(vector["batch"].as_str().expect("a batch"));
        let name = format!("vector-{index}");
        if index % 8 == 0 && (1..250).contains(&batch.len()) {
            let frames = [&[batch.len() as u8], &batch[1..]].concat();
            let client = [&[0x00, 0x07, 0x08], &frames[..]].concat();
            let server = [&[0x00, 0x08, 0x09], &frames[..]].concat();
            seeds.0.push(("session_client", name.clone(), client));
            seeds.0.push(("session_server", name.clone(), server));
        }
        seeds.0.push(("session_wire", name, batch));
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex");
    (0..digits.len()).step_by(2).map(byte).collect()
}
