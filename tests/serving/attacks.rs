//! What no client may say: each ends that connection with a name and its code, and nothing else.

use crate::hand::{Hand, PATIENCE};
use crate::raw::{Raw, again, batch, hello, resuming};
use crate::{Server, echo, serve};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use websocket_channel::server::Options;
use websocket_channel::session::wire::{Frame, Head};
use websocket_channel::session::{
    Hello, LaterReason, Positions, Refusal, Resume, Secret, SessionWelcome, Terms, Welcome,
};
use websocket_channel::{Channel, Message};

const DATA: Head = Head::Data { text: true };

async fn an_echo(options: Options) -> Server {
    serve(options, echo(&Arc::default())).await
}

/// Somebody else's session, before and after.
struct Bystander(Hand);

impl Bystander {
    async fn new(server: &Server) -> Self {
        let mut hand = Hand::new(&server.url, 99);
        hand.open().await;
        Self(hand)
    }

    async fn is_well(&mut self) {
        let count = self.0.read.len();
        self.0.send("still here");
        self.0.until(|hand| hand.read.len() > count).await;
        assert!(self.0.ends.is_empty());
    }
}

#[tokio::test]
async fn each_violation_ends_its_connection_by_name_and_no_session() {
    let options = Options::default().max_message(1024).window(2000);
    let server = an_echo(options).await;
    let mut bystander = Bystander::new(&server).await;
    let mut late_ack = batch(&[Frame::Ack(0)]);
    late_ack.resize(1 << 15, 0x60);
    let text = |len: usize| "x".repeat(len);
    let long = text(1025);
    let part = text(1000);
    let utf8 = Frame::Last(DATA, &[0xff]);
    let bye = Frame::Last(Head::Bye { code: 1000 }, b"");
    let welcome = Frame::Welcome(Welcome::Refused(Refusal::Fenced));
    let greeting = Frame::Hello(Box::new(hello(1, 9)));
    let value = Frame::Last(DATA, b"a");
    let respond = |to| Frame::Last(Head::Response { text: true, to }, b"");
    let binary = |bytes: &[u8]| Message::from(bytes);
    let said = |frames: &[Frame<'_>]| Message::from(batch(frames));
    let cases: Vec<(u16, &str, Message)> = vec![
        (3002, "text-message", "hello".into()),
        (3002, "empty-batch", binary(&[])),
        (3002, "empty-batch", binary(&[0])),
        (3002, "slot", binary(&[1, 0x03, 1, 0])),
        (3002, "number-not-shortest", binary(&[0, 0x03, 2, 0x80, 0])),
        (
            3002,
            "number-too-large",
            binary(&[0, 4, 8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]),
        ),
        (
            3002,
            "number-too-large",
            binary(&[0, 4, 8, 255, 255, 255, 255, 255, 255, 255, 255]),
        ),
        (3002, "unknown-kind", binary(&[0, 0x40, 0])),
        (3002, "body-too-long", binary(&[0, 0x03, 2, 0, 0])),
        (3002, "empty-part", binary(&[0, 0x1f, 0])),
        (3002, "bye", binary(&[0, 0x19, 2, 0x03, 0xe9])),
        (3002, "order", said(&[greeting])),
        (3002, "order", said(&[welcome])),
        (3002, "order", said(&[Frame::Move { after_ms: 1 }])),
        (3002, "ack-ahead", said(&[Frame::Ack(1)])),
        (3002, "ack-behind", said(&[Frame::Ack(0)])),
        (3002, "credit-behind", said(&[Frame::Credit(1)])),
        (
            3002,
            "credit-exceeded",
            said(&[
                Frame::Part(part.as_bytes()),
                Frame::Last(Head::Void, b""),
                Frame::Part(part.as_bytes()),
                Frame::Last(Head::Void, b""),
                Frame::Part(b"x"),
            ]),
        ),
        (3002, "reference", said(&[respond(9)])),
        (
            3002,
            "reference",
            said(&[Frame::Last(Head::Cancel { to: 7 }, b"")]),
        ),
        (3002, "unfinished", said(&[Frame::Part(b"x"), bye.clone()])),
        (3002, "after-bye", said(&[bye, value])),
        (3002, "pong", said(&[Frame::Pong(1)])),
        (3007, "utf8", said(&[utf8])),
        (
            3009,
            "batch-too-long",
            binary(&[&[0, 0x60, 0xff, 0xff, 0x01][..], &[0; 0x7fff]].concat()),
        ),
        (
            3009,
            "message-too-long",
            said(&[Frame::Last(DATA, long.as_bytes())]),
        ),
    ];
    let sent_messages = ["ack-behind", "credit-exceeded"];
    for (number, (code, name, message)) in (1..).zip(cases) {
        let (mut raw, session) = Raw::open(&server.url, hello(number, 1)).await;
        if name == "ack-behind" {
            raw.say(&[Frame::Last(DATA, b"once")]);
            raw.hear(Frame::Last(DATA, b"once")).await;
            raw.say(&[Frame::Ack(1)]);
        }
        raw.send(message);
        assert_eq!(raw.closed().await, (code, name.into()), "{number}");
        // The session stands, for its client alone.
        let (_, welcome) = Raw::greet(&server.url, again(number, 2, &session)).await;
        match welcome {
            Welcome::Session(again) => assert_eq!(again.id, session.id, "{name}"),
            // What was said before it counts.
            Welcome::Ended { code: 1000, .. } if name == "after-bye" => {}
            // It stood elsewhere than it says now.
            Welcome::Refused(Refusal::Rewound) if sent_messages.contains(&name) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
    bystander.is_well().await;
}

#[tokio::test]
async fn a_batch_that_is_cut_anywhere_is_truncated() {
    let server = an_echo(Options::default()).await;
    let frames = [
        Frame::Ack(0),
        Frame::Credit(1 << 20),
        Frame::Part(b"ab"),
        Frame::Last(DATA, b"cde"),
        Frame::Last(Head::Response { text: false, to: 0 }, b"f"),
    ];
    let whole = batch(&frames);
    let mut ends = vec![1];
    for count in 1..frames.len() {
        ends.push(batch(&frames[..count]).len());
    }
    for cut in 1..whole.len() {
        let (mut raw, _) = Raw::greet(&server.url, hello(cut as u64, 1)).await;
        raw.send(whole[..cut].into());
        if ends.contains(&cut) && cut > 1 {
            // Whole frames: there is nothing wrong yet.
            raw.say(&[Frame::Ping(7)]);
            raw.hear(Frame::Pong(7)).await;
            continue;
        }
        let name = if cut == 1 { "empty-batch" } else { "truncated" };
        assert_eq!(raw.closed().await, (3002, name.into()), "{cut}");
    }
}

#[tokio::test]
async fn a_first_message_that_is_no_hello_is_refused_by_name() {
    let server = an_echo(Options::default()).await;
    let good = hello(1, 1);
    let changed = |change: fn(&mut Hello)| {
        let mut hello = good.clone();
        change(&mut hello);
        Message::from(batch(&[Frame::Hello(Box::new(hello))]))
    };
    let mut magic = batch(&[Frame::Hello(Box::new(good.clone()))]);
    magic[3] ^= 1;
    let mut long = vec![0, 1, 0x81, 4];
    long.resize(4 + 513, 0);
    let behind = [Frame::Hello(Box::new(good.clone())), Frame::Ack(0)];
    let odd = |hello: &mut Hello| {
        hello.resume = Some(Resume {
            id: Secret([1; 16]),
            token: Secret([2; 16]),
            incarnation: 3,
            forgot: false,
            positions: Positions {
                committed: 1,
                ..Positions::default()
            },
        });
    };
    let cases: Vec<(u16, &str, Message)> = vec![
        // Plain clients.
        (3002, "text-message", "hello".into()),
        (3002, "truncated", b"\x00\x10\x05hell"[..].into()),
        (3002, "order", b"\x00\x10\x05hello"[..].into()),
        (3002, "empty-batch", Vec::new().into()),
        (3002, "order", batch(&[Frame::Ack(0)]).into()),
        (3002, "order", batch(&behind).into()),
        (3002, "magic", magic.into()),
        (3002, "body-too-long", long.into()),
        (3009, "batch-too-long", vec![0; 32_769].into()),
        (3002, "version", changed(|hello| hello.versions = (2, 1))),
        (3002, "version", changed(|hello| hello.versions = (0, 1))),
        (
            3002,
            "limit",
            changed(|hello| hello.terms.max_message = 1023),
        ),
        (3002, "limit", changed(|hello| hello.terms.max_batch = 1)),
        (3002, "positions", changed(odd)),
    ];
    for (code, name, message) in cases {
        let mut raw = Raw::connect(&server.url).await;
        raw.send(message);
        assert_eq!(raw.closed().await, (code, name.into()));
    }
    let (mut raw, welcome) = Raw::greet(
        &server.url,
        Hello {
            versions: (2, 3),
            ..good
        },
    )
    .await;
    assert_eq!(welcome, Welcome::Refused(Refusal::Version));
    assert_eq!(raw.closed().await, (3001, "refused".into()));
    assert_eq!(server.sessions.totals().sessions, 0);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let options = Options::default().hello_timeout(Duration::from_millis(50));
    let server = an_echo(options).await;
    let mut raw = Raw::connect(&server.url).await;
    assert_eq!(raw.closed().await, (3001, "no-hello".into()));
}

#[tokio::test]
async fn a_first_frame_that_confirms_nothing_starts_nothing() {
    let started = Arc::new(AtomicUsize::new(0));
    let server = serve(Options::default(), echo(&started)).await;
    let firsts = [
        Frame::Last(DATA, b"a"),
        Frame::Ping(1),
        Frame::Hello(Box::new(hello(1, 2))),
        Frame::Flush,
    ];
    for (instance, first) in (1..).zip(firsts) {
        let (mut raw, _) = Raw::greet(&server.url, hello(instance, 1)).await;
        raw.say(&[first]);
        assert_eq!(raw.closed().await, (3002, "unconfirmed".into()));
    }
    assert_eq!(started.load(Ordering::Relaxed), 0);
}

/// Says `HELLO` and is refused; the reason is the same whichever part of the name is wrong.
async fn refused(url: &str, hello: Hello) -> Refusal {
    let (mut raw, welcome) = Raw::greet(url, hello).await;
    assert_eq!(raw.closed().await, (3001, "refused".into()));
    match welcome {
        Welcome::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn names_that_are_forged_stale_or_replayed_open_nothing() {
    let server = an_echo(Options::default()).await;
    let url = &*server.url;
    let (raw, first) = Raw::open(url, hello(1, 1)).await;
    let SessionWelcome {
        id,
        token,
        incarnation,
        ..
    } = first;
    let forged = Secret([7; 16]);
    for (id, token) in [(id, forged), (forged, token), (forged, forged)] {
        let attack = resuming(2, 2, id, token, incarnation);
        assert_eq!(refused(url, attack).await, Refusal::Expired);
        let attack = resuming(2, 2, id, token, incarnation ^ 1);
        assert_eq!(refused(url, attack).await, Refusal::ServerRestarted);
    }
    // Somebody else's connection.
    let theirs = format!("{url}somebody");
    assert_eq!(
        refused(&theirs, again(1, 2, &first)).await,
        Refusal::Identity
    );
    // None of them fenced the one that is there.
    drop(raw);
    let (raw, second) = Raw::open(url, again(1, 2, &first)).await;
    drop(raw);
    let (mut raw, third) = Raw::open(url, again(1, 3, &second)).await;
    raw.say(&[Frame::Last(DATA, b"well")]);
    raw.hear(Frame::Last(DATA, b"well")).await;
    // The first token is two behind.
    assert_eq!(refused(url, again(1, 9, &first)).await, Refusal::Expired);
    // The very `HELLO` of before, once more: its token is still valid, its attempt is not.
    let mut replayed = Raw::connect(url).await;
    replayed.say(&[Frame::Hello(Box::new(again(1, 3, &third)))]);
    assert_eq!(replayed.closed().await, (3001, "late".into()));
    // Other terms than agreed.
    let mut other = again(1, 4, &third);
    other.terms.max_message = 2048;
    assert_eq!(refused(url, other).await, Refusal::Changed);
    raw.say(&[Frame::Last(DATA, b"still")]);
    raw.hear(Frame::Last(DATA, b"still")).await;
}

#[tokio::test]
async fn of_two_connections_with_one_id_the_later_one_wins() {
    let server = an_echo(Options::default()).await;
    let (mut older, first) = Raw::open(&server.url, hello(1, 1)).await;
    let (mut newer, second) = Raw::open(&server.url, again(1, 2, &first)).await;
    assert_eq!(older.closed().await, (3001, "replaced".into()));
    let (mut other, _) = Raw::open(&server.url, again(2, 3, &second)).await;
    newer
        .hear(Frame::Welcome(Welcome::Refused(Refusal::Fenced)))
        .await;
    assert_eq!(newer.closed().await, (3001, "fenced".into()));
    other.say(&[Frame::Last(DATA, b"mine")]);
    other.hear(Frame::Last(DATA, b"mine")).await;
    assert_eq!(server.sessions.totals().sessions, 1);
}

#[tokio::test]
async fn positions_with_a_gap_lose_the_session_and_no_other() {
    let server = an_echo(Options::default()).await;
    let mut bystander = Bystander::new(&server).await;
    let cases = [
        // It wants what was never sent.
        (
            Refusal::Rewound,
            Positions {
                received: 5,
                ..Positions::default()
            },
        ),
        // It acknowledges that.
        (
            Refusal::Rewound,
            Positions {
                received: 5,
                committed: 5,
                ..Positions::default()
            },
        ),
        // It no longer has what the server wants.
        (
            Refusal::Behind,
            Positions {
                first: 3,
                next: 3,
                ..Positions::default()
            },
        ),
        // It holds parts that nobody sent.
        (
            Refusal::Rewound,
            Positions {
                parts: 4,
                ..Positions::default()
            },
        ),
    ];
    for (instance, (refusal, positions)) in (1..).zip(cases) {
        let (_, session) = Raw::open(&server.url, hello(instance, 1)).await;
        let mut attack = again(instance, 2, &session);
        if let Some(resume) = &mut attack.resume {
            resume.positions = positions;
        }
        assert_eq!(refused(&server.url, attack).await, refusal, "{positions:?}");
        // It is remembered.
        let after = again(instance, 3, &session);
        assert_eq!(refused(&server.url, after).await, refusal, "{positions:?}");
    }
    bystander.is_well().await;
    assert_eq!(server.sessions.totals().sessions, 1);
}

#[tokio::test]
async fn sessions_that_are_offered_and_never_confirmed_are_bounded() {
    let options = Options::default()
        .max_sessions(50)
        .later(Duration::from_millis(1234));
    let server = serve(options, echo(&Arc::default())).await;
    let mut offered = 0;
    let mut held = Vec::new();
    for instance in 0..200 {
        let (raw, welcome) = Raw::greet(&server.url, hello(instance, 1)).await;
        match welcome {
            Welcome::Session(_) => offered += 1,
            later => assert_eq!(
                later,
                Welcome::Later {
                    after_ms: 1234,
                    reason: LaterReason::Busy
                }
            ),
        }
        held.push(raw);
    }
    assert_eq!(offered, 50);
    assert_eq!(server.sessions.totals().sessions, 50);
}

/// Whether their connections stay open or not.
#[tokio::test]
async fn sessions_that_are_never_confirmed_are_forgotten() {
    let started = Arc::new(AtomicUsize::new(0));
    let options = Options::default().retention_time(Duration::from_millis(300));
    let server = serve(options, echo(&started)).await;
    let mut stays = Raw::greet(&server.url, hello(0, 1)).await.0;
    for instance in 1..20 {
        drop(Raw::greet(&server.url, hello(instance, 1)).await);
    }
    assert_eq!(stays.closed().await, (3001, "lost".into()));
    let forgotten = async {
        while server.sessions.totals().sessions > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
    let mut client = Hand::new(&server.url, 999);
    client.open().await;
    client.send("hello");
    client.until(|client| !client.read.is_empty()).await;
    assert_eq!(started.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_client_that_reads_nothing_costs_what_is_retained_and_is_found_silent() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let options = Options::default()
        .retention(100_000)
        .heartbeat(Duration::from_millis(200))
        .close_timeout(Duration::from_millis(200));
    let mut server = serve(options, move |channel: Channel<String, String>, _| {
        let count = count.clone();
        async move {
            // For ever, if somebody took it.
            while channel.send("x".repeat(1000)).await.is_ok() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
    .await;
    // It grants all that it can, and acknowledges nothing.
    let mut greeting = hello(1, 1);
    greeting.terms.credit = 1 << 50;
    let (mut raw, _) = Raw::open(&server.url, greeting).await;
    let closed = tokio::time::timeout(PATIENCE, server.served.recv()).await;
    let closed = closed.expect("it is not found silent").unwrap();
    assert_eq!((closed.code, &*closed.reason), (3001, "silent"));
    let sent = sent.load(Ordering::Relaxed);
    assert!((90..=100).contains(&sent), "{sent}");
    assert_eq!(raw.closed().await, (3001, "silent".into()));
    assert_eq!(server.sessions.totals().sessions, 1);
    assert_eq!(server.sessions.totals().connections, 0);
}

#[tokio::test]
async fn credit_without_end_is_no_number() {
    let server = an_echo(Options::default()).await;
    let mut attack = hello(1, 1);
    attack.terms = Terms {
        credit: u64::MAX >> 11,
        ..attack.terms
    };
    // The largest number is one.
    let (mut raw, _) = Raw::open(&server.url, attack).await;
    raw.say(&[Frame::Credit(u64::MAX >> 11), Frame::Last(DATA, b"a")]);
    raw.hear(Frame::Last(DATA, b"a")).await;
    raw.say(&[Frame::Credit((u64::MAX >> 11) - 1)]);
    assert_eq!(raw.closed().await, (3002, "credit-behind".into()));
}
