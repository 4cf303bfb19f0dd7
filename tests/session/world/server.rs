//! The server's half: its sessions, and what they tell.

use super::*;

impl World {
    pub(super) fn with_server(
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

    pub(super) fn pump_server(&mut self, id: Secret) {
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
            .is_some_and(|server| server.next().0 > server.has_committed())
            // Who has closed reads no more.
            && !self.closing_side(Side::Server);
        if unread && !std::mem::replace(&mut self.reading[1], true) {
            let at = self.now + self.rng.between(self.plan.read_pause);
            self.net.at(at, Event::ServerReads);
        }
        self.bury();
    }

    pub(super) fn bury(&mut self) {
        while let Some(mut server) = self.registry.poll_ended() {
            let id = server.id();
            while let Some(event) = server.poll_event() {
                self.server_event(id, event);
            }
            let (_, never_sent) = server.take_uncommitted();
            let ours = self.ticket.as_ref().is_some_and(|ticket| ticket.id == id);
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

    pub(super) fn server_event(&mut self, id: Secret, event: ServerEvent) {
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
                if (3002..=3100).contains(&code) {
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
                    let taken = !self.closed[Side::Server as usize];
                    let place = apps::in_place_of(&message).filter(|_| taken);
                    app.log.extend(place);
                }
            }
            ServerEvent::Lost(refusal) if refusal != Refusal::Expired => {
                self.fail(format!("the server lost the session: {refusal:?}"));
            }
            ServerEvent::Ended { ours, clean, .. } => {
                if !self.closing {
                    self.fail("the server's session ended, and nobody closed it");
                }
                let mine = self.ticket.as_ref().is_some_and(|ticket| ticket.id == id);
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
}
