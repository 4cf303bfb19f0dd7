//! `HELLO`, and what each `WELCOME` makes of the session.

use super::{Client, ClientEvent, ClientPhase, DropReason, RestoredIndices, ResumeTicket};
use crate::session::SessionViolation;
use crate::session::clock::{MS, NEVER, Time};
use crate::session::exchange::Exchange;
use crate::session::heartbeat::Heartbeat;
use crate::session::hello::{Hello, Positions, Refusal, Resume, SessionWelcome, VERSION, Welcome};
use crate::session::poison::Blame;
use core::time::Duration;

/// A reloaded page continues where the server is.
pub(super) fn adopt(exchange: &mut Exchange, theirs: &Positions) -> RestoredIndices {
    exchange.outgoing.adopt(theirs.received, theirs.committed);
    exchange.incoming.adopt(theirs.first);
    RestoredIndices {
        send_from: theirs.received,
        receive_from: theirs.first,
    }
}

impl Client {
    pub(super) fn greeting(&mut self) -> Hello {
        let forgot = self.session.as_ref().is_some_and(|ticket| ticket.forgot);
        let positions = if forgot {
            Default::default()
        } else {
            self.exchange.positions()
        };
        let credit = self.exchange.incoming.connect();
        Hello {
            versions: (VERSION, VERSION),
            features: 0,
            instance: self.instance,
            attempt: self.attempt,
            terms: self.settings.terms(credit),
            resume: self.session.as_ref().map(|ticket| Resume {
                id: ticket.id,
                token: ticket.token,
                incarnation: ticket.incarnation,
                forgot,
                positions,
            }),
        }
    }

    pub(super) fn welcome(&mut self, now: Time, welcome: Welcome) -> Result<(), SessionViolation> {
        match welcome {
            Welcome::Session(agreed) => self.open(now, &agreed),
            Welcome::Later { after_ms, reason } => {
                let after = Duration::from_millis(after_ms);
                self.events.push_back(ClientEvent::Later { after, reason });
                self.down(now, Blame::Innocent);
                Ok(())
            }
            Welcome::Refused(refusal) => {
                let unknown = matches!(refusal, Refusal::Expired | Refusal::ServerRestarted);
                let fresh = self.session.as_ref().is_some_and(|ticket| ticket.fresh);
                if let Some((code, reason)) = self.read_end() {
                    self.end(now, code, reason, false, true);
                } else if unknown && fresh && self.exchange.outgoing.is_untouched() {
                    self.session = None;
                    self.drop(now, DropReason::Renewed);
                } else {
                    self.lost(now, refusal);
                }
                Ok(())
            }
            Welcome::Ended {
                code,
                committed,
                next,
            } => {
                let Some(ticket) = &self.session else {
                    return Err(SessionViolation::Welcome);
                };
                let outgoing = &mut self.exchange.outgoing;
                let bye = outgoing.bye().filter(|_| !outgoing.is_provisional());
                if !ticket.forgot {
                    let undelivered = outgoing.handle_ended(committed);
                    self.events
                        .extend(undelivered.into_iter().map(ClientEvent::Undelivered));
                }
                let ours = bye.is_some_and(|bye| committed > bye);
                let own = ours.then(|| outgoing.bye_told());
                let complete = !ticket.forgot && self.exchange.incoming.received() >= next;
                let (code, reason) = own
                    .or_else(|| self.read_end())
                    .unwrap_or((code, String::new()));
                self.end(now, code, reason, ours, ours || complete);
                Ok(())
            }
        }
    }

    /// Checks a `WELCOME` of a session, in the order of `WIRE.md`, "What a server checks" and "Resuming".
    fn open(&mut self, now: Time, agreed: &SessionWelcome) -> Result<(), SessionViolation> {
        if agreed.version != VERSION {
            return Err(SessionViolation::Version);
        }
        if agreed.features != 0 {
            return Err(SessionViolation::Reserved);
        }
        let forgot = match (&self.session, &agreed.positions) {
            (None, None) => false,
            (Some(ticket), Some(_)) if ticket.id == agreed.id => ticket.forgot,
            _ => return Err(SessionViolation::Welcome),
        };
        let fixed = (agreed.terms.max_message, agreed.terms.max_batch);
        if self.session.is_some() && self.agreed.is_some_and(|before| before != fixed) {
            return Err(SessionViolation::Welcome);
        }
        self.agreed = Some(fixed);
        let theirs = agreed.positions.unwrap_or_default();
        let resumed = agreed.positions.is_some();
        let restored = self
            .adopt
            .filter(|_| forgot)
            .map(|adopt| adopt(&mut self.exchange, &theirs));
        let Exchange {
            outgoing, incoming, ..
        } = &mut self.exchange;
        if let Some(refusal) = outgoing.mismatch(&theirs, incoming.received()) {
            self.lost(now, refusal);
            return Ok(());
        }
        let terms = &agreed.terms;
        outgoing.agree(terms.max_message, terms.max_batch);
        if !outgoing.resume(resumed, theirs.received, theirs.parts, terms.credit) {
            self.lost(now, Refusal::Rewound);
            return Ok(());
        }
        let undelivered = self.exchange.acknowledged(theirs.committed)?;
        let heart = Heartbeat::client(now, agreed.heartbeat_ms * MS);
        self.exchange.connected(heart, terms.retention, true);
        self.phase = ClientPhase::Open;
        self.welcome_by = NEVER;
        let ticket = ResumeTicket {
            id: agreed.id,
            token: agreed.token,
            incarnation: agreed.incarnation,
            attempt: self.attempt,
            fresh: !resumed,
            forgot: false,
        };
        self.session = Some(ticket.clone());
        self.events.push_back(ClientEvent::Opened {
            resumed,
            ticket,
            spread: Duration::from_millis(agreed.spread_ms),
            restored,
        });
        self.events
            .extend(undelivered.into_iter().map(ClientEvent::Undelivered));
        Ok(())
    }
}
