//! The cutter: each kind of cut does to both sides what it says, and the counts are true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;
use support::{control, open, server, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use websocket_channel::session::wire::{Frame, Head};
use websocket_channel::session::{
    Hello, Positions, Resume, Secret, SessionWelcome, Terms, Welcome,
};
use websocket_channel::{CloseInfo, ClosedBy, Event};
use websocket_channel_server::cutter::{Cuts, Cutter, Kind, Place};

const UP: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
const DOWN: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
/// Long enough to find out that a side is told something.
const A_WHILE: Duration = Duration::from_millis(100);
const FRAME: usize = 10;

/// What a side got, and how that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Fin,
    Rst,
    Silence,
}

struct Side {
    io: TcpStream,
    got: Vec<u8>,
}

impl Side {
    /// Reads until the end, or until nothing comes for a while.
    async fn read(&mut self) -> End {
        let mut bytes = [0; 4096];
        loop {
            match tokio::time::timeout(A_WHILE, self.io.read(&mut bytes)).await {
                Err(_) => return End::Silence,
                Ok(Ok(0)) => return End::Fin,
                Ok(Ok(read)) => self.got.extend_from_slice(&bytes[..read]),
                Ok(Err(_)) => return End::Rst,
            }
        }
    }
}

async fn target() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// A connection through a cutter.
async fn connect(cutter: &Cutter, target: &TcpListener) -> (Side, Side) {
    let (client, server) = tokio::join!(TcpStream::connect(cutter.address()), target.accept());
    let side = |io| Side {
        io,
        got: Vec::new(),
    };
    (side(client.unwrap()), side(server.unwrap().0))
}

/// Frames of one length that are not of a session.
fn frames(head: &[u8], count: u8) -> Vec<u8> {
    let mut bytes = head.to_vec();
    for number in 0..count {
        bytes.extend_from_slice(&[0x82, 8, 0xff, number, number, number, 0, 0, 0, 0]);
    }
    bytes
}

fn cuts(kind: Kind, place: Place, seed: u64) -> Cuts {
    let mut cuts = Cuts::seeded(seed);
    cuts.kinds = vec![kind];
    cuts.places = vec![place];
    cuts.span = 200;
    cuts.pause = Duration::ZERO;
    cuts
}

