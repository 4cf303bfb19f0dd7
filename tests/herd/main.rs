//! A herd: a million clients lose their connections at once, and come back by the crate's own policy, or by that of others.
//!
//! `npm run bench -- herd` prints the table and draws the plot of README.md beside this file, which says what is simulated.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod policies;
mod simulation;

use core::time::Duration;
use policies::{Exponential, Fixed, Ours, PartySocket, ReconnectingWebSocket, SignalR, SocketIo};
use simulation::{Outcome, Policy, SERVER, Server, run};
use websocket_channel::reconnect::Reconnect;

/// What brings everybody back if no attempt is in vain: a million at 20,000 a second.
const IDEAL: usize = 50_000;
/// What such a server tells its clients, or the application sets: 1.2 × that.
const SPREAD: Duration = Duration::from_secs(60);

fn told(server: Server) -> Ours {
    Ours::new(&Reconnect::default(), Some(SPREAD), server.clients)
}

#[test]
fn a_million_clients_that_know_the_spread_are_back_in_time() {
    for (seed, down) in [(1, 0), (2, 1000), (3, 5000)] {
        let server = Server { down, ..SERVER };
        let outcome = run(server, &mut told(server), seed);
        assert!(
            outcome.most_attempts <= 3,
            "{} attempts after {down} ms",
            outcome.most_attempts
        );
        let back = outcome.until(99).unwrap();
        assert!(
            back <= IDEAL * 3 / 2,
            "99 % are back after {back} ms, with {down} ms of no server"
        );
        assert!(outcome.until(100).is_some());
    }
}

#[test]
fn the_spread_can_be_the_applications_own() {
    let server = SERVER;
    let policy = Reconnect::default().spread(SPREAD);
    let outcome = run(server, &mut Ours::new(&policy, None, server.clients), 1);
    let told = run(server, &mut told(server), 1);
    assert_eq!((outcome.attempts, outcome.back), (told.attempts, told.back));
}

/// The simulation finds what it is to find: without jitter the same clients are refused again and again.
#[test]
fn without_jitter_the_bars_are_missed_by_far() {
    let server = Server {
        clients: 100_000,
        accepts: 2,
        backlog: 410,
        horizon: 60_000,
        ..SERVER
    };
    let outcome = run(server, &mut Fixed(1000), 1);
    assert!(outcome.most_attempts > 30, "{}", outcome.most_attempts);
    assert!(outcome.until(99).is_none());
}

/// For `npm run bench -- herd`: one line of JSON for each policy.
#[test]
#[ignore = "prints what the bench draws"]
fn table() {
    let own = Reconnect::default;
    for down in [0, 1000, 5000, 10_000] {
        let server = Server { down, ..SERVER };
        print(
            "ours, told 60 s by the server",
            down,
            &run(server, &mut told(server), 1),
        );
    }
    let server = SERVER;
    let n = server.clients;
    let mut rows: Vec<(&str, Box<dyn Policy>)> = vec![
        (
            "ours, told 50 s by the server",
            Box::new(Ours::new(&own(), Some(Duration::from_secs(50)), n)),
        ),
        ("ours, told nothing", Box::new(Ours::new(&own(), None, n))),
        ("fixed delay of 1 s", Box::new(Fixed(1000))),
        (
            "exponential from 250 ms to 30 s, no jitter",
            Box::new(Exponential),
        ),
        (
            "reconnecting-websocket 4.4.0",
            Box::new(ReconnectingWebSocket::new(n)),
        ),
        ("partysocket 1.3.0", Box::new(PartySocket)),
        ("socket.io-client 4.8.4", Box::new(SocketIo)),
        ("@microsoft/signalr 10.0.11", Box::new(SignalR)),
    ];
    for (name, policy) in &mut rows {
        print(name, server.down, &run(server, &mut **policy, 1));
    }
}

fn print(name: &str, down: usize, outcome: &Outcome) {
    let each = |percent| {
        outcome
            .until(percent)
            .map_or("null".into(), |at| at.to_string())
    };
    let back: Vec<_> = outcome
        .back
        .iter()
        .step_by(1000)
        .map(u32::to_string)
        .collect();
    println!(
        r#"{{"name":"{name}","down":{down},"mostAttempts":{},"attempts":{},"peak":{},"gaveUp":{},"back50":{},"back99":{},"back100":{},"back":[{}]}}"#,
        outcome.most_attempts,
        outcome.attempts,
        outcome.peak,
        outcome.gave_up,
        each(50),
        each(99),
        each(100),
        back.join(",")
    );
}
