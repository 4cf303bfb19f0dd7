//! The test server's services of sessions, and what comes of each of its faults: its `README.md` has the table.

use crate::hand::{Hand, PATIENCE};
use std::time::{Duration, Instant};
use websocket_channel::session::{ClientEvent, ClientPhase, DropReason, Refusal, Settings};
use websocket_channel_server::sessions::session_faults;
use websocket_channel_server::{Options, TestServer};

async fn server() -> TestServer {
    TestServer::start(Options::new()).await.unwrap()
}

#[tokio::test]
async fn the_services_do_as_they_are_asked() {
    let server = server().await;
    let at = |path: &str| format!("{}/session/{path}", server.url());
    let mut burst = Hand::new(&at("burst?count=1000&size=5"), 1);
    burst.connect().await;
    burst
        .until(|client| client.client.phase() == ClientPhase::Ended)
        .await;
    let numbers: Vec<_> = (0..1000).map(|n| format!("{n:<5}").into()).collect();
    assert_eq!(burst.read, numbers);
    let mut stays = Hand::new(&at("burst?count=3&then=stay"), 2);
    stays.connect().await;
    stays.until(|client| client.read.len() == 3).await;
    assert_eq!(stays.client.phase(), ClientPhase::Open);
    let mut sink = Hand::new(&at("sink?tell=2"), 3);
    for text in ["a", "b", "c", "d", "e"] {
        sink.send(text);
    }
    sink.connect().await;
    sink.until(|client| client.client.committed() == 5).await;
    assert_eq!(sink.read, ["taken".into(), "taken".into()]);
    // A session is kept as long as the query says.
    let mut echo = Hand::new(&at("echo?keep=200"), 4);
    echo.send("hello");
    echo.connect().await;
    echo.until(|client| !client.read.is_empty()).await;
    let mut pause = Duration::from_millis(50);
    while echo.client.phase() != ClientPhase::Ended {
        assert!(pause < PATIENCE, "it is kept");
        echo.cut();
        // Twice as long each time, until the server has forgotten it.
        tokio::time::sleep(pause).await;
        pause *= 2;
        echo.connect().await;
        echo.until(|client| client.client.phase() != ClientPhase::Greeting)
            .await;
    }
    assert!(echo.events.contains(&ClientEvent::Lost(Refusal::Expired)));
    for wrong in ["nothing", "fault/nothing", "burst?count=x", "burst?then=go"] {
        assert!(
            websocket_channel::Socket::connect(at(wrong), Default::default())
                .await
                .is_err(),
            "{wrong}"
        );
    }
}

fn impatient() -> Settings {
    let mut settings = Settings::default();
    settings.welcome_timeout = Duration::from_millis(500);
    settings
}

/// What comes of a fault.
async fn outcome(server: &TestServer, name: &str) -> String {
    let url = format!("{}/session/fault/{name}", server.url());
    let mut client = Hand::with(&url, 1, impatient());
    let mut told = Vec::new();
    let mut ends = 0;
    let mut waits = Duration::ZERO;
    let mut moves = false;
    let began = Instant::now();
    client.send("hello");
    loop {
        assert!(began.elapsed() < PATIENCE, "{name}: {told:?}");
        if client.socket.is_none() {
            tokio::time::sleep(core::mem::take(&mut waits)).await;
            client.connect().await;
        }
        client
            .until(|client| {
                !client.events.is_empty() || client.ends.len() > ends || !client.read.is_empty()
            })
            .await;
        for event in core::mem::take(&mut client.events) {
            told.push(match event {
                ClientEvent::Opened { resumed: false, .. } => "new".into(),
                ClientEvent::Opened { resumed: true, .. } => "resumed".into(),
                ClientEvent::Later { after, reason } => {
                    waits = after;
                    format!("later: {reason:?} {after:?}")
                }
                ClientEvent::Move { .. } => {
                    moves = true;
                    "asked to move".into()
                }
                ClientEvent::Dropped(DropReason::Violation(violation)) => {
                    format!("violation: {}", violation.name())
                }
                ClientEvent::Dropped(reason) => format!("dropped: {reason:?}"),
                ClientEvent::Lost(refusal) => format!("lost: {refusal:?}"),
                other => format!("{other:?}"),
            });
        }
        for closed in client.ends.iter().skip(ends) {
            let why = if closed.reason.is_empty() { "" } else { " " };
            told.push(format!("closed {}{why}{}", closed.code, closed.reason));
        }
        ends = client.ends.len();
        if client.client.phase() == ClientPhase::Ended {
            return told.join(", ");
        }
        if !client.read.is_empty() {
            told.push("echo".into());
            if !core::mem::take(&mut moves) {
                return told.join(", ");
            }
            // It connects anew, says something, and sees that the session is the same.
            client.read.clear();
            client.send("moved");
            client.cut();
        }
        if client.client.phase() == ClientPhase::Down {
            client.socket = None;
        }
    }
}

#[tokio::test]
async fn every_fault_comes_to_what_its_table_says() {
    let server = server().await;
    let table = include_str!("../server/README.md");
    let (_, table) = table.split_once("\n## Sessions\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .strip_suffix(" |")?
                .split_once("` | ")
        })
        .collect();
    let names: Vec<&str> = session_faults().iter().map(|fault| fault.name).collect();
    let stated: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    assert_eq!(stated, names);
    let mut wrong = String::new();
    for (name, expected) in rows {
        let found = outcome(&server, name).await;
        if found != expected {
            wrong += &format!("\n{name}: {found}\n    stated: {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n");
}