/// Both sides send frames through a cutter until it cuts; gives both, and how each was told.
async fn run(kind: Kind, place: Place, seed: u64) -> ([Side; 2], [End; 2]) {
    let target = target().await;
    let cutter = Cutter::start(target.local_addr().unwrap(), cuts(kind, place, seed)).unwrap();
    let (mut client, mut server) = connect(&cutter, &target).await;
    client.io.write_all(&frames(UP, 50)).await.unwrap();
    // The cut may have come before.
    let _ = server.io.write_all(&frames(DOWN, 50)).await;
    soon(async {
        while cutter.counts().cuts == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let ends = tokio::join!(client.read(), server.read());
    let counts = cutter.counts();
    assert_eq!((counts.connections, counts.cuts), (1, 1));
    assert_eq!(counts.inside, u64::from(place == Place::Inside), "{counts}");
    let index = Kind::ALL.iter().position(|each| *each == kind).unwrap();
    assert_eq!(counts.kinds[index], 1);
    // What arrived is the beginning of what was sent.
    assert!(frames(DOWN, 50).starts_with(&client.got));
    assert!(frames(UP, 50).starts_with(&server.got));
    if kind == Kind::Freeze {
        // One side's end is not told to the other.
        drop(client);
        assert_eq!(server.read().await, End::Silence);
        client = Side {
            io: TcpStream::connect(cutter.address()).await.unwrap(),
            got: Vec::new(),
        };
    }
    ([client, server], [ends.0, ends.1])
}

/// Bytes of a frame that is not whole at the end of what a side got.
fn rest(got: &[u8], head: &[u8]) -> usize {
    got.len().saturating_sub(head.len()) % FRAME
}

const SEEDS: u64 = 12;

#[tokio::test]
async fn fin_ends_both_streams_inside_or_after_a_frame() {
    for seed in 0..SEEDS {
        for place in [Place::Inside, Place::Behind] {
            let (sides, ends) = run(Kind::Fin, place, seed).await;
            assert_eq!(ends, [End::Fin; 2], "seed {seed}");
            let rests = [rest(&sides[0].got, DOWN), rest(&sides[1].got, UP)];
            let whole = rests.contains(&0);
            let broken = rests.iter().any(|rest| *rest > 0);
            match place {
                Place::Inside => assert!(broken, "seed {seed}: {rests:?}"),
                _ => assert!(whole, "seed {seed}: {rests:?}"),
            }
        }
    }
}

#[tokio::test]
async fn rst_resets_both_sides() {
    for seed in 0..SEEDS {
        let (_, ends) = run(Kind::Rst, Place::Inside, seed).await;
        assert_eq!(ends, [End::Rst; 2], "seed {seed}");
    }
}

#[tokio::test]
async fn a_frozen_connection_is_silent_on_both_sides() {
    for seed in 0..4 {
        let (_, ends) = run(Kind::Freeze, Place::Behind, seed).await;
        assert_eq!(ends, [End::Silence; 2], "seed {seed}");
    }
}

#[tokio::test]
async fn half_open_ends_one_side_only() {
    let mut told = [0, 0];
    for seed in 0..SEEDS {
        let (_, ends) = run(Kind::HalfOpen, Place::Behind, seed).await;
        let silent = ends.iter().filter(|end| **end == End::Silence).count();
        assert_eq!(silent, 1, "seed {seed}: {ends:?}");
        told[usize::from(ends[0] == End::Silence)] += 1;
    }
    assert!(told.iter().all(|told| *told > 0), "{told:?}");
}

#[tokio::test]
async fn lost_bytes_were_read_from_their_sender() {
    let mut lost = 0;
    for seed in 0..SEEDS {
        let (sides, ends) = run(Kind::Loss, Place::Behind, seed).await;
        assert!(!ends.contains(&End::Silence), "seed {seed}: {ends:?}");
        let whole = [frames(DOWN, 50), frames(UP, 50)];
        let got = sides.iter().map(|side| side.got.len());
        let missing = got.zip(whole).filter(|(got, whole)| *got < whole.len());
        lost += missing.count().min(1);
    }
    assert_eq!(lost as u64, SEEDS);
}

#[tokio::test]
async fn late_bytes_arrive_after_their_sender_was_told() {
    let mut all = 0;
    for seed in 0..SEEDS {
        let target = target().await;
        let cuts = cuts(Kind::Late, Place::Inside, seed);
        let cutter = Cutter::start(target.local_addr().unwrap(), cuts).unwrap();
        let (mut client, mut server) = connect(&cutter, &target).await;
        client.io.write_all(&frames(UP, 50)).await.unwrap();
        let _ = server.io.write_all(&frames(DOWN, 50)).await;
        let mut bytes = [0; 4096];
        let told = soon(async {
            loop {
                match client.io.read(&mut bytes).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
        });
        told.await;
        soon(async { while server.read().await == End::Silence {} }).await;
        assert_eq!(server.got, frames(UP, 50), "seed {seed}");
        let late = cutter.counts().late;
        assert!(late <= server.got.len() as u64);
        all += late;
    }
    assert!(all > 0);
}

#[tokio::test]
async fn a_connection_continues_after_a_pause() {
    let mut whole = 0;
    for seed in 0..SEEDS {
        let target = target().await;
        let mut cuts = cuts(Kind::Fin, Place::Behind, seed);
        // Most are not cut within the bytes of this test.
        cuts.span = 1 << 20;
        cuts.pause = Duration::from_millis(20);
        let cutter = Cutter::start(target.local_addr().unwrap(), cuts).unwrap();
        let (mut client, mut server) = connect(&cutter, &target).await;
        client.io.write_all(&frames(UP, 250)).await.unwrap();
        server.io.write_all(&frames(DOWN, 250)).await.unwrap();
        let _ends = tokio::join!(client.read(), server.read());
        assert!(frames(DOWN, 250).starts_with(&client.got));
        assert!(frames(UP, 250).starts_with(&server.got));
        let counts = cutter.counts();
        if counts.cuts == 0 {
            assert_eq!(client.got, frames(DOWN, 250));
            assert_eq!(server.got, frames(UP, 250));
            whole += counts.pauses;
        }
    }
    assert!(whole > 0);
}

#[tokio::test]
async fn after_the_last_cut_the_network_is_reliable() {
    let target = target().await;
    let mut cuts = cuts(Kind::Rst, Place::Inside, 1);
    cuts.most = 2;
    let cutter = Cutter::start(target.local_addr().unwrap(), cuts).unwrap();
    for number in 0..4 {
        let (mut client, mut server) = connect(&cutter, &target).await;
        let _ = client.io.write_all(&frames(UP, 50)).await;
        let _ = server.io.write_all(&frames(DOWN, 50)).await;
        let ends = tokio::join!(client.read(), server.read());
        let expected = if number < 2 { End::Rst } else { End::Silence };
        assert_eq!(ends, (expected, expected), "connection {number}");
        if number >= 2 {
            assert_eq!(client.got, frames(DOWN, 50));
            assert_eq!(server.got, frames(UP, 50));
            // The end of a stream is carried, too.
            client.io.shutdown().await.unwrap();
            assert_eq!(server.read().await, End::Fin);
            assert_eq!(client.read().await, End::Silence);
            drop(server);
            assert_ne!(client.read().await, End::Silence);
        }
    }
    assert_eq!(cutter.counts().cuts, 2);
}

fn batch(head: &[u8], frames: &[Frame<'_>]) -> Vec<u8> {
    let mut payload = vec![0];
    frames.iter().for_each(|frame| frame.put(&mut payload));
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(&[0x82, 126]);
    bytes.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&payload);
    bytes
}

fn terms() -> Terms {
    Terms {
        credit: 1000,
        max_message: 1 << 20,
        max_batch: 32 << 10,
        retention: 1 << 20,
        retention_ms: 1000,
    }
}

fn hello(positions: Option<Positions>) -> Frame<'static> {
    Frame::Hello(Box::new(Hello {
        versions: (1, 1),
        features: 0,
        instance: 1,
        attempt: 1,
        terms: terms(),
        resume: positions.map(|positions| Resume {
            id: Secret([1; 16]),
            token: Secret([2; 16]),
            incarnation: 3,
            forgot: false,
            positions,
        }),
    }))
}

fn welcome(positions: Option<Positions>) -> Frame<'static> {
    Frame::Welcome(Welcome::Session(Box::new(SessionWelcome {
        version: 1,
        features: 0,
        id: Secret([1; 16]),
        token: Secret([2; 16]),
        incarnation: 3,
        terms: terms(),
        heartbeat_ms: 1000,
        spread_ms: 0,
        positions,
    })))
}

/// One that passes, by hand, so that every count is known.
#[tokio::test]
async fn a_session_is_followed_over_its_connections() {
    let data = Frame::Last(Head::Data { text: true }, b"hi");
    let target = target().await;
    let mut cuts = cuts(Kind::Fin, Place::Greeting, 5);
    cuts.span = 1;
    cuts.grace = 0;
    let cutter = Cutter::start(target.local_addr().unwrap(), cuts).unwrap();
    // There was no session yet: it is cut behind the first frame of one direction.
    let (mut client, mut server) = connect(&cutter, &target).await;
    client
        .io
        .write_all(&batch(UP, &[hello(None)]))
        .await
        .unwrap();
    assert_eq!(server.read().await, End::Silence);
    server
        .io
        .write_all(&batch(DOWN, &[welcome(None)]))
        .await
        .unwrap();
    assert_eq!(client.read().await, End::Silence);
    assert_eq!(cutter.counts().cuts, 0);
    client
        .io
        .write_all(&batch(&[], &[Frame::Ack(0), data.clone()]))
        .await
        .unwrap();
    let _ = server
        .io
        .write_all(&batch(&[], std::slice::from_ref(&data)))
        .await;
    tokio::join!(client.read(), server.read());
    let counts = cutter.counts();
    assert_eq!((counts.cuts, counts.greeting), (1, 0), "{counts}");
    // Now each is cut in its greeting; the rest is sent, and does not pass.
    let stands = Positions {
        received: 0,
        committed: 0,
        first: 0,
        next: 1,
        parts: 0,
    };
    for number in 1..=8 {
        let (mut client, mut server) = connect(&cutter, &target).await;
        let hello = batch(UP, &[hello(Some(stands))]);
        let confirmation = batch(&[], &[Frame::Ack(0), data.clone()]);
        client.io.write_all(&hello).await.unwrap();
        server.read().await;
        let _ = server
            .io
            .write_all(&batch(DOWN, &[welcome(Some(stands))]))
            .await;
        client.read().await;
        let _ = client.io.write_all(&confirmation).await;
        let ends = tokio::join!(client.read(), server.read());
        assert_eq!(ends.0, End::Fin);
        assert!(server.got.starts_with(&hello));
        assert!(server.got.len() < hello.len() + confirmation.len());
        let counts = cutter.counts();
        assert_eq!(
            (counts.cuts, counts.greeting),
            (number + 1, number),
            "{counts}"
        );
    }
}

#[tokio::test]
async fn the_control_channel_starts_a_cutter() {
    let server = server().await;
    let cutter = control(
        &server,
        "cutter?seed=7&cuts=1&span=100&kinds=rst&places=inside&pause=0",
    )
    .await;
    let port = cutter["port"].as_u64().unwrap();
    let url = format!("{}/echo", cutter["url"].as_str().unwrap());
    let request = websocket_channel::transport::ConnectRequest::new(url);
    let (mut socket, _) = soon(websocket_channel::transport::connect(request))
        .await
        .unwrap();
    let end = soon(async {
        loop {
            // It is over before, or is told by the next event.
            let _ = socket.send("hello".into());
            match support::next(&mut socket).await {
                Event::Message(message) => assert_eq!(message, "hello".into()),
                other => return other,
            }
        }
    });
    assert_eq!(end.await, Event::Closed(CloseInfo::lost(ClosedBy::Error)));
    let counts = control(&server, &format!("cutter-counts?port={port}")).await;
    assert_eq!(
        (&counts["cuts"], &counts["kinds"]["rst"]),
        (&1.into(), &1.into())
    );
    assert_eq!(counts["inside"], 1);
    control(&server, &format!("cutter-end?port={port}")).await;
    let gone = control(&server, &format!("cutter-counts?port={port}")).await;
    assert_eq!(gone["error"], format!("no cutter listens on port {port}"));
    // Not to any port of this machine.
    let (_, other) = (open(&server, "/echo").await, target().await);
    let other = other.local_addr().unwrap();
    let refused = control(&server, &format!("cutter?to={other}")).await;
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("the proxy reaches"),
        "{refused}"
    );
    let wrong = control(&server, "cutter?kinds=saw").await;
    assert!(
        wrong["error"].as_str().unwrap().contains("half-open"),
        "{wrong}"
    );
}
