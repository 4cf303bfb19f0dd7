//! What proxies between the two sides ask of a server's half: each test names its requirement.

use crate::hand::{Hand, PATIENCE};
use crate::raw::{Raw, again, hello};
use crate::{echo, serve};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures::StreamExt as _;
use sha1::{Digest as _, Sha1};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};
use websocket_channel::server::{Options, Sessions};
use websocket_channel::session::wire::{Frame, Frames, Head};
use websocket_channel::session::{ClientPhase, Welcome};
use websocket_channel::transport::Limits;
use websocket_channel::{Message, Raw as Messages, Socket, Text, connect};

/// P-R1: in every period something goes each way, however idle the session is.
#[tokio::test(start_paused = true)]
async fn an_idle_session_says_something_each_way_in_every_period() {
    let period = Duration::from_secs(20);
    let sessions = Sessions::new(Options::default().heartbeat(period));
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let serving = tokio::spawn(sessions.serve(ours, "", Text, echo(&Arc::default())));
    // A proxy between them counts what passes.
    let (near, mut far) = Socket::pair(&Limits::default(), "");
    let mut theirs = theirs;
    let passed: Arc<[AtomicUsize; 2]> = Arc::default();
    let counts = passed.clone();
    let proxy = tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(message) = theirs.next() => {
                    counts[0].fetch_add(1, Ordering::Relaxed);
                    far.send(message).await.unwrap();
                }
                Some(message) = far.next() => {
                    counts[1].fetch_add(1, Ordering::Relaxed);
                    theirs.send(message).await.unwrap();
                }
                else => return,
            }
        }
    });
    let mut client = Hand::new("", 1);
    client.carry(near);
    client
        .until(|client| client.client.phase() == ClientPhase::Open)
        .await;
    let began = Instant::now();
    for minute in 0..10 {
        let before = [0, 1].map(|way| passed[way].load(Ordering::Relaxed));
        let end = began + (minute + 1) * Duration::from_secs(60);
        while Instant::now() < end {
            client.turn().await;
            sleep_until((Instant::now() + Duration::from_secs(1)).min(end)).await;
        }
        for way in [0, 1] {
            let count = passed[way].load(Ordering::Relaxed) - before[way];
            // One in 20 s and the time until it is noticed; and no more than that.
            assert!((2..=4).contains(&count), "{minute} {way}: {count}");
        }
    }
    assert_eq!(client.client.phase(), ClientPhase::Open);
    assert_eq!(sessions.totals().connections, 1);
    serving.abort();
    proxy.abort();
}

