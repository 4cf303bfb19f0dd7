//! One simulated world: the real machines of both sides, a network that breaks, two applications, and a clock. A seed decides everything.

mod apps;
pub mod hits;
mod network;
mod rng;

use apps::{ClientApp, ServerApp};
use hits::Hits;
use network::{Delivery, Event, Network, Side};
use rng::Rng;
use std::collections::BTreeMap;
use std::time::Duration;
use websocket_channel::session::client::{Dropped, Event as ClientEvent, Phase as ClientPhase};
use websocket_channel::session::registry::{Accepted, Bounds, Connection, Registry};
use websocket_channel::session::server::{Event as ServerEvent, Phase as ServerPhase};
use websocket_channel::session::wire::Head;
use websocket_channel::session::{Blame, Client, Held, Refusal, Secret, Settings, Unsendable};

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
    held: Option<Held>,
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
    client_done: bool,
    losses: u32,
    buffer: Vec<u8>,
    /// Whether either application is about to read.
    reading: [bool; 2],
    client_committed: u64,
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
            early_close: rng
                .one_in(8)
                .then(|| 1 + rng.below(u64::from(quota)) as u32),
            closer: if rng.one_in(2) {
                Side::Client
            } else {
                Side::Server
            },
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
            registry: Registry::new(server_settings.clone(), Bounds::default(), 1, hash),
            app: ClientApp::new(0),
            apps: BTreeMap::new(),
            carried: Vec::new(),
            conn: None,
            dialing: false,
            held: None,
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
            client_done: false,
            losses: 0,
            buffer: Vec::new(),
            reading: [false; 2],
            client_committed: 0,
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
        self.apps.get(&self.held.as_ref()?.id)
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
        }
    }

    // Connections.

    fn dial(&mut self) {
        self.dialing = false;
        if self.client_done || self.conn.is_some() || self.client.phase() != ClientPhase::Down {
            return;
        }
        self.dialing = true;
        let conn = self.net.dial(&mut self.rng, self.now, self.healed);
        self.carried.push(None);
        self.say(|| format!("dial {conn}"));
    }

    fn redial(&mut self, after: u64) {
        if !self.dialing && !self.client_done {
            self.dialing = true;
            self.net.at(self.now + after, Event::Redial);
        }
    }

    fn opened(&mut self, conn: usize) {
        self.dialing = false;
        if self.conn.is_some() || self.client_done {
            return;
        }
        self.conn = Some(conn);
        self.with_client(hits::CONNECTED, |client, now| client.connected(now));
    }

    /// The client gives its connection up: what it had sent still arrives.
    fn hang_up(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.drops += 1;
            self.net.close(&mut self.rng, self.now, conn, Side::Client);
        }
        let after = self.rng.between((200, 20_000));
        self.redial(after);
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery.to {
            Side::Client if self.now < self.frozen_until => {
                self.net.at(self.frozen_until, Event::Deliver(delivery));
            }
            _ if !self.net.arrives(&delivery) => {}
            Side::Client => {
                if self.conn != Some(delivery.conn) {
                    return;
                }
                match delivery.batch {
                    Some(batch) => {
                        self.with_client(hits::BATCH, |client, now| {
                            client.handle_batch(now, &batch)
                        });
                    }
                    None => {
                        self.say(|| format!("client hears the end of {}", delivery.conn));
                        let blame = self.net.blame(delivery.conn);
                        self.conn = None;
                        self.drops += 1;
                        self.with_client(hits::DISCONNECTED, |client, now| {
                            client.disconnected(now, blame);
                        });
                        let after = self.rng.between((100, 5_000));
                        self.redial(after);
                    }
                }
            }
            Side::Server => self.arrive(delivery),
        }
    }

    fn arrive(&mut self, delivery: Delivery) {
        let conn = delivery.conn;
        let name = Connection(conn as u64);
        let now = self.time();
        let Some(batch) = delivery.batch else {
            let blame = self.net.blame(conn);
            self.net.forget(conn);
            if let Some(id) = self.carried[conn] {
                self.with_server(id, hits::DISCONNECTED, |server, now| {
                    server.disconnected(now, name, blame);
                });
            }
            return;
        };
        if let Some(id) = self.carried[conn] {
            if self.net.is_open_at_server(conn) || self.rng.one_in(2) {
                self.with_server(id, hits::BATCH, |server, now| {
                    server.handle_batch(now, name, &batch);
                });
            }
            return;
        }
        // What a connection brings behind a refused first message.
        if !self.net.is_open_at_server(conn) {
            return;
        }
        let mut random = {
            let rng = &mut self.rng;
            move |bytes: &mut [u8]| rng.fill(bytes)
        };
        let ids: Vec<(Secret, Option<ServerPhase>)> = {
            let registry = &mut self.registry;
            self.apps
                .keys()
                .map(|id| (*id, registry.session(*id).map(|server| server.phase())))
                .collect()
        };
        let accepted = self.registry.accept(now, name, &batch, b"me", &mut random);
        match accepted {
            Accepted::Session(id) => {
                self.say(|| format!("{conn} carries a session"));
                self.carried[conn] = Some(id);
                let before = ids
                    .iter()
                    .find_map(|(known, phase)| (*known == id).then_some(*phase)?)
                    .unwrap_or(ServerPhase::Pending);
                let number = self.next_app;
                self.apps
                    .entry(id)
                    .or_insert_with(|| ServerApp::new(number));
                self.next_app += 1;
                let after = self.registry.session(id).map(|server| server.phase());
                self.hits
                    .server(before, hits::HELLO, after.unwrap_or(ServerPhase::Ended));
                self.pump_server(id);
            }
            Accepted::Close {
                batch,
                code,
                reason,
            } => {
                self.say(|| format!("{conn} is refused: {reason}"));
                self.hits.refused(reason);
                if (3001..=3100).contains(&code) {
                    self.fail(format!("the server saw a violation in HELLO: {reason}"));
                }
                if let Some(batch) = batch {
                    self.net
                        .send(&mut self.rng, self.now, conn, Side::Client, &batch);
                }
                self.net.close(&mut self.rng, self.now, conn, Side::Server);
                let touched: Vec<Secret> = self.apps.keys().copied().collect();
                for id in touched {
                    self.pump_server(id);
                }
            }
        }
    }

    // The client.

    fn with_client(&mut self, input: usize, step: impl FnOnce(&mut Client, Duration)) {
        let before = self.client.phase();
        let now = self.time();
        step(&mut self.client, now);
        self.pump_client();
        self.hits.client(before, input, self.client.phase());
    }

    fn pump_client(&mut self) {
        loop {
            while let Some(event) = self.client.poll_event() {
                self.client_event(event);
            }
            let now = self.time();
            let Some(conn) = self.conn else {
                break;
            };
            let mut buffer = std::mem::take(&mut self.buffer);
            let wrote = self.client.poll_transmit(now, &mut buffer);
            if wrote {
                self.check_batch(&buffer, self.client_settings.batch);
                self.transmit(conn, Side::Server, &buffer);
            }
            self.buffer = buffer;
            if !wrote {
                break;
            }
        }
        while let Some(event) = self.client.poll_event() {
            self.client_event(event);
        }
        if self.client.next().0 > self.client_committed
            && !std::mem::replace(&mut self.reading[0], true)
        {
            let at = self.now + self.rng.between(self.plan.read_pause);
            self.net.at(at, Event::ClientReads);
        }
    }

    fn transmit(&mut self, conn: usize, to: Side, batch: &[u8]) {
        if let Some(uid) = self.poison
            && apps::contains(batch, uid)
        {
            self.say(|| format!("{conn} dies of poison"));
            self.hits.poisoned += 1;
            let blame = if self.too_big {
                Blame::TooBig
            } else {
                Blame::Suspicious
            };
            self.net.kill(&mut self.rng, self.now, conn, blame);
            return;
        }
        self.net.send(&mut self.rng, self.now, conn, to, batch);
    }

    fn client_event(&mut self, event: ClientEvent) {
        self.say(|| format!("client: {event:?}"));
        match event {
            ClientEvent::Opened {
                resumed,
                held,
                adopted,
                ..
            } => {
                if !resumed {
                    self.app.begins_anew();
                }
                if let Some(adopted) = adopted {
                    self.app.forgets(adopted.next, adopted.first);
                    self.client_committed = 0;
                    if self.app.read > self.app.committed_before_reload {
                        self.fail("a reload lost messages that were not committed");
                    }
                }
                self.held = Some(held);
            }
            ClientEvent::Dropped(Dropped::Renewed) => {
                self.hang_up();
                if self.closing {
                    // What was closed was the session that nobody knows any more.
                    self.losses += 1;
                    self.client_done = true;
                }
            }
            ClientEvent::Later { .. } => self.hang_up(),
            ClientEvent::Dropped(Dropped::Violation(violation)) => {
                self.fail(format!("the client saw a violation: {violation}"));
            }
            ClientEvent::Dropped(_) => self.hang_up(),
            ClientEvent::Move { .. } => {
                // Leave the old connection, and come back.
                self.with_client(hits::DISCONNECTED, |client, now| {
                    client.disconnected(now, Blame::Innocent);
                });
                self.hang_up();
            }
            ClientEvent::Undelivered(message) => {
                self.app.undelivered.push(message.index);
            }
            ClientEvent::Lost(refusal) => self.client_lost(refusal),
            ClientEvent::Ended {
                ours,
                clean,
                code,
                reason,
            } => {
                // A tombstone has no reason.
                if code != 4001
                    || (reason != "done" && clean && ours && self.losses == 0 && !reason.is_empty())
                {
                    self.fail(format!("ended with {code} {reason:?}"));
                }
                self.client_ended(ours, clean);
            }
            _ => {}
        }
    }

    fn client_lost(&mut self, refusal: Refusal) {
        self.losses += 1;
        let expected = match refusal {
            Refusal::Expired => true,
            Refusal::ServerRestarted => self.plan.restarts,
            Refusal::Behind => self.plan.reloads && self.plan.falls_back,
            _ => false,
        };
        if !expected {
            self.fail(format!("the session was lost: {refusal:?}"));
        }
        let (in_doubt, never_sent) = self.client.take_uncommitted();
        // Indices mean nothing before a page that was loaded anew knows where it is.
        let known = self.app.provisional.is_none() && !self.app.adopted;
        if known
            && let Some(app) = self.server_app()
            && never_sent.iter().any(|message| message.index < app.read)
        {
            self.fail("a message that was never sent was read");
        }
        if known
            && let (Some(app), Some(first)) = (self.server_app(), in_doubt.first())
            && first.index > app.read
        {
            self.fail("a message was released that nobody read");
        }
        self.hang_up();
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        if self.closing {
            self.client_done = true;
            return;
        }
        self.instances += 1;
        self.client = Client::new(self.client_settings.clone(), self.instances);
        self.held = None;
        self.app = ClientApp::new(self.app.number + 1);
        self.client_committed = 0;
        self.redial(1_000);
    }

    fn client_ended(&mut self, ours: bool, clean: bool) {
        if !self.closing {
            self.fail("the client's session ended, and nobody closed it");
        }
        if ours && clean {
            let all = self.app.log.len() as u64;
            if self.server_app().is_some_and(|app| app.read < all) && !self.both_closed() {
                self.fail("a clean end, and not everything was read");
            }
        }
        self.client_done = true;
        if let Some(conn) = self.conn.take() {
            self.net.close(&mut self.rng, self.now, conn, Side::Client);
        }
    }

    fn both_closed(&self) -> bool {
        false
    }

    // The server.

    fn with_server(
        &mut self,
        id: Secret,
        input: usize,
        step: impl FnOnce(&mut websocket_channel::session::Server, Duration),
    ) {
        let now = self.time();
        let Some(server) = self.registry.session(id) else {
            return;
        };
        let before = server.phase();
        step(server, now);
        let after = server.phase();
        self.pump_server(id);
        let after = self
            .registry
            .session(id)
            .map_or(ServerPhase::Ended, |server| server.phase().max(after));
        self.hits.server(before, input, after);
    }

    fn pump_server(&mut self, id: Secret) {
        let now = self.time();
        loop {
            let mut buffer = std::mem::take(&mut self.buffer);
            let sent = self.registry.session(id).and_then(|server| {
                let conn = server.connection()?.0 as usize;
                server.poll_transmit(now, &mut buffer).then_some(conn)
            });
            if let Some(conn) = sent {
                self.check_batch(&buffer, self.server_settings.batch);
                self.transmit(conn, Side::Client, &buffer);
            }
            self.buffer = buffer;
            if sent.is_none() {
                break;
            }
        }
        self.registry.settle(now, id);
        while let Some(event) = self
            .registry
            .session(id)
            .and_then(|server| server.poll_event())
        {
            self.server_event(id, event);
        }
        let unread = self
            .registry
            .session(id)
            .is_some_and(|server| server.next().0 > server.has_committed());
        if unread && !std::mem::replace(&mut self.reading[1], true) {
            let at = self.now + self.rng.between(self.plan.read_pause);
            self.net.at(at, Event::ServerReads);
        }
        self.bury();
    }

    fn bury(&mut self) {
        while let Some(mut server) = self.registry.poll_ended() {
            let id = server.id();
            while let Some(event) = server.poll_event() {
                self.server_event(id, event);
            }
            let (_, never_sent) = server.take_uncommitted();
            let ours = self.held.as_ref().is_some_and(|held| held.id == id);
            if ours
                && never_sent
                    .iter()
                    .any(|message| message.index < self.app.read)
            {
                self.fail("a message that the server never sent was read");
            }
            if let Some(app) = self.apps.get_mut(&id) {
                app.ended = true;
            }
        }
    }

    fn server_event(&mut self, id: Secret, event: ServerEvent) {
        self.say(|| format!("server: {event:?}"));
        match event {
            ServerEvent::Started => {
                if let Some(app) = self.apps.get_mut(&id) {
                    if app.started {
                        self.fault.get_or_insert("a session started twice".into());
                    }
                    app.started = true;
                }
            }
            ServerEvent::Close {
                connection,
                batch,
                code,
                reason,
            } => {
                if (3001..=3100).contains(&code) {
                    self.fail(format!("the server saw a violation: {reason}"));
                }
                self.hits.refused(reason);
                let conn = connection.0 as usize;
                if let Some(batch) = batch {
                    self.net
                        .send(&mut self.rng, self.now, conn, Side::Client, &batch);
                }
                self.net.close(&mut self.rng, self.now, conn, Side::Server);
            }
            ServerEvent::Undelivered(message) => {
                if let Some(app) = self.apps.get_mut(&id) {
                    app.undelivered.push(message.index);
                }
            }
            // What a reloaded page forgot, a server that falls back can no longer get.
            ServerEvent::Lost(Refusal::Behind) if self.plan.reloads && self.plan.falls_back => {}
            ServerEvent::Lost(refusal) if refusal != Refusal::Expired => {
                self.fail(format!("the server lost the session: {refusal:?}"));
            }
            ServerEvent::Ended { ours, clean, .. } => {
                if !self.closing {
                    self.fail("the server's session ended, and nobody closed it");
                }
                let mine = self.held.as_ref().is_some_and(|held| held.id == id);
                if ours && clean && mine && !self.app.reloaded {
                    let all = self.apps[&id].log.len() as u64;
                    if self.app.read < all && !self.client_done {
                        self.fail("a clean end, and the client had not read everything");
                    }
                }
            }
            _ => {}
        }
    }

    // The applications.

    fn client_reads(&mut self) {
        if self.client_done
            || self.now < self.frozen_until
            || self.client.phase() == ClientPhase::Ended
        {
            return;
        }
        for _ in 0..1 + self.rng.below(12) {
            // The next read commits.
            let now = self.time();
            self.client.commit(now, self.app.read);
            self.client_committed = self.app.read;
            let Some(message) = self.client.read() else {
                break;
            };
            let log = self
                .server_app()
                .map(|app| (app.number, app.log.as_slice()));
            if let Err(fault) = apps::check(&message, self.app.read, log, self.suspicious) {
                self.fail(format!("client: {fault}"));
                return;
            }
            if message.head == Head::Void {
                self.app.voids.push(message.index);
            }
            self.app.read += 1;
        }
        self.with_client(hits::COMMIT, |_, _| {});
    }

    fn server_reads(&mut self) {
        let ids: Vec<Secret> = self.apps.keys().copied().collect();
        for id in ids {
            if self.registry.session(id).is_none() || !self.apps[&id].started {
                continue;
            }
            for _ in 0..1 + self.rng.below(12) {
                let now = self.time();
                let Some(app) = self.apps.get_mut(&id) else {
                    break;
                };
                let Some(server) = self.registry.session(id) else {
                    break;
                };
                server.commit(now, app.read);
                let Some(message) = server.read() else {
                    break;
                };
                let ours = self.held.as_ref().is_some_and(|held| held.id == id);
                let log = ours.then_some((self.app.number, self.app.log.as_slice()));
                if log.is_none() {
                    // Of a session that its client has lost: nobody knows any more.
                    app.read += 1;
                    continue;
                }
                if let Err(fault) = apps::check(&message, app.read, log, self.suspicious) {
                    self.fail(format!("server: {fault}"));
                    return;
                }
                if message.head == Head::Void {
                    app.voids.push(message.index);
                }
                app.read += 1;
            }
            self.with_server(id, hits::COMMIT, |_, _| {});
        }
    }

    fn client_sends(&mut self) {
        if self.client_done || self.now < self.frozen_until {
            return;
        }
        let quota = self.plan.quota;
        for _ in 0..1 + self.rng.below(16) {
            if self.app.total >= quota || self.closing_side(Side::Client) {
                break;
            }
            let uid = self.next_uid;
            let received = self.client.next().0;
            // Before it is open again, a page that was loaded anew does not know its indices.
            let next = if self.app.provisional.is_some() {
                0
            } else {
                self.client.next().1
            };
            let (head, payload) =
                apps::message(&mut self.rng, uid, self.plan.large, received, next);
            match self.client.send(head, &payload) {
                Ok(index) => {
                    if !self.app.note(index, (uid, head, payload.len() as u32)) {
                        self.fail(format!("index {index} is not the next one"));
                    }
                    self.next_uid += 1;
                    self.sent += 1;
                }
                Err(Unsendable::Full | Unsendable::Ended) => break,
                Err(error) => self.fail(format!("the client cannot send: {error:?}")),
            }
        }
        if self.rng.one_in(20) {
            self.client.flush();
        }
        self.maybe_close(Side::Client);
        self.with_client(hits::COMMAND, |_, _| {});
    }

    fn server_sends(&mut self) {
        let Some(id) = self.held.as_ref().map(|held| held.id) else {
            return;
        };
        let Some(app) = self.apps.get_mut(&id) else {
            return;
        };
        if !app.started || app.ended {
            return;
        }
        for _ in 0..1 + self.rng.below(16) {
            if app.log.len() as u32 >= self.plan.quota
                || (self.closing && self.plan.closer == Side::Server)
            {
                break;
            }
            let Some(server) = self.registry.session(id) else {
                break;
            };
            let uid = self.next_uid;
            let (received, next) = server.next();
            let (head, payload) =
                apps::message(&mut self.rng, uid, self.plan.large, received, next);
            match server.send(head, &payload) {
                Ok(index) => {
                    if index != app.log.len() as u64 {
                        self.fault.get_or_insert(format!("server index {index}"));
                    }
                    self.next_uid += 1;
                    self.sent += 1;
                    app.log.push((uid, head, payload.len() as u32));
                }
                Err(Unsendable::Full | Unsendable::Ended) => break,
                Err(error) => {
                    self.fault
                        .get_or_insert(format!("the server cannot send: {error:?}"));
                }
            }
        }
        self.maybe_close(Side::Server);
        self.with_server(id, hits::COMMAND, |_, _| {});
    }

    fn closing_side(&self, side: Side) -> bool {
        self.closing && self.plan.closer == side
    }

    /// Closes once everything is delivered, or early if the seed says so.
    fn maybe_close(&mut self, side: Side) {
        if self.closing || self.plan.closer != side || self.client_done {
            return;
        }
        let early = self
            .plan
            .early_close
            .is_some_and(|after| self.sent >= after && self.drops >= DROPS);
        let late = self.healed && self.is_delivered();
        if !early && !late {
            return;
        }
        let now = self.time();
        let closed = match side {
            Side::Client => self.client.close(now, 4001, "done"),
            Side::Server => {
                let Some(id) = self.held.as_ref().map(|held| held.id) else {
                    return;
                };
                match self.registry.session(id) {
                    Some(server) => server.close(now, 4001, "done"),
                    None => return,
                }
            }
        };
        if closed.is_ok() {
            self.say(|| format!("{side:?} closes"));
            self.closing = true;
            self.heal();
            self.hits.closed(early);
        }
    }

    fn is_delivered(&self) -> bool {
        let Some(app) = self.server_app() else {
            return false;
        };
        let full = |log: usize| log as u32 >= self.plan.quota;
        self.app.provisional.is_none()
            && (full(self.app.log.len()) || self.app.total >= self.plan.quota)
            && full(app.log.len())
            && self.app.read >= app.log.len() as u64
            && app.read >= self.app.log.len() as u64
    }

    // Chaos.

    fn heal(&mut self) {
        if !self.healed {
            self.say(|| "healed".into());
            self.healed = true;
            self.heal_at = self.now;
            self.net.heal();
        }
    }

    fn chaos(&mut self) {
        let quota = self.app.total >= self.plan.quota
            && self
                .server_app()
                .is_some_and(|app| app.log.len() as u32 >= self.plan.quota);
        if self.healed || (quota && self.drops >= DROPS) || self.drops > 40 {
            self.heal();
            return;
        }
        match self.rng.below(16) {
            0..=8 => self.cut(),
            9 if self.plan.sleeps => {
                self.frozen_until = self.now + self.rng.between((10, 2_000)) * self.net.pace();
            }
            10 if self.plan.reloads => self.reload(),
            11 if self.plan.restarts => self.restart(),
            12 if self.plan.moves => {
                if let Some(id) = self.held.as_ref().map(|held| held.id) {
                    self.with_server(id, hits::COMMAND, |server, _| {
                        server.ask_to_move(Duration::ZERO);
                    });
                }
            }
            13 if self.plan.falls_back => self.fall_back(),
            14 => self.with_client(hits::COMMAND, |client, now| client.probe(now)),
            _ => {}
        }
        let mut at = self.now.max(self.frozen_until) + self.rng.between(self.plan.cut_pause);
        if self.conn.is_none_or(|conn| self.net.is_cut(conn)) {
            // Nothing to break: first let it come back, or find out.
            at += 50 * self.net.pace() + (self.now - self.sent_at[0].min(self.now)) / 8;
        }
        self.net.at(at, Event::Chaos);
    }

    fn cut(&mut self) {
        if let Some(conn) = self.conn {
            self.say(|| format!("cut {conn}"));
            self.net.cut(&mut self.rng, self.now, conn);
        }
    }

    /// The server's handler begins anew from what it had committed.
    fn fall_back(&mut self) {
        let Some(id) = self.held.as_ref().map(|held| held.id) else {
            return;
        };
        if self.closing {
            return;
        }
        self.with_server(id, hits::COMMAND, |server, now| server.fall_back(now));
        if let Some(server) = self.registry.session(id) {
            let committed = server.has_committed();
            if let Some(app) = self.apps.get_mut(&id) {
                app.read = committed;
            }
        }
    }

    /// The page is loaded anew, with nothing but what it had stored. The old connection may live on for a while.
    fn reload(&mut self) {
        let Some(held) = self.held.clone() else {
            return;
        };
        if self.closing || self.client_done {
            return;
        }
        self.say(|| "reload".into());
        self.hits.reloads += 1;
        if let Some(conn) = self.conn.take() {
            self.drops += 1;
            if self.rng.one_in(2) {
                self.net.close(&mut self.rng, self.now, conn, Side::Client);
            } else {
                self.net.cut(&mut self.rng, self.now, conn);
            }
        }
        self.instances += 1;
        let committed = self.client.next().0.min(self.app.read);
        self.client = Client::restored(self.client_settings.clone(), self.instances, held);
        self.app.reload(committed);
        self.client_committed = 0;
        self.redial(1_000);
    }

    /// The server starts anew, with an empty store.
    fn restart(&mut self) {
        self.say(|| "restart".into());
        self.hits.restarts += 1;
        self.incarnations += 1;
        self.registry = Registry::new(
            self.server_settings.clone(),
            Bounds::default(),
            self.incarnations,
            hash,
        );
        for app in self.apps.values_mut() {
            app.ended = true;
        }
        for conn in 0..self.carried.len() {
            self.carried[conn] = None;
            self.net.close(&mut self.rng, self.now, conn, Side::Server);
        }
    }

    // Invariants.

    fn check_batch(&mut self, batch: &[u8], limit: usize) {
        if batch.len() > limit.max(1024) {
            self.fail(format!("a batch of {} bytes", batch.len()));
        }
    }

    fn check(&mut self) {
        let bound = |ours: &Settings, theirs: &Settings| {
            ours.window + ours.max_message + theirs.batch as u64 + 64
        };
        let one = |settings: &Settings| settings.retention.max(20 * 1024) + 20 * 1024;
        if self.client.held() > bound(&self.client_settings, &self.server_settings) {
            self.fail(format!("the client holds {}", self.client.held()));
        }
        if self.client.retained() > one(&self.client_settings) {
            self.fail(format!("the client retains {}", self.client.retained()));
        }
        let Some(id) = self.held.as_ref().map(|held| held.id) else {
            return;
        };
        let (client_read, client_committed) = (self.app.read, self.client.committed());
        let reloading = self.app.reloaded && self.client.phase() != ClientPhase::Open;
        let Some(server) = self.registry.session(id) else {
            return;
        };
        let (held, retained) = (server.held(), server.retained());
        let (acked, committed) = (server.committed(), server.has_committed());
        if held > bound(&self.server_settings, &self.client_settings) {
            self.fail(format!("the server holds {held}"));
        }
        if retained > one(&self.server_settings) {
            self.fail(format!("the server retains {retained}"));
        }
        if !reloading && !self.closing && acked > client_read {
            self.fail(format!(
                "the server released {acked}, and the client has read {client_read}"
            ));
        }
        if !reloading && !self.app.adopted && client_committed > committed {
            self.fail(format!(
                "the client released {client_committed}, and the server committed {committed}"
            ));
        }
    }

    fn is_done(&self) -> bool {
        self.client_done && self.server_app().is_none_or(|app| app.ended)
    }

    fn check_the_end(&mut self) -> Result<Outcome, String> {
        if self.plan.early_close.is_none() && self.losses == 0 {
            let id = self.held.as_ref().map(|held| held.id);
            let app = id.and_then(|id| self.apps.remove(&id));
            let mut app = app.ok_or("no session at the end")?;
            if app.read < self.app.log.len() as u64 || self.app.read < app.log.len() as u64 {
                return Err(self.stuck("not everything was read"));
            }
            let unreloaded = !self.app.reloaded;
            app.voids.dedup();
            if unreloaded
                && (app.voids != self.app.undelivered || self.app.voids != app.undelivered)
            {
                return Err(format!(
                    "not delivered: {:?} and {:?}, told {:?} and {:?}",
                    app.voids, self.app.voids, self.app.undelivered, app.undelivered
                ));
            }
        }
        if self.drops < DROPS && self.plan.early_close.is_none() {
            return Err(format!("only {} drops", self.drops));
        }
        Ok(Outcome {
            messages: self.sent,
            drops: self.drops,
            losses: self.losses,
        })
    }
}
