//! The state machine that follows the policy. Its methods report what happened, and return when to connect again.
//!
//! | event | result |
//! | --- | --- |
//! | [`opened`](Backoff::opened) | if the connection is lost after `stable_after` or later, counting starts again |
//! | [`retry`](Backoff::retry): closed with a final code | give up |
//! | … with any other code, or without one | attempt 1 within `spread`; if the connection was not stable, the next attempt as after a failure |
//! | … by the page or the machine | the same within `base_delay` |
//! | … because the server asked for it (`MOVE`) | attempt 1 within `spread`, not before the time in `MOVE` |
//! | … an attempt failed | the next attempt, not before the time that the server asked for |
//! | [`hurry`](Backoff::hurry) | the next attempt is due now |

use super::policy::{Reconnect, millis};
use crate::message::ClosedBy;
use core::time::Duration;

/// The longest delay that a server may ask for. A longer one is a mistake or an attack.
const MAX_OBEYED_MS: u64 = 3_600_000;

/// Decides when to connect again. All times are durations of one monotonic clock, since any fixed moment.
///
/// 1. [`opened`](Self::opened) when a connection is open.
/// 2. [`retry`](Self::retry) when it ends, and when an attempt fails. It returns the time of the next attempt.
/// 3. [`hurry`](Self::hurry) when the user, or an event of the network, asks for that attempt now.
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::reconnect::{Backoff, RetryCause, Next, Reconnect};
///
/// let mut backoff = Backoff::new(Reconnect::default());
/// backoff.opened(Duration::from_secs(0));
/// let half = u32::MAX / 2; // a random number
/// let next = backoff.retry(Duration::from_secs(60), RetryCause::Closed(1006), half);
/// let Next::Retry { attempt: 1, at } = next else { panic!() };
/// assert_eq!(at.as_millis(), 60_499); // half of a second
/// ```
#[derive(Debug, Clone)]
pub struct Backoff {
    pub(super) policy: Reconnect,
    /// The number of attempts since the last stable connection.
    pub(super) attempts: u32,
    /// When `max_elapsed` is over. It is set before the first of them.
    until: u64,
    /// When the current connection has been open for `stable_after`; `NEVER` without a connection.
    stable: u64,
}

const NEVER: u64 = u64::MAX;

/// How a connection or an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryCause {
    /// The connection ended with this close code (RFC 6455 §7.4); 1006 if there was none.
    Closed(u16),
    /// This page or machine ended it, so no other client lost its connection: the page was frozen or in the back/forward cache, the browser ended it,
    /// or the application asked for another one.
    Local,
    /// The server asked to reconnect, after this time at the earliest.
    Moved(Duration),
    /// An attempt failed. The server may have asked for a delay (`Retry-After`, RFC 9110 §10.2.3).
    Failed(Option<Duration>),
}

impl RetryCause {
    /// The cause of a connection's end.
    pub(crate) fn closed(by: ClosedBy, code: u16) -> Self {
        match by {
            // Firefox ends a page's sockets by itself, and the page continues.
            ClosedBy::Unknown => Self::Local,
            _ => Self::Closed(code),
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Connect.
    Retry {
        /// The number of the attempt since the last stable connection, from 1.
        attempt: u32,
        /// The time of the attempt, by the clock of `now`.
        at: Duration,
    },
    /// Do not connect again.
    GiveUp(GaveUp),
}

/// Why there are no more attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GaveUp {
    /// The connection ended with a final code of the application.
    FinalCode,
    /// As many attempts failed as the policy allows.
    MaxAttempts,
    /// The next attempt would begin after the policy's time limit.
    MaxElapsed,
}

impl Backoff {
    /// A state machine for this policy.
    pub fn new(policy: Reconnect) -> Self {
        Self {
            policy,
            attempts: 0,
            until: NEVER,
            stable: NEVER,
        }
    }

    /// A connection is open. If the server can show that it works, it has.
    pub fn opened(&mut self, now: Duration) {
        self.opened_at(millis(now));
    }

    /// Sets the server's estimate of the time after a restart in which all clients reconnect. It replaces [`Reconnect::spread`], up to an hour.
    pub fn set_spread(&mut self, spread: Duration) {
        self.policy.spread = millis(spread).min(MAX_OBEYED_MS);
    }

    /// The connection or the attempt ended. `random` is a random number, uniform over all values. Delays are whole milliseconds.
    pub fn retry(&mut self, now: Duration, cause: RetryCause, random: u32) -> Next {
        let asked = match cause {
            RetryCause::Moved(after) | RetryCause::Failed(Some(after)) => millis(after),
            _ => 0,
        };
        match self.retry_at(millis(now), cause, asked, random) {
            Ok(at) => Next::Retry {
                attempt: self.attempts,
                at: Duration::from_millis(at),
            },
            Err(why) => Next::GiveUp(why),
        }
    }

    /// Makes the next attempt due at `now`, because a person does not want to wait, or the network is back. It counts like any other.
    pub fn hurry(&self, now: Duration) -> Next {
        Next::Retry {
            attempt: self.attempts.max(1),
            at: now,
        }
    }

    pub(super) fn opened_at(&mut self, now: u64) {
        self.stable = now + self.policy.stable;
    }

