//! What happened in sessions, and what becomes of those that have ended.

use super::{Close, Outcome, State, Wakes};
use crate::error::{Lost, LostReason};
use crate::message::{CloseInfo, ClosedBy};
use crate::session::SessionMessage;
use crate::session::wire::Head;
use crate::session::{Secret, Server, ServerEvent};
use core::time::Duration;

impl State {
    /// After anything was told a session. True if it began, and its handler is to be started.
    pub(in crate::server) fn settle(
        &mut self,
        now: Duration,
        id: Secret,
        wakes: &mut Wakes,
    ) -> bool {
        let mut started = false;
        // An event may have something sent, and that another event.
        loop {
            self.registry.settle(now, id);
            let server = self.registry.session(id);
            let Some(event) = server.and_then(Server::poll_event) else {
                break;
            };
            started |= event == ServerEvent::Started;
            self.happened(id, event, wakes);
        }
        self.bury(wakes);
        self.arm(id, wakes);
        started
    }

    fn happened(&mut self, id: Secret, event: ServerEvent, wakes: &mut Wakes) {
        match event {
            ServerEvent::Close {
                connection,
                batch,
                code,
                reason,
            } => {
                let close = Close {
                    batch,
                    code,
                    reason,
                };
                self.close(connection, close, wakes);
            }
            ServerEvent::Undelivered(message) => {
                self.undelivered += 1;
                if let Head::Data { .. } | Head::Request { .. } = message.head
                    && let Some(entry) = self.entries.get_mut(&id)
                    && entry.held
                {
                    entry.rare().undelivered.push(message);
                    wakes.add(entry.end.take());
                }
            }
            ServerEvent::Lost(refusal) => {
                let mut closed = CloseInfo::lost(ClosedBy::Error);
                closed.reason = "session lost".into();
                let lost = Lost::new(LostReason::Refused(refusal), Vec::new(), Vec::new());
                self.finish(id, closed, Some(Box::new(lost)), wakes);
            }
            ServerEvent::Ended {
                code,
                reason,
                ours,
                clean,
            } => {
                let by = if ours {
                    ClosedBy::Local
                } else {
                    ClosedBy::Remote
                };
                let closed = CloseInfo::new(code, reason, clean, by);
                self.finish(id, closed, None, wakes);
            }
            ServerEvent::Resumed { .. } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.resumed += 1;
                }
                self.tell_end(id, wakes);
            }
            // A send may be refused now, or no longer.
            ServerEvent::Started | ServerEvent::Detached => self.tell_end(id, wakes),
        }
    }

    fn finish(
        &mut self,
        id: Secret,
        closed: CloseInfo,
        lost: Option<Box<Lost>>,
        wakes: &mut Wakes,
    ) {
        if let Some(entry) = self.entries.get_mut(&id) {
            let outcome = Outcome { closed, lost };
            entry.rare().outcome.get_or_insert(outcome);
            wakes.add(entry.end.take());
        }
    }

    /// Takes leave of the sessions that have ended.
    pub(in crate::server) fn bury(&mut self, wakes: &mut Wakes) {
        while let Some(mut server) = self.registry.poll_ended() {
            let id = server.id();
            while let Some(event) = server.poll_event() {
                self.happened(id, event, wakes);
            }
            if let Some(entry) = self.entries.get_mut(&id) {
                if let Some(at) = entry.alarm.take() {
                    self.alarms.remove(&(at, id));
                }
                if entry.held {
                    while let Some(message) = server.read() {
                        entry.rare().rest.push_back(message);
                    }
                    if let Some(outcome) = &mut entry.rare().outcome {
                        outcome.take(&mut server);
                    }
                }
            }
            self.tidy(id);
        }
        if self.registry.ids().next().is_none() {
            wakes.woken.append(&mut self.empties);
        }
    }
}

impl Outcome {
    /// Takes what was not delivered.
    fn take(&mut self, server: &mut Server) {
        let (in_doubt, never_sent) = server.take_uncommitted();
        let unsent = in_doubt.iter().chain(&never_sent);
        self.closed.unsent_bytes = unsent.map(|message| message.payload.len()).sum();
        if let Some(lost) = &mut self.lost {
            // Requests end by themselves, with the channel.
            let values = |messages: Vec<SessionMessage>| {
                let values = messages
                    .into_iter()
                    .filter(|it| matches!(it.head, Head::Data { .. }));
                values.map(|it| it.payload).collect()
            };
            lost.in_doubt = values(in_doubt);
            lost.never_sent = values(never_sent);
        }
    }
}
