//! What both sides have in common while connected: messages, acknowledgements, credit and heartbeat.

use super::clock::{NEVER, Time};
use super::heartbeat::{Beat, Heartbeat};
use super::hello::{MAX_WAIT, close_code};
use super::incoming::Incoming;
use super::outgoing::{Outgoing, Unsendable};
use super::poison::Blame;
use super::settings::millis;
use super::wire::{Frame, Head, MAX_REASON, kind, number};
use super::{Positions, SessionMessage, SessionViolation};

#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) outgoing: Outgoing,
    pub(crate) incoming: Incoming,
    link: Option<Link>,
    /// Messages below this index are to be committed and acknowledged at once; 0 if none are.
    flush: u64,
    /// Violations in a row, and the positions of both directions at the first of them.
    violations: u8,
    stood: (u64, (u64, u64)),
}

/// After so many connections in a row that ended with a violation, and no progress in between, the session is lost.
const VIOLATIONS: u8 = 8;

/// One connection.
#[derive(Debug)]
struct Link {
    heart: Heartbeat,
    /// The number of the latest `PING`.
    pings: u64,
    /// Send a `PING`.
    ask: bool,
    /// The number of the latest unanswered `PING` of the peer. Earlier ones need no answer.
    pong: Option<u64>,
    /// Send `MOVE`.
    move_after: Option<u64>,
    /// Send `ACK` even if its number is not new.
    confirm: bool,
    /// `FLUSH` has been sent.
    flushed: bool,
    /// The most that the peer retains, in cost.
    retention: u64,
}

impl Exchange {
    pub(crate) fn new(outgoing: Outgoing, incoming: Incoming) -> Self {
        Self {
            outgoing,
            incoming,
            link: None,
            flush: 0,
            violations: 0,
            stood: (0, (0, 0)),
        }
    }

    pub(crate) fn positions(&self) -> Positions {
        Positions {
            received: self.incoming.received(),
            committed: self.incoming.committed(),
            first: self.outgoing.first(),
            next: self.outgoing.next(),
            parts: self.incoming.parts(),
        }
    }

    /// `HELLO` and `WELCOME` have been exchanged.
    pub(crate) fn connected(&mut self, heart: Heartbeat, retention: u64, confirm: bool) {
        self.link = Some(Link {
            heart,
            pings: 0,
            ask: false,
            pong: None,
            move_after: None,
            confirm,
            flushed: false,
            retention,
        });
    }

    pub(crate) fn disconnected(&mut self, now: Time, blame: Blame) {
        if self.link.take().is_some() {
            self.outgoing.disconnected(now, blame);
        }
    }

    /// A connection ends with a violation of either side. Returns whether the session is lost.
    pub(crate) fn is_broken(&mut self) -> bool {
        let stand = (self.incoming.received(), self.outgoing.poison().began());
        if self.violations == 0 || self.stood != stand {
            self.violations = 0;
            self.stood = stand;
        }
        self.violations += 1;
        self.violations >= VIOLATIONS
    }

    /// A batch arrived.
    pub(crate) fn heard(&mut self, now: Time) {
        if let Some(link) = &mut self.link {
            link.heart.heard(now);
        }
    }

    /// Handles a frame. Returns messages that the peer acknowledged without having received them.
    pub(crate) fn handle_frame(
        &mut self,
        now: Time,
        frame: Frame<'_>,
    ) -> Result<Vec<SessionMessage>, SessionViolation> {
        let Some(link) = &mut self.link else {
            return Err(SessionViolation::Order);
        };
        match frame {
            Frame::Ack(below) => return self.acknowledged(below),
            Frame::Credit(total) => self.outgoing.handle_credit(total)?,
            Frame::Ping(number) => link.pong = Some(number),
            Frame::Pong(number) if number > link.pings => return Err(SessionViolation::Pong),
            Frame::Pong(number) => self.outgoing.handle_pong(number),
            Frame::Flush => self.incoming.handle_flush(),
            Frame::Part(part) => self.incoming.handle_part(part)?,
            Frame::Last(head, rest) => {
                let answerable = self.outgoing.answerable();
                self.incoming.handle_last(now, head, rest, answerable)?;
            }
            Frame::Skipped(_) => {}
            Frame::Hello(_) | Frame::Welcome(_) | Frame::Move { .. } => {
                return Err(SessionViolation::Order);
            }
        }
        Ok(Vec::new())
    }

