//! The state of a channel between two connections: waiting, connecting, suspended. Nothing else decides when to connect.
//!
//! | event | open | waiting | connecting | suspended |
//! | --- | --- | --- | --- | --- |
//! | [`lost`](Supervisor::lost) | waiting, or ended | | waiting, or ended | |
//! | [`due`](Supervisor::due), once it is time | | connecting | | |
//! | [`opened`](Supervisor::opened) | | | open | |
//! | [`reconnect_now`](Supervisor::reconnect_now) | waiting, due now | due now | | |
//! | [`restored`](Supervisor::restored): the page was frozen, or in the back/forward cache | waiting, due now | due now | waiting, due now | |
//! | [`seen`](Supervisor::seen): the page is visible | | due now | | |
//! | [`set_offline`](Supervisor::set_offline): no network | | due after `max_delay` at the earliest | | |
//! | … the network is back | | due now | | |
//! | [`suspend`](Supervisor::suspend) | suspended | suspended | suspended | |
//! | [`resume`](Supervisor::resume) | | | | waiting, due now |
//!
//! An empty field changes nothing. If a step leaves the state *open* or *connecting*, and the connection has not ended, the caller drops it.

use super::backoff::{Backoff, GaveUp, RetryCause};
use super::policy::Reconnect;

/// How often to ask the browser for a network while it is offline.
const LOOK_MS: u64 = 1000;

/// Times are milliseconds of a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Until the time of the next attempt.
    Waiting {
        at: u64,
    },
    Connecting,
    Suspended,
    Ended(GaveUp),
}

#[derive(Debug)]
pub(crate) struct Supervisor {
    backoff: Backoff,
    state: State,
    /// The browser reports that there is no network. That is a hint: the machine itself can always be reached.
    offline: bool,
}

impl Supervisor {
    /// The state for an open connection.
    pub(crate) fn new(policy: Reconnect, now: u64) -> Self {
        let mut backoff = Backoff::new(policy);
        backoff.opened_at(now);
        Self {
            backoff,
            state: State::Open,
            offline: false,
        }
    }

    /// The state for a first attempt. It is no retry: if it fails, attempt 1 follows.
    #[cfg(any(feature = "__npm", test))]
    pub(crate) fn connecting(policy: Reconnect) -> Self {
        Self {
            backoff: Backoff::new(policy),
            state: State::Connecting,
            offline: false,
        }
    }

    /// Adds one of the policy's final codes.
    #[cfg(feature = "__npm")]
    pub(crate) fn add_final_code(&mut self, code: u16) {
        self.backoff.policy.final_codes.push(code);
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// The number of the next, current or last attempt since the last stable connection, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.backoff.attempts
    }

    /// Whether the browser reports that there is no network.
    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// The connection ended, or the attempt failed. The server asked for this delay in milliseconds.
    pub(crate) fn lost(&mut self, now: u64, cause: RetryCause, asked: u64, random: u32) {
        if let State::Open | State::Connecting = self.state {
            self.wait(now, cause, asked, random);
        }
    }

    fn wait(&mut self, now: u64, cause: RetryCause, asked: u64, random: u32) {
        self.state = match self.backoff.retry_at(now, cause, asked, random) {
            Ok(at) => State::Waiting { at },
            Err(why) => State::Ended(why),
        };
        if self.offline {
            self.hold_back(now);
        }
    }

