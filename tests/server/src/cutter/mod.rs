//! A TCP relay that cuts the connections it carries, at random bytes and in every way a network does: FIN, RST, silence, half-open, the last bytes lost.
//!
//! It reads the WebSocket frames that pass, and the session frames in them. So it knows what a cut hits: the inside of a frame, messages that are not
//! acknowledged, a session that is not confirmed. It steers towards the rare ones and counts all of them. Every decision comes from the seed.
//! The timing of the bytes does not, so two runs of a seed are alike, not the same.

mod aim;
mod cuts;
mod ledger;
mod link;
mod relay;
mod scan;

pub use cuts::{Counts, Cuts, Kind, Place};

use aim::Random;
use ledger::Sessions;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Connections at a time. Further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 10_000;

/// A running relay. Dropping it ends it and every connection it carries.
#[derive(Debug)]
#[must_use = "dropping it ends the relay"]
pub struct Cutter {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

impl Cutter {
    /// Listens on a free port of 127.0.0.1 and relays to `target`. To be called within a tokio runtime.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(target: SocketAddr, cuts: Cuts) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let shared = Arc::new(Shared::new(cuts));
        let mut task = JoinSet::new();
        let carried = shared.clone();
        task.spawn(crate::listener::run(listener, MAX_CONNECTIONS, move |io| {
            relay::carry(io, target, carried.clone())
        }));
        Ok(Self {
            address,
            shared,
            _task: task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a WebSocket URL without a path, such as `ws://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// What it has done so far.
    pub fn counts(&self) -> Counts {
        let state = self.shared.lock();
        let mut counts = state.counts.clone();
        counts.acknowledged = state.sessions.acknowledged();
        counts
    }
}

/// What the connections of a cutter share.
#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    cuts: Cuts,
    random: Random,
    counts: Counts,
    sessions: Sessions,
}

impl Shared {
    fn new(cuts: Cuts) -> Self {
        Self(Mutex::new(State {
            random: Random(cuts.seed),
            cuts,
            counts: Counts::default(),
            sessions: Sessions::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
