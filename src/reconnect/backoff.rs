//! The machine that follows the policy: it is told what happened and says when to try next.
//!
//! | told | then |
//! | --- | --- |
//! | [`opened`](Backoff::opened) | the count starts anew if the connection is lost after `stable_after` or later |
//! | [`lost`](Backoff::lost): closed with a final code | give up |
//! | … with any other code, or without one | attempt 1 within `spread`, or a later one as after a failure if the connection was not stable |
//! | … by the page or the machine | the same within `base_delay` |
//! | … for the server asked us to move | attempt 1 within `spread`, not before what it asked for |
//! | … an attempt that failed | the next attempt, not before what the server asked for |
//! | [`hurry`](Backoff::hurry) | the attempt that is next is due now |

use super::Reconnect;
use core::time::Duration;

/// What a server asks for is obeyed up to here. A longer time is a mistake, or no friend's.
const MAX_OBEYED: Duration = Duration::from_secs(3600);

/// When to connect again. Times are of a monotonic clock, since any moment that is always the same.
///
/// 1. [`opened`](Self::opened) when a connection is open.
/// 2. [`lost`](Self::lost) when it ends, and when an attempt fails. It gives the time of the next attempt.
/// 3. [`hurry`](Self::hurry) when the application, or a sign of a network, wants that attempt now.
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::reconnect::{Backoff, Lost, Next, Reconnect};
///
/// let mut backoff = Backoff::new(Reconnect::default());
/// backoff.opened(Duration::from_secs(0));
/// let half = u32::MAX / 2; // a random number
/// let next = backoff.lost(Duration::from_secs(60), Lost::Closed(1006), half);
/// let Next::Retry { attempt: 1, at } = next else { panic!() };
/// assert_eq!(at.as_millis(), 60_499); // half of a second
/// ```
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: Reconnect,
    /// The server's estimate, in the place of the policy's.
    told_spread: Option<Duration>,
    /// Attempts since the last connection that was stable.
    attempts: u32,
    /// When that connection was lost.
    since: Option<Duration>,
    /// When the connection that is open was opened.
    opened: Option<Duration>,
}

/// How a connection, or an attempt, came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The connection ended with this close code (RFC 6455 §7.4), 1006 when there was none.
    Closed(u16),
    /// It was this page's or this machine's doing, so no other client lost its own: the page was frozen or in the back/forward cache, the browser ended
    /// it by itself, the application asked for another one.
    Alone,
    /// The server asked to connect anew, not sooner than after this time.
    Moved(Duration),
    /// An attempt failed. The server may have said when to come back (`Retry-After`, RFC 9110 §10.2.3).
    Failed(Option<Duration>),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Connect.
    Retry {
        /// Which attempt it is since the last stable connection, from 1.
        attempt: u32,
        /// When, by the clock that `now` is of.
        at: Duration,
    },
    /// Connect no more.
    GiveUp(GaveUp),
}

/// Why no more attempts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GaveUp {
    /// The connection ended with a code that the application calls final.
    FinalCode,
    /// So many attempts have failed as may.
    MaxAttempts,
    /// The next attempt would begin too late.
    MaxElapsed,
}

impl Backoff {
    /// Follows this policy.
    pub fn new(policy: Reconnect) -> Self {
        Self {
            policy,
            told_spread: None,
            attempts: 0,
            since: None,
            opened: None,
        }
    }

    /// A connection is open, and whoever is at the other end has shown it where there is a way to.
    pub fn opened(&mut self, now: Duration) {
        self.opened = Some(now);
    }

    /// The server's own estimate of how long a restart takes to bring everybody back. It takes the place of [`Reconnect::spread`], up to an hour.
    pub fn set_spread(&mut self, spread: Duration) {
        self.told_spread = Some(spread.min(MAX_OBEYED));
    }

    /// The connection, or the attempt, ended in this way. `random` is uniform over all its values.
    pub fn lost(&mut self, now: Duration, lost: Lost, random: u32) -> Next {
        if let Some(opened) = self.opened.take()
            && now.saturating_sub(opened) >= self.policy.stable
        {
            self.attempts = 0;
            self.since = None;
        }
        let since = *self.since.get_or_insert(now);
        if let Lost::Closed(code) = lost
            && self.policy.final_codes.contains(&code)
        {
            return Next::GiveUp(GaveUp::FinalCode);
        }
        if self
            .policy
            .max_attempts
            .is_some_and(|most| self.attempts >= most)
        {
            return Next::GiveUp(GaveUp::MaxAttempts);
        }
        let asked = match lost {
            Lost::Moved(after) | Lost::Failed(Some(after)) => after.min(MAX_OBEYED),
            _ => Duration::ZERO,
        };
        let (least, most) = self.bounds(lost);
        let at = now.saturating_add(between(
            asked.saturating_add(least),
            asked.saturating_add(most),
            random,
        ));
        if let Some(limit) = self.policy.max_elapsed
            && at.saturating_sub(since) >= limit
        {
            return Next::GiveUp(GaveUp::MaxElapsed);
        }
        self.attempts = self.attempts.saturating_add(1);
        Next::Retry {
            attempt: self.attempts,
            at,
        }
    }

