//! Both applications read, send and close.

use super::*;

impl World {
    pub(super) fn client_reads(&mut self) {
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

    pub(super) fn server_reads(&mut self) {
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
                let ours = self.ticket.as_ref().is_some_and(|ticket| ticket.id == id);
                let log = ours.then_some((self.app.number, self.app.log.as_slice()));
                if log.is_none() {
                    // Of a session that its client has lost: nobody knows any more.
                    app.read += 1;
                    continue;
                }
                // What a reloaded page forgot, a server that falls back can no longer get.
                let forgotten = self.plan.reloads && self.plan.falls_back;
                let void = self.suspicious || forgotten;
                if let Err(fault) = apps::check(&message, app.read, log, void) {
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

    pub(super) fn client_sends(&mut self) {
        if self.client_done || self.now < self.frozen_until {
            return;
        }
        for _ in 0..1 + self.rng.below(16) {
            if self.has_client_sent_all() || self.closing_side(Side::Client) {
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

    pub(super) fn server_sends(&mut self) {
        let Some(id) = self.ticket.as_ref().map(|ticket| ticket.id) else {
            return;
        };
        let Some(app) = self.apps.get_mut(&id) else {
            return;
        };
        if !app.started || app.ended {
            return;
        }
        for _ in 0..1 + self.rng.below(16) {
            if app.log.len() as u32 >= self.plan.quota || self.closed[Side::Server as usize] {
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

    pub(super) fn closing_side(&self, side: Side) -> bool {
        self.closed[side as usize]
    }

    /// Closes once everything is delivered, or early if the seed says so.
    pub(super) fn maybe_close(&mut self, side: Side) {
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
        if self.close(side) {
            self.closing = true;
            self.heal();
            self.hits.closed(early);
            if self.plan.both_close {
                let other = match side {
                    Side::Client => Side::Server,
                    Side::Server => Side::Client,
                };
                let at = self.now + self.rng.below(30) * self.net.pace();
                self.net.at(at, Event::Closes(other));
            }
        }
    }

    /// One side closes. False if it cannot.
    pub(super) fn close(&mut self, side: Side) -> bool {
        let now = self.time();
        let closed = match side {
            Side::Client => {
                self.client.commit(now, self.app.read);
                self.client.close(now, 4001, "done")
            }
            Side::Server => {
                let Some(id) = self.ticket.as_ref().map(|ticket| ticket.id) else {
                    return false;
                };
                let read = self.apps.get(&id).map_or(0, |app| app.read);
                match self.registry.session(id) {
                    Some(server) => {
                        server.commit(now, read);
                        server.close(now, 4001, "done")
                    }
                    None => return false,
                }
            }
        };
        if closed.is_ok() {
            self.say(|| format!("{side:?} closes"));
            self.closed[side as usize] = true;
        }
        closed.is_ok()
    }

    /// With what an earlier page had sent: who closes does so when nothing more is to come.
    pub(super) fn has_client_sent_all(&self) -> bool {
        let log = self.app.log.len() as u32;
        self.app.total.max(log) >= self.plan.quota
    }

    pub(super) fn is_delivered(&self) -> bool {
        let Some(app) = self.server_app() else {
            return false;
        };
        self.app.provisional.is_none()
            && self.has_client_sent_all()
            && app.log.len() as u32 >= self.plan.quota
            && self.app.read >= app.log.len() as u64
            && app.read >= self.app.log.len() as u64
    }
}