/// P-R11: no frame goes either way before the 101. Caddy 2.6 drops it.
#[tokio::test]
async fn no_frame_goes_before_the_handshake_is_complete() {
    let server = serve(Options::default(), echo(&Arc::default())).await;
    let address = server.url.trim_start_matches("ws://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let (most, rest) = request.split_at(request.len() - 2);
    stream.write_all(most.as_bytes()).await.unwrap();
    assert_eq!(nothing_more(&mut stream).await, "");
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101 "));
    // Nor before the client has said `HELLO`.
    assert_eq!(nothing_more(&mut stream).await, "");

    // The client's side, with a server that takes its time for the 101.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let session = websocket_channel::session::Session::default();
    let connecting = connect(url).codec(Text).session(session);
    let connecting = tokio::spawn(async move {
        let _: Result<websocket_channel::Channel<String, String>, _> = connecting.await;
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = head(&mut stream).await;
    assert_eq!(nothing_more(&mut stream).await, "");
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    let accept = BASE64_STANDARD.encode(digest);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    // `HELLO`, in a binary message.
    assert_eq!(stream.read_u8().await.unwrap(), 0x82);
    connecting.abort();
}

/// What comes within 100 ms.
async fn nothing_more(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 64];
    let read = timeout(Duration::from_millis(100), stream.read(&mut bytes)).await;
    read.map_or(String::new(), |count| {
        format!("{:?}", &bytes[..count.unwrap()])
    })
}

/// The head of a request or of an answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// P-R13: a connection's close code ends no session, whoever chose it.
#[tokio::test]
async fn no_close_code_ends_a_session() {
    let started = Arc::new(AtomicUsize::new(0));
    let server = serve(Options::default(), echo(&started)).await;
    let (mut raw, mut session) = Raw::open(&server.url, hello(1, 1)).await;
    let codes = [
        1000, 1001, 1003, 1007, 1008, 1011, 1012, 1013, 1014, 3000, 3001, 4000, 4006,
    ];
    for (attempt, code) in (2..).zip(codes) {
        raw.socket.close(code, "a proxy's").unwrap();
        let _ = raw.closed().await;
        let (next, welcome) = Raw::open(&server.url, again(1, attempt, &session)).await;
        assert_eq!(welcome.id, session.id, "{code}");
        (raw, session) = (next, welcome);
    }
    raw.say(&[Frame::Last(Head::Data { text: true }, b"well")]);
    raw.hear(Frame::Last(Head::Data { text: true }, b"well"))
        .await;
    assert_eq!(started.load(Ordering::Relaxed), 1);
}

/// P-R14: nothing of the application's goes either way before `WELCOME` and its confirmation, and `WELCOME` is the first thing that is said.
#[tokio::test]
async fn nothing_is_said_before_welcome_and_no_handler_before_its_confirmation() {
    let server = serve(Options::default(), |channel, _| async move {
        channel.send("first".into()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let mut silent = Raw::connect(&server.url).await;
    let said = timeout(Duration::from_millis(100), silent.socket.next()).await;
    assert!(said.is_err(), "{said:?}");
    let (mut raw, welcome) = Raw::greet(&server.url, hello(1, 1)).await;
    assert!(matches!(welcome, Welcome::Session(_)));
    let said = timeout(Duration::from_millis(100), raw.socket.next()).await;
    assert!(said.is_err(), "{said:?}");
    raw.say(&[Frame::Ack(0)]);
    raw.hear(Frame::Last(Head::Data { text: true }, b"first"))
        .await;
}

/// P-R15: the server's half answers, not the handler.
#[tokio::test]
async fn a_heartbeat_is_answered_though_the_handler_stands_still() {
    let server = serve(Options::default(), |channel, _| async move {
        let _channel = channel;
        std::future::pending::<()>().await;
    })
    .await;
    let (mut raw, _) = Raw::open(&server.url, hello(1, 1)).await;
    for number in [1, 2, 9] {
        raw.say(&[Frame::Ping(number)]);
        raw.hear(Frame::Pong(number)).await;
    }
}

/// P-R16: the session is agreed on in `HELLO`, whatever becomes of subprotocols.
#[tokio::test]
async fn a_session_needs_no_subprotocol_and_minds_none() {
    let sessions = Sessions::new(Options::default());
    for protocol in ["", "chat.v1"] {
        let (ours, theirs) = Socket::pair(&Limits::default(), protocol);
        let serving = tokio::spawn(sessions.serve(ours, "", Text, echo(&Arc::default())));
        let mut client = Hand::new("", 1);
        client.carry(theirs);
        client.send("hello");
        client.until(|client| !client.read.is_empty()).await;
        serving.abort();
    }
}

/// P-R17: no WebSocket message is above 32 KiB, and what is between the parts of a large message passes.
#[tokio::test]
async fn a_large_message_goes_in_batches_between_which_others_pass() {
    let payload: Vec<u8> = (0..1_000_000_u32).map(|at| at as u8).collect();
    let sent = payload.clone();
    let sessions = Sessions::new(Options::default());
    let (ours, theirs) = Socket::pair(&Limits::default(), "");
    let handler = async move |channel: websocket_channel::Channel<Message, Message>, _| {
        channel.send(sent.into()).await.unwrap();
        std::future::pending::<()>().await;
    };
    let serving = tokio::spawn(sessions.serve(ours, "", Messages, handler));
    let mut raw = Raw { socket: theirs };
    raw.say(&[Frame::Hello(Box::new(hello(1, 1)))]);
    let mut received = Vec::new();
    let (mut batches, mut answered) = (0, 0);
    let mut spent = 0_u64;
    while received.len() < payload.len() {
        let next = timeout(PATIENCE, raw.socket.next()).await;
        let message = next.expect("it stops").unwrap();
        assert!(message.len() <= 32 << 10, "{}", message.len());
        let (_, frames) = Frames::new(message.as_bytes()).unwrap();
        for frame in frames {
            match frame.unwrap() {
                Frame::Welcome(_) => raw.say(&[Frame::Ack(0)]),
                Frame::Part(part) | Frame::Last(_, part) => {
                    received.extend_from_slice(part);
                    batches += 1;
                    spent += part.len() as u64;
                    // So that there is always something else to say.
                    let credit = Frame::Credit(spent + (256 << 10));
                    raw.say(&[credit, Frame::Ping(batches)]);
                }
                Frame::Pong(_) => answered += 1,
                _ => {}
            }
        }
    }
    assert!(received == payload);
    assert!(batches > 30 && answered > 3, "{batches} {answered}");
    serving.abort();
}
