//! One simulated world: the real machines of both sides, a network that breaks, two applications, and a clock. A seed decides everything.

mod applications;
mod apps;
mod chaos;
mod client;
mod connections;
pub mod hits;
mod invariants;
mod network;
mod rng;
mod server;

use apps::{ClientApp, ServerApp};
use hits::Hits;
use network::{Delivery, Event, Network, Side};
use rng::Rng;
use std::collections::BTreeMap;
use std::time::Duration;
use websocket_channel::session::wire::Head;
use websocket_channel::session::{
    Blame, Client, Refusal, ResumeTicket, Secret, Settings, Unsendable,
};
use websocket_channel::session::{ClientEvent, ClientPhase, DropReason};
use websocket_channel::session::{ConnectionId, HelloOutcome, Registry, RegistryBounds};
use websocket_channel::session::{ServerEvent, ServerPhase};

/// What a run is to have at least.
pub const MESSAGES: u32 = 200;
pub const DROPS: u32 = 3;

/// After this the network is whole, and everything must be delivered.
const HEALED_FOR: u64 = 900_000_000;
const STEPS: u32 = 60_000;

fn hash(token: &[u8; 16]) -> [u8; 32] {
    let mut hash = [0x5a; 32];
    hash[..16].copy_from_slice(token);
    hash
}

pub struct World {
    rng: Rng,
    now: u64,
    net: Network,
    client: Client,
    registry: Registry,
    client_settings: Settings,
    server_settings: Settings,
    app: ClientApp,
    apps: BTreeMap<Secret, ServerApp>,
    /// Which session a connection carries, at the server.
    carried: Vec<Option<Secret>>,
    /// The client's connection, once it is open.
    conn: Option<usize>,
    dialing: bool,
    ticket: Option<ResumeTicket>,
    next_app: u32,
    next_uid: u32,
    instances: u64,
    incarnations: u64,
    drops: u32,
    sent: u32,
    healed: bool,
    heal_at: u64,
    frozen_until: u64,
    /// Messages that no connection survives.
    poison: Option<u32>,
    /// The end of a connection may be a message's fault.
    suspicious: bool,
    /// 1009 rather than a cut.
    too_big: bool,
    closing: bool,
    /// Which side has closed.
    closed: [bool; 2],
    client_done: bool,
    losses: u32,
    buffer: Vec<u8>,
    /// Whether either application is about to read.
    reading: [bool; 2],
    client_committed: u64,
    /// Where the client stood at its last drops, and at how many of them.
    stood: ((u64, u64), u64),
    /// When either application last sent something.
    sent_at: [u64; 2],
    fault: Option<String>,
    trace: bool,
    pub hits: Hits,
    plan: Plan,
}

/// What kind of run the seed makes it.
struct Plan {
    quota: u32,
    early_close: Option<u32>,
    closer: Side,
    /// The other one closes as well, soon after.
    both_close: bool,
    reloads: bool,
    restarts: bool,
    sleeps: bool,
    read_pause: (u64, u64),
    send_pause: (u64, u64),
    cut_pause: (u64, u64),
    large: u64,
    moves: bool,
    falls_back: bool,
}

/// What a run was.
pub struct Outcome {
    pub messages: u32,
    pub drops: u32,
    pub losses: u32,
}

/// Runs a seed; gives what is wrong.
pub fn run(seed: u64, trace: bool, hits: &mut Hits) -> Result<Outcome, String> {
    let mut world = World::new(seed, trace);
    std::mem::swap(&mut world.hits, hits);
    let result = world.run();
    std::mem::swap(&mut world.hits, hits);
    result.map_err(|fault| format!("{fault}, at {} us", world.now))
}