    /// When the next attempt is due, in milliseconds; `attempts` has its number. `asked` is the delay that the server asked for.
    pub(super) fn retry_at(
        &mut self,
        now: u64,
        cause: RetryCause,
        asked: u64,
        random: u32,
    ) -> Result<u64, GaveUp> {
        if now >= core::mem::replace(&mut self.stable, NEVER) {
            self.attempts = 0;
        }
        if self.attempts == 0 {
            self.until = now + self.policy.max_elapsed;
        }
        #[expect(
            clippy::manual_contains,
            reason = "`contains` compares 32 at a time, which weighs more in wasm"
        )]
        let is_final = |code| self.policy.final_codes.iter().any(|each| *each == code);
        if let RetryCause::Closed(code) = cause
            && is_final(code)
        {
            return Err(GaveUp::FinalCode);
        }
        if self.attempts >= self.policy.max_attempts {
            return Err(GaveUp::MaxAttempts);
        }
        let (least, most) = self.bounds(cause);
        // A random fraction of the interval, of 14 bits: for a minute that is steps of some milliseconds.
        let delay = least + (((most - least) * u64::from(random >> 18)) >> 14);
        let at = now + asked.min(MAX_OBEYED_MS) + delay;
        if at >= self.until {
            return Err(GaveUp::MaxElapsed);
        }
        self.attempts += 1;
        Ok(at)
    }

    /// The bounds of the next attempt's delay.
    fn bounds(&self, cause: RetryCause) -> (u64, u64) {
        let Reconnect {
            base, cap, spread, ..
        } = self.policy;
        if self.attempts == 0 {
            let most = match cause {
                RetryCause::Local => base,
                _ => spread,
            };
            return (0, most);
        }
        let doubled = base << self.attempts.min(14);
        let most = doubled.min(cap).max(spread);
        (most / 2, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: u32 = 0;
    const MOST: u32 = u32::MAX;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// The attempt and the delay in milliseconds.
    fn delay(next: Next, now: Duration) -> Result<(u32, u64), GaveUp> {
        match next {
            Next::Retry { attempt, at } => Ok((attempt, at.saturating_sub(now).as_millis() as u64)),
            Next::GiveUp(why) => Err(why),
        }
    }

    /// The bounds of the delay of each attempt of a row, of which all fail.
    fn row(
        policy: Reconnect,
        first: RetryCause,
        spread: Option<u64>,
        length: usize,
    ) -> Vec<(u64, u64)> {
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
                let next = backoff.retry(now, lost, random);
                let Ok((attempt, millis)) = delay(next, now) else {
                    break;
                };
                assert_eq!(attempt as usize, number);
                delays.push(millis);
                now += ms(millis + 10);
                lost = RetryCause::Failed(None);
            }
            delays
        };
        // The most is never reached: there is one millisecond less.
        let most = bounds(MOST)
            .into_iter()
            .map(|most| most.next_multiple_of(10));
        bounds(LEAST).into_iter().zip(most).collect()
    }

    #[test]
    fn the_bounds_of_each_attempt() {
        let default = Reconnect::default;
        let alone = RetryCause::Local;
        let dropped = RetryCause::Closed(1006);
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
            // The server's value replaces the policy's, and later attempts are not earlier than it.
            (
                row(default(), dropped, Some(60_000), 3),
                vec![(0, 60_000), (30_000, 60_000), (30_000, 60_000)],
            ),
            (
                row(default(), alone, Some(60_000), 2),
                vec![(0, 250), (30_000, 60_000)],
            ),
            (
                row(default(), RetryCause::Moved(ms(5000)), None, 2),
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
        let century = Duration::from_secs(100 * 365 * 86_400);
        for _ in 0..40 {
            let next = backoff.retry(long, RetryCause::Failed(Some(long)), MOST);
            assert!(matches!(next, Next::Retry { at, .. } if at > century));
        }
    }

    #[test]
    fn the_count_starts_again_only_after_a_stable_connection() {
        let mut backoff = Backoff::new(Reconnect::default());
        for (opened, lost, attempt) in [
            (0, 4999, 1),
            (5000, 9000, 2),
            (10_000, 14_999, 3),
            (20_000, 25_000, 1),
            (30_000, 30_000, 2),
        ] {
            backoff.opened(ms(opened));
            let next = backoff.retry(ms(lost), RetryCause::Closed(1000), LEAST);
            assert_eq!(delay(next, ms(lost)).map(|next| next.0), Ok(attempt));
        }
    }

    #[test]
    fn a_servers_delay_is_added_up_to_an_hour() {
        let mut backoff = Backoff::new(Reconnect::default());
        let mut after = |millis, random| {
            delay(
                backoff.retry(ms(0), RetryCause::Failed(Some(ms(millis))), random),
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
        let mut lost = |now, lost, random| delay(backoff.retry(ms(now), lost, random), ms(now));
        assert_eq!(lost(1000, RetryCause::Closed(1006), MOST), Ok((1, 999)));
        assert_eq!(lost(2000, RetryCause::Failed(None), MOST), Ok((2, 999)));
        assert_eq!(lost(3100, RetryCause::Failed(None), LEAST), Ok((3, 500)));
        assert_eq!(
            lost(3600, RetryCause::Failed(None), LEAST),
            Err(GaveUp::MaxElapsed)
        );
    }

    #[test]
    fn only_the_codes_that_are_named_are_final() {
        let policy = Reconnect::default().final_codes([4001, 4003]);
        for code in [
            1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4000, 4001, 4003,
        ] {
            let next = Backoff::new(policy.clone()).retry(ms(0), RetryCause::Closed(code), LEAST);
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
        backoff.retry(ms(0), RetryCause::Closed(1006), MOST);
        assert_eq!(
            backoff.hurry(ms(10)),
            Next::Retry {
                attempt: 1,
                at: ms(10)
            }
        );
        let next = backoff.retry(ms(20), RetryCause::Failed(None), LEAST);
        assert_eq!(delay(next, ms(20)), Ok((2, 500)));
    }
}
