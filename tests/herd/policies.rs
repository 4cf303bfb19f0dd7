//! Our own policy, by the crate's own code, and those of others, by their documented defaults.

use crate::simulation::{Policy, Random};
use core::time::Duration;
use websocket_channel::reconnect::{Backoff, Next, Reconnect, RetryCause};

/// Ours: a [`Backoff`] for each client.
pub(crate) struct Ours(Vec<Backoff>);

impl Ours {
    /// `told`: the estimate that the server gave its clients.
    pub(crate) fn new(policy: &Reconnect, told: Option<Duration>, clients: usize) -> Self {
        let mut backoff = Backoff::new(policy.clone());
        if let Some(told) = told {
            backoff.set_spread(told);
        }
        Self(vec![backoff; clients])
    }
}

impl Policy for Ours {
    fn delay(&mut self, client: usize, now: usize, failed: u32, random: u32) -> Option<usize> {
        let lost = match failed {
            0 => RetryCause::Closed(1006),
            _ => RetryCause::Failed(None),
        };
        let now = Duration::from_millis(now as u64);
        match self.0[client].retry(now, lost, random) {
            Next::Retry { at, .. } => Some((at - now).as_millis() as usize),
            _ => None,
        }
    }
}

/// The same delay each time.
pub(crate) struct Fixed(pub(crate) usize);

impl Policy for Fixed {
    fn delay(&mut self, _: usize, _: usize, _: u32, _: u32) -> Option<usize> {
        Some(self.0)
    }
}

/// Our own base and cap, doubled, without jitter.
pub(crate) struct Exponential;

impl Policy for Exponential {
    fn delay(&mut self, _: usize, _: usize, failed: u32, _: u32) -> Option<usize> {
        Some((250 << failed.min(7)).min(30_000))
    }
}

/// partysocket 1.3.0: README.md has the lines. 3 s, then 1.3 times as long each time, up to 10 s.
pub(crate) struct PartySocket;

impl Policy for PartySocket {
    fn delay(&mut self, _: usize, _: usize, failed: u32, _: u32) -> Option<usize> {
        Some(grown(3000.0, failed))
    }
}

/// reconnecting-websocket 4.4.0: the same, from 1 to 5 s, which a page draws once.
pub(crate) struct ReconnectingWebSocket(Vec<u16>);

impl ReconnectingWebSocket {
    pub(crate) fn new(clients: usize) -> Self {
        let mut random = Random(7);
        let draw = |_| 1000 + ((u64::from(random.next()) * 4000) >> 32) as u16;
        Self((0..clients).map(draw).collect())
    }
}

impl Policy for ReconnectingWebSocket {
    fn delay(&mut self, client: usize, _: usize, failed: u32, _: u32) -> Option<usize> {
        Some(grown(f64::from(self.0[client]), failed))
    }
}

fn grown(least: f64, failed: u32) -> usize {
    (least * 1.3_f64.powi(failed as i32)).min(10_000.0) as usize
}

/// socket.io-client 4.8.4, by the formula of its `backo2.js`.
pub(crate) struct SocketIo;

impl Policy for SocketIo {
    fn delay(&mut self, _: usize, _: usize, failed: u32, random: u32) -> Option<usize> {
        let doubled = 1000.0 * 2_f64.powi(failed.min(30) as i32);
        let random = f64::from(random) / 4_294_967_296.0;
        let deviation = (random * 0.5 * doubled).floor();
        let delay = match (random * 10.0).floor() as u32 % 2 {
            0 => doubled - deviation,
            _ => doubled + deviation,
        };
        Some(delay.min(5000.0) as usize)
    }
}

/// `withAutomaticReconnect()` of @microsoft/signalr 10.0.11: four attempts.
pub(crate) struct SignalR;

impl Policy for SignalR {
    fn delay(&mut self, _: usize, _: usize, failed: u32, _: u32) -> Option<usize> {
        [0, 2000, 10_000, 30_000].get(failed as usize).copied()
    }
}
