//! When to send a `PING`, and when to give up the peer.
//!
//! | input | quiet | asked |
//! | --- | --- | --- |
//! | [`heard`](Heartbeat::heard) | | quiet |
//! | [`ask`](Heartbeat::ask) | asked: `PING` | asked, since the first time |
//! | the deadline passed | asked: `PING` | silent; but asked again, once, if the timer fired late |
//!
//! A timer that fires late shows that this side was suspended. What the peer sent meanwhile is read first. That is forgiven once, because the timers
//! of a hidden page are always late.

use super::clock::{NEVER, Time};

/// What to do at a deadline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing: it has not passed.
    Wait,
    /// Send a `PING`.
    Ask,
    /// The peer did not answer.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Time,
    /// A server also asks when it has sent nothing; a client does not.
    server: bool,
    sent: Time,
    heard: Time,
    /// The first `PING` that has no answer; [`NEVER`] if there is none.
    asked: Time,
    /// The timer has fired late since something arrived.
    forgiven: bool,
}

impl Heartbeat {
    pub(crate) fn server(now: Time, interval: Time) -> Self {
        Self {
            interval,
            server: true,
            sent: now,
            heard: now,
            asked: NEVER,
            forgiven: false,
        }
    }

    pub(crate) fn client(now: Time, interval: Time) -> Self {
        Self {
            interval,
            server: false,
            sent: now,
            heard: now,
            asked: NEVER,
            forgiven: false,
        }
    }

    /// The timeout for an answer.
    fn answer(&self) -> Time {
        if self.server {
            self.interval * 2
        } else {
            self.interval / 2
        }
    }

    pub(crate) fn sent(&mut self, now: Time) {
        self.sent = now;
    }

    pub(crate) fn heard(&mut self, now: Time) {
        self.heard = now;
        self.asked = NEVER;
        self.forgiven = false;
    }

    /// Asks now: after a sleep, or a jump of the clock.
    pub(crate) fn ask(&mut self, now: Time) {
        self.asked = self.asked.min(now);
    }

    pub(crate) fn deadline(&self) -> Time {
        if self.asked != NEVER {
            self.asked + self.answer()
        } else if self.server {
            // The earlier of the last send and the last receive.
            self.heard.min(self.sent) + self.interval
        } else {
            self.heard + self.interval + self.interval / 4
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Time) -> Beat {
        let deadline = self.deadline();
        if now < deadline {
            return Beat::Wait;
        }
        let late = now - deadline > self.answer() / 2;
        if self.asked != NEVER {
            if !late || self.forgiven {
                return Beat::Silent;
            }
            self.forgiven = true;
        }
        self.asked = now;
        Beat::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::clock::MS;

    const fn at(seconds: u64) -> Time {
        seconds * 1000 * MS
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
    fn an_idle_server_sends_a_ping() {
        let mut heart = Heartbeat::server(at(0), at(20));
        heart.heard(at(19));
        assert_eq!(heart.handle_timeout(at(20)), Beat::Ask);
        heart.sent(at(20));
        heart.heard(at(21));
        assert_eq!(heart.deadline(), at(40));
        heart.sent(at(39));
        assert_eq!(heart.deadline(), at(41));
    }

    /// The timers of a hidden page fire once a minute.
    #[test]
    fn timers_that_are_always_late_still_find_a_dead_peer() {
        for (mut heart, asked) in [
            (Heartbeat::client(at(0), at(20)), [60, 120]),
            (Heartbeat::server(at(0), at(20)), [100, 300]),
        ] {
            assert_eq!(heart.handle_timeout(at(asked[0])), Beat::Ask);
            assert_eq!(heart.handle_timeout(at(asked[1])), Beat::Ask);
            assert_eq!(heart.handle_timeout(at(asked[1] + 1000)), Beat::Silent);
            // Heard meanwhile, it is asked anew, and may be late anew.
            heart.heard(at(2000));
            assert_eq!(heart.handle_timeout(at(2100)), Beat::Ask);
            assert_eq!(heart.handle_timeout(at(2300)), Beat::Ask);
            assert_eq!(heart.handle_timeout(at(3300)), Beat::Silent);
        }
    }

    /// The timeout counts from the first unanswered `PING`, however often it asks.
    #[test]
    fn further_pings_do_not_extend_the_timeout() {
        let mut heart = Heartbeat::server(at(0), at(20));
        for second in 1..=40 {
            heart.ask(at(second));
            heart.sent(at(second));
        }
        assert_eq!(heart.deadline(), at(41));
        assert_eq!(heart.handle_timeout(at(41)), Beat::Silent);
    }

    #[test]
    fn late_is_later_than_half_the_time_for_an_answer() {
        for (mut heart, asked, deadline, half) in [
            (Heartbeat::client(at(0), at(20)), 25, 35, 5),
            (Heartbeat::server(at(0), at(20)), 20, 60, 20),
        ] {
            assert_eq!(heart.handle_timeout(at(asked)), Beat::Ask);
            assert_eq!(heart.deadline(), at(deadline));
            assert_eq!(heart.handle_timeout(at(deadline + half + 1)), Beat::Ask);
            heart.heard(at(1000));
            heart.ask(at(1000));
            let due = 1000 + deadline - asked;
            assert_eq!(heart.handle_timeout(at(due + half)), Beat::Silent);
        }
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
