//! Our own pings: the time to their pongs, and whether the peer still answers.

use core::time::Duration;

/// Pings, identified by their number: unsolicited pongs are allowed (RFC 6455 §5.5.3), and a late pong must not answer the next ping.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    /// The number of the latest ping.
    number: u64,
    /// When the latest ping was sent, until it is answered.
    sent: Option<Duration>,
    /// From the last ping that was answered to its pong.
    pub(crate) round_trip: Option<Duration>,
    /// When the last pong came, of whatever kind, and how many did.
    pub(crate) last: Option<Duration>,
    pub(crate) count: u64,
    /// A ping of keepalive waits for its pong.
    pub(crate) awaited: bool,
}

impl Pings {
    /// The payload of another ping, which is sent now. Of several only the latest is measured: a peer may answer no other (§5.5.3).
    pub(crate) fn next(&mut self, now: Duration) -> [u8; 8] {
        self.number += 1;
        self.sent = Some(now);
        self.number.to_be_bytes()
    }

    /// A pong came. Whether it answers one of our pings, the latest or an earlier one.
    pub(crate) fn handle_pong(&mut self, payload: &[u8], now: Duration) -> bool {
        self.last = Some(now);
        self.count += 1;
        let Some(number) = payload.as_array().map(|number| u64::from_be_bytes(*number)) else {
            return false;
        };
        if number == self.number
            && let Some(sent) = self.sent.take()
        {
            self.round_trip = Some(now.saturating_sub(sent));
        }
        let ours = (1..=self.number).contains(&number);
        self.awaited &= !ours;
        ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_latest_pings_own_pong_is_measured_and_no_other() {
        let mut pings = Pings::default();
        // Nobody asked.
        assert!(!pings.handle_pong(&[0; 8], at(1)));
        assert!(!pings.handle_pong(b"", at(1)));
        let first = pings.next(at(10));
        let second = pings.next(at(20));
        assert!(pings.handle_pong(&first, at(25)));
        assert_eq!(pings.round_trip, None);
        assert!(pings.handle_pong(&second, at(50)));
        assert_eq!(pings.round_trip, Some(at(30)));
        // A second answer to the same ping.
        pings.handle_pong(&second, at(90));
        assert_eq!(pings.round_trip, Some(at(30)));
        assert_eq!((pings.count, pings.last), (5, Some(at(90))));
    }

    #[test]
    fn a_late_answer_shows_that_the_peer_lives() {
        let mut pings = Pings::default();
        let first = pings.next(at(10));
        pings.next(at(20));
        pings.awaited = true;
        assert!(!pings.handle_pong(&3_u64.to_be_bytes(), at(21)));
        assert!(pings.awaited);
        assert!(pings.handle_pong(&first, at(22)));
        assert!(!pings.awaited);
    }
}
