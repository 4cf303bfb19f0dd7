//! What breaks.

use super::*;

impl World {
    pub(super) fn heal(&mut self) {
        if !self.healed {
            self.say(|| "healed".into());
            self.healed = true;
            self.heal_at = self.now;
            self.net.heal();
        }
    }

    pub(super) fn chaos(&mut self) {
        let quota = self.has_client_sent_all()
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
                if let Some(id) = self.ticket.as_ref().map(|ticket| ticket.id) {
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

    pub(super) fn cut(&mut self) {
        if let Some(conn) = self.conn {
            self.say(|| format!("cut {conn}"));
            self.net.cut(&mut self.rng, self.now, conn);
        }
    }

    /// The server's handler begins anew from what it had committed.
    pub(super) fn fall_back(&mut self) {
        let Some(id) = self.ticket.as_ref().map(|ticket| ticket.id) else {
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
    pub(super) fn reload(&mut self) {
        let Some(ticket) = self.ticket.clone() else {
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
        self.client = Client::restored(self.client_settings.clone(), self.instances, ticket);
        self.ticket = self.client.ticket().cloned();
        self.app.reload(committed);
        self.client_committed = 0;
        self.redial(1_000);
    }

    /// The server starts anew, with an empty store.
    pub(super) fn restart(&mut self) {
        self.say(|| "restart".into());
        self.hits.restarts += 1;
        self.incarnations += 1;
        self.registry = Registry::new(
            self.server_settings.clone(),
            RegistryBounds::default(),
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
}
