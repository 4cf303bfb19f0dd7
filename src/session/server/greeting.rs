//! What a `HELLO` makes of a session: a new one, one that resumes, or one that is lost.

use super::{Server, ServerEvent, ServerPhase};
use crate::queue::Queue;
use crate::session::clock::{MS, time};
use crate::session::exchange::Exchange;
use crate::session::heartbeat::Heartbeat;
use crate::session::hello::{
    Hello, Refusal, Resume, Secret, SessionWelcome, Terms, VERSION, Welcome,
};
use crate::session::incoming::Incoming;
use crate::session::outgoing::Outgoing;
use crate::session::poison::Blame;
use crate::session::registry::ConnectionId;
use crate::session::settings::Settings;
use crate::session::tokens::{Presented, TokenHash, Tokens};
use crate::session::violation::CLOSE;
use crate::session::wire::Frame;
use core::time::Duration;

/// The longest time that a session waits for the confirmation of its client. Long enough for several attempts to connect.
const CONFIRMATION_MS: u64 = 30_000;

/// A `HELLO` that arrived, and the token for its `WELCOME`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) now: Duration,
    pub(crate) connection: ConnectionId,
    pub(crate) hello: &'a Hello,
    pub(crate) issued: Secret,
    pub(crate) hash: TokenHash,
}

impl Server {
    pub(crate) fn offer(
        arrival: Arrival<'_>,
        settings: &Settings,
        incarnation: u64,
        id: Secret,
        identity: &[u8],
    ) -> Self {
        let hello = arrival.hello;
        let outgoing = Outgoing::new(settings);
        let incoming = Incoming::new(settings.window, settings.max_message);
        let mut server = Self {
            id,
            incarnation,
            identity: identity.into(),
            tokens: Tokens::issue(arrival.issued, arrival.hash),
            instance: hello.instance,
            attempt: hello.attempt,
            agreed: (hello.terms.max_message, hello.terms.max_batch),
            phase: ServerPhase::Pending,
            connection: None,
            unconfirmed: true,
            welcome: None,
            exchange: Exchange::new(outgoing, incoming),
            close_by: None,
            expires: None,
            noted: false,
            counted: 0,
            end: None,
            events: Queue::default(),
            settings: settings.compact(),
        };
        server
            .exchange
            .outgoing
            .agree(hello.terms.max_message, hello.terms.max_batch);
        let _at_the_beginning = server
            .exchange
            .outgoing
            .resume(false, 0, 0, hello.terms.credit);
        let now = arrival.now;
        server.attach(arrival, false);
        let patience = server.settings.terms.retention_ms.min(CONFIRMATION_MS);
        server.expires = Some(now.saturating_add(Duration::from_millis(patience)));
        server
    }

    /// Attaches a connection, which carries the session from now on.
    fn attach(&mut self, arrival: Arrival<'_>, resumed: bool) {
        let Arrival { now, hello, .. } = arrival;
        let credit = self.exchange.incoming.connect();
        self.welcome = Some(Welcome::Session(Box::new(SessionWelcome {
            version: VERSION,
            features: 0,
            id: self.id,
            token: arrival.issued,
            incarnation: self.incarnation,
            terms: Terms {
                credit,
                ..self.settings.terms
            },
            heartbeat_ms: self.settings.heartbeat_ms,
            spread_ms: self.settings.spread_ms,
            positions: resumed.then(|| self.exchange.positions()),
        })));
        let heart = Heartbeat::server(time(now), self.settings.heartbeat_ms * MS);
        self.exchange.connected(heart, hello.terms.retention, false);
        self.connection = Some(arrival.connection);
        self.unconfirmed = true;
        self.expires = None;
    }

    /// Whether a `HELLO` with a valid token is late. The attempt rises with every `HELLO` of a session, also after a reload.
    pub(crate) fn is_late(&self, hello: &Hello) -> bool {
        hello.attempt <= self.attempt
    }

    pub(crate) fn keeps_terms(&self, hello: &Hello) -> bool {
        self.agreed == (hello.terms.max_message, hello.terms.max_batch)
    }

    /// Handles a `HELLO` with a valid token that is not late, on this connection. Fences the older connection. Returns false if it ended the session.
    pub(crate) fn resume(
        &mut self,
        arrival: Arrival<'_>,
        resume: &Resume,
        presented: ([u8; 32], Presented),
    ) -> Result<bool, Refusal> {
        let Arrival { now, hello, .. } = arrival;
        self.fence(now, hello.instance);
        let was = self.phase;
        let theirs = &resume.positions;
        let Exchange {
            outgoing, incoming, ..
        } = &mut self.exchange;
        let (received, parts, committed) = if resume.forgot {
            incoming.outlive(time(now));
            let first = outgoing.first();
            (first, 0, first)
        } else {
            // A client that forgot restarts its own direction at our position, so that is no mismatch.
            if let Some(refusal) = outgoing.mismatch(theirs, incoming.received()) {
                self.lost(now, refusal);
                return Err(refusal);
            }
            (theirs.received, theirs.parts, theirs.committed)
        };
        if !outgoing.resume(true, received, parts, hello.terms.credit) {
            self.lost(now, Refusal::Rewound);
            return Err(Refusal::Rewound);
        }
        match self.exchange.acknowledged(committed) {
            Ok(undelivered) => self
                .events
                .extend(undelivered.into_iter().map(ServerEvent::Undelivered)),
            Err(_) => {
                self.lost(now, Refusal::Rewound);
                return Err(Refusal::Rewound);
            }
        }
        self.settle(now);
        if self.phase == ServerPhase::Ended {
            return Ok(false);
        }
        self.instance = hello.instance;
        self.attempt = hello.attempt;
        if presented.1 == Presented::Newest {
            self.tokens.confirm();
        }
        self.tokens
            .rotate(presented.0, arrival.issued, arrival.hash);
        self.phase = ServerPhase::Attached;
        self.attach(arrival, true);
        self.events.push_back(if was == ServerPhase::Pending {
            ServerEvent::Started
        } else {
            ServerEvent::Resumed {
                forgot: resume.forgot,
            }
        });
        Ok(true)
    }

    /// Ends the connection that carries the session, because another one takes it over.
    fn fence(&mut self, now: Duration, instance: u64) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // The same instance has given up the older connection itself. Another instance must be told.
        let (batch, reason) = if instance == self.instance {
            (None, "replaced")
        } else {
            (Some(answer(&Welcome::Refused(Refusal::Fenced))), "fenced")
        };
        // The server never learned how the connection ended.
        self.exchange.disconnected(time(now), Blame::Silent);
        self.events.push_back(ServerEvent::Close {
            connection,
            batch,
            code: CLOSE,
            reason,
        });
    }
}

/// A batch with only a `WELCOME`.
pub(crate) fn answer(welcome: &Welcome) -> Vec<u8> {
    let mut batch = vec![0];
    Frame::Welcome(welcome.clone()).put(&mut batch);
    batch
}
