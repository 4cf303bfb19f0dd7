//! The time from a ping to its pong.

use core::time::Duration;

/// Pings, told apart by their number: a pong that nobody asked for is allowed (RFC 6455 §5.5.3), and a late one is not the next one's.
#[derive(Debug, Default)]
pub(super) struct RoundTrip {
    /// The number of the latest ping.
    number: u64,
    /// When the latest ping was sent, until it is answered.
    sent: Option<Duration>,
    pub(super) measured: Option<Duration>,
}

impl RoundTrip {
    /// The payload of another ping, which is sent now. Of several only the latest counts: a peer may answer no other (§5.5.3).
    pub(super) fn next(&mut self, now: Duration) -> [u8; 8] {
        self.number += 1;
        self.sent = Some(now);
        self.number.to_be_bytes()
    }

    pub(super) fn handle_pong(&mut self, payload: &[u8], now: Duration) {
        if payload == self.number.to_be_bytes()
            && let Some(sent) = self.sent.take()
        {
            self.measured = Some(now.saturating_sub(sent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_latest_pings_own_pong_counts_and_no_other() {
        let mut pings = RoundTrip::default();
        // Nobody asked.
        pings.handle_pong(&[0; 8], at(1));
        pings.handle_pong(b"", at(1));
        let first = pings.next(at(10));
        let second = pings.next(at(20));
        pings.handle_pong(&first, at(25));
        assert_eq!(pings.measured, None);
        pings.handle_pong(&second, at(50));
        assert_eq!(pings.measured, Some(at(30)));
        // A second answer to the same ping.
        pings.handle_pong(&second, at(90));
        assert_eq!(pings.measured, Some(at(30)));
    }
}
