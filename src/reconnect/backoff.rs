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
mod tests;
