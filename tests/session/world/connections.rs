//! Connections: dialing, hanging up, and what arrives.

use super::*;

impl World {
    pub(super) fn dial(&mut self) {
        self.dialing = false;
        if self.client_done || self.conn.is_some() || self.client.phase() != ClientPhase::Down {
            return;
        }
        self.dialing = true;
        let conn = self.net.dial(&mut self.rng, self.now, self.healed);
        self.carried.push(None);
        self.say(|| format!("dial {conn}"));
    }

    pub(super) fn redial(&mut self, after: u64) {
        if !self.dialing && !self.client_done {
            self.dialing = true;
            let after = after + self.backoff();
            self.net.at(self.now + after, Event::Redial);
        }
    }

    /// As a client's policy does: who gets nothing through connects less often, each time half a second later.
    fn backoff(&mut self) -> u64 {
        let stands = (self.client.next().0, self.client.committed());
        if self.stood.0 != stands {
            self.stood = (stands, 0);
        }
        self.stood.1 += 1;
        self.stood.1.saturating_sub(5) * 500_000
    }

    pub(super) fn opened(&mut self, conn: usize) {
        self.dialing = false;
        if self.conn.is_some() || self.client_done {
            return;
        }
        self.conn = Some(conn);
        self.with_client(hits::CONNECTED, |client, now| client.connected(now));
    }

    /// The client gives its connection up: what it had sent still arrives.
    pub(super) fn hang_up(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.drops += 1;
            self.net.close(&mut self.rng, self.now, conn, Side::Client);
        }
        let after = self.rng.between((200, 20_000));
        self.redial(after);
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        match delivery.to {
            Side::Client if self.now < self.frozen_until => {
                self.net
                    .put_off(self.frozen_until, Event::Deliver(delivery));
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

    pub(super) fn arrive(&mut self, delivery: Delivery) {
        let conn = delivery.conn;
        let name = ConnectionId(conn as u64);
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
            HelloOutcome::Session(id) => {
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
            HelloOutcome::Close {
                batch,
                code,
                reason,
            } => {
                self.say(|| format!("{conn} is refused: {reason}"));
                self.hits.refused(reason);
                if (3002..=3100).contains(&code) {
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
            other => self.fail(format!(
                "an outcome that the simulation does not know: {other:?}"
            )),
        }
    }
}