    /// Whether to connect now. If so, the state is connecting.
    pub(crate) fn due(&mut self, now: u64) -> bool {
        match self.state {
            State::Waiting { at } if at <= now => {
                self.state = State::Connecting;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn opened(&mut self, now: u64) {
        self.backoff.opened_at(now);
        self.state = State::Open;
    }

    /// The server's estimate of how long a restart takes to bring everybody back.
    #[cfg(feature = "session")]
    pub(crate) fn set_spread(&mut self, spread: core::time::Duration) {
        self.backoff.set_spread(spread);
    }

    /// The application wants another connection now.
    pub(crate) fn reconnect_now(&mut self, now: u64, random: u32) {
        match self.state {
            State::Open => self.at_once(now, random),
            _ => self.seen(now),
        }
    }

    /// The connection is dead, whatever the browser reports.
    pub(crate) fn restored(&mut self, now: u64, random: u32) {
        match self.state {
            State::Open | State::Connecting => self.at_once(now, random),
            _ => self.seen(now),
        }
    }

    fn at_once(&mut self, now: u64, random: u32) {
        self.wait(now, RetryCause::Local, 0, random);
        self.seen(now);
    }

    /// The page is visible: a waiting attempt is due now.
    pub(crate) fn seen(&mut self, now: u64) {
        if let State::Waiting { at } = &mut self.state {
            *at = now.min(*at);
        }
    }

    /// The browser reports that the network is gone or back.
    pub(crate) fn set_offline(&mut self, offline: bool, now: u64) {
        self.offline = offline;
        if offline {
            self.hold_back(now);
        } else {
            self.seen(now);
        }
    }

    /// What the browser says of the network now. Returns whether that changed.
    pub(crate) fn look_for_network(&mut self, offline: bool, now: u64) -> bool {
        let news = offline != self.offline;
        if news {
            self.set_offline(offline, now);
        }
        news
    }

    /// How long to sleep before the next look at [`due`](Self::due): while offline a second at most, since Chromium has no event for it in workers.
    pub(crate) fn pause(&self, at: u64, now: u64) -> u64 {
        let delay = at.saturating_sub(now);
        if self.offline {
            delay.min(LOOK_MS)
        } else {
            delay
        }
    }

    /// For the longest delay.
    fn hold_back(&mut self, now: u64) {
        if let State::Waiting { at } = &mut self.state {
            *at = (now + self.backoff.policy.cap).max(*at);
        }
    }

    pub(crate) fn suspend(&mut self) {
        if !matches!(self.state, State::Ended(_)) {
            self.state = State::Suspended;
        }
    }

    pub(crate) fn resume(&mut self, now: u64, random: u32) {
        if matches!(self.state, State::Suspended) {
            self.at_once(now, random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn each() -> [Supervisor; 5] {
        let new = || Supervisor::new(Reconnect::default(), NOW);
        let [open, mut waiting, mut connecting, mut suspended, mut ended] = [(); 5].map(|()| new());
        waiting.lost(NOW, RetryCause::Closed(1006), 0, u32::MAX);
        connecting.lost(NOW, RetryCause::Closed(1006), 0, 0);
        assert!(connecting.due(NOW));
        suspended.suspend();
        ended.backoff = Backoff::new(Reconnect::default().max_attempts(0));
        ended.lost(NOW, RetryCause::Closed(1006), 0, 0);
        [open, waiting, connecting, suspended, ended]
    }

    fn word(supervisor: &Supervisor) -> String {
        let attempt = supervisor.attempt();
        match supervisor.state() {
            State::Open => "open".into(),
            State::Waiting { at } => {
                format!("{attempt} in {}", at.saturating_sub(NOW))
            }
            State::Connecting => format!("connecting {attempt}"),
            State::Suspended => "suspended".into(),
            State::Ended(_) => "ended".into(),
        }
    }

    fn row(step: impl Fn(&mut Supervisor)) -> [String; 5] {
        each().map(|mut supervisor| {
            step(&mut supervisor);
            word(&supervisor)
        })
    }

    #[test]
    fn every_field_of_the_table() {
        let rows = [
            (
                row(|_| ()),
                ["open", "1 in 999", "connecting 1", "suspended", "ended"],
            ),
            (
                row(|it| it.lost(NOW, RetryCause::Closed(1006), 0, 0)),
                ["1 in 0", "1 in 999", "2 in 500", "suspended", "ended"],
            ),
            (
                row(|it| {
                    it.due(NOW + 1000);
                }),
                ["open", "connecting 1", "connecting 1", "suspended", "ended"],
            ),
            (
                row(|it| it.reconnect_now(NOW, u32::MAX)),
                ["1 in 0", "1 in 0", "connecting 1", "suspended", "ended"],
            ),
            (
                row(|it| it.restored(NOW, u32::MAX)),
                ["1 in 0", "1 in 0", "2 in 0", "suspended", "ended"],
            ),
            (
                row(|it| it.seen(NOW)),
                ["open", "1 in 0", "connecting 1", "suspended", "ended"],
            ),
            (
                row(|it| it.set_offline(true, NOW)),
                ["open", "1 in 30000", "connecting 1", "suspended", "ended"],
            ),
            (
                row(|it| {
                    it.set_offline(true, NOW);
                    it.set_offline(false, NOW);
                }),
                ["open", "1 in 0", "connecting 1", "suspended", "ended"],
            ),
            (
                row(Supervisor::suspend),
                ["suspended", "suspended", "suspended", "suspended", "ended"],
            ),
            (
                row(|it| it.resume(NOW, u32::MAX)),
                ["open", "1 in 999", "connecting 1", "1 in 0", "ended"],
            ),
        ];
        for (number, (is, expected)) in rows.into_iter().enumerate() {
            assert_eq!(is, expected.map(String::from), "row {number}");
        }
    }

    #[test]
    fn a_first_attempt_that_fails_is_followed_by_attempt_1() {
        let mut supervisor = Supervisor::connecting(Reconnect::default());
        assert_eq!(word(&supervisor), "connecting 0");
        supervisor.lost(NOW, RetryCause::Failed(None), 0, u32::MAX);
        assert_eq!(word(&supervisor), "1 in 999");
        let mut supervisor = Supervisor::connecting(Reconnect::default().max_attempts(0));
        supervisor.lost(NOW, RetryCause::Failed(None), 0, 0);
        assert_eq!(word(&supervisor), "ended");
    }

    #[test]
    fn the_network_is_looked_for_every_second_while_there_is_none() {
        let mut supervisor = Supervisor::new(Reconnect::default(), NOW);
        assert_eq!(supervisor.pause(NOW + 5000, NOW), 5000);
        assert!(supervisor.look_for_network(true, NOW));
        assert!(!supervisor.look_for_network(true, NOW));
        assert_eq!(supervisor.pause(NOW + 5000, NOW), 1000);
        assert_eq!(supervisor.pause(NOW + 500, NOW), 500);
        assert_eq!(supervisor.pause(NOW, NOW + 1), 0);
    }

    #[test]
    fn without_a_network_attempts_are_held_back_but_made() {
        let mut supervisor = Supervisor::new(Reconnect::default(), NOW);
        supervisor.set_offline(true, NOW);
        supervisor.lost(NOW, RetryCause::Closed(1006), 0, 0);
        assert_eq!(word(&supervisor), "1 in 30000");
        assert!(!supervisor.due(NOW + 29000));
        assert!(supervisor.due(NOW + 30000));
    }

    #[test]
    fn an_attempt_is_made_once() {
        let mut supervisor = Supervisor::new(Reconnect::default(), NOW);
        supervisor.lost(NOW, RetryCause::Closed(1006), 0, 0);
        assert!(supervisor.due(NOW));
        assert!(!supervisor.due(NOW));
        supervisor.seen(NOW);
        assert!(!supervisor.due(NOW));
        supervisor.opened(NOW);
        assert_eq!(supervisor.state(), State::Open);
    }
}
