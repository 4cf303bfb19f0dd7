//! What holds after every step, and in the end.

use super::*;

impl World {
    pub(super) fn check_batch(&mut self, batch: &[u8], limit: usize) {
        if batch.len() > limit.max(1024) {
            self.fail(format!("a batch of {} bytes", batch.len()));
        }
    }

    pub(super) fn check(&mut self) {
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
        let Some(id) = self.ticket.as_ref().map(|ticket| ticket.id) else {
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
        // Who has closed acknowledges the other's end itself, if it has read everything before it.
        let end = self.apps.get(&id).map_or(0, |app| app.log.len() as u64) + 1;
        let both = self.closed[Side::Client as usize] && acked == end;
        if !reloading && acked > client_read + u64::from(both) {
            self.fail(format!(
                "the server released {acked}, and the client has read {client_read}"
            ));
        }
        if !reloading && !self.app.restored && client_committed > committed {
            self.fail(format!(
                "the client released {client_committed}, and the server committed {committed}"
            ));
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.client_done && self.server_app().is_none_or(|app| app.ended)
    }

    pub(super) fn check_the_end(&mut self) -> Result<Outcome, String> {
        if self.plan.early_close.is_none() && self.losses == 0 {
            let id = self.ticket.as_ref().map(|ticket| ticket.id);
            let app = id.and_then(|id| self.apps.remove(&id));
            let mut app = app.ok_or("no session at the end")?;
            if app.read < apps::wanted(&self.app.log) || self.app.read < apps::wanted(&app.log) {
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
        if self.drops < DROPS || self.sent < MESSAGES {
            let (sent, drops) = (self.sent, self.drops);
            return Err(format!("only {sent} messages and {drops} drops"));
        }
        Ok(Outcome {
            messages: self.sent,
            drops: self.drops,
            losses: self.losses,
        })
    }
}
