//! A million clients of one server that restarts, as a discrete-event simulation with steps of a millisecond.
//!
//! All clients lose their connections at time 0. For [`Server::down`] the server refuses everybody, then it accepts a fixed number of connections a
//! second. What comes above that waits in a queue of fixed length; beyond it an attempt is refused at once. The outcome of an attempt reaches its client
//! after a round trip.

/// The server and its network.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) clients: usize,
    /// Milliseconds for which it refuses everybody.
    pub(crate) down: usize,
    /// Connections accepted in a millisecond.
    pub(crate) accepts: usize,
    /// Connections that may wait to be accepted: Linux has 4,096 (`net.core.somaxconn`).
    pub(crate) backlog: usize,
    /// Milliseconds from an attempt to its outcome, beside the wait in the queue.
    pub(crate) round_trip: usize,
    /// When the simulation ends, in milliseconds.
    pub(crate) horizon: usize,
}

/// A million clients, 20,000 a second.
pub(crate) const SERVER: Server = Server {
    clients: 1_000_000,
    down: 1000,
    accepts: 20,
    backlog: 4096,
    round_trip: 50,
    horizon: 300_000,
};

/// What all clients do about a lost connection and a failed attempt.
pub(crate) trait Policy {
    /// The milliseconds until the client's next attempt, `None` if it gives up. `failed`: how many of its attempts have failed so far.
    fn delay(&mut self, client: usize, now: usize, failed: u32, random: u32) -> Option<usize>;
}

pub(crate) struct Outcome {
    /// Attempts of the client that needed most, and of all together.
    pub(crate) most_attempts: u32,
    pub(crate) attempts: u64,
    /// Clients that are connected by the end of each millisecond.
    pub(crate) back: Vec<u32>,
    /// The most attempts in a second.
    pub(crate) peak: u64,
    /// Clients that gave up.
    pub(crate) gave_up: usize,
    clients: usize,
}

impl Outcome {
    /// Milliseconds from the drop until so many of a hundred clients are back; `None` if that does not happen.
    pub(crate) fn until(&self, percent: usize) -> Option<usize> {
        let wanted = self.clients * percent / 100;
        let at = self.back.partition_point(|back| (*back as usize) < wanted);
        (at < self.back.len()).then_some(at)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for delays.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 32) as u32
    }
}

pub(crate) fn run(server: Server, policy: &mut dyn Policy, seed: u64) -> Outcome {
    let mut random = Random(seed);
    // What happens in each millisecond: clients that lose their connection or learn of a refusal, and clients that attempt.
    let mut attempting: Vec<Vec<u32>> = vec![Vec::new(); server.horizon];
    let mut failed = vec![0_u32; server.clients];
    let mut outcome = Outcome {
        most_attempts: 0,
        attempts: 0,
        back: vec![0; server.horizon],
        peak: 0,
        gave_up: 0,
        clients: server.clients,
    };
    let mut schedule =
        |at: usize, client: usize, failed: u32, attempting: &mut Vec<Vec<u32>>| match policy.delay(
            client,
            at,
            failed,
            random.next(),
        ) {
            Some(delay) => {
                if let Some(attempting) = attempting.get_mut(at + delay) {
                    attempting.push(client as u32);
                }
                0
            }
            None => 1,
        };
    for client in 0..server.clients {
        outcome.gave_up += schedule(0, client, 0, &mut attempting);
    }
    let mut waiting = 0;
    let mut back = 0;
    let mut second = 0;
    for now in 0..server.horizon {
        if now % 1000 == 0 {
            second = 0;
        }
        let mut clients = std::mem::take(&mut attempting[now]);
        // In no order of their own.
        for left in (1..clients.len()).rev() {
            let other = (u64::from(Random(seed ^ now as u64 ^ left as u64).next())
                * (left as u64 + 1))
                >> 32;
            clients.swap(left, other as usize);
        }
        for client in clients {
            let client = client as usize;
            outcome.attempts += 1;
            second += 1;
            let attempt = failed[client] + 1;
            outcome.most_attempts = outcome.most_attempts.max(attempt);
            if now >= server.down && waiting < server.backlog {
                waiting += 1;
                continue;
            }
            failed[client] = attempt;
            let told = now + server.round_trip;
            outcome.gave_up += schedule(told, client, attempt, &mut attempting);
        }
        outcome.peak = outcome.peak.max(second);
        if now >= server.down {
            let accepted = waiting.min(server.accepts);
            waiting -= accepted;
            back += accepted as u32;
        }
        outcome.back[now] = back;
    }
    outcome
}
