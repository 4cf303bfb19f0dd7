//! Messages of the handler, and the end of its session.

use super::HandlerEnd;
use crate::error::{SendError, SendErrorKind};
use crate::message::Message;
use crate::requests::Load;
use crate::server::options::Away;
use crate::server::shared::bye_code;
use crate::server::state::{Standing, State, Wakes};
use crate::session::Unsendable;
use core::time::Duration;

impl HandlerEnd {
    /// Retains a message at once, or refuses it: the client is away, and senders must not wait for it.
    pub(super) fn send_to_nobody(&mut self, load: Load) -> Result<(), SendError<Message>> {
        self.outbox.push_back(load);
        self.with(|this, state, _, wakes| this.retain(state, wakes));
        let Some(Load { message, .. }) = self.outbox.pop_back() else {
            return Ok(());
        };
        if self.shared.options.away == Away::Refuse {
            return Err(SendError::new(message, SendErrorKind::SendRefused));
        }
        self.with(|this, state, now, _| {
            if let Some(Standing::Live(server)) = state.standing(this.id) {
                server.expire(now);
            }
        });
        Err(SendError::new(message, SendErrorKind::NotOpen))
    }

    /// Moves messages from the outbox to the session, while it has room.
    pub(super) fn retain(&mut self, state: &mut State, wakes: &mut Wakes) {
        let Some(Standing::Live(server)) = state.standing(self.id) else {
            return;
        };
        let mut sent = false;
        while let Some(load) = self.outbox.front() {
            let send = |head, payload: &[u8]| server.send(head, payload);
            match self.requests.push(load, send) {
                Err(Unsendable::Full) => break,
                // Its size was checked when it was accepted. If the end has begun since, it counts as undelivered.
                Err(_) => break,
                Ok(_) => sent = true,
            }
            self.outbox.pop_front();
        }
        if sent {
            state.tell_connection(self.id, wakes);
        }
    }

    /// Takes over that the session is to end.
    pub(super) fn hear_asked(&mut self, state: &mut State) {
        if self.asked.is_none() {
            self.asked = state.take_asked(self.id);
        }
    }

    /// Ends the session, behind everything in it: as was asked, else with 1000.
    pub(super) fn end(&mut self, state: &mut State, now: Duration, wakes: &mut Wakes) {
        self.open = false;
        let (code, reason) = match self.asked.take() {
            Some(asked) => *asked,
            None => (1000, String::new()),
        };
        state.end_session(self.id, now, bye_code(code), &reason, wakes);
    }
}
