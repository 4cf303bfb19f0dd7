//! A session between two turns: what the machine says becomes orders and items of the next answer.

use super::answer::{item, order};
use super::{End, Load, READ_AHEAD, ends, kind};
use crate::random::jitter;
use crate::reconnect::{RetryCause, State};
use crate::session::wire::Head;
use crate::session::{Blame, ClientEvent, ClientPhase, Unsendable};
use core::time::Duration;

impl End {
    pub(super) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(super) fn millis(&self) -> u64 {
        self.now().as_millis() as u64
    }

    /// Takes in what the machine says.
    pub(super) fn hear(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                ClientEvent::Opened {
                    resumed, spread, ..
                } => {
                    if !spread.is_zero() {
                        self.again.set_spread(spread);
                    }
                    self.again.opened(self.millis());
                    // A session that was renewed is told by its loss.
                    if self.begun && resumed {
                        self.marks.push_back(self.client.next().0);
                    }
                    self.begun = true;
                }
                ClientEvent::Later { after, .. } => {
                    self.leave(1000, "");
                    match self.begun {
                        true => self.retry(RetryCause::Failed(None), after.as_millis() as u64),
                        false => self.refuse(ends::Unopened::Later(after)),
                    }
                }
                ClientEvent::Move { after } => {
                    self.moving = true;
                    self.retry(RetryCause::Moved(after), after.as_millis() as u64);
                }
                ClientEvent::Dropped(why) => {
                    let (code, reason) = why.close();
                    self.leave(code, reason);
                    match self.begun {
                        true => self.retry(RetryCause::Closed(1006), 0),
                        false => self.refuse(ends::Unopened::NoSession),
                    }
                }
                ClientEvent::Undelivered(message) => self.undelivered(message),
                ClientEvent::Lost(refusal) => {
                    self.leave(3001, "lost");
                    match self.begun {
                        true => self.lost = Some(ends::Why::Refused(refusal)),
                        false => self.refuse(ends::Unopened::Refused(refusal)),
                    }
                }
                ClientEvent::Ended {
                    code,
                    reason,
                    ours,
                    clean,
                } => self.end(code, &reason, ours, clean),
            }
        }
        self.push_held();
    }

    /// The connection is lost, or the attempt failed. Another one is wanted.
    pub(super) fn retry(&mut self, cause: RetryCause, asked: u64) {
        let now = self.millis();
        self.again.lost(now, cause, asked, jitter());
        if let State::Ended(_) = self.again.state() {
            self.give_up();
        }
    }

    /// Closes the connection, if there is one, and does not wait for the peer.
    pub(super) fn leave(&mut self, code: u16, reason: &'static str) {
        self.moving = false;
        if core::mem::take(&mut self.connected) {
            self.answer.leave(code, reason);
        }
    }

    /// Leaves a connection that is not wanted, and judges deadlines.
    pub(super) fn drive(&mut self) {
        let now = self.now();
        let keeps = matches!(self.again.state(), State::Open | State::Connecting);
        if self.connected && !self.moving && !keeps {
            self.client.disconnected(now, Blame::Innocent);
            self.leave(1000, "");
            self.hear();
        }
        if self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
            self.hear();
        }
    }

    /// Orders the next connection if one is due.
    pub(super) fn connect(&mut self) {
        // The first one is not retried.
        if !self.begun || self.connected && !self.moving {
            return;
        }
        let wanted = self.client.phase() != ClientPhase::Ended
            && !self.ended
            && matches!(
                self.again.state(),
                State::Waiting { .. } | State::Connecting
            );
        let now = self.millis();
        if wanted && self.again.due(now) {
            self.opening = true;
            self.answer.order(order::CONNECT);
        } else if self.opening && !(wanted && self.again.state() == State::Connecting) {
            self.opening = false;
            self.answer.order(order::ABANDON);
        }
    }

    /// Retains messages of JavaScript's.
    pub(super) fn push_all(&mut self, heads: &[u32], payloads: &[u8]) {
        let mut rest = payloads;
        for head in heads.chunks_exact(4) {
            let (payload, behind) = rest.split_at((head[1] as usize).min(rest.len()));
            rest = behind;
            let text = head[0] & 1 == 1;
            let to = u64::from(head[2]) | u64::from(head[3]) << 32;
            let code = crate::requests::FAILED;
            let name = head[2];
            let head = match head[0] & !1 {
                kind::REQUEST => Head::Request { text },
                kind::RESPONSE => Head::Response { text, to },
                kind::ERROR => Head::Error { to, code },
                kind::CANCEL => Head::Cancel { to },
                _ => Head::Data { text },
            };
            self.push(head, payload, name);
        }
    }

    pub(super) fn push(&mut self, head: Head, payload: &[u8], name: u32) {
        let pushed = match self.held.is_empty() {
            true => self.client.send(head, payload),
            false => Err(Unsendable::Full),
        };
        if let Err(why) = self.pushed(head, name, pushed) {
            let payload = payload.to_vec();
            self.unsent(
                Load {
                    head,
                    payload,
                    name,
                },
                why,
            );
        }
    }

    pub(super) fn push_held(&mut self) {
        while let Some(load) = self.held.pop_front() {
            let pushed = self.client.send(load.head, &load.payload);
            match self.pushed(load.head, load.name, pushed) {
                Ok(()) => {}
                Err(Unsendable::Full | Unsendable::Ended) => {
                    self.held.push_front(load);
                    return;
                }
                Err(why) => self.unsent(load, why),
            }
        }
    }

    /// JavaScript learns the index of its request.
    pub(super) fn pushed(
        &mut self,
        head: Head,
        name: u32,
        pushed: Result<u64, Unsendable>,
    ) -> Result<(), Unsendable> {
        let index = pushed?;
        if let Head::Request { .. } = head {
            self.answer.item(item::SENT, index, &name.to_le_bytes());
        }
        Ok(())
    }

    /// A message cannot be retained now, or ever.
    pub(super) fn unsent(&mut self, load: Load, why: Unsendable) {
        match (why, load.head) {
            // What is still held when the session is lost comes back.
            (Unsendable::Full | Unsendable::Ended, _) => self.held.push_back(load),
            // JavaScript knows the limit, unless the session is another one.
            (_, Head::Data { text }) => {
                let kind = item::UNDELIVERED | u32::from(text);
                self.answer.defer(kind, 0, load.payload);
            }
            (_, Head::Request { .. }) => {
                self.answer
                    .item(item::UNSENDABLE, u64::from(load.name), &[]);
            }
            _ => {}
        }
    }

    /// Gives JavaScript what can be read.
    pub(super) fn read(&mut self, ahead: u32) {
        let mut ahead = ahead;
        loop {
            // A peer that takes no errors does not make this side hold more of them.
            if ahead >= READ_AHEAD || self.held.len() >= 2 * crate::requests::MOST {
                return;
            }
            let (next, _) = self.client.next();
            let Some(message) = self.client.read() else {
                break;
            };
            // Its marks come before it.
            while self
                .marks
                .front()
                .is_some_and(|mark| *mark <= message.index && *mark <= next)
            {
                self.marks.pop_front();
                self.answer.item(item::RESUMED, 0, &[]);
            }
            match message.head {
                Head::Data { text } if !self.unread => {
                    self.takes.give(message.index);
                    let payload = message.payload.as_bytes();
                    ahead = ahead.saturating_add(payload.len() as u32 + 32);
                    self.answer.item(u32::from(text), 0, payload);
                    continue;
                }
                Head::Void => self.answer.item(item::MISSING, 0, &[]),
                Head::Request { text } if !self.unread => {
                    let kind = item::REQUEST | u32::from(text);
                    self.answer
                        .item(kind, message.index, message.payload.as_bytes());
                }
                head => self.answered(head, message.payload.as_bytes()),
            }
            self.takes.pass(message.index);
            if !self.closing {
                let now = self.now();
                self.client.commit(now, self.takes.below());
            }
        }
        while self.marks.pop_front().is_some() {
            self.answer.item(item::RESUMED, 0, &[]);
        }
        self.answer.undefer();
    }

    /// Writes batches while the connection takes them.
    pub(super) fn transmit(&mut self, full: bool) {
        let now = self.now();
        let mut batch = Vec::new();
        while self.connected && !full && self.answer.takes_batch() {
            if !self.client.poll_transmit(now, &mut batch) {
                return;
            }
            self.answer.batch(&batch);
        }
    }
}