impl World {
    fn new(seed: u64, trace: bool) -> Self {
        let mut rng = Rng::new(seed);
        let large = *rng.pick(&[0, 0, 1, 5, 30]);
        let settings = |rng: &mut Rng| {
            let mut settings = Settings::default();
            settings.window = *rng.pick(&[1, 300, 1500, 6000, 256 * 1024]);
            settings.max_message = 16 * 1024;
            settings.batch = *rng.pick(&[256, 300, 700, 4096, 32 * 1024]);
            settings.retention = *rng.pick(&[200, 2000, 20_000, 4 << 20]);
            settings.retention_time =
                Duration::from_millis(*rng.pick(&[400, 5_000, 60_000, 60_000]));
            settings.welcome_timeout = Duration::from_millis(*rng.pick(&[200, 400, 1000]));
            settings.close_timeout = Duration::from_secs(500);
            settings.heartbeat = Duration::from_millis(*rng.pick(&[100, 300, 2000]));
            settings
        };
        let client_settings = settings(&mut rng);
        let server_settings = settings(&mut rng);
        let pauses = [(0, 4), (2, 30), (20, 300)];
        let quota = MESSAGES / 2 + 4 + rng.below(30) as u32;
        let mut plan = Plan {
            quota,
            early_close: rng.one_in(8).then(|| MESSAGES + rng.below(8) as u32),
            closer: if rng.one_in(2) {
                Side::Client
            } else {
                Side::Server
            },
            both_close: false,
            reloads: rng.one_in(5),
            restarts: rng.one_in(8),
            sleeps: rng.one_in(6),
            read_pause: *rng.pick(&pauses),
            send_pause: *rng.pick(&pauses),
            cut_pause: *rng.pick(&[(5, 100), (30, 600), (200, 3_000)]),
            large,
            moves: rng.one_in(6),
            falls_back: rng.one_in(6),
        };
        let mut net = Network::new(&mut rng);
        plan.both_close = rng.one_in(4);
        // A network's pace, and nobody polls it a thousand times a round trip.
        let pace = net.pace();
        for pause in [
            &mut plan.read_pause,
            &mut plan.send_pause,
            &mut plan.cut_pause,
        ] {
            *pause = (pause.0 * pace + pace / 4, pause.1 * pace + pace);
        }
        let poison = rng
            .one_in(12)
            .then(|| 1 + rng.below(u64::from(quota)) as u32);
        let suspicious = poison.is_some() || rng.one_in(10);
        if suspicious {
            net.cut = Blame::Suspicious;
        }
        let mut world = Self {
            suspicious,
            client: Client::new(client_settings.clone(), 1),
            registry: Registry::new(server_settings.clone(), RegistryBounds::default(), 1, hash),
            app: ClientApp::new(0),
            apps: BTreeMap::new(),
            carried: Vec::new(),
            conn: None,
            dialing: false,
            ticket: None,
            next_app: 1,
            next_uid: 1,
            instances: 1,
            incarnations: 1,
            drops: 0,
            sent: 0,
            healed: false,
            heal_at: 0,
            frozen_until: 0,
            poison,
            too_big: rng.one_in(3),
            closing: false,
            closed: [false; 2],
            client_done: false,
            losses: 0,
            buffer: Vec::new(),
            reading: [false; 2],
            client_committed: 0,
            stood: ((0, 0), 0),
            sent_at: [0; 2],
            fault: None,
            trace,
            hits: Hits::default(),
            now: 0,
            plan,
            net,
            client_settings,
            server_settings,
            rng,
        };
        world.say(|| format!("{:?} {:?}", world.client_settings, world.server_settings));
        world.net.at(0, Event::Redial);
        let (send, cut) = (world.plan.send_pause, world.plan.cut_pause);
        for event in [Event::ClientSends, Event::ServerSends] {
            let at = world.rng.between(send);
            world.net.at(at, event);
        }
        let at = world.rng.between(cut);
        world.net.at(at, Event::Chaos);
        world
    }

    fn time(&self) -> Duration {
        Duration::from_micros(self.now)
    }

