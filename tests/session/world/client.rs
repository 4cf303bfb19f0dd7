//! The client's half: what it is told, and what it tells.

use super::*;

impl World {
    pub(super) fn with_client(&mut self, input: usize, step: impl FnOnce(&mut Client, Duration)) {
        let before = self.client.phase();
        let now = self.time();
        step(&mut self.client, now);
        self.pump_client();
        self.hits.client(before, input, self.client.phase());
    }

    pub(super) fn pump_client(&mut self) {
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
            // Who has closed reads no more.
            && !self.closing_side(Side::Client)
            && !std::mem::replace(&mut self.reading[0], true)
        {
            let at = self.now + self.rng.between(self.plan.read_pause);
            self.net.at(at, Event::ClientReads);
        }
    }

    pub(super) fn transmit(&mut self, conn: usize, to: Side, batch: &[u8]) {
        if let Some(uid) = self.poison
            && apps::contains(batch, uid)
        {
            self.say(|| format!("{conn} dies of poison"));
            self.hits.poisoned += 1;
            let blame = if self.too_big {
                Blame::Message
            } else {
                Blame::Suspicious
            };
            self.net.kill(&mut self.rng, self.now, conn, blame);
            return;
        }
        self.net.send(&mut self.rng, self.now, conn, to, batch);
    }

    pub(super) fn client_event(&mut self, event: ClientEvent) {
        self.say(|| format!("client: {event:?}"));
        match event {
            ClientEvent::Opened {
                resumed,
                ticket,
                restored,
                ..
            } => {
                if !resumed {
                    self.app.begins_anew();
                }
                if let Some(restored) = restored {
                    self.app.forgets(restored.send_from, restored.receive_from);
                    self.client_committed = 0;
                    if self.app.read > self.app.committed_before_reload {
                        self.fail("a reload lost messages that were not committed");
                    }
                }
                self.ticket = Some(ticket);
            }
            ClientEvent::Dropped(DropReason::Renewed) => {
                self.hang_up();
                if self.closing {
                    // What was closed was the session that nobody knows any more.
                    self.losses += 1;
                    self.client_done = true;
                }
            }
            ClientEvent::Later { .. } => self.hang_up(),
            ClientEvent::Dropped(DropReason::Violation(violation)) => {
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
                let taken = !self.closed[Side::Client as usize];
                let place = apps::in_place_of(&message).filter(|_| taken);
                self.app.log.extend(place);
            }
            ClientEvent::Lost(refusal) => self.client_lost(refusal),
            ClientEvent::Ended {
                ours,
                clean,
                code,
                reason,
            } => {
                // Of the server's the server remembers the code alone.
                if code != 4001 || (reason != "done" && (ours || !reason.is_empty())) {
                    self.fail(format!("ended with {code} {reason:?}"));
                }
                self.client_ended(ours, clean);
            }
            _ => {}
        }
    }

    pub(super) fn client_lost(&mut self, refusal: Refusal) {
        self.losses += 1;
        let expected = match refusal {
            Refusal::Expired => true,
            Refusal::ServerRestarted => self.plan.restarts,
            _ => false,
        };
        if !expected {
            self.fail(format!("the session was lost: {refusal:?}"));
        }
        let stands = self
            .ticket
            .as_ref()
            .is_some_and(|ticket| self.registry.session(ticket.id).is_some());
        if stands {
            self.fail(format!("the session was refused, and stands: {refusal:?}"));
        }
        let (in_doubt, never_sent) = self.client.take_uncommitted();
        // Indices mean nothing before a page that was loaded anew knows where it is.
        let known = self.app.provisional.is_none() && !self.app.restored;
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

    pub(super) fn begin_anew(&mut self) {
        if self.closing {
            self.client_done = true;
            return;
        }
        self.instances += 1;
        self.client = Client::new(self.client_settings.clone(), self.instances);
        self.ticket = None;
        self.app = ClientApp::new(self.app.number + 1);
        self.client_committed = 0;
        self.redial(1_000);
    }

    pub(super) fn client_ended(&mut self, ours: bool, clean: bool) {
        if !self.closing {
            self.fail("the client's session ended, and nobody closed it");
        }
        if ours && clean {
            let all = self.app.log.len() as u64;
            if self.server_app().is_some_and(|app| app.read < all) {
                self.fail("a clean end, and not everything was read");
            }
        }
        self.client_done = true;
        if let Some(conn) = self.conn.take() {
            self.net.close(&mut self.rng, self.now, conn, Side::Client);
        }
    }
}