    /// The peer has committed every message below. Returns those among them that it never received. An `ERROR` to the same request takes the place of a
    /// `RESPONSE` or `ERROR` among them: whoever sent the request still waits.
    pub(crate) fn acknowledged(
        &mut self,
        below: u64,
    ) -> Result<Vec<SessionMessage>, SessionViolation> {
        let undelivered = self.outgoing.handle_ack(below)?;
        if self.flush <= below {
            self.flush = 0;
        }
        for message in &undelivered {
            if let Head::Response { to, .. } | Head::Error { to, .. } = message.head {
                self.outgoing.push_undelivered(to);
            }
        }
        Ok(undelivered)
    }

    /// Retains a message to send.
    pub(crate) fn send(&mut self, head: Head, payload: &[u8]) -> Result<u64, Unsendable> {
        let known = match head {
            Head::Response { to, .. } | Head::Error { to, .. } => to < self.incoming.received(),
            Head::Cancel { to } => {
                to < self.outgoing.next() && payload.is_empty() && !self.outgoing.is_provisional()
            }
            Head::Data { .. } | Head::Request { .. } => true,
            Head::Void | Head::Bye { .. } => false,
        };
        if !known {
            return Err(Unsendable::Reference);
        }
        if head.is_text() && core::str::from_utf8(payload).is_err() {
            return Err(Unsendable::Utf8);
        }
        self.outgoing.push(head, payload)
    }

    /// Retains a `BYE`. Messages that arrive from now on are discarded.
    pub(crate) fn close(&mut self, now: Time, code: u16, reason: &str) -> Result<(), Unsendable> {
        if close_code(code).is_err() || reason.len() > MAX_REASON {
            return Err(Unsendable::Close);
        }
        self.outgoing.push(Head::Bye { code }, reason.as_bytes())?;
        self.incoming.close(now);
        Ok(())
    }

    /// Asks for everything sent so far to be committed and acknowledged without delay.
    pub(crate) fn flush(&mut self) {
        let upto = self.outgoing.next();
        if upto > self.outgoing.first() {
            self.flush = upto;
            if let Some(link) = &mut self.link {
                link.flushed = false;
            }
        }
    }

    /// Asks the client to reconnect. Returns false without a connection.
    pub(crate) fn ask_to_move(&mut self, after: core::time::Duration) -> bool {
        let Some(link) = &mut self.link else {
            return false;
        };
        link.move_after = Some(millis(after).min(MAX_WAIT));
        true
    }

    /// Sends a `PING` now.
    pub(crate) fn ask(&mut self, now: Time) {
        if let Some(link) = &mut self.link {
            link.ask = true;
            link.heart.ask(now);
        }
    }

    /// Appends the control frames that are due, and messages.
    pub(crate) fn write(&mut self, now: Time, out: &mut Vec<u8>) {
        let Some(link) = &mut self.link else {
            return;
        };
        let before = out.len();
        let asks = self.flush > 0 && !link.flushed;
        let ready = self.outgoing.is_ready() && (asks || !self.outgoing.waits_for_company(now));
        if core::mem::take(&mut link.confirm)
            || (ready && self.incoming.is_untold())
            || self.incoming.is_ack_due(now, link.retention)
        {
            number(out, kind::ACK, self.incoming.tell());
        }
        if let Some(total) = self.incoming.grant() {
            number(out, kind::CREDIT, total);
        }
        if let Some(ping) = link.pong.take() {
            number(out, kind::PONG, ping);
        }
        let probe = self.outgoing.poison().probe(link.pings + 1);
        if core::mem::take(&mut link.ask) || probe {
            link.pings += 1;
            number(out, kind::PING, link.pings);
        }
        if let Some(after_ms) = link.move_after.take() {
            number(out, kind::MOVE, after_ms);
        }
        if ready {
            self.outgoing.write(now, out);
        }
        if self.flush > 0 && !link.flushed && self.outgoing.is_sent(self.flush) {
            link.flushed = true;
            out.extend_from_slice(&[kind::FLUSH, 0]);
        }
        if out.len() > before {
            link.heart.sent(now);
        }
    }

    /// [`NEVER`] without a connection.
    pub(crate) fn poll_timeout(&self) -> Time {
        match &self.link {
            Some(link) => {
                let (ack, company) = (self.incoming.ack_at(), self.outgoing.poll_timeout());
                link.heart.deadline().min(ack).min(company)
            }
            None => NEVER,
        }
    }

    /// The deadline has come. Returns false if the peer did not answer.
    #[must_use]
    pub(crate) fn handle_timeout(&mut self, now: Time) -> bool {
        let Some(link) = &mut self.link else {
            return true;
        };
        self.outgoing.handle_timeout(now);
        match link.heart.handle_timeout(now) {
            Beat::Wait => {}
            Beat::Ask => link.ask = true,
            Beat::Silent => return false,
        }
        true
    }
}
