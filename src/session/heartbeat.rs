//! When to ask whether the peer is there, and when to take it that it is not.
//!
//! | told | quiet | asked |
//! | --- | --- | --- |
//! | [`heard`](Heartbeat::heard) | | quiet |
//! | its deadline | asked: `PING` | silent; but asked again, if the deadline fired late |
//!
//! A deadline that fires late says that this side stood still, not the peer: what the peer sent meanwhile is read first.

use core::time::Duration;

/// What a deadline brings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// It has not come.
    Wait,
    /// Send a `PING`.
    Ask,
    /// The peer did not answer.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// Nothing sent for so long asks. The server's; a client only answers.
    idle: Option<Duration>,
    /// Nothing heard for so long asks.
    unheard: Duration,
    /// An answer takes at most so long.
    answer: Duration,
    sent: Duration,
    heard: Duration,
    asked: Option<Duration>,
}

impl Heartbeat {
    pub(crate) fn server(now: Duration, interval: Duration) -> Self {
        Self {
            idle: Some(interval),
            unheard: interval,
            answer: interval * 2,
            sent: now,
            heard: now,
            asked: None,
        }
    }

    pub(crate) fn client(now: Duration, interval: Duration) -> Self {
        Self {
            idle: None,
            unheard: interval + interval / 4,
            answer: interval / 2,
            sent: now,
            heard: now,
            asked: None,
        }
    }

    pub(crate) fn sent(&mut self, now: Duration) {
        self.sent = now;
    }

    pub(crate) fn heard(&mut self, now: Duration) {
        self.heard = now;
        self.asked = None;
    }

    /// Asks now, whatever the time: after a sleep, or a jump of the clock.
    pub(crate) fn ask(&mut self, now: Duration) {
        self.asked = Some(now);
    }

    pub(crate) fn deadline(&self) -> Duration {
        match self.asked {
            Some(asked) => asked.saturating_add(self.answer),
            None => {
                let unheard = self.heard.saturating_add(self.unheard);
                self.idle
                    .map_or(unheard, |idle| unheard.min(self.sent.saturating_add(idle)))
            }
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) -> Beat {
        let deadline = self.deadline();
        if now < deadline {
            return Beat::Wait;
        }
        let late = now - deadline > self.answer / 2;
        if self.asked.is_some() && !late {
            return Beat::Silent;
        }
        self.asked = Some(now);
        Beat::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_client_asks_only_when_it_hears_nothing() {
        let mut heart = Heartbeat::client(at(0), at(20));
        assert_eq!(heart.deadline(), at(25));
        heart.sent(at(1));
        heart.heard(at(2));
        assert_eq!(heart.handle_timeout(at(26)), Beat::Wait);
        assert_eq!(heart.handle_timeout(at(27)), Beat::Ask);
        assert_eq!(heart.deadline(), at(37));
        assert_eq!(heart.handle_timeout(at(37)), Beat::Silent);
    }

    #[test]
    fn a_server_asks_when_it_has_nothing_to_say() {
        let mut heart = Heartbeat::server(at(0), at(20));
        heart.heard(at(19));
        assert_eq!(heart.handle_timeout(at(20)), Beat::Ask);
        heart.sent(at(20));
        heart.heard(at(21));
        assert_eq!(heart.deadline(), at(40));
        heart.sent(at(39));
        assert_eq!(heart.deadline(), at(41));
    }

    #[test]
    fn a_deadline_that_fires_late_asks_again() {
        let mut heart = Heartbeat::client(at(0), at(20));
        assert_eq!(heart.handle_timeout(at(25)), Beat::Ask);
        // Slept until 300.
        assert_eq!(heart.handle_timeout(at(300)), Beat::Ask);
        assert_eq!(heart.handle_timeout(at(305)), Beat::Wait);
        assert_eq!(heart.handle_timeout(at(310)), Beat::Silent);
    }
}