    fn fail(&mut self, what: impl Into<String>) {
        self.fault.get_or_insert(what.into());
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>10} {}", self.now, what());
        }
    }

    fn run(&mut self) -> Result<Outcome, String> {
        for _ in 0..STEPS {
            if self.is_done() {
                return self.check_the_end();
            }
            let timer = self.next_timer();
            match self.net.next(timer) {
                Some((at, event)) => {
                    self.say(|| event.name());
                    self.now = at.max(self.now);
                    self.handle(event);
                }
                None => {
                    let Some(at) = timer else {
                        return Err(self.stuck("nothing will ever happen"));
                    };
                    self.now = at.max(self.now);
                    self.timers();
                }
            }
            self.check();
            if let Some(fault) = self.fault.take() {
                return Err(fault);
            }
            if self.healed && self.now > self.heal_at + HEALED_FOR {
                return Err(self.stuck("no progress although the network is whole"));
            }
        }
        Err(self.stuck("too many steps"))
    }

    fn stuck(&self, what: &str) -> String {
        let (client, server) = (
            self.app.log.len(),
            self.server_app().map(|app| app.log.len()),
        );
        format!(
            "{what}: client {:?} sent {client}, read {}; server sent {server:?}, read {:?}; {} drops",
            self.client.phase(),
            self.app.read,
            self.server_app().map(|app| app.read),
            self.drops,
        )
    }

    /// The server's half of the client's session.
    fn server_app(&self) -> Option<&ServerApp> {
        self.apps.get(&self.ticket.as_ref()?.id)
    }

    fn next_timer(&mut self) -> Option<u64> {
        let micros = |time: Duration| time.as_micros() as u64;
        let client = self
            .client
            .poll_timeout()
            .filter(|_| !self.client_done)
            .map(|at| micros(at).max(self.frozen_until));
        let mut earliest = client;
        let mut add = |at: Option<Duration>| {
            if let Some(at) = at.map(micros) {
                earliest = Some(earliest.map_or(at, |before| before.min(at)));
            }
        };
        add(self.registry.poll_timeout());
        for id in self.apps.keys() {
            add(self
                .registry
                .session(*id)
                .and_then(|server| server.poll_timeout()));
        }
        earliest
    }

    fn timers(&mut self) {
        let now = self.time();
        if self.now >= self.frozen_until && self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.with_client(hits::TIMEOUT, |client, now| client.handle_timeout(now));
        }
        self.registry.handle_timeout(now);
        let ids: Vec<Secret> = self.apps.keys().copied().collect();
        for id in ids {
            let due = self
                .registry
                .session(id)
                .and_then(|server| server.poll_timeout())
                .is_some_and(|at| at <= now);
            if due {
                self.with_server(id, hits::TIMEOUT, |server, now| server.handle_timeout(now));
            }
        }
        self.bury();
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Redial => self.dial(),
            Event::Connected(conn) => self.opened(conn),
            Event::Deliver(delivery) => self.deliver(delivery),
            Event::ClientReads => {
                self.reading[0] = self.now < self.frozen_until;
                if self.reading[0] {
                    self.net.at(self.frozen_until, Event::ClientReads);
                } else {
                    self.client_reads();
                }
            }
            Event::ServerReads => {
                self.reading[1] = false;
                self.server_reads();
            }
            Event::ClientSends => {
                let before = self.next_uid;
                self.client_sends();
                if !self.client_done && !self.closing {
                    let mut at =
                        self.now.max(self.frozen_until) + self.rng.between(self.plan.send_pause);
                    if self.next_uid == before {
                        at += 20 * self.net.pace() + (self.now - self.sent_at[0]) / 8;
                    } else {
                        self.sent_at[0] = self.now;
                    }
                    self.net.at(at, Event::ClientSends);
                }
            }
            Event::ServerSends => {
                let before = self.next_uid;
                self.server_sends();
                if !self.client_done && !self.closing {
                    let mut at =
                        self.now.max(self.frozen_until) + self.rng.between(self.plan.send_pause);
                    if self.next_uid == before {
                        at += 20 * self.net.pace() + (self.now - self.sent_at[1]) / 8;
                    } else {
                        self.sent_at[1] = self.now;
                    }
                    self.net.at(at, Event::ServerSends);
                }
            }
            Event::Chaos => self.chaos(),
            Event::Closes(side) => {
                if self.close(side) {
                    self.hits.both_closed += 1;
                    match side {
                        Side::Client => self.with_client(hits::COMMAND, |_, _| {}),
                        Side::Server => {
                            if let Some(id) = self.ticket.as_ref().map(|ticket| ticket.id) {
                                self.with_server(id, hits::COMMAND, |_, _| {});
                            }
                        }
                    }
                }
            }
        }
    }
}