    /// The attempt that is next is due at `now`: a person, or a network that is there again, does not wait. It counts as any other.
    pub fn hurry(&self, now: Duration) -> Next {
        Next::Retry {
            attempt: self.attempts.max(1),
            at: now,
        }
    }

    /// Between which delays the next attempt's is chosen.
    fn bounds(&self, lost: Lost) -> (Duration, Duration) {
        let Reconnect { base, cap, .. } = self.policy;
        let spread = self.told_spread.unwrap_or(self.policy.spread);
        if self.attempts == 0 {
            let most = if lost == Lost::Alone { base } else { spread };
            return (Duration::ZERO, most);
        }
        let doubled = base.saturating_mul(1 << self.attempts.min(31));
        let most = doubled.min(cap).max(spread);
        (most / 2, most)
    }
}

/// A share of the way from one to the other: by 16 bits of `random`, a millisecond of a minute.
fn between(least: Duration, most: Duration, random: u32) -> Duration {
    let width = most.saturating_sub(least);
    let micros = width.as_secs().saturating_mul(1_000_000);
    let micros = micros.saturating_add(u64::from(width.subsec_micros()));
    // Nine years, so that the product fits.
    let micros = (micros.min(1 << 48) * u64::from(random >> 16)) >> 16;
    least.saturating_add(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: u32 = 0;
    const MOST: u32 = u32::MAX;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// The attempt and the delay in whole milliseconds, rounded up.
    fn delay(next: Next, now: Duration) -> Result<(u32, u64), GaveUp> {
        match next {
            Next::Retry { attempt, at } => {
                let micros = at.saturating_sub(now).as_micros() as u64;
                Ok((attempt, micros.div_ceil(1000)))
            }
            Next::GiveUp(why) => Err(why),
        }
    }

    /// The bounds of the delay of each attempt of a row, of which all fail.
    fn row(policy: Reconnect, first: Lost, spread: Option<u64>, length: usize) -> Vec<(u64, u64)> {
        let bounds = |random| {
            let mut backoff = Backoff::new(policy.clone());
            if let Some(spread) = spread {
                backoff.set_spread(ms(spread));
            }
            backoff.opened(ms(0));
            let mut now = ms(60_000);
            let mut lost = first;
            let mut delays = Vec::new();
            for number in 1..=length {
                let next = backoff.lost(now, lost, random);
                let Ok((attempt, millis)) = delay(next, now) else {
                    break;
                };
                assert_eq!(attempt as usize, number);
                delays.push(millis);
                now += ms(millis + 10);
                lost = Lost::Failed(None);
            }
            delays
        };
        bounds(LEAST).into_iter().zip(bounds(MOST)).collect()
    }

    #[test]
    fn the_bounds_of_each_attempt() {
        let default = Reconnect::default;
        let alone = Lost::Alone;
        let dropped = Lost::Closed(1006);
        let rows = [
            // The clients of a server that went away spread over a second; a page's own doing is repaired at once.
            (
                row(default(), dropped, None, 9),
                vec![
                    (0, 1000),
                    (500, 1000),
                    (500, 1000),
                    (1000, 2000),
                    (2000, 4000),
                    (4000, 8000),
                    (8000, 16_000),
                    (15_000, 30_000),
                    (15_000, 30_000),
                ],
            ),
            (
                row(default(), alone, None, 3),
                vec![(0, 250), (500, 1000), (500, 1000)],
            ),
            (
                row(default().spread(ms(0)), alone, None, 4),
                vec![(0, 250), (250, 500), (500, 1000), (1000, 2000)],
            ),
            // What the server told takes the place of the policy's, and later attempts keep out of that time.
            (
                row(default(), dropped, Some(60_000), 3),
                vec![(0, 60_000), (30_000, 60_000), (30_000, 60_000)],
            ),
            (
                row(default(), alone, Some(60_000), 2),
                vec![(0, 250), (30_000, 60_000)],
            ),
            (
                row(default(), Lost::Moved(ms(5000)), None, 2),
                vec![(5000, 6000), (500, 1000)],
            ),
            // Each knob at 0.
            (
                row(default().base_delay(ms(0)), dropped, None, 3),
                vec![(0, 1000), (500, 1000), (500, 1000)],
            ),
            (
                row(default().spread(ms(0)), dropped, None, 3),
                vec![(0, 0), (250, 500), (500, 1000)],
            ),
            (
                row(default().max_delay(ms(0)), dropped, None, 3),
                vec![(0, 1000), (500, 1000), (500, 1000)],
            ),
            (
                row(default().max_attempts(2), dropped, None, 9),
                vec![(0, 1000), (500, 1000)],
            ),
            (row(default().max_attempts(0), dropped, None, 9), vec![]),
            (row(default().max_elapsed(ms(0)), dropped, None, 9), vec![]),
            (row(default().final_codes([1006]), dropped, None, 9), vec![]),
        ];
        for (number, (is, expected)) in rows.into_iter().enumerate() {
            assert_eq!(is, expected, "row {number}");
        }
    }

    #[test]
    fn no_duration_is_too_long() {
        let long = Duration::MAX;
        let policy = Reconnect::default()
            .base_delay(long)
            .max_delay(long)
            .spread(long);
        let mut backoff = Backoff::new(policy);
        for _ in 0..40 {
            let next = backoff.lost(long, Lost::Failed(Some(long)), MOST);
            assert!(matches!(next, Next::Retry { at, .. } if at == long));
        }
    }

    #[test]
    fn the_count_starts_anew_after_a_stable_connection_only() {
        let mut backoff = Backoff::new(Reconnect::default());
        for (opened, lost, attempt) in [
            (0, 4999, 1),
            (5000, 9000, 2),
            (10_000, 14_999, 3),
            (20_000, 25_000, 1),
            (30_000, 30_000, 2),
        ] {
            backoff.opened(ms(opened));
            let next = backoff.lost(ms(lost), Lost::Closed(1000), LEAST);
            assert_eq!(delay(next, ms(lost)).map(|next| next.0), Ok(attempt));
        }
    }

    #[test]
    fn what_a_server_asks_for_comes_first_up_to_an_hour() {
        let mut backoff = Backoff::new(Reconnect::default());
        let mut after = |millis, random| {
            delay(
                backoff.lost(ms(0), Lost::Failed(Some(ms(millis))), random),
                ms(0),
            )
            .map(|next| next.1)
        };
        assert_eq!(after(7000, LEAST), Ok(7000));
        assert_eq!(after(7000, LEAST), Ok(7500));
        assert_eq!(after(7_200_000, LEAST), Ok(3_600_500));
    }

    #[test]
    fn no_attempt_begins_after_the_time_that_is_set() {
        let policy = Reconnect::default().max_elapsed(ms(3000));
        let mut backoff = Backoff::new(policy);
        let mut lost = |now, lost, random| delay(backoff.lost(ms(now), lost, random), ms(now));
        assert_eq!(lost(1000, Lost::Closed(1006), MOST), Ok((1, 1000)));
        assert_eq!(lost(2000, Lost::Failed(None), MOST), Ok((2, 1000)));
        assert_eq!(lost(3100, Lost::Failed(None), LEAST), Ok((3, 500)));
        assert_eq!(
            lost(3600, Lost::Failed(None), LEAST),
            Err(GaveUp::MaxElapsed)
        );
    }

    #[test]
    fn only_the_codes_that_are_named_are_final() {
        let policy = Reconnect::default().final_codes([4001, 4003]);
        for code in [
            1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4000, 4001, 4003,
        ] {
            let next = Backoff::new(policy.clone()).lost(ms(0), Lost::Closed(code), LEAST);
            let expected = match code {
                4001 | 4003 => Err(GaveUp::FinalCode),
                _ => Ok((1, 0)),
            };
            assert_eq!(delay(next, ms(0)), expected, "{code}");
        }
    }

    #[test]
    fn an_attempt_that_is_hurried_counts_once() {
        let mut backoff = Backoff::new(Reconnect::default());
        backoff.lost(ms(0), Lost::Closed(1006), MOST);
        assert_eq!(
            backoff.hurry(ms(10)),
            Next::Retry {
                attempt: 1,
                at: ms(10)
            }
        );
        let next = backoff.lost(ms(20), Lost::Failed(None), LEAST);
        assert_eq!(delay(next, ms(20)), Ok((2, 500)));
    }
}
